"""What the OpenAPI document says of the weather routes. Nothing is validated with these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from farm.weather.domain_risks import FrostKind, FrostRisk
from farm.weather.models import DecisionKind
from farm.weather.serializers import FeedSerializer, ProfileSerializer

if TYPE_CHECKING:
    from collections.abc import Iterable

_TABLE = (
    "Column-oriented: every list in `columns` has `count` entries; null is a gap, never a zero. "
    "Names carry their units, `units` says them in words; `methods` names how computed columns "
    "were made; `sources` says of each column where its values are from."
)
POSITION_DESCRIPTION = (
    "The coordinate is rounded to 0.01°. What is older than an hour is fetched first; while a "
    "provider is down the last good data come, with `stale`. Sixty requests a minute and person."
)
CURRENT_DESCRIPTION = (
    "The latest hour that was observed, with its age, and the forecast hour nearest to now. "
    "What the air is like (vapour pressure deficit, wet bulb, Delta-T, heat stress) is worked out "
    "from it."
)
HOURLY_DESCRIPTION = (
    f"{_TABLE} By default the last 24 hours and the coming seven days; 400 days at most. A time is "
    "the end of the hour for amounts (rain, radiation) and gusts, the instant for all else. Hours "
    "from `forecast_from_row` on are forecast. `flags` tells what was found about values, "
    "`rejected` the values that cannot be and count as gaps."
)
DAILY_DESCRIPTION = (
    f"{_TABLE} By default the last seven days, today and the coming seven; ten years at most. Days "
    "are those of the zone's clock and have 23, 24 or 25 hours. A day of whose hours less than "
    "nine tenths are known has no value (`coverage`). `reference_et_mm` is that of FAO-56's daily "
    "equation, short grass, not below 0: the one that the water balance takes. "
    "`night_temperature_min_c` is of the night before, noon to noon."
)
WEEKLY_DESCRIPTION = (
    f"{_TABLE} Weeks from Monday to Sunday; by default the last eight with the present one. A week "
    "with a missing day has no value, and `coverage` says how many days it has."
)
AGRO_DESCRIPTION = (
    f"{_TABLE} Vapour pressure deficit, dew point, wet bulb at station pressure, Delta-T, "
    "temperature-humidity index of cattle, reference evapotranspiration and leaf wetness by the "
    "hour; `disease` has the Hutton criteria by local day."
)
HEAT_DESCRIPTION = (
    f"{_TABLE} From `start` on, also over New Year. Missing days add nothing and are counted in "
    "`season`; days with forecast hours are marked in `basis`. With `units=us` thresholds are °F "
    "and totals degree days Fahrenheit."
)
CHILL_DESCRIPTION = (
    f"{_TABLE} Chilling hours, Utah and positive Utah units and chill portions, added up to the "
    "end of each local day from `start` on. The models stand still in hours without a temperature; "
    "`season` says how many and the longest run of them."
)
ET_DESCRIPTION = (
    f"{_TABLE} By the day both the daily equation (not below 0) and the sum of the hourly one "
    "(hours below 0 stay in it), which differ by nature; by the hour with `step=hour`. What is "
    "missing leaves a gap; nothing is filled in."
)
FROST_DESCRIPTION = (
    "A night reaches from noon to noon and bears the date of its morning. With a crop and its "
    "stage the margin is to the temperature that kills a tenth, otherwise to 0 °C, and `risk` is "
    "null, because what a frost damages depends on the crop. Radiative nights are clear "
    "and calm; advective ones bring the cold with wind."
)
RAIN_DESCRIPTION = (
    "Sums over the last 1 to 720 hours up to `until`, each null where too few of its hours are "
    "known, and spells of days with less than `dry_below_mm`."
)
HOUR_STATUSES = ["suitable", "marginal", "unsuitable"]
WINDOWS_DESCRIPTION = (
    f"{_TABLE} `now` says how it is at this hour, why, and until when. "
    "Every hour has a `status`, the `limiting_factor` and its `margin`: 0 at the "
    "threshold, negative where it is broken; below 0.1 an hour is marginal. `windows` are runs of "
    "suitable hours alone, at least the profile's length long before the span cuts them; the hour "
    "after one ends it (`ended_by`), be it unsuitable or only marginal (`ended_in`). Of frost and "
    "disease they are the runs in which one has to act. The span holds whole hours, each stamped "
    "with its end; by default those from the current hour on, seven days. Calm air and "
    "inversions are unsafe for spraying; an inversion is told by a proxy, night with little wind "
    "and little cloud, since no mast measures it."
)
BALANCE_DESCRIPTION = (
    f"{_TABLE} FAO-56, single or dual coefficients, from sowing on with the irrigations that were "
    "noted. `advice` is what the rules of the setup ask for; `assumptions` say crop and soil."
)


OBSERVATIONS_DESCRIPTION = (
    "Every hour that was observed, by whatever source, from the best one: `time` (local, with the "
    "offset), a column for each variable, `sources` and `flags`. Values that cannot be stand there "
    "with their flag. By default the last 30 days; 400 at most. Forecasts are left out."
)
UPLOAD_DESCRIPTION = (
    "A file of any step from a minute to an hour becomes hours, all of it or nothing: a refusal "
    "names row and column. `mapping` is a JSON object: `time` (header, or headers of date and "
    "time), `columns` (header → `variable`, `unit`, `is_counter`), and where needed `time_zone` "
    "(the farm's by default), `time_form` (`ymd`, `dmy`, `mdy`, `unix`), `fold` (`refuse`, "
    "`earlier`, `later`, `in_order`), `stamp` (`end`, `begin`), `step_s`, `phase_s`, "
    "`completeness_share`, `encoding`, `delimiter`, `decimal`, `header_row`, `rows_after_header`, "
    "`missing`, `wind_height_m`. The same file again changes nothing. Needs an agronomist."
)


def _words(kinds: Iterable[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)


def _by_column(child: serializers.Field[Any, Any, Any, Any]) -> serializers.DictField:
    return serializers.DictField(child=child)


def _list_of(child: serializers.Field[Any, Any, Any, Any]) -> serializers.ListField:
    return serializers.ListField(child=child)


def _numbers() -> serializers.ListField:
    return _list_of(serializers.FloatField(allow_null=True))


class PlaceSchema(serializers.Serializer[Any]):
    """Where; `elevation_ft` with `units=us`."""

    longitude = serializers.FloatField()
    latitude = serializers.FloatField()
    elevation_m = serializers.FloatField(allow_null=True, required=False)
    elevation_ft = serializers.FloatField(allow_null=True, required=False)
    elevation_source = serializers.CharField()


class FarmOfWeatherSchema(serializers.Serializer[Any]):
    """Whose."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    is_demo = serializers.BooleanField()


