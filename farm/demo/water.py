"""Seasons of water on the demo farm's fields: running ones so far, ended ones with their sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from farm.demo.report import NO_NUMBER, Column, table
from farm.weather.assembly import assembled
from farm.weather.models import FieldIrrigation, FieldWater
from farm.weather.places import zone_of
from farm.weather.refresh_spans import PAST_OF_FARM
from farm.weather.series import HOUR
from farm.weather.water import GIVEN, RAIN, balance_span, water_balance
from farm.weather.water_setup import season_days

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from farm.clients.weather import WeatherClient
    from farm.farms.models import Farm
    from farm.weather.models import WeatherPlace
    from farm.weather.tables import Weather
    from farm.weather.water import DatedAdvice, WaterReport

SHOWN_ADVICE = 4  # of a field; the newest
WATER_COLUMNS = (
    Column(title="field", is_number=False),
    Column(title="crop", is_number=False),
    Column(title="soil", is_number=False),
    Column(title="sown", is_number=False),
    Column(title="season", is_number=False),
    Column(title="ET mm"),
    Column(title="rain mm"),
    Column(title="irrigated mm"),
    Column(title="deepest depletion mm", is_number=False),
    Column(title="depleted today mm"),
    Column(title="rules ask", is_number=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seasons:
    """The farm's set-ups with the weather of all their days."""

    setups: Sequence[FieldWater]
    weather: Weather
    client: WeatherClient
    today: date

    def balance(self, setup: FieldWater) -> WaterReport:
        """Balance a field with the water it was given."""
        return water_balance(
            setup=setup,
            irrigations=list(FieldIrrigation.objects.filter(field=setup.field_id)),
            looks=(),
            weather=self.weather,
            client=self.client,
            today=self.today,
        )

    def asked(self, setup: FieldWater) -> tuple[DatedAdvice, ...]:
        """Return what the rules ask for over a whole season in which they are followed."""
        followed = FieldWater(
            field_id=setup.field_id,
            crop=setup.crop,
            soil=setup.soil,
            planted_on=setup.planted_on,
            initial_depletion_share=setup.initial_depletion_share,
            uses_dual_coefficients=setup.uses_dual_coefficients,
            wetted_share=setup.wetted_share,
            efficiency_share=setup.efficiency_share,
            rules={**setup.rules, "applies_advice": True} if setup.rules else {},
        )
        return water_balance(
            setup=followed,
            irrigations=(),
            looks=(),
            weather=self.weather,
            client=self.client,
            today=self.today,
            advised_from=setup.planted_on,
        ).advice


def follow_advice(*, farm: Farm, place: WeatherPlace, client: WeatherClient, now: datetime) -> None:
    """Record the irrigations that the rules asked for before today, as if they had been given."""
    seasons = _seasons(farm=farm, place=place, client=client, now=now)
    if seasons is None:
        return
    for setup in seasons.setups:
        rules = setup.rules
        if not rules:
            continue
        of_season = FieldIrrigation.objects.filter(field=setup.field_id, day__gte=setup.planted_on)
        if of_season.exists():
            continue  # somebody keeps count, or this did
        FieldIrrigation.objects.bulk_create(
            FieldIrrigation(
                field_id=setup.field_id,
                day=advice.day,
                depth_mm=round(advice.depth_mm, 1),
                efficiency_share=rules.get("efficiency_share", setup.efficiency_share),
                wetted_share=rules.get("wetted_share", setup.wetted_share),
            )
            for advice in seasons.asked(setup)
            if advice.day < seasons.today
        )


