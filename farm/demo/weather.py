"""Weather and water of the demo farm: made up, set up, and told in tables relative to now."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from farm.demo.planting import plant
from farm.demo.report import NO_NUMBER, Column, table
from farm.demo.water import begin_of, follow_advice, water_lines
from farm.weather.assembly import assembled
from farm.weather.daily import ET_COLUMN, daily
from farm.weather.feeds import ensure_feeds
from farm.weather.places import place_of_farm, zone_of
from farm.weather.profile_selectors import profile_for
from farm.weather.refresh import collaborators, refresh_feed
from farm.weather.refresh_providers import providers_for
from farm.weather.series import HOUR
from farm.weather.windows import windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from farm.clients.weather import WeatherClient
    from farm.farms.models import Farm
    from farm.weather.models import WeatherPlace
    from farm.weather.tables import WeatherTable
    from farm.weather.windows import WindowsReport

DAYS_AHEAD = 7
DAY_COLUMNS = (
    Column(title="day", is_number=False),
    Column(title="min °C"),
    Column(title="max °C"),
    Column(title="rain mm"),
    Column(title="wind m/s"),
    Column(title="ET0 mm"),
    Column(title="", is_number=False),
)


def prepare_weather(*, farm: Farm, now: datetime) -> bool:
    """Fetch the farm's weather here and now, and give a demo farm's fields crops and soils.

    Returns:
        Whether there is a place and a provider to have weather from.
    """
    place = place_of_farm(farm=farm)
    if place is None:
        return False
    providers = {one.key: one for one in providers_for(place)}
    tools = collaborators()
    feeds = ensure_feeds(place=place, providers=tuple(providers.values()), now=now)
    for feed in feeds:
        feed.place = place
        refresh_feed(feed=feed, provider=providers[feed.provider], now=now, tools=tools)
    if farm.is_demo:
        zone = ZoneInfo(zone_of(place))
        plant(farm=farm, today=now.astimezone(zone).date(), latitude=place.latitude)
        follow_advice(farm=farm, place=place, client=tools.client, now=now)
    return bool(feeds)


def weather_lines(*, farm: Farm, client: WeatherClient, now: datetime) -> Iterator[str]:
    """Lines that tell a farm's weather: its days, its fields' water, when it can be sprayed."""
    place = place_of_farm(farm=farm)
    if place is None:
        yield "The farm has no field, so nobody knows where its weather is of."
        return
    zone = ZoneInfo(zone_of(place))
    today = now.astimezone(zone).date()
    label = " (SIMULATED)" if farm.is_demo else ""
    yield f"Weather at {place.latitude:.3f}, {place.longitude:.3f}, days of {zone.key}{label}"
    yield ""
    yield from _days(place, client=client, today=today, zone=zone, now=now)
    yield ""
    yield f"Water in the root zone until {today}{label}"
    yield ""
    yield from water_lines(farm=farm, place=place, client=client, now=now)
    yield ""
    yield from _spraying(place, farm=farm, client=client, zone=zone, now=now)


def _days(
    place: WeatherPlace, *, client: WeatherClient, today: date, zone: ZoneInfo, now: datetime
) -> Iterator[str]:
    first, last = today - timedelta(days=1), today + timedelta(days=DAYS_AHEAD)
    weather = assembled(
        place=place,
        start=begin_of(first, zone) - 12 * HOUR,
        end=begin_of(last, zone) + 36 * HOUR,
        now=now,
    )
    days = daily(weather=weather, client=client, first_day=first, last_day=last)
    rows = [
        [
            f"{day:%a %Y-%m-%d}",
            *(
                _cell(days, name, row)
                for name in (
                    "temperature_min_c",
                    "temperature_max_c",
                    "precipitation_mm",
                    "wind_speed_mean_m_s",
                    ET_COLUMN,
                )
            ),
            _kind(day, today, is_forecast=bool(days.is_provisional[row])),
        ]
        for row, day in enumerate(days.dates)
    ]
    yield from table(DAY_COLUMNS, rows)
    if weather.stale_reason:
        yield f"Stale: {weather.stale_reason}"


def _spraying(
    place: WeatherPlace, *, farm: Farm, client: WeatherClient, zone: ZoneInfo, now: datetime
) -> Iterator[str]:
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    weather = assembled(
        place=place, start=hour - 6 * HOUR, end=hour + (24 * DAYS_AHEAD + 12) * HOUR, now=now
    )
    profile = profile_for(farm=farm, kind="spray")
    report = windows(weather=weather, client=client, profile=profile, start=hour)
    coming = [window for window in report.windows if window.until > now]
    source = f" ({profile.name}: {profile.source})"
    if not coming:
        yield f"No window for spraying in the coming week; now: {_limit(report)}.{source}"
        return
    window = coming[0]
    begin = window.from_.astimezone(zone).isoformat(timespec="minutes")
    end = window.until.astimezone(zone).isoformat(timespec="minutes")
    why = window.ended_by.replace("_", " ") if window.ended_by else "the forecast ends"
    yield f"Next window for spraying: {begin} to {end}; what ends it: {why}.{source}"


def _limit(report: WindowsReport) -> str:
    codes, words = report.table.words["limiting_factor"]
    return str(words[int(codes[0])] or "nothing").replace("_", " ")


def _cell(of: WeatherTable, name: str, row: int, *, digits: int = 1) -> str:
    column = of.columns.get(name)
    value = float("nan") if column is None else float(column[row])
    return NO_NUMBER if value != value else f"{value:.{digits}f}"


def _kind(day: date, today: date, *, is_forecast: bool) -> str:
    names = {-1: "yesterday", 0: "today"}
    name = names.get((day - today).days, "")
    return ", ".join(word for word in (name, "forecast" if is_forecast else "") if word)
