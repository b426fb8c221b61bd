"""What a worker tells of the queue and of the imagery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY

from farm.farms.models import Farm
from farm.fields.models import Field
from farm.imagery.gauges import set_imagery_gauges
from farm.imagery.models import Observation, Platform, Scene, SceneState
from farm.jobs.gauges import set_queue_gauges
from farm.jobs.models import Job, JobKind, JobState
from farm.jobs.worker import Sweeper


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def make_scene(farm: Farm, *, state: SceneState, acquired_at: datetime) -> Scene:
    return Scene.objects.create(
        farm=farm,
        name="S2A",
        platform=Platform.SENTINEL_2,
        acquired_at=acquired_at,
        state=state,
        content_sha256=f"{Scene.objects.count():064x}",
    )


def observe(scene: Scene) -> None:
    field = Field.objects.create(
        farm=scene.farm,
        name=f"Field {scene.pk}",
        outline_wkb=b"",
        outline_sha256="",
        area_m2=1,
        perimeter_m=1,
        west=0,
        south=0,
        east=1,
        north=1,
        centroid_lon=0,
        centroid_lat=0,
    )
    Observation.objects.create(
        field=field,
        scene=scene,
        index="ndvi",
        acquired_at=scene.acquired_at,
        covered_pixels=1,
        covered_area_m2=1,
        outline_area_m2=1,
        effective_pixels=1,
        valid_share=1,
        clear_share=1,
        edge_share=0,
        outline_sha256="",
    )


def test_jobs_that_wait_are_counted_by_kind_and_the_oldest_is_timed(job: Job) -> None:
    now = timezone.now()
    Job.objects.update(created_at=now - timedelta(seconds=90))

    set_queue_gauges(now=now)

    assert gauge("farm_jobs_waiting", kind=JobKind.INGEST_SCENE) == 1
    assert gauge("farm_jobs_waiting", kind=JobKind.RECOMPUTE_FIELD) == 0
    assert gauge("farm_jobs_oldest_waiting_seconds") == pytest.approx(90)
    assert gauge("farm_worker_heartbeat_timestamp_seconds") == pytest.approx(now.timestamp())


@pytest.mark.parametrize(
    ("back_off_s", "expected"), [(None, 90.0), (-30, 30.0), (60, 0.0)], ids=str
)
def test_a_job_waits_for_a_worker_only_once_its_back_off_is_over(
    job: Job, back_off_s: int | None, expected: float
) -> None:
    now = timezone.now()
    run_after = None if back_off_s is None else now + timedelta(seconds=back_off_s)
    Job.objects.update(created_at=now - timedelta(seconds=90), run_after=run_after)

    set_queue_gauges(now=now)

    assert gauge("farm_jobs_waiting", kind=JobKind.INGEST_SCENE) == 1
    assert gauge("farm_jobs_oldest_waiting_seconds") == pytest.approx(expected)


def test_a_queue_that_was_emptied_says_so(job: Job) -> None:
    set_queue_gauges(now=timezone.now())

    Job.objects.update(state=JobState.RUNNING)
    set_queue_gauges(now=timezone.now())

    assert gauge("farm_jobs_waiting", kind=JobKind.INGEST_SCENE) == 0
    assert gauge("farm_jobs_oldest_waiting_seconds") == 0


def test_scenes_are_counted_by_state_and_the_newest_number_is_dated(farm: Farm) -> None:
    old, new = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 11, tzinfo=UTC)
    observe(make_scene(farm, state=SceneState.READY, acquired_at=old))
    make_scene(farm, state=SceneState.FAILED, acquired_at=new)
    make_scene(farm, state=SceneState.FAILED, acquired_at=new)

    set_imagery_gauges()

    assert gauge("farm_scenes", state=SceneState.READY) == 1
    assert gauge("farm_scenes", state=SceneState.FAILED) == 2
    assert gauge("farm_scenes", state=SceneState.HELD) == 0
    # The newer ones have given no number.
    assert gauge("farm_newest_observation_timestamp_seconds") == old.timestamp()


def test_the_sweeper_measures_now_and_then(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[datetime] = []
    monkeypatch.setattr("farm.jobs.worker.set_queue_gauges", lambda *, now: measured.append(now))
    sweeper = Sweeper()

    for _ in range(3):
        sweeper.sweep_once()

    assert len(measured) == 1