class StaleSchema(serializers.Serializer[Any]):
    """Why the weather is older than it should be."""

    age_s = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()


class MethodSchema(serializers.Serializer[Any]):
    """How a number was made."""

    quantity = serializers.CharField()
    name = serializers.CharField()
    source = serializers.CharField(help_text="With its edition.")  # type: ignore[assignment]


class FreshSchema(serializers.Serializer[Any]):
    """What every answer says of its weather."""

    place = PlaceSchema()
    farm = FarmOfWeatherSchema(required=False, help_text="Of a farm's weather.")
    time_zone = serializers.CharField()
    observed_until = serializers.DateTimeField(
        allow_null=True, help_text="Later hours are forecast; null: all are."
    )
    issued_at = serializers.DateTimeField(allow_null=True, help_text="Of the forecast.")
    stale = StaleSchema(allow_null=True)
    is_simulated = serializers.BooleanField()
    is_elevation_assumed = serializers.BooleanField()
    methods = MethodSchema(many=True)


class HourOfWeatherSchema(serializers.Serializer[Any]):
    """One hour."""

    time = serializers.DateTimeField()
    age_s = serializers.FloatField()
    values = _by_column(serializers.FloatField(allow_null=True))
    sources = _by_column(serializers.CharField())
    flags = _by_column(_list_of(serializers.CharField()))


class CurrentSchema(FreshSchema):
    """The weather now."""

    units = _by_column(serializers.CharField())
    observed = HourOfWeatherSchema(allow_null=True)
    forecast = HourOfWeatherSchema(allow_null=True)