def water_lines(
    *, farm: Farm, place: WeatherPlace, client: WeatherClient, now: datetime
) -> Iterator[str]:
    """Lines that tell each field's season: its sums, how dry it was, and what the rules asked."""
    seasons = _seasons(farm=farm, place=place, client=client, now=now)
    if seasons is None:
        yield "No field says what grows on it; the API and the admin take it."
        return
    rows, asked = [], []
    for setup in seasons.setups:
        report = seasons.balance(setup)
        rows.append(_row(setup, report, today=seasons.today))
        if setup.rules:
            asked.append((setup, seasons.asked(setup)))
    yield from table(WATER_COLUMNS, rows)
    yield "FAO-56, dual crop coefficient; crop and soil as set up, ET0 by FAO-56."
    past = [(setup, [one for one in all_ if one.day < seasons.today]) for setup, all_ in asked]
    if any(advice for _, advice in past):
        yield ""
        yield "What the rules asked for in these seasons; it counts as given (historical):"
        for setup, advice in past:
            if advice:
                yield f"  {setup.field.name} ({setup.crop.name}): {_told(advice)}"


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment a local day begins, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _seasons(
    *, farm: Farm, place: WeatherPlace, client: WeatherClient, now: datetime
) -> _Seasons | None:
    zone = ZoneInfo(zone_of(place))
    today = now.astimezone(zone).date()
    setups = list(
        FieldWater.objects.filter(
            field__farm=farm, planted_on__gt=today - PAST_OF_FARM, planted_on__lte=today
        )
        .select_related("field", "crop", "soil")
        .order_by("field__name", "field_id")
    )
    if not setups:
        return None
    spans = [balance_span(setup=setup, today=today) for setup in setups]
    weather = assembled(
        place=place,
        start=begin_of(min(first for first, _ in spans), zone) - 12 * HOUR,
        end=begin_of(max(last for _, last in spans), zone) + 36 * HOUR,
        now=now,
    )
    return _Seasons(setups=setups, weather=weather, client=client, today=today)


def _row(setup: FieldWater, report: WaterReport, *, today: date) -> list[str]:
    length = season_days(setup.crop)
    end = setup.planted_on + timedelta(days=length - 1)
    has_ended = end < today
    columns = report.table.columns
    days = min(max(0, (today - setup.planted_on).days), len(report.table.dates))
    season = f"ended {end}" if has_ended else f"day {days + 1} of {length}"
    depletion = columns["root_depletion_mm"][:days]
    deepest = NO_NUMBER
    if days and not np.isnan(depletion).all():
        row = int(np.nanargmax(depletion))
        deepest = f"{depletion[row]:.0f} on {report.table.dates[row]:%d %b}"
    now_mm = NO_NUMBER
    if not has_ended and days < len(report.table.dates):
        value = float(columns["root_depletion_mm"][days])
        readily = float(columns["readily_available_mm"][days])
        now_mm = NO_NUMBER if np.isnan(value) else f"{value:.0f} of {readily:.0f}"
    return [
        setup.field.name,
        setup.crop.name,
        setup.soil.name,
        str(setup.planted_on),
        season,
        *(_sum(columns[name][:days]) for name in ("actual_et_mm", RAIN, GIVEN)),
        deepest,
        now_mm,
        _asked_now(setup, report, has_ended=has_ended),
    ]


def _asked_now(setup: FieldWater, report: WaterReport, *, has_ended: bool) -> str:
    if not setup.rules:
        return "no rules: lives on rain"
    if has_ended:
        return "season is over"
    if not report.advice:
        return "nothing this week"
    first = report.advice[0]
    return f"{first.depth_mm:.0f} mm on {first.day:%a %d %b}"


def _told(advice: Sequence[DatedAdvice]) -> str:
    total = sum(one.depth_mm for one in advice)
    newest = advice[-SHOWN_ADVICE:]
    each = ", ".join(f"{one.depth_mm:.0f} mm on {one.day:%d %b}" for one in newest)
    words = sorted({reason.replace("_", " ") for one in advice for reason in one.reasons})
    before = len(advice) - len(newest)
    more = f" (and {before} times before)" if before else ""
    return f"{each}{more}; {total:.0f} mm in all, because of: {', '.join(words)}"


def _sum(values: np.ndarray) -> str:
    return NO_NUMBER if not len(values) or np.isnan(values).any() else f"{values.sum():.0f}"
