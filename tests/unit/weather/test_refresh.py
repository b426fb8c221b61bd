"""Fetching weather: once at a time, judged, stored, and what is stored outlives every failure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace

import grpc
import pytest

from farm.clients.fakes import Failure
from farm.clients.weather_fakes import InMemoryWeather
from farm.errors import ServiceUnavailableError
from farm.farms.models import Farm
from farm.weather import refresh as refreshing
from farm.weather.assembly import assembled
from farm.weather.feeds import back_off, due_farm_ids, ensure_feeds, lease, next_due
from farm.weather.models import WeatherDay, WeatherFeed, WeatherForecast, WeatherPlace
from farm.weather.places import set_position
from farm.weather.providers.errors import (
    ProviderBusyError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from farm.weather.refresh import Collaborators, refresh_feed, refreshed_place
from farm.weather.series import HOUR, Flag
from tests.unit.weather.refresh_world import NOW, TODAY, ToldProvider, judging
from tests.unit.weather.store_world import new_farm, new_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def service() -> InMemoryWeather:
    return InMemoryWeather()


@pytest.fixture
def tools(service: InMemoryWeather) -> Iterator[Collaborators]:
    with judging(service) as made:
        yield made


@pytest.fixture
def place(db: None) -> WeatherPlace:
    return new_place(farm=new_farm())


@pytest.fixture
def provider() -> ToldProvider:
    return ToldProvider()


def feed_of(place: WeatherPlace, provider: ToldProvider, product: str) -> WeatherFeed:
    feeds = ensure_feeds(place=place, providers=(provider,), now=NOW)
    return next(feed for feed in feeds if feed.product == product)


def test_hours_that_came_are_kept_apart_from_those_to_come(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators
) -> None:
    feed = feed_of(place, provider, "forecast")

    done = refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    assert done.outcome == "stored"
    found = assembled(place=place, start=NOW - 6 * HOUR, end=NOW + 48 * HOUR, now=NOW)
    assert found.observed_until == NOW.replace(minute=0)
    assert (found.hourly.columns["air_temperature_c"] == 10).all()
    assert WeatherForecast.objects.get().start == NOW.replace(minute=0) + HOUR
    place.refresh_from_db()
    assert (place.elevation_m, place.elevation_source) == (73, "open_meteo")


def test_the_same_answer_again_changes_nothing(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators
) -> None:
    feed = feed_of(place, provider, "forecast")
    refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    done = refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    assert done.outcome == "unchanged"
    assert WeatherForecast.objects.count() == 1


def test_a_feed_that_is_being_fetched_is_not_fetched_twice(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators
) -> None:
    feed = feed_of(place, provider, "forecast")
    outcomes = []

    def meanwhile() -> None:
        same = WeatherFeed.objects.get(pk=feed.pk)
        again = refresh_feed(feed=same, provider=provider, now=NOW, tools=tools)
        outcomes.append(again.outcome)

    provider.meanwhile = meanwhile
    refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    assert outcomes == ["busy"]
    assert len(provider.requests) == 1


def test_whoever_was_killed_loses_the_feed(place: WeatherPlace, provider: ToldProvider) -> None:
    feed = feed_of(place, provider, "forecast")

    assert lease(feed=feed, now=NOW)
    assert not lease(feed=feed, now=NOW + timedelta(minutes=1))
    assert lease(feed=feed, now=NOW + timedelta(minutes=4))


def test_a_long_back_fill_keeps_the_feed(
    place: WeatherPlace,
    provider: ToldProvider,
    tools: Collaborators,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feed = feed_of(place, provider, "archive")
    passed = [0.0]
    taken = []
    monkeypatch.setattr(refreshing, "time", SimpleNamespace(monotonic=lambda: passed[0]))

    def last_long() -> None:
        passed[0] += 100
        same = WeatherFeed.objects.get(pk=feed.pk)
        taken.append(lease(feed=same, now=NOW + timedelta(seconds=passed[0])))

    provider.meanwhile = last_long
    refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    assert passed[0] > 300
    assert not any(taken)


@pytest.mark.parametrize("product", ["forecast", "archive"])
def test_a_place_that_moves_meanwhile_gets_nothing_of_where_it_was(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators, product: str
) -> None:
    feed = feed_of(place, provider, product)
    farm = Farm.objects.get()
    provider.meanwhile = lambda: set_position(farm=farm, longitude=9, latitude=48)

    done = refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    place.refresh_from_db()
    assert done.outcome == "gone"
    assert (place.longitude, place.elevation_m) == (9, None)
    assert not WeatherDay.objects.exists()
    assert not WeatherForecast.objects.exists()
    assert len(provider.requests) == 1


@pytest.mark.parametrize("failure", [None, ProviderUnavailableError("Told answers 503.")])
def test_a_farm_that_is_deleted_meanwhile_ends_the_fetch(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators, failure: Exception | None
) -> None:
    feed = feed_of(place, provider, "forecast")
    provider.failure = failure
    provider.meanwhile = Farm.objects.get().delete

    done = refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    assert done.outcome == ("gone" if failure is None else "failed")
    assert not WeatherPlace.objects.exists()


def test_what_cannot_be_is_kept_with_its_flag(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators
) -> None:
    provider.temperature_c = 80

    refresh_feed(feed=feed_of(place, provider, "forecast"), provider=provider, now=NOW, tools=tools)

    found = assembled(place=place, start=NOW - 6 * HOUR, end=NOW + HOUR, now=NOW)
    assert "air_temperature_c" not in found.hourly.columns
    assert (found.flags["air_temperature_c"] == Flag.RANGE).all()


def test_a_provider_that_is_down_leaves_what_is_stored(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators
) -> None:
    feed = feed_of(place, provider, "forecast")
    refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)
    kept = list(WeatherDay.objects.values_list("values", flat=True))
    provider.failure = ProviderUnavailableError("Told answers 503.")

    done = refresh_feed(feed=feed, provider=provider, now=NOW + HOUR, tools=tools)

    feed.refresh_from_db()
    assert done.outcome == "failed"
    assert list(WeatherDay.objects.values_list("values", flat=True)) == kept
    assert (feed.failures, feed.error_code) == (1, "provider_unavailable")
    assert feed.error_detail == "Told answers 503."
    assert feed.succeeded_at == NOW
    assert feed.leased_until is None
    assert feed.due_at is not None
    assert feed.due_at > NOW + HOUR


def test_success_forgets_the_failures(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators
) -> None:
    feed = feed_of(place, provider, "forecast")
    provider.failure = ProviderUnavailableError("Told answers 503.")
    refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    provider.failure = None
    refresh_feed(feed=feed, provider=provider, now=NOW + HOUR, tools=tools)

    feed.refresh_from_db()
    assert (feed.failures, feed.error_code, feed.error_detail) == (0, "", "")


def test_when_our_own_service_is_down_the_provider_is_not_blamed(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators, service: InMemoryWeather
) -> None:
    service.failures["JudgeHours"] = Failure(code=grpc.StatusCode.UNAVAILABLE)
    feed = feed_of(place, provider, "forecast")

    with pytest.raises(ServiceUnavailableError):
        refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    feed.refresh_from_db()
    assert (feed.failures, feed.error_code, feed.leased_until) == (0, "", None)
    assert not WeatherDay.objects.exists()
    # Nor is it asked again at once for what nobody can judge.
    assert feed.due_at is not None
    assert timedelta(minutes=3) <= feed.due_at - NOW <= timedelta(minutes=7)
    assert due_farm_ids(now=NOW + timedelta(minutes=3), limit=5) == [place.farm_id]  # the archive
    WeatherFeed.objects.exclude(pk=feed.pk).delete()
    assert due_farm_ids(now=NOW + timedelta(minutes=3), limit=5) == []
    assert due_farm_ids(now=NOW + timedelta(minutes=7), limit=5) == [place.farm_id]


def test_what_was_judged_before_our_service_fell_is_not_asked_again(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators, service: InMemoryWeather
) -> None:
    feed = feed_of(place, provider, "archive")

    def fall_at_the_second() -> None:
        if len(provider.requests) == 2:
            service.failures["JudgeHours"] = Failure(code=grpc.StatusCode.UNAVAILABLE)

    provider.meanwhile = fall_at_the_second
    with pytest.raises(ServiceUnavailableError):
        refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    feed.refresh_from_db()
    first = provider.requests[0]
    assert (feed.covered_from, feed.covered_to) == (first.first_day, first.last_day)


def test_the_past_of_a_farm_is_fetched_once_in_pieces_without_holes(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators
) -> None:
    feed = feed_of(place, provider, "archive")
    refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    spans = sorted((one.first_day, one.last_day) for one in provider.requests)
    assert spans[0][0] == TODAY - timedelta(days=400)
    assert spans[-1][1] == TODAY - timedelta(days=5)
    assert all((last - first).days < 100 for first, last in spans)
    gaps = [second[0] - first[1] for first, second in pairwise(spans)]
    assert set(gaps) == {timedelta(days=1)}

    provider.requests.clear()
    refresh_feed(feed=feed, provider=provider, now=NOW + timedelta(days=1), tools=tools)
    again = provider.requests
    assert [(one.first_day, one.last_day) for one in again] == [
        (TODAY - timedelta(days=12), TODAY - timedelta(days=4))
    ]


def test_a_back_fill_that_broke_off_goes_on_where_it_was(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators
) -> None:
    feed = feed_of(place, provider, "archive")

    def fail_at_the_third() -> None:
        if len(provider.requests) == 3:
            raise ProviderBusyError("Told asks for patience.", retry_after_s=900)

    provider.meanwhile = fail_at_the_third
    refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    feed.refresh_from_db()
    assert feed.covered_to == TODAY - timedelta(days=5)
    assert feed.covered_from == feed.covered_to - timedelta(days=199)
    assert feed.due_at is not None
    assert feed.due_at >= NOW + timedelta(seconds=900)

    provider.meanwhile = lambda: None
    provider.requests.clear()
    feed = WeatherFeed.objects.select_related("place").get(pk=feed.pk)
    refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)
    assert min(one.first_day for one in provider.requests) == TODAY - timedelta(days=400)
    assert len(provider.requests) == 3  # the last week again, and what was missing


def test_a_server_that_was_off_for_weeks_fetches_what_it_missed(
    place: WeatherPlace, provider: ToldProvider, tools: Collaborators
) -> None:
    feed = feed_of(place, provider, "forecast")
    refresh_feed(feed=feed, provider=provider, now=NOW, tools=tools)

    refresh_feed(feed=feed, provider=provider, now=NOW + timedelta(days=20), tools=tools)

    assert provider.requests[-1].first_day == TODAY - timedelta(days=2)


def test_waits_grow_with_failures_and_never_undercut_what_was_asked() -> None:
    error = ProviderUnavailableError("x")

    assert timedelta(minutes=2) < back_off(failures=1, error=error) < timedelta(minutes=8)
    assert timedelta(hours=3) <= back_off(failures=40, error=error) <= timedelta(hours=9)
    asked = ProviderBusyError("x", retry_after_s=86_000)
    assert back_off(failures=1, error=asked) >= timedelta(seconds=86_000)
    assert back_off(failures=1, error=ProviderRefusedError("x")) > timedelta(hours=12)


def test_farms_are_spread_over_the_hour() -> None:
    dues = {next_due(product="forecast", now=NOW, not_before=None) for _ in range(50)}

    assert len(dues) > 25
    assert all(timedelta(minutes=50) < due - NOW < timedelta(minutes=70) for due in dues)
    late = NOW + timedelta(hours=5)
    assert next_due(product="forecast", now=NOW, not_before=late) >= late


def test_due_are_farms_with_a_feed_that_nobody_fetches(
    place: WeatherPlace, provider: ToldProvider
) -> None:
    shared = new_place(longitude=9)
    ensure_feeds(place=shared, providers=(provider,), now=NOW)
    feeds = ensure_feeds(place=place, providers=(provider,), now=NOW)

    assert due_farm_ids(now=NOW, limit=5) == [place.farm_id]

    for feed in feeds:
        lease(feed=feed, now=NOW)
    assert due_farm_ids(now=NOW, limit=5) == []


def test_a_provider_that_is_asked_no_more_is_due_no_more(
    place: WeatherPlace, provider: ToldProvider
) -> None:
    ensure_feeds(place=place, providers=(provider,), now=NOW)

    ensure_feeds(place=place, providers=(), now=NOW)

    assert set(WeatherFeed.objects.values_list("due_at", flat=True)) == {None}


class TestACoordinate:
    @pytest.fixture(autouse=True)
    def _asks_only_told(self, provider: ToldProvider, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(refreshing, "providers_for", lambda place: (provider,))

    def test_is_fetched_when_somebody_asks_and_then_rests_for_an_hour(
        self, provider: ToldProvider, tools: Collaborators
    ) -> None:
        place = new_place()
        for later in (0, 30, 59):
            refreshed_place(place, NOW + timedelta(minutes=later), tools=tools)
        assert [one.product for one in provider.requests] == ["forecast"]

        refreshed_place(place, NOW + timedelta(minutes=61), tools=tools)
        assert len(provider.requests) == 2

    def test_is_shown_with_its_age_when_the_provider_is_down(
        self, provider: ToldProvider, tools: Collaborators
    ) -> None:
        place = new_place()
        refreshed_place(place, NOW, tools=tools)
        provider.failure = ProviderUnavailableError("Told answers 503.")

        later = NOW + 5 * HOUR
        refreshed_place(place, later, tools=tools)
        refreshed_place(place, later + timedelta(minutes=1), tools=tools)

        found = assembled(place=place, start=NOW, end=later, now=later)
        assert found.is_stale
        assert "Told answers 503." in found.stale_reason
        assert len(provider.requests) == 2  # a minute after a failure nobody tries again

    def test_is_not_waited_for_beyond_the_deadline(
        self, provider: ToldProvider, tools: Collaborators
    ) -> None:
        refreshed_place(new_place(), NOW, deadline_s=0, tools=tools)

        assert provider.requests == []

    def test_is_answered_when_our_own_service_is_down(
        self, provider: ToldProvider, tools: Collaborators, service: InMemoryWeather
    ) -> None:
        service.failures["JudgeHours"] = Failure(code=grpc.StatusCode.UNAVAILABLE)
        place = new_place()

        assert refreshed_place(place, NOW, tools=tools) == place