class TableSchema(FreshSchema):
    """What all tables carry."""

    count = serializers.IntegerField()
    is_partial = serializers.BooleanField()
    is_provisional = serializers.BooleanField()
    units = _by_column(serializers.CharField())
    sources = _by_column(_list_of(serializers.CharField()))
    notes = _by_column(serializers.CharField())


class SourceRunSchema(serializers.Serializer[Any]):
    """Rows of one source."""

    from_row = serializers.IntegerField()
    rows = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]


class FlagRunSchema(serializers.Serializer[Any]):
    """Rows with the same findings."""

    from_row = serializers.IntegerField()
    rows = serializers.IntegerField()
    flags = _list_of(serializers.CharField())


class RejectedValueSchema(serializers.Serializer[Any]):
    """A value that cannot be."""

    row = serializers.IntegerField()
    value = serializers.FloatField()


class HoursSchema(TableSchema):
    """A table of hours."""

    step = serializers.CharField(help_text="`hour`.")
    missing_hours = _by_column(serializers.IntegerField())
    forecast_from_row = serializers.IntegerField(allow_null=True)
    source_runs = _by_column(SourceRunSchema(many=True))
    flags = _by_column(FlagRunSchema(many=True))
    rejected = _by_column(RejectedValueSchema(many=True))
    times = _list_of(serializers.DateTimeField(help_text="Local, with the offset."))
    columns = _by_column(_list_of(serializers.JSONField(allow_null=True)))


class RowsSchema(serializers.Serializer[Any]):
    """What is known of each row."""

    is_partial = _list_of(serializers.BooleanField())
    is_provisional = _list_of(serializers.BooleanField())


class DatesSchema(TableSchema):
    """A table of days or weeks."""

    dates = _list_of(serializers.DateField())
    columns = _by_column(_list_of(serializers.JSONField(allow_null=True)))
    coverage = _by_column(_numbers())
    rows = RowsSchema()


class DaysSchema(DatesSchema):
    """A table of local days."""

    step = serializers.CharField(help_text="`day`.")
    missing_days = _by_column(serializers.IntegerField())


class WeeksSchema(DatesSchema):
    """A table of weeks; `dates` are Mondays."""

    step = serializers.CharField(help_text="`week`.")
    missing_weeks = _by_column(serializers.IntegerField())


class EvapotranspirationSchema(TableSchema):
    """A table of days, or of hours where they were asked for."""

    step = serializers.CharField(help_text="`day` or `hour`.")
    columns = _by_column(_list_of(serializers.JSONField(allow_null=True)))


class DiseaseDaySchema(serializers.Serializer[Any]):
    """A local day; `min_temperature_f` with `units=us`."""

    date = serializers.DateField()
    wet_h = serializers.FloatField(allow_null=True)
    humid_h = serializers.FloatField(allow_null=True)
    is_hutton_day = serializers.BooleanField(allow_null=True)
    is_hutton_period = serializers.BooleanField(allow_null=True)


class DiseaseSchema(serializers.Serializer[Any]):
    """Days of risk."""

    days = DiseaseDaySchema(many=True)


class AgroSchema(HoursSchema):
    """What the air does."""

    disease = DiseaseSchema()


class HeatSchema(DaysSchema):
    """Degree days."""

    season = serializers.DictField()


class ChillSchema(DaysSchema):
    """Chill."""

    season = serializers.DictField()


class NightSchema(serializers.Serializer[Any]):
    """A night; temperatures in °F and their names with `_f` with `units=us`."""

    date = serializers.DateField()
    min_at = serializers.DateTimeField(allow_null=True)
    hours_below_zero = serializers.FloatField()
    kind = serializers.CharField(
        allow_null=True, help_text=f"{_words(FrostKind)}; null: wind or cloud is missing."
    )
    risk = serializers.CharField(
        allow_null=True,
        help_text=f"{_words(FrostRisk)}; null: too few hours are known, or no crop is named.",
    )
    coverage = serializers.FloatField()
    is_provisional = serializers.BooleanField()


class FrostSchema(FreshSchema):
    """Nights."""

    count = serializers.IntegerField()
    thresholds = serializers.DictField(allow_null=True)
    nights = NightSchema(many=True)


class RainSumSchema(serializers.Serializer[Any]):
    """A sum; `rain_in` with `units=us`."""

    hours = serializers.IntegerField()
    coverage = serializers.FloatField()


