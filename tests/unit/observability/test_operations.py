"""The operations page: who may see it, what it shows, and what it shows when little is known."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from farm.accounts.models import User
from farm.clients.channel import close_channels
from farm.clients.fakes import Failure, InMemoryNdvi, serving
from farm.clients.metrics_fakes import InMemoryMetrics, serving_metrics
from farm.farms.models import Farm
from farm.jobs.models import Job, JobKind, JobState
from farm.observability.operations import (
    MOST_ROUTES,
    OBJECTIVE,
    WINDOWS,
    WITHIN_LATENCY_SHARE,
)
from farm.rpc.metrics.v1 import metrics_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper

RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "rules"
SHAPE = metrics_pb2.Percentiles(mean=0.00043, p50=0.012, p95=0.25, p99=1.5)


def route(
    name: str, *, runtime: str = "python", rate: float = 2.0, **more: float
) -> metrics_pb2.RouteUsage:
    return metrics_pb2.RouteUsage(
        runtime=runtime,
        service="furrow-web" if runtime == "python" else "furrow-ndvi",
        route=name,
        method="GET",
        requests=rate * 3600,
        rate=rate,
        duration_seconds=SHAPE,
        cpu_seconds=SHAPE,
        **more,
    )


@pytest.fixture
def metrics(settings: SettingsWrapper) -> Iterator[InMemoryMetrics]:
    """A metrics service that has watched both runtimes for a while."""
    service = InMemoryMetrics(
        usage=metrics_pb2.QuerySloResponse(
            covered_seconds=3600,
            routes=[
                route("/api/v1/fields/{field_id}", error_share=0.25),
                route("NdviService/RenderTile", runtime="rust", rate=0.5),
            ],
            services=[
                metrics_pb2.ServiceUsage(
                    service="furrow-web",
                    runtime="python",
                    is_up=True,
                    sample_age_seconds=4,
                    cpu_cores=0.5,
                    request_cpu_cores=0.125,
                    resident_bytes=300 << 20,
                    processes=3,
                ),
                metrics_pb2.ServiceUsage(service="furrow-ndvi", runtime="rust", is_up=True),
            ],
            scrapes=metrics_pb2.ScrapeUsage(
                scrapes=240, cpu_seconds=SHAPE, duration_seconds=SHAPE, bytes=2048, series=1234
            ),
            budget=metrics_pb2.Budget(
                availability=0.9985,
                within_latency=0.97,
                budget_left=-0.5,
                burn_rates=[metrics_pb2.BurnRate(window_seconds=3600, rate=14.4)],
            ),
        )
    )
    with serving(InMemoryNdvi()) as ndvi_target, serving_metrics(service) as target:
        settings.NDVI_TARGET, settings.METRICS_TARGET = ndvi_target, target
        yield service
        close_channels()


@pytest.fixture
def nobody_there(tmp_path: Path, settings: SettingsWrapper) -> Iterator[None]:
    """Neither service runs."""
    settings.NDVI_TARGET = f"unix:{tmp_path / 'ndvi.sock'}"
    settings.METRICS_TARGET = f"unix:{tmp_path / 'metrics.sock'}"
    yield
    close_channels()


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(username="root", password="x" * 12))
    return client


def shown(client: Client, query: str = "") -> str:
    answer = client.get(f"{reverse('operations')}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def cells(page: str, row_begins: str) -> list[str]:
    """The texts of a table's row, known by the text of its first cell."""
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.S):
        texts = [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        if texts[0] == row_begins:
            return texts
    raise AssertionError(f"no row begins with {row_begins}")


# --- Who may see it -------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_the_log_in(db: None) -> None:
    answer = Client().get(reverse("operations"))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))


def test_a_person_who_is_not_staff_is_sent_to_the_log_in(user: User) -> None:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(reverse("operations")).status_code == 302


def test_staff_see_it_if_they_may_look_at_jobs(other_user: User, metrics: InMemoryMetrics) -> None:
    other_user.is_staff = True
    other_user.save()
    client = Client()
    client.force_login(other_user, backend="django.contrib.auth.backends.ModelBackend")

    before = client.get(reverse("operations")).status_code
    other_user.user_permissions.add(Permission.objects.get(codename="view_job"))

    assert before == 403
    assert client.get(reverse("operations")).status_code == 200


def test_the_admins_first_page_links_to_it(admin: Client, other_user: User) -> None:
    assert reverse("operations") in admin.get(reverse("admin:index")).content.decode()

    other_user.is_staff = True
    other_user.save()
    client = Client()
    client.force_login(other_user, backend="django.contrib.auth.backends.ModelBackend")
    assert reverse("operations") not in client.get(reverse("admin:index")).content.decode()


def test_nothing_is_changed_by_it(admin: Client) -> None:
    assert admin.post(reverse("operations")).status_code == 405


