"""The job that fetches a farm's weather, who asks for it, and the gauges beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from farm.accounts.models import User
from farm.farms.models import Farm
from farm.jobs.models import Job, JobKind
from farm.jobs.runner import run
from farm.jobs.services import request_job
from farm.observability.metrics import WEATHER_NEWEST_HOUR, WEATHER_STALE_FARMS
from farm.weather import refresh_jobs
from farm.weather.feeds import ensure_feeds
from farm.weather.gauges import set_weather_gauges
from farm.weather.models import WeatherDay, WeatherFeed, WeatherForecast
from farm.weather.places import place_of_farm
from farm.weather.providers.errors import ProviderUnavailableError
from farm.weather.refresh import Collaborators
from farm.weather.refresh_jobs import (
    RefreshWeather,
    begin_with_new_farms,
    prune_jobs,
    schedule_due,
)
from tests.unit.weather.refresh_world import ToldProvider, judging
from tests.unit.weather.store_world import new_farm, new_field

pytestmark = pytest.mark.django_db


@pytest.fixture
def tools() -> Iterator[Collaborators]:
    with judging() as made:
        yield made


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> ToldProvider:
    told = ToldProvider()
    real = refresh_jobs.providers_for
    monkeypatch.setattr(
        refresh_jobs,
        "providers_for",
        lambda place: real(place) if place.farm and place.farm.is_demo else (told,),
    )
    return told


@pytest.fixture
def farm(db: None) -> Farm:
    farm = new_farm()
    new_field(farm, longitude=4.0, latitude=50.0)
    return farm


def asked(farm: Farm, user: User | None = None) -> Job:
    return request_job(
        farm=farm, kind=JobKind.REFRESH_WEATHER, subject_id=farm.pk, requested_by=user
    )


def gauge(metric: Any) -> float:
    return float(metric._value.get())


def test_a_farm_with_fields_gets_its_weather_by_itself(
    farm: Farm, provider: ToldProvider, tools: Collaborators
) -> None:
    now = timezone.now()
    new_farm(name="without fields")

    assert begin_with_new_farms(now=now) == 1
    assert schedule_due(now=now) == 1
    assert schedule_due(now=now) == 0  # it waits already

    job = Job.objects.get()
    assert run(job_id=job.pk, handler=RefreshWeather(tools)) == "succeeded"
    assert {one.product for one in provider.requests} == {"forecast", "archive"}
    assert begin_with_new_farms(now=now) == 0
    assert schedule_due(now=timezone.now()) == 0
    assert schedule_due(now=timezone.now() + timedelta(hours=2)) == 1


def test_a_feed_is_held_from_its_turn_on_and_not_from_the_jobs_beginning(
    farm: Farm, tools: Collaborators, provider: ToldProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = timezone.now()
    leases = []

    def four_minutes_pass() -> None:
        held = WeatherFeed.objects.get(leased_until__isnull=False)
        assert held.leased_until is not None
        leases.append(held.leased_until)
        late = begun + timedelta(minutes=4)
        monkeypatch.setattr(refresh_jobs, "timezone", SimpleNamespace(now=lambda: late))

    provider.meanwhile = four_minutes_pass
    run(job_id=asked(farm).pk, handler=RefreshWeather(tools))

    assert len(provider.requests) > 1
    assert leases[1] - leases[0] > timedelta(minutes=3)


def test_a_provider_that_is_down_is_no_failed_job(
    farm: Farm, provider: ToldProvider, tools: Collaborators
) -> None:
    provider.failure = ProviderUnavailableError("Told answers 503.")
    job = asked(farm)

    assert run(job_id=job.pk, handler=RefreshWeather(tools)) == "succeeded"

    job.refresh_from_db()
    assert "0 of 2" in job.progress_note
    assert "Told answers 503." in job.progress_note


def test_whoever_asked_learns_that_nobody_answered(
    farm: Farm, provider: ToldProvider, tools: Collaborators, user: User
) -> None:
    provider.failure = ProviderUnavailableError("Told answers 503.")
    job = asked(farm, user)

    assert run(job_id=job.pk, handler=RefreshWeather(tools)) == "failed"

    job.refresh_from_db()
    assert (job.error_code, job.error_detail) == ("weather_refresh_failed", "Told answers 503.")


def test_a_farm_without_a_field_fails_in_words(
    provider: ToldProvider, tools: Collaborators
) -> None:
    job = asked(new_farm())

    assert run(job_id=job.pk, handler=RefreshWeather(tools)) == "failed"

    job.refresh_from_db()
    assert "no field" in job.error_detail


def test_a_demo_farm_asks_nobody_and_has_weather(
    farm: Farm, provider: ToldProvider, tools: Collaborators
) -> None:
    farm.is_demo = True
    farm.save()

    assert run(job_id=asked(farm).pk, handler=RefreshWeather(tools)) == "succeeded"

    assert provider.requests == []
    assert set(WeatherDay.objects.values_list("source", flat=True)) == {"simulated"}
    assert WeatherDay.objects.count() >= 400
    assert WeatherForecast.objects.get().source == "simulated"


def test_old_jobs_of_the_schedule_go_and_those_of_people_stay(
    farm: Farm, user: User, provider: ToldProvider
) -> None:
    now = timezone.now()
    for by, age in ((None, 4), (user, 4), (None, 1)):
        job = asked(farm, by)
        Job.objects.filter(pk=job.pk).update(
            state="succeeded", finished_at=now - timedelta(days=age)
        )

    assert prune_jobs(now=now) == 1
    assert Job.objects.count() == 2


def test_the_gauges_tell_the_newest_hour_and_who_is_stale(
    farm: Farm, provider: ToldProvider, tools: Collaborators
) -> None:
    run(job_id=asked(farm).pk, handler=RefreshWeather(tools))
    other = new_farm(name="silent")
    new_field(other, longitude=5.0, latitude=50.0)
    silent = place_of_farm(farm=other)
    assert silent is not None
    ensure_feeds(place=silent, providers=(provider,), now=timezone.now())

    set_weather_gauges(now=timezone.now())

    hour = datetime.fromtimestamp(gauge(WEATHER_NEWEST_HOUR.labels(str(farm.pk))), UTC)
    assert timezone.now() - hour < timedelta(hours=2)
    assert gauge(WEATHER_STALE_FARMS) == 1

    label = str(farm.pk)
    farm.delete()
    set_weather_gauges(now=timezone.now())
    assert math.isnan(gauge(WEATHER_NEWEST_HOUR.labels(label)))


def test_gauges_of_many_farms_are_few_queries(
    provider: ToldProvider, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        farm = new_farm(name=f"farm {number}")
        new_field(farm, longitude=4.0 + number, latitude=50.0)
        place = place_of_farm(farm=farm)
        assert place is not None
        ensure_feeds(place=place, providers=(provider,), now=timezone.now())

    with django_assert_max_num_queries(4):
        set_weather_gauges(now=timezone.now())


def test_a_feed_keeps_its_lease_out_of_the_queue(farm: Farm, provider: ToldProvider) -> None:
    now = timezone.now()
    begin_with_new_farms(now=now)
    WeatherFeed.objects.update(leased_until=now + timedelta(minutes=2))

    assert schedule_due(now=now) == 0