class DrySpellSchema(serializers.Serializer[Any]):
    """Dry days in a row."""

    first_day = serializers.DateField()
    days = serializers.IntegerField()


class RainSchema(FreshSchema):
    """Rain."""

    until = serializers.DateTimeField()
    sums = RainSumSchema(many=True)
    dry_days = serializers.IntegerField(allow_null=True)
    dry_spells = DrySpellSchema(many=True)


class AppliedProfileSchema(serializers.Serializer[Any]):
    """The thresholds that the hours were judged by."""

    kind = serializers.ChoiceField(choices=DecisionKind.choices)
    name = serializers.CharField()
    is_of_farm = serializers.BooleanField()
    min_hours = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]
    thresholds = serializers.DictField()


class WindowSchema(serializers.Serializer[Any]):
    """A run of hours; `from`, a word of Python, is added by name."""

    until = serializers.DateTimeField()
    hours = serializers.FloatField()
    ended_by = serializers.CharField(
        allow_null=True,
        help_text="The factor of the hour after it; null: the span or the forecast ends.",
    )
    ended_in = serializers.ChoiceField(
        choices=HOUR_STATUSES,
        allow_null=True,
        help_text="How the hour after it is; null: not known, or as above.",
    )
    least_margin = serializers.FloatField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Put `from` first."""
        return {"from": serializers.DateTimeField()} | super().get_fields()


class HourNowSchema(serializers.Serializer[Any]):
    """The hour in which one asks."""

    status = serializers.ChoiceField(choices=HOUR_STATUSES, allow_null=True)
    limiting_factor = serializers.CharField(allow_null=True)
    margin = serializers.FloatField(allow_null=True)
    lasts_until = serializers.DateTimeField(
        allow_null=True, help_text="The status does; null: to the end of the span at least."
    )


class WindowsSchema(HoursSchema):
    """Hours judged, and windows."""

    profile = AppliedProfileSchema()
    now = HourNowSchema(allow_null=True, help_text="Null: the span is of another time.")
    windows = WindowSchema(many=True)


class AdviceSchema(serializers.Serializer[Any]):
    """Irrigation that the rules ask for; depths are `depth_in` … with `units=us`."""

    day = serializers.DateField()
    reasons = _list_of(serializers.CharField())
    is_forecast = serializers.BooleanField()


class FieldOfWaterSchema(serializers.Serializer[Any]):
    """Which field."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class BalanceSchema(DaysSchema):
    """A field's water."""

    field = FieldOfWaterSchema()
    has_rules = serializers.BooleanField(help_text="Without rules there is no advice.")
    advice = AdviceSchema(many=True)
    balanced_until = serializers.DateField(allow_null=True)
    stopped_by = serializers.CharField(help_text="Why not to the last day; empty where it was.")
    assumptions = serializers.DictField()
    looks = serializers.IntegerField(help_text="Clear looks that coefficients rest on.")
    calibration = serializers.CharField(help_text="Of coefficients from NDVI; may be empty.")


class UploadSchema(serializers.Serializer[Any]):
    """What became of a file."""

    is_stored = serializers.BooleanField(help_text="False of a dry run.")
    rows = serializers.IntegerField()
    rows_repeated = serializers.IntegerField(help_text="That said the same as the one before.")
    step_s = serializers.IntegerField()
    encoding = serializers.CharField()
    first_hour = serializers.DateTimeField()
    last_hour = serializers.DateTimeField()
    hours = serializers.IntegerField(help_text="Between the two, gaps included.")
    hours_new = serializers.IntegerField()
    hours_changed = serializers.IntegerField()
    hours_unchanged = serializers.IntegerField()
    flagged = _by_column(_by_column(serializers.IntegerField()))
    missing = _by_column(serializers.IntegerField(help_text="Hours without a value."))
    counter_resets = serializers.IntegerField()
    counter_gaps = serializers.IntegerField()


class FeedListSchema(serializers.Serializer[Any]):
    """How a place's sources stand."""

    feeds = FeedSerializer(many=True)


class ProfileListSchema(serializers.Serializer[Any]):
    """Thresholds that apply."""

    profiles = ProfileSerializer(many=True)