def test_no_cache_keeps_it(admin: Client, metrics: InMemoryMetrics) -> None:
    assert "no-store" in admin.get(reverse("operations"))["Cache-Control"]


# --- What it shows --------------------------------------------------------------------------------


def test_routes_of_both_runtimes_stand_with_rate_errors_latency_and_cpu(
    admin: Client, metrics: InMemoryMetrics
) -> None:
    page = shown(admin)

    assert cells(page, "/api/v1/fields/{field_id}") == [
        "/api/v1/fields/{field_id}", "GET", "python", "furrow-web", "7,200", "2", "25 %",
        "12 ms", "250 ms", "1.5 s", "430 µs", "250 ms", "0.086 %",
    ]  # fmt: skip
    assert cells(page, "NdviService/RenderTile")[2:7] == [
        "rust", "furrow-ndvi", "1,800", "0.5", "0 %",
    ]  # fmt: skip


def test_services_stand_with_their_health_memory_and_unattributed_cpu(
    admin: Client, metrics: InMemoryMetrics
) -> None:
    page = shown(admin)

    assert cells(page, "furrow-web") == [
        "furrow-web", "Up", "python", "3", "50 %", "12.5 %", "37.5 %", "300 MiB", "4 s",
    ]  # fmt: skip
    assert cells(page, "furrow-ndvi")[1:] == [
        "Serving", "rust", "0", "–", "0 %", "–", "–", "0 s",
    ]  # fmt: skip
    assert cells(page, "furrow-metrics")[1] == "Serving"


def test_a_service_that_is_not_seen_is_said_to_be_so(
    admin: Client, metrics: InMemoryMetrics
) -> None:
    for service in metrics.usage.services:
        service.is_up = False

    page = shown(admin)

    # Of Python it is the process that is missing; another service may live, and not be read.
    assert cells(page, "furrow-web")[1] == "No process of it runs."
    assert cells(page, "furrow-ndvi")[1] == "Its counters cannot be read."


def test_the_promise_is_asked_over_thirty_days_and_shown_with_what_is_left(
    admin: Client, metrics: InMemoryMetrics
) -> None:
    page = shown(admin, "?window=5m")

    windows = [(r.window_seconds, r.HasField("objective")) for r in metrics.requests]
    assert windows == [(300, False), (30 * 86_400, True)]
    assert cells(page, "Requests that did not end in an error of ours")[1:] == ["99.9 %", "99.85 %"]
    assert cells(page, "Requests within 2.5 s")[1:] == ["99 %", "97 %"]
    assert cells(page, "Permitted errors that are left")[2] == "-50 %"
    assert "14.4" in cells(page, "How many times too fast the permitted errors are used up")


def test_the_page_and_the_alerts_speak_of_one_promise() -> None:
    rules = RULES / "recording.yml", RULES / "requests.yml"
    recorded, alerted = (path.read_text() for path in rules)

    assert f'le="{OBJECTIVE.latency_s}"' in recorded
    assert f"14.4 * {1 - OBJECTIVE.availability:.3f}" in alerted
    assert f"14.4 * {1 - WITHIN_LATENCY_SHARE:.2f}" in alerted


def test_scrapes_stand_with_their_cost(admin: Client, metrics: InMemoryMetrics) -> None:
    page = shown(admin)

    assert cells(page, "Duration")[1:] == ["430 µs", "12 ms", "250 ms", "1.5 s"]
    assert "240 scrapes of 2 KiB in the mean; one shows 1,234 series now." in page


@pytest.mark.parametrize(("word", "seconds"), WINDOWS.items())
def test_the_window_can_be_chosen(
    admin: Client, metrics: InMemoryMetrics, word: str, seconds: int
) -> None:
    page = shown(admin, f"?window={word}")

    assert metrics.requests[0].window_seconds == seconds
    assert re.search(rf'href="\?window={word}&amp;[^"]*" aria-current="true"', page)


def test_words_that_are_no_choice_mean_the_usual(admin: Client, metrics: InMemoryMetrics) -> None:
    shown(admin, "?window=-1&order=__class__")

    assert metrics.requests[0].window_seconds == 3600


@pytest.mark.parametrize(("order", "first"), [("core", "/costly"), ("errors", "/failing")])
def test_routes_can_be_ordered(
    admin: Client, metrics: InMemoryMetrics, order: str, first: str
) -> None:
    del metrics.usage.routes[:]
    metrics.usage.routes.extend(
        [route("/plain"), route("/failing", error_share=0.5), route("/costly", rate=50)]
    )

    page = shown(admin, f"?order={order}")

    assert min(("/plain", "/failing", "/costly"), key=page.index) == first


def test_more_routes_than_anybody_reads_are_counted_instead(
    admin: Client, metrics: InMemoryMetrics
) -> None:
    metrics.usage.routes.extend([route(f"/r{n}") for n in range(MOST_ROUTES)])

    assert "2 more routes are not shown." in shown(admin)


