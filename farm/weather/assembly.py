"""One series of hours for a place out of all that is stored: the best source for each hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from farm.errors import InvalidInputError
from farm.weather.assembly_age import Age, age_of
from farm.weather.assembly_shift import shifted
from farm.weather.blocks import HOURS_A_DAY, ROW_OF, VARIABLES, unpack_flags, unpack_values
from farm.weather.models import WeatherDay, WeatherForecast, WeatherSource
from farm.weather.places import zone_of
from farm.weather.series import HOUR, Flag, HourlyWeather, Site
from farm.weather.sources import NO_SOURCE, rank_of
from farm.weather.variables import HOURLY_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet
    from numpy.typing import NDArray

    from farm.weather.models import WeatherPlace
    from farm.weather.series import Column, Flags

    Block = tuple[
        str, date, int, bytes | memoryview, bytes | memoryview
    ]  # source, day, phase, values, flags

Row = TypeVar("Row", WeatherDay, WeatherForecast)

MOST_HOURS = 300_000  # what one message to furrow-weather holds: 34 years
# A forecast that is younger goes before an older one of a better source.
FRESH_FOR = timedelta(hours=12)
DAY = timedelta(days=1)
# Two words for the water in one air: of an hour both are one source's, or one is absent.
_HUMIDITIES = (ROW_OF["relative_humidity_percent"], ROW_OF["dew_point_c"])


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledWeather:
    """What is known of a place's weather in a span, hour by hour.

    Attributes:
        place: Where.
        time_zone: IANA name of the zone in which its days are cut.
        site: Position and instruments, as furrow-weather asks for them.
        is_elevation_assumed: Nobody has said the elevation; the site's is 0 m then.
        hourly: What is computed with. Values that cannot be (``Flag.RANGE``) are NaN.
        rejected: By name, those values, NaN elsewhere; only columns that have any.
        flags: By name, bits of ``Flag``; of the value that was taken, or of the rejected one.
        sources: By name, (hours,) uint8, place in ``source_names``; 0 where there is no value.
        source_names: Empty for no source, then of ``WeatherSource``, the best first.
        observed_until: Stamp of the newest hour that came to pass; hours after it are forecast.
            None: all of them are.
        issues: By source, when the forecast in here was issued.
        age: How old it all is, and whether that is too old.
        is_simulated: Whether any of it is.
    """

    place: WeatherPlace
    time_zone: str
    site: Site
    is_elevation_assumed: bool
    hourly: HourlyWeather
    rejected: Mapping[str, Column] = field(default_factory=dict)
    flags: Mapping[str, Flags] = field(default_factory=dict)
    sources: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    source_names: tuple[str, ...] = ("",)
    observed_until: datetime | None = None
    issues: Mapping[str, datetime] = field(default_factory=dict)
    age: Age
    is_simulated: bool = False

    @property
    def issued_at(self) -> datetime | None:
        """When the newest forecast in here was issued; None where there is none."""
        return max(self.issues.values(), default=None)

    @property
    def age_s(self) -> float | None:
        """Seconds since the newest of it was fetched or uploaded; None where there is nothing."""
        return self.age.age_s

    @property
    def is_stale(self) -> bool:
        """Whether it is older than it should be; ``stale_reason`` says why."""
        return bool(self.age.reason)

    @property
    def stale_reason(self) -> str:
        """A sentence, empty where nothing is stale."""
        return self.age.reason


def assembled(
    *, place: WeatherPlace, start: datetime, end: datetime, now: datetime
) -> AssembledWeather:
    """Assemble the hours stamped from ``start`` to before ``end``.

    Args:
        place: Where.
        start: First stamp, with a zone; rounded up to the next whole hour (or the minute at which
            the place's station ends its hours).
        end: The stamp after the last.
        now: The time; it says what is old.

    Raises:
        InvalidInputError: The span is empty, or has more than 300,000 hours.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if not start < end or (end - start) / HOUR > MOST_HOURS:
        msg = f"The hours reach from {start:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ}; 1 to"
        raise InvalidInputError(f"{msg} {MOST_HOURS} hours are answered.", reason="SPAN_INVALID")
    blocks = _blocks(place, first=(start - HOUR).date(), last=(end + HOUR).date())
    phase_s = _phase(blocks)
    first_stamp = _up_to_phase(start, phase_s=phase_s)
    count = max(1, -(-(end - first_stamp) // HOUR))
    layers = _Layers(start=first_stamp, count=count, phase_s=phase_s)
    for source, of_source in _by_source(blocks):
        layers.add_days(source, of_source)
    observed_until = _newest_hour(place, layers, end=end)
    issues = {}
    if observed_until is None or observed_until < end - HOUR:
        for forecast in _forecasts(place, now=now):
            if layers.add_forecast(forecast, after=observed_until):
                issues[forecast.source] = forecast.issued_at
    return AssembledWeather(
        place=place,
        time_zone=zone_of(place),
        site=Site(
            latitude_deg=place.latitude,
            longitude_deg=place.longitude,
            elevation_m=place.elevation_m or 0.0,
        ),
        is_elevation_assumed=place.elevation_m is None,
        hourly=HourlyWeather(start=first_stamp, count=count, columns=layers.columns()),
        rejected=layers.rejected_columns(),
        flags=layers.flag_columns(),
        sources=layers.source_columns(),
        source_names=tuple(layers.names),
        observed_until=observed_until,
        issues=issues,
        age=age_of(place=place, observed_until=observed_until, now=now),
        is_simulated=WeatherSource.SIMULATED in layers.names,
    )


class _Layers:
    """Layers of hours, laid one under the other, the best first."""

    def __init__(self, *, start: datetime, count: int, phase_s: int) -> None:
        self._start, self._count, self._phase_s = start, count, phase_s
        shape = (VARIABLES, count)
        self._values = np.full(shape, np.nan)
        self._rejected = np.full(shape, np.nan)
        self._flags = np.zeros(shape, dtype=np.uint8)
        self._sources = np.full(shape, NO_SOURCE, dtype=np.uint8)
        self.names: list[str] = [""]
        self.newest: datetime | None = None  # hour of an observed value

    def add_days(self, source: str, blocks: Sequence[Block]) -> None:
        """Lay the blocks of a source under what is there."""
        days = np.array([block[1] for block in blocks], dtype="datetime64[D]")
        begin = int((days[0] - np.datetime64("1970-01-01")).astype(int))
        rows = (days - days[0]).astype(int)
        shape = (int(rows[-1]) + 1, VARIABLES, HOURS_A_DAY)
        if len(blocks) == shape[0]:
            values = unpack_values([block[3] for block in blocks])
            flags = unpack_flags([block[4] for block in blocks])
        else:
            values, flags = np.full(shape, np.nan), np.zeros(shape, dtype=np.uint8)
            values[rows] = unpack_values([block[3] for block in blocks])
            flags[rows] = unpack_flags([block[4] for block in blocks])
        phase_s = blocks[0][2]
        first = datetime.fromtimestamp(begin * 86_400 + phase_s, UTC)
        long = (VARIABLES, shape[0] * HOURS_A_DAY)
        self._lay(
            source,
            first=first,
            values=values.transpose(1, 0, 2).reshape(long),
            flags=flags.transpose(1, 0, 2).reshape(long),
            is_observed=True,
        )

    def add_forecast(self, forecast: WeatherForecast, *, after: datetime | None) -> bool:
        """Lay the hours of a forecast that are not observed under what is there."""
        values = unpack_values([forecast.values], hours=forecast.hours)[0]
        flags = unpack_flags([forecast.flags], hours=forecast.hours)[0]
        first = forecast.start
        if after is not None and after >= first:
            gone = min(forecast.hours, (after - first) // HOUR + 1)
            values, flags, first = values[:, gone:], flags[:, gone:], first + gone * HOUR
        return self._lay(
            forecast.source, first=first, values=values, flags=flags, is_observed=False
        )

    def _lay(
        self,
        source: str,
        *,
        first: datetime,
        values: NDArray[np.float64],
        flags: NDArray[np.uint8],
        is_observed: bool,
    ) -> bool:
        past_s = (first.minute * 60 + first.second - self._phase_s) % 3600
        if past_s:
            ahead_s = 3600 - past_s
            values, flags = shifted(values=values, flags=flags, ahead_s=ahead_s)
            first += timedelta(seconds=ahead_s)
        offset = (first - self._start) // HOUR
        here = slice(max(0, offset), max(0, min(self._count, offset + values.shape[1])))
        there = slice(here.start - offset, here.stop - offset)
        if here.stop <= here.start:
            return False
        sent, found = values[:, there], flags[:, there]
        is_known = ~np.isnan(sent)
        is_bad = (found & Flag.RANGE) > 0
        if is_bad.any():
            self._reject(here, sent, found, is_bad=is_bad & is_known)
            is_known &= ~is_bad
        if is_observed:
            self._note_newest(here, np.any(is_known, axis=0))
        taken = self._sources[:, here]
        own = self.names.index(source) if source in self.names else len(self.names)
        takes = is_known & (taken == NO_SOURCE)
        # Humidity of one source and dew point of another contradict each other.
        for row, twin in (_HUMIDITIES, _HUMIDITIES[::-1]):
            takes[row] &= (taken[twin] == NO_SOURCE) | (taken[twin] == own)
        if not takes.any():
            return False
        if own == len(self.names):
            self.names.append(source)
        np.copyto(self._values[:, here], sent, where=takes)
        np.copyto(self._flags[:, here], found, where=takes)
        np.copyto(self._sources[:, here], np.uint8(own), where=takes)
        return True

    def _reject(
        self,
        here: slice,
        sent: NDArray[np.float64],
        found: NDArray[np.uint8],
        *,
        is_bad: NDArray[np.bool_],
    ) -> None:
        first = is_bad & np.isnan(self._rejected[:, here]) & np.isnan(self._values[:, here])
        np.copyto(self._rejected[:, here], sent, where=first)
        np.copyto(self._flags[:, here], found, where=first)

    def _note_newest(self, here: slice, is_known: NDArray[np.bool_] | np.bool_) -> None:
        rows = np.flatnonzero(is_known)
        if len(rows):
            stamp = self._start + (here.start + int(rows[-1])) * HOUR
            self.newest = stamp if self.newest is None else max(self.newest, stamp)

    def columns(self) -> dict[str, Column]:
        return {HOURLY_NAMES[row]: self._values[row] for row in self._rows(self._has_values())}

    def rejected_columns(self) -> dict[str, Column]:
        # What another source has a value for was not lost, so nobody has to see it.
        rejected = np.where(np.isnan(self._values), self._rejected, np.nan)
        known = ~np.isnan(rejected).all(axis=1)
        return {HOURLY_NAMES[row]: rejected[row] for row in self._rows(known)}

    def flag_columns(self) -> dict[str, Flags]:
        return {HOURLY_NAMES[row]: self._flags[row] for row in self._rows(self._flags.any(axis=1))}

    def source_columns(self) -> dict[str, NDArray[np.uint8]]:
        return {HOURLY_NAMES[row]: self._sources[row] for row in self._rows(self._has_values())}

    def _has_values(self) -> NDArray[np.bool_]:
        has: NDArray[np.bool_] = (self._sources != NO_SOURCE).any(axis=1)
        return has

    @staticmethod
    def _rows(known: NDArray[np.bool_] | np.bool_) -> list[int]:
        return [int(row) for row in np.flatnonzero(known)]


def _blocks(place: WeatherPlace, *, first: date, last: date) -> list[Block]:
    rows = _shown(WeatherDay.objects.filter(place=place, day__range=(first, last)), place)
    rows = rows.order_by("day")
    return list(rows.values_list("source", "day", "phase_s", "values", "flags"))


def _shown(rows: QuerySet[Row], place: WeatherPlace) -> QuerySet[Row]:
    """Leave out what is simulated, unless the farm is: it may have been a demonstration once."""
    is_demo = place.farm is not None and place.farm.is_demo
    return rows if is_demo else rows.exclude(source=WeatherSource.SIMULATED)


def _by_source(blocks: Sequence[Block]) -> list[tuple[str, list[Block]]]:
    """Group blocks by source, the best first; of a logger set to another minute both parts."""
    groups: dict[tuple[int, str, int], list[Block]] = {}
    for block in blocks:
        groups.setdefault((rank_of(block[0]), block[0], block[2]), []).append(block)
    return [(source, group) for (_, source, _), group in sorted(groups.items())]


def _phase(blocks: Sequence[Block]) -> int:
    """Return the minute at which hours end: a station's, because its values are measured."""
    phases = {block[2] for block in blocks if block[0] == WeatherSource.STATION}
    return min(phases) if len(phases) == 1 else 0


def _up_to_phase(moment: datetime, *, phase_s: int) -> datetime:
    past = timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
    wait = (timedelta(seconds=phase_s) - past) % HOUR
    return moment + wait


def _newest_hour(place: WeatherPlace, layers: _Layers, *, end: datetime) -> datetime | None:
    """Return the stamp of the newest observed hour of a place, also where it is after the span."""
    later = _shown(WeatherDay.objects.filter(place=place, day__gte=end.date()), place)
    later = later.order_by("-day")
    newest = layers.newest
    for day, phase_s, values, flags in later.values_list("day", "phase_s", "values", "flags")[:6]:
        bad = (unpack_flags([flags])[0] & Flag.RANGE) > 0
        known = np.flatnonzero((~np.isnan(unpack_values([values])[0]) & ~bad).any(axis=0))
        if len(known):
            midnight = datetime.combine(day, time(), UTC)
            stamp = midnight + int(known[-1]) * HOUR + timedelta(seconds=phase_s)
            newest = stamp if newest is None else max(newest, stamp)
    return newest  # None: what is before the span does not matter to it


def _forecasts(place: WeatherPlace, *, now: datetime) -> list[WeatherForecast]:
    """Return the newest forecast of each source: fresh ones first, the better source first."""
    newest: dict[str, WeatherForecast] = {}
    lately = WeatherForecast.objects.filter(place=place, issued_at__gt=now - timedelta(days=16))
    issued = _shown(lately, place)
    sources = list(issued.order_by().values_list("source", flat=True).distinct())
    for source in sources:
        forecast = issued.filter(source=source).order_by("-issued_at").first()
        if forecast is not None:
            newest[source] = forecast
    return sorted(
        newest.values(),
        key=lambda one: (
            now - one.fetched_at > FRESH_FOR,
            rank_of(one.source),
            -one.issued_at.timestamp(),
        ),
    )
