import datetime

from farm.rpc.weather.v1 import series_pb2 as _series_pb2
from farm.rpc.weather.v1 import water_pb2 as _water_pb2
from farm.rpc.weather.v1 import windows_pb2 as _windows_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Stamp(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAMP_UNSPECIFIED: _ClassVar[Stamp]
    STAMP_END: _ClassVar[Stamp]
    STAMP_BEGIN: _ClassVar[Stamp]

class DayStart(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DAY_START_UNSPECIFIED: _ClassVar[DayStart]
    DAY_START_MIDNIGHT: _ClassVar[DayStart]
    DAY_START_NINE: _ClassVar[DayStart]

class Aggregate(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AGGREGATE_UNSPECIFIED: _ClassVar[Aggregate]
    AGGREGATE_MEAN: _ClassVar[Aggregate]
    AGGREGATE_MIN: _ClassVar[Aggregate]
    AGGREGATE_MAX: _ClassVar[Aggregate]
    AGGREGATE_SUM: _ClassVar[Aggregate]

class EtEquation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ET_EQUATION_UNSPECIFIED: _ClassVar[EtEquation]
    ET_EQUATION_FAO56: _ClassVar[EtEquation]
    ET_EQUATION_ASCE2005: _ClassVar[EtEquation]

class EtReference(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ET_REFERENCE_UNSPECIFIED: _ClassVar[EtReference]
    ET_REFERENCE_SHORT: _ClassVar[EtReference]
    ET_REFERENCE_TALL: _ClassVar[EtReference]

class HeatMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HEAT_METHOD_UNSPECIFIED: _ClassVar[HeatMethod]
    HEAT_METHOD_AVERAGE: _ClassVar[HeatMethod]
    HEAT_METHOD_CLAMPED: _ClassVar[HeatMethod]
    HEAT_METHOD_SINGLE_SINE: _ClassVar[HeatMethod]
    HEAT_METHOD_DOUBLE_SINE: _ClassVar[HeatMethod]
    HEAT_METHOD_HOURLY: _ClassVar[HeatMethod]

class FrostKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FROST_KIND_UNSPECIFIED: _ClassVar[FrostKind]
    FROST_KIND_NONE: _ClassVar[FrostKind]
    FROST_KIND_RADIATIVE: _ClassVar[FrostKind]
    FROST_KIND_ADVECTIVE: _ClassVar[FrostKind]

class FrostRisk(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FROST_RISK_UNSPECIFIED: _ClassVar[FrostRisk]
    FROST_RISK_NONE: _ClassVar[FrostRisk]
    FROST_RISK_POSSIBLE: _ClassVar[FrostRisk]
    FROST_RISK_DAMAGING: _ClassVar[FrostRisk]
    FROST_RISK_SEVERE: _ClassVar[FrostRisk]
STAMP_UNSPECIFIED: Stamp
STAMP_END: Stamp
STAMP_BEGIN: Stamp
DAY_START_UNSPECIFIED: DayStart
DAY_START_MIDNIGHT: DayStart
DAY_START_NINE: DayStart
AGGREGATE_UNSPECIFIED: Aggregate
AGGREGATE_MEAN: Aggregate
AGGREGATE_MIN: Aggregate
AGGREGATE_MAX: Aggregate
AGGREGATE_SUM: Aggregate
ET_EQUATION_UNSPECIFIED: EtEquation
ET_EQUATION_FAO56: EtEquation
ET_EQUATION_ASCE2005: EtEquation
ET_REFERENCE_UNSPECIFIED: EtReference
ET_REFERENCE_SHORT: EtReference
ET_REFERENCE_TALL: EtReference
HEAT_METHOD_UNSPECIFIED: HeatMethod
HEAT_METHOD_AVERAGE: HeatMethod
HEAT_METHOD_CLAMPED: HeatMethod
HEAT_METHOD_SINGLE_SINE: HeatMethod
HEAT_METHOD_DOUBLE_SINE: HeatMethod
HEAT_METHOD_HOURLY: HeatMethod
FROST_KIND_UNSPECIFIED: FrostKind
FROST_KIND_NONE: FrostKind
FROST_KIND_RADIATIVE: FrostKind
FROST_KIND_ADVECTIVE: FrostKind
FROST_RISK_UNSPECIFIED: FrostRisk
FROST_RISK_NONE: FrostRisk
FROST_RISK_POSSIBLE: FrostRisk
FROST_RISK_DAMAGING: FrostRisk
FROST_RISK_SEVERE: FrostRisk

class ResampleHoursRequest(_message.Message):
    __slots__ = ("times", "samples", "step_seconds", "stamp", "phase_seconds", "completeness_share")
    TIMES_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    STEP_SECONDS_FIELD_NUMBER: _ClassVar[int]
    STAMP_FIELD_NUMBER: _ClassVar[int]
    PHASE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    COMPLETENESS_SHARE_FIELD_NUMBER: _ClassVar[int]
    times: _containers.RepeatedScalarFieldContainer[int]
    samples: _series_pb2.HourlyWeather
    step_seconds: int
    stamp: Stamp
    phase_seconds: int
    completeness_share: float
    def __init__(self, times: _Optional[_Iterable[int]] = ..., samples: _Optional[_Union[_series_pb2.HourlyWeather, _Mapping]] = ..., step_seconds: _Optional[int] = ..., stamp: _Optional[_Union[Stamp, str]] = ..., phase_seconds: _Optional[int] = ..., completeness_share: _Optional[float] = ...) -> None: ...

class ResampleHoursResponse(_message.Message):
    __slots__ = ("hours", "flags")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    hours: _series_pb2.HourlyWeather
    flags: _containers.RepeatedCompositeFieldContainer[_series_pb2.ColumnFlags]
    def __init__(self, hours: _Optional[_Union[_series_pb2.HourlyWeather, _Mapping]] = ..., flags: _Optional[_Iterable[_Union[_series_pb2.ColumnFlags, _Mapping]]] = ...) -> None: ...

class JudgeHoursRequest(_message.Message):
    __slots__ = ("hours",)
    HOURS_FIELD_NUMBER: _ClassVar[int]
    hours: _series_pb2.HourlyWeather
    def __init__(self, hours: _Optional[_Union[_series_pb2.HourlyWeather, _Mapping]] = ...) -> None: ...

class JudgeHoursResponse(_message.Message):
    __slots__ = ("flags",)
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    flags: _containers.RepeatedCompositeFieldContainer[_series_pb2.ColumnFlags]
    def __init__(self, flags: _Optional[_Iterable[_Union[_series_pb2.ColumnFlags, _Mapping]]] = ...) -> None: ...

class StationHours(_message.Message):
    __slots__ = ("station_id", "hours", "further")
    STATION_ID_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    FURTHER_FIELD_NUMBER: _ClassVar[int]
    station_id: str
    hours: _series_pb2.HourlyWeather
    further: _containers.RepeatedCompositeFieldContainer[FurtherColumn]
    def __init__(self, station_id: _Optional[str] = ..., hours: _Optional[_Union[_series_pb2.HourlyWeather, _Mapping]] = ..., further: _Optional[_Iterable[_Union[FurtherColumn, _Mapping]]] = ...) -> None: ...

class FurtherColumn(_message.Message):
    __slots__ = ("name", "values", "aggregate")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: bytes
    aggregate: Aggregate
    def __init__(self, name: _Optional[str] = ..., values: _Optional[bytes] = ..., aggregate: _Optional[_Union[Aggregate, str]] = ...) -> None: ...

class AggregateDaysRequest(_message.Message):
    __slots__ = ("stations", "time_zone", "day_start", "completeness_share", "observed_until")
    STATIONS_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    DAY_START_FIELD_NUMBER: _ClassVar[int]
    COMPLETENESS_SHARE_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    stations: _containers.RepeatedCompositeFieldContainer[StationHours]
    time_zone: str
    day_start: DayStart
    completeness_share: float
    observed_until: _timestamp_pb2.Timestamp
    def __init__(self, stations: _Optional[_Iterable[_Union[StationHours, _Mapping]]] = ..., time_zone: _Optional[str] = ..., day_start: _Optional[_Union[DayStart, str]] = ..., completeness_share: _Optional[float] = ..., observed_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AggregateDaysResponse(_message.Message):
    __slots__ = ("stations", "tzdb_version")
    STATIONS_FIELD_NUMBER: _ClassVar[int]
    TZDB_VERSION_FIELD_NUMBER: _ClassVar[int]
    stations: _containers.RepeatedCompositeFieldContainer[StationDays]
    tzdb_version: str
    def __init__(self, stations: _Optional[_Iterable[_Union[StationDays, _Mapping]]] = ..., tzdb_version: _Optional[str] = ...) -> None: ...

class StationDays(_message.Message):
    __slots__ = ("station_id", "days", "coverage", "further", "day_bounds", "is_partial", "is_provisional")
    STATION_ID_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    FURTHER_FIELD_NUMBER: _ClassVar[int]
    DAY_BOUNDS_FIELD_NUMBER: _ClassVar[int]
    IS_PARTIAL_FIELD_NUMBER: _ClassVar[int]
    IS_PROVISIONAL_FIELD_NUMBER: _ClassVar[int]
    station_id: str
    days: _series_pb2.DailyWeather
    coverage: _containers.RepeatedCompositeFieldContainer[_series_pb2.NamedColumn]
    further: _containers.RepeatedCompositeFieldContainer[_series_pb2.NamedColumn]
    day_bounds: _containers.RepeatedScalarFieldContainer[int]
    is_partial: bytes
    is_provisional: bytes
    def __init__(self, station_id: _Optional[str] = ..., days: _Optional[_Union[_series_pb2.DailyWeather, _Mapping]] = ..., coverage: _Optional[_Iterable[_Union[_series_pb2.NamedColumn, _Mapping]]] = ..., further: _Optional[_Iterable[_Union[_series_pb2.NamedColumn, _Mapping]]] = ..., day_bounds: _Optional[_Iterable[int]] = ..., is_partial: _Optional[bytes] = ..., is_provisional: _Optional[bytes] = ...) -> None: ...

class DescribeAirRequest(_message.Message):
    __slots__ = ("site", "hours")
    SITE_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    site: _series_pb2.Site
    hours: _series_pb2.HourlyWeather
    def __init__(self, site: _Optional[_Union[_series_pb2.Site, _Mapping]] = ..., hours: _Optional[_Union[_series_pb2.HourlyWeather, _Mapping]] = ...) -> None: ...

class DescribeAirResponse(_message.Message):
    __slots__ = ("vapour_pressure_kpa", "vapour_pressure_deficit_kpa", "dew_point_c", "wet_bulb_c", "delta_t_k", "temperature_humidity_index", "relative_humidity_percent", "pressure_hpa", "methods")
    VAPOUR_PRESSURE_KPA_FIELD_NUMBER: _ClassVar[int]
    VAPOUR_PRESSURE_DEFICIT_KPA_FIELD_NUMBER: _ClassVar[int]
    DEW_POINT_C_FIELD_NUMBER: _ClassVar[int]
    WET_BULB_C_FIELD_NUMBER: _ClassVar[int]
    DELTA_T_K_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_HUMIDITY_INDEX_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_HUMIDITY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    PRESSURE_HPA_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    vapour_pressure_kpa: bytes
    vapour_pressure_deficit_kpa: bytes
    dew_point_c: bytes
    wet_bulb_c: bytes
    delta_t_k: bytes
    temperature_humidity_index: bytes
    relative_humidity_percent: bytes
    pressure_hpa: bytes
    methods: _containers.RepeatedCompositeFieldContainer[_series_pb2.Method]
    def __init__(self, vapour_pressure_kpa: _Optional[bytes] = ..., vapour_pressure_deficit_kpa: _Optional[bytes] = ..., dew_point_c: _Optional[bytes] = ..., wet_bulb_c: _Optional[bytes] = ..., delta_t_k: _Optional[bytes] = ..., temperature_humidity_index: _Optional[bytes] = ..., relative_humidity_percent: _Optional[bytes] = ..., pressure_hpa: _Optional[bytes] = ..., methods: _Optional[_Iterable[_Union[_series_pb2.Method, _Mapping]]] = ...) -> None: ...

class EtMethod(_message.Message):
    __slots__ = ("equation", "reference", "fills_missing", "floors_at_zero")
    EQUATION_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    FILLS_MISSING_FIELD_NUMBER: _ClassVar[int]
    FLOORS_AT_ZERO_FIELD_NUMBER: _ClassVar[int]
    equation: EtEquation
    reference: EtReference
    fills_missing: bool
    floors_at_zero: bool
    def __init__(self, equation: _Optional[_Union[EtEquation, str]] = ..., reference: _Optional[_Union[EtReference, str]] = ..., fills_missing: _Optional[bool] = ..., floors_at_zero: _Optional[bool] = ...) -> None: ...

class EtHours(_message.Message):
    __slots__ = ("station_id", "site", "hours")
    STATION_ID_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    station_id: str
    site: _series_pb2.Site
    hours: _series_pb2.HourlyWeather
    def __init__(self, station_id: _Optional[str] = ..., site: _Optional[_Union[_series_pb2.Site, _Mapping]] = ..., hours: _Optional[_Union[_series_pb2.HourlyWeather, _Mapping]] = ...) -> None: ...

class EstimateHourlyEtRequest(_message.Message):
    __slots__ = ("stations", "method", "with_intermediates")
    STATIONS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    WITH_INTERMEDIATES_FIELD_NUMBER: _ClassVar[int]
    stations: _containers.RepeatedCompositeFieldContainer[EtHours]
    method: EtMethod
    with_intermediates: bool
    def __init__(self, stations: _Optional[_Iterable[_Union[EtHours, _Mapping]]] = ..., method: _Optional[_Union[EtMethod, _Mapping]] = ..., with_intermediates: _Optional[bool] = ...) -> None: ...

class EstimateHourlyEtResponse(_message.Message):
    __slots__ = ("stations", "method")
    STATIONS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    stations: _containers.RepeatedCompositeFieldContainer[EtColumns]
    method: _series_pb2.Method
    def __init__(self, stations: _Optional[_Iterable[_Union[EtColumns, _Mapping]]] = ..., method: _Optional[_Union[_series_pb2.Method, _Mapping]] = ...) -> None: ...

class EtDays(_message.Message):
    __slots__ = ("station_id", "site", "days")
    STATION_ID_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    station_id: str
    site: _series_pb2.Site
    days: _series_pb2.DailyWeather
    def __init__(self, station_id: _Optional[str] = ..., site: _Optional[_Union[_series_pb2.Site, _Mapping]] = ..., days: _Optional[_Union[_series_pb2.DailyWeather, _Mapping]] = ...) -> None: ...

class EstimateDailyEtRequest(_message.Message):
    __slots__ = ("stations", "method", "with_intermediates")
    STATIONS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    WITH_INTERMEDIATES_FIELD_NUMBER: _ClassVar[int]
    stations: _containers.RepeatedCompositeFieldContainer[EtDays]
    method: EtMethod
    with_intermediates: bool
    def __init__(self, stations: _Optional[_Iterable[_Union[EtDays, _Mapping]]] = ..., method: _Optional[_Union[EtMethod, _Mapping]] = ..., with_intermediates: _Optional[bool] = ...) -> None: ...

class EstimateDailyEtResponse(_message.Message):
    __slots__ = ("stations", "method")
    STATIONS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    stations: _containers.RepeatedCompositeFieldContainer[EtColumns]
    method: _series_pb2.Method
    def __init__(self, stations: _Optional[_Iterable[_Union[EtColumns, _Mapping]]] = ..., method: _Optional[_Union[_series_pb2.Method, _Mapping]] = ...) -> None: ...

class EtColumns(_message.Message):
    __slots__ = ("station_id", "et_mm", "filled", "intermediates")
    STATION_ID_FIELD_NUMBER: _ClassVar[int]
    ET_MM_FIELD_NUMBER: _ClassVar[int]
    FILLED_FIELD_NUMBER: _ClassVar[int]
    INTERMEDIATES_FIELD_NUMBER: _ClassVar[int]
    station_id: str
    et_mm: bytes
    filled: bytes
    intermediates: _containers.RepeatedCompositeFieldContainer[_series_pb2.NamedColumn]
    def __init__(self, station_id: _Optional[str] = ..., et_mm: _Optional[bytes] = ..., filled: _Optional[bytes] = ..., intermediates: _Optional[_Iterable[_Union[_series_pb2.NamedColumn, _Mapping]]] = ...) -> None: ...

class AccumulateHeatRequest(_message.Message):
    __slots__ = ("days", "hours", "method", "lower_c", "upper_c", "most_interpolated_days")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    LOWER_C_FIELD_NUMBER: _ClassVar[int]
    UPPER_C_FIELD_NUMBER: _ClassVar[int]
    MOST_INTERPOLATED_DAYS_FIELD_NUMBER: _ClassVar[int]
    days: _series_pb2.DailyWeather
    hours: LocalHours
    method: HeatMethod
    lower_c: float
    upper_c: float
    most_interpolated_days: int
    def __init__(self, days: _Optional[_Union[_series_pb2.DailyWeather, _Mapping]] = ..., hours: _Optional[_Union[LocalHours, _Mapping]] = ..., method: _Optional[_Union[HeatMethod, str]] = ..., lower_c: _Optional[float] = ..., upper_c: _Optional[float] = ..., most_interpolated_days: _Optional[int] = ...) -> None: ...

class LocalHours(_message.Message):
    __slots__ = ("hours", "time_zone", "completeness_share")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    COMPLETENESS_SHARE_FIELD_NUMBER: _ClassVar[int]
    hours: _series_pb2.HourlyWeather
    time_zone: str
    completeness_share: float
    def __init__(self, hours: _Optional[_Union[_series_pb2.HourlyWeather, _Mapping]] = ..., time_zone: _Optional[str] = ..., completeness_share: _Optional[float] = ...) -> None: ...

class AccumulateHeatResponse(_message.Message):
    __slots__ = ("days", "degree_days", "total", "days_missing", "is_interpolated", "method")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    DEGREE_DAYS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    DAYS_MISSING_FIELD_NUMBER: _ClassVar[int]
    IS_INTERPOLATED_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    days: _series_pb2.Days
    degree_days: bytes
    total: bytes
    days_missing: int
    is_interpolated: bytes
    method: _series_pb2.Method
    def __init__(self, days: _Optional[_Union[_series_pb2.Days, _Mapping]] = ..., degree_days: _Optional[bytes] = ..., total: _Optional[bytes] = ..., days_missing: _Optional[int] = ..., is_interpolated: _Optional[bytes] = ..., method: _Optional[_Union[_series_pb2.Method, _Mapping]] = ...) -> None: ...

class AccumulateChillRequest(_message.Message):
    __slots__ = ("hours", "days", "state")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    hours: _series_pb2.HourlyWeather
    days: ChillDays
    state: ChillState
    def __init__(self, hours: _Optional[_Union[_series_pb2.HourlyWeather, _Mapping]] = ..., days: _Optional[_Union[ChillDays, _Mapping]] = ..., state: _Optional[_Union[ChillState, _Mapping]] = ...) -> None: ...

class ChillDays(_message.Message):
    __slots__ = ("days", "latitude_deg", "has_neighbours")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    LATITUDE_DEG_FIELD_NUMBER: _ClassVar[int]
    HAS_NEIGHBOURS_FIELD_NUMBER: _ClassVar[int]
    days: _series_pb2.DailyWeather
    latitude_deg: float
    has_neighbours: bool
    def __init__(self, days: _Optional[_Union[_series_pb2.DailyWeather, _Mapping]] = ..., latitude_deg: _Optional[float] = ..., has_neighbours: _Optional[bool] = ...) -> None: ...

class ChillState(_message.Message):
    __slots__ = ("last_hour", "chilling_hours", "utah_units", "positive_utah_units", "chill_portions", "intermediate", "hours_missing", "longest_gap_hours", "open_gap_hours")
    LAST_HOUR_FIELD_NUMBER: _ClassVar[int]
    CHILLING_HOURS_FIELD_NUMBER: _ClassVar[int]
    UTAH_UNITS_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_UTAH_UNITS_FIELD_NUMBER: _ClassVar[int]
    CHILL_PORTIONS_FIELD_NUMBER: _ClassVar[int]
    INTERMEDIATE_FIELD_NUMBER: _ClassVar[int]
    HOURS_MISSING_FIELD_NUMBER: _ClassVar[int]
    LONGEST_GAP_HOURS_FIELD_NUMBER: _ClassVar[int]
    OPEN_GAP_HOURS_FIELD_NUMBER: _ClassVar[int]
    last_hour: _timestamp_pb2.Timestamp
    chilling_hours: float
    utah_units: float
    positive_utah_units: float
    chill_portions: float
    intermediate: float
    hours_missing: int
    longest_gap_hours: int
    open_gap_hours: int
    def __init__(self, last_hour: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., chilling_hours: _Optional[float] = ..., utah_units: _Optional[float] = ..., positive_utah_units: _Optional[float] = ..., chill_portions: _Optional[float] = ..., intermediate: _Optional[float] = ..., hours_missing: _Optional[int] = ..., longest_gap_hours: _Optional[int] = ..., open_gap_hours: _Optional[int] = ...) -> None: ...

class AccumulateChillResponse(_message.Message):
    __slots__ = ("hours", "chilling_hours", "utah_units", "positive_utah_units", "chill_portions", "state", "methods")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    CHILLING_HOURS_FIELD_NUMBER: _ClassVar[int]
    UTAH_UNITS_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_UTAH_UNITS_FIELD_NUMBER: _ClassVar[int]
    CHILL_PORTIONS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    hours: _series_pb2.Hours
    chilling_hours: bytes
    utah_units: bytes
    positive_utah_units: bytes
    chill_portions: bytes
    state: ChillState
    methods: _containers.RepeatedCompositeFieldContainer[_series_pb2.Method]
    def __init__(self, hours: _Optional[_Union[_series_pb2.Hours, _Mapping]] = ..., chilling_hours: _Optional[bytes] = ..., utah_units: _Optional[bytes] = ..., positive_utah_units: _Optional[bytes] = ..., chill_portions: _Optional[bytes] = ..., state: _Optional[_Union[ChillState, _Mapping]] = ..., methods: _Optional[_Iterable[_Union[_series_pb2.Method, _Mapping]]] = ...) -> None: ...

class AssessFrostRequest(_message.Message):
    __slots__ = ("hours", "site", "thresholds")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    hours: LocalHours
    site: _series_pb2.Site
    thresholds: FrostThresholds
    def __init__(self, hours: _Optional[_Union[LocalHours, _Mapping]] = ..., site: _Optional[_Union[_series_pb2.Site, _Mapping]] = ..., thresholds: _Optional[_Union[FrostThresholds, _Mapping]] = ...) -> None: ...

class FrostThresholds(_message.Message):
    __slots__ = ("stage", "kills_tenth_c", "kills_nine_tenths_c", "canopy_below_screen_k")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    KILLS_TENTH_C_FIELD_NUMBER: _ClassVar[int]
    KILLS_NINE_TENTHS_C_FIELD_NUMBER: _ClassVar[int]
    CANOPY_BELOW_SCREEN_K_FIELD_NUMBER: _ClassVar[int]
    stage: str
    kills_tenth_c: float
    kills_nine_tenths_c: float
    canopy_below_screen_k: float
    def __init__(self, stage: _Optional[str] = ..., kills_tenth_c: _Optional[float] = ..., kills_nine_tenths_c: _Optional[float] = ..., canopy_below_screen_k: _Optional[float] = ...) -> None: ...

class AssessFrostResponse(_message.Message):
    __slots__ = ("nights", "method")
    NIGHTS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    nights: _containers.RepeatedCompositeFieldContainer[FrostNight]
    method: _series_pb2.Method
    def __init__(self, nights: _Optional[_Iterable[_Union[FrostNight, _Mapping]]] = ..., method: _Optional[_Union[_series_pb2.Method, _Mapping]] = ...) -> None: ...

class FrostNight(_message.Message):
    __slots__ = ("date", "min_temperature_c", "min_at", "min_wet_bulb_c", "hours_below_zero", "kind", "risk", "margin_k", "coverage")
    DATE_FIELD_NUMBER: _ClassVar[int]
    MIN_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    MIN_AT_FIELD_NUMBER: _ClassVar[int]
    MIN_WET_BULB_C_FIELD_NUMBER: _ClassVar[int]
    HOURS_BELOW_ZERO_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RISK_FIELD_NUMBER: _ClassVar[int]
    MARGIN_K_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    date: str
    min_temperature_c: float
    min_at: _timestamp_pb2.Timestamp
    min_wet_bulb_c: float
    hours_below_zero: float
    kind: FrostKind
    risk: FrostRisk
    margin_k: float
    coverage: float
    def __init__(self, date: _Optional[str] = ..., min_temperature_c: _Optional[float] = ..., min_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., min_wet_bulb_c: _Optional[float] = ..., hours_below_zero: _Optional[float] = ..., kind: _Optional[_Union[FrostKind, str]] = ..., risk: _Optional[_Union[FrostRisk, str]] = ..., margin_k: _Optional[float] = ..., coverage: _Optional[float] = ...) -> None: ...

class AssessDiseaseRequest(_message.Message):
    __slots__ = ("hours", "model")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    hours: LocalHours
    model: InfectionModel
    def __init__(self, hours: _Optional[_Union[LocalHours, _Mapping]] = ..., model: _Optional[_Union[InfectionModel, _Mapping]] = ...) -> None: ...

class InfectionModel(_message.Message):
    __slots__ = ("name", "min_temperature_c", "optimum_temperature_c", "max_temperature_c", "min_wetness_h", "max_wetness_h", "dry_interruption_h")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MIN_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    OPTIMUM_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    MAX_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    MIN_WETNESS_H_FIELD_NUMBER: _ClassVar[int]
    MAX_WETNESS_H_FIELD_NUMBER: _ClassVar[int]
    DRY_INTERRUPTION_H_FIELD_NUMBER: _ClassVar[int]
    name: str
    min_temperature_c: float
    optimum_temperature_c: float
    max_temperature_c: float
    min_wetness_h: float
    max_wetness_h: float
    dry_interruption_h: float
    def __init__(self, name: _Optional[str] = ..., min_temperature_c: _Optional[float] = ..., optimum_temperature_c: _Optional[float] = ..., max_temperature_c: _Optional[float] = ..., min_wetness_h: _Optional[float] = ..., max_wetness_h: _Optional[float] = ..., dry_interruption_h: _Optional[float] = ...) -> None: ...

class AssessDiseaseResponse(_message.Message):
    __slots__ = ("hours", "is_wet", "days", "infections", "methods")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    IS_WET_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    INFECTIONS_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    hours: _series_pb2.Hours
    is_wet: bytes
    days: _containers.RepeatedCompositeFieldContainer[DiseaseDay]
    infections: _containers.RepeatedCompositeFieldContainer[Infection]
    methods: _containers.RepeatedCompositeFieldContainer[_series_pb2.Method]
    def __init__(self, hours: _Optional[_Union[_series_pb2.Hours, _Mapping]] = ..., is_wet: _Optional[bytes] = ..., days: _Optional[_Iterable[_Union[DiseaseDay, _Mapping]]] = ..., infections: _Optional[_Iterable[_Union[Infection, _Mapping]]] = ..., methods: _Optional[_Iterable[_Union[_series_pb2.Method, _Mapping]]] = ...) -> None: ...

class DiseaseDay(_message.Message):
    __slots__ = ("date", "wet_h", "humid_h", "min_temperature_c", "is_hutton_day", "is_hutton_period")
    DATE_FIELD_NUMBER: _ClassVar[int]
    WET_H_FIELD_NUMBER: _ClassVar[int]
    HUMID_H_FIELD_NUMBER: _ClassVar[int]
    MIN_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    IS_HUTTON_DAY_FIELD_NUMBER: _ClassVar[int]
    IS_HUTTON_PERIOD_FIELD_NUMBER: _ClassVar[int]
    date: str
    wet_h: float
    humid_h: float
    min_temperature_c: float
    is_hutton_day: bool
    is_hutton_period: bool
    def __init__(self, date: _Optional[str] = ..., wet_h: _Optional[float] = ..., humid_h: _Optional[float] = ..., min_temperature_c: _Optional[float] = ..., is_hutton_day: _Optional[bool] = ..., is_hutton_period: _Optional[bool] = ...) -> None: ...

class Infection(_message.Message):
    __slots__ = ("until", "wet_h", "required_h", "severity")
    FROM_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    WET_H_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_H_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    until: _timestamp_pb2.Timestamp
    wet_h: float
    required_h: float
    severity: float
    def __init__(self, until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., wet_h: _Optional[float] = ..., required_h: _Optional[float] = ..., severity: _Optional[float] = ..., **kwargs) -> None: ...

class SummarizeRainRequest(_message.Message):
    __slots__ = ("hours", "until", "dry_below_mm")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    DRY_BELOW_MM_FIELD_NUMBER: _ClassVar[int]
    hours: LocalHours
    until: _timestamp_pb2.Timestamp
    dry_below_mm: float
    def __init__(self, hours: _Optional[_Union[LocalHours, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., dry_below_mm: _Optional[float] = ...) -> None: ...

class SummarizeRainResponse(_message.Message):
    __slots__ = ("sums", "dry_spells", "dry_days", "method")
    SUMS_FIELD_NUMBER: _ClassVar[int]
    DRY_SPELLS_FIELD_NUMBER: _ClassVar[int]
    DRY_DAYS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    sums: _containers.RepeatedCompositeFieldContainer[RainSum]
    dry_spells: _containers.RepeatedCompositeFieldContainer[DrySpell]
    dry_days: int
    method: _series_pb2.Method
    def __init__(self, sums: _Optional[_Iterable[_Union[RainSum, _Mapping]]] = ..., dry_spells: _Optional[_Iterable[_Union[DrySpell, _Mapping]]] = ..., dry_days: _Optional[int] = ..., method: _Optional[_Union[_series_pb2.Method, _Mapping]] = ...) -> None: ...

class RainSum(_message.Message):
    __slots__ = ("hours", "rain_mm", "coverage")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    RAIN_MM_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    hours: int
    rain_mm: float
    coverage: float
    def __init__(self, hours: _Optional[int] = ..., rain_mm: _Optional[float] = ..., coverage: _Optional[float] = ...) -> None: ...

class DrySpell(_message.Message):
    __slots__ = ("first_day", "days")
    FIRST_DAY_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    first_day: str
    days: int
    def __init__(self, first_day: _Optional[str] = ..., days: _Optional[int] = ...) -> None: ...