def test_it_reloads_only_if_asked_to_and_stays_where_it_is(
    admin: Client, metrics: InMemoryMetrics
) -> None:
    assert 'http-equiv="refresh"' not in shown(admin)

    page = shown(admin, "?window=6h&reload")

    assert '<meta http-equiv="refresh" content="15">' in page
    assert "?window=6h&amp;order=core&amp;reload#" not in page.partition("Ordered by")[0]
    assert "?window=5m&amp;order=core&amp;reload" in page


def test_what_a_route_is_called_cannot_write_the_page(
    admin: Client, metrics: InMemoryMetrics
) -> None:
    metrics.usage.routes[0].route = "<script>alert(1)</script>"

    page = shown(admin, "?window=%22%3E%3Cscript%3E")

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert '"><script>' not in page


def test_nothing_is_fetched_from_elsewhere(admin: Client, metrics: InMemoryMetrics) -> None:
    assert re.findall(r'(?:src|href)="(?:https?:)?//', shown(admin)) == []


# --- When little is known -------------------------------------------------------------------------


def test_without_the_metrics_service_it_says_so_and_counts_jobs(
    admin: Client, nobody_there: None
) -> None:
    page = shown(admin)

    assert "There are no figures of requests and services now" in page
    assert "The metrics service is not running or cannot be reached." in page
    assert cells(page, "read a scene")[1] == "0"
    assert cells(page, "furrow-ndvi")[1].startswith("Down.")
    assert 'id="routes"' not in page


def test_a_failure_half_way_is_told_and_not_a_page_half_filled(
    admin: Client, metrics: InMemoryMetrics
) -> None:
    metrics.failures["QuerySlo"] = Failure(code=grpc.StatusCode.INTERNAL, detail="panicked")

    page = shown(admin)

    assert "The metrics service failed by its own fault" in page
    assert "panicked" not in page


def test_a_service_without_samples_is_waited_for(admin: Client, metrics: InMemoryMetrics) -> None:
    metrics.usage.Clear()

    page = shown(admin)

    assert "has no samples yet" in page
    assert "No request ended in this time." in page


def test_a_young_service_says_how_much_it_knows(admin: Client, metrics: InMemoryMetrics) -> None:
    metrics.usage.covered_seconds = 600

    assert "The samples cover 10 min of the day." in shown(admin, "?window=1d")


# --- Jobs -----------------------------------------------------------------------------------------


@pytest.fixture
def farm(db: None) -> Farm:
    return Farm.objects.create(name="Hill & Dale")


def make_job(farm: Farm, state: JobState, *, age: timedelta = timedelta(), **more: object) -> Job:
    count = Job.objects.count()
    values = {"kind": JobKind.INGEST_SCENE, "subject_id": 1, "idempotency_key": str(count), **more}
    job = Job.objects.create(farm=farm, state=state, **values)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - age)
    return job


def test_jobs_are_counted_by_kind_and_state(admin: Client, nobody_there: None, farm: Farm) -> None:
    now = timezone.now()
    make_job(farm, JobState.QUEUED, age=timedelta(minutes=30))
    make_job(farm, JobState.QUEUED, age=timedelta(minutes=5))
    make_job(farm, JobState.RUNNING)
    make_job(farm, JobState.SUCCEEDED, finished_at=now)
    make_job(farm, JobState.SUCCEEDED, finished_at=now - timedelta(days=2))

    counted = cells(shown(admin), "read a scene")

    assert counted == ["read a scene", "2", "30 min", "1", "1", "0", "0"]
    assert cells(shown(admin), "compute a field anew")[1:3] == ["0", "–"]


def test_a_job_that_was_put_off_waits_from_then_on(
    admin: Client, nobody_there: None, farm: Farm
) -> None:
    now = timezone.now()
    old = timedelta(hours=9)
    make_job(farm, JobState.QUEUED, age=old, run_after=now - timedelta(minutes=4))
    make_job(farm, JobState.QUEUED, age=old, run_after=now + timedelta(minutes=4))

    assert cells(shown(admin), "read a scene")[1:3] == ["2", "4 min"]


def test_failures_of_the_last_day_are_named_with_their_reason(
    admin: Client, nobody_there: None, farm: Farm
) -> None:
    now = timezone.now()
    lately = make_job(
        farm, JobState.FAILED, finished_at=now, attempts=5, error_detail="The <file> is torn."
    )
    make_job(farm, JobState.FAILED, finished_at=now - timedelta(days=2), error_detail="Long ago.")

    page = shown(admin)

    found = cells(page, f"read a scene, job {lately.pk}")
    assert (found[1], found[3], found[4]) == ("Hill &amp; Dale", "5", "The &lt;file&gt; is torn.")
    assert reverse("admin:farm_job_change", args=[lately.pk]) in page
    assert "Long ago." not in page
