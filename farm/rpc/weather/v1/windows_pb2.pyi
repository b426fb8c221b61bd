import datetime

from farm.rpc.weather.v1 import series_pb2 as _series_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HourStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOUR_STATUS_UNSPECIFIED: _ClassVar[HourStatus]
    HOUR_STATUS_SUITABLE: _ClassVar[HourStatus]
    HOUR_STATUS_MARGINAL: _ClassVar[HourStatus]
    HOUR_STATUS_UNSUITABLE: _ClassVar[HourStatus]

class LimitingFactor(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIMITING_FACTOR_UNSPECIFIED: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_MISSING_DATA: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_CALM: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_WIND: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_GUSTS: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_INVERSION: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_DELTA_T_LOW: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_DELTA_T_HIGH: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_COLD: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_HEAT: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_RAIN: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_RAIN_AHEAD: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_RAIN_BEFORE: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_LEAF_WETNESS: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_HUMIDITY: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_VAPOUR_PRESSURE_DEFICIT: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_WET_BULB: _ClassVar[LimitingFactor]
    LIMITING_FACTOR_INFECTION: _ClassVar[LimitingFactor]
HOUR_STATUS_UNSPECIFIED: HourStatus
HOUR_STATUS_SUITABLE: HourStatus
HOUR_STATUS_MARGINAL: HourStatus
HOUR_STATUS_UNSUITABLE: HourStatus
LIMITING_FACTOR_UNSPECIFIED: LimitingFactor
LIMITING_FACTOR_MISSING_DATA: LimitingFactor
LIMITING_FACTOR_CALM: LimitingFactor
LIMITING_FACTOR_WIND: LimitingFactor
LIMITING_FACTOR_GUSTS: LimitingFactor
LIMITING_FACTOR_INVERSION: LimitingFactor
LIMITING_FACTOR_DELTA_T_LOW: LimitingFactor
LIMITING_FACTOR_DELTA_T_HIGH: LimitingFactor
LIMITING_FACTOR_COLD: LimitingFactor
LIMITING_FACTOR_HEAT: LimitingFactor
LIMITING_FACTOR_RAIN: LimitingFactor
LIMITING_FACTOR_RAIN_AHEAD: LimitingFactor
LIMITING_FACTOR_RAIN_BEFORE: LimitingFactor
LIMITING_FACTOR_LEAF_WETNESS: LimitingFactor
LIMITING_FACTOR_HUMIDITY: LimitingFactor
LIMITING_FACTOR_VAPOUR_PRESSURE_DEFICIT: LimitingFactor
LIMITING_FACTOR_WET_BULB: LimitingFactor
LIMITING_FACTOR_INFECTION: LimitingFactor

class FindWindowsRequest(_message.Message):
    __slots__ = ("hours", "site", "spray", "frost", "irrigation", "harvest", "disease", "min_hours")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    SPRAY_FIELD_NUMBER: _ClassVar[int]
    FROST_FIELD_NUMBER: _ClassVar[int]
    IRRIGATION_FIELD_NUMBER: _ClassVar[int]
    HARVEST_FIELD_NUMBER: _ClassVar[int]
    DISEASE_FIELD_NUMBER: _ClassVar[int]
    MIN_HOURS_FIELD_NUMBER: _ClassVar[int]
    hours: _series_pb2.HourlyWeather
    site: _series_pb2.Site
    spray: SprayThresholds
    frost: FrostProtectionThresholds
    irrigation: IrrigationThresholds
    harvest: HarvestThresholds
    disease: DiseaseThresholds
    min_hours: int
    def __init__(self, hours: _Optional[_Union[_series_pb2.HourlyWeather, _Mapping]] = ..., site: _Optional[_Union[_series_pb2.Site, _Mapping]] = ..., spray: _Optional[_Union[SprayThresholds, _Mapping]] = ..., frost: _Optional[_Union[FrostProtectionThresholds, _Mapping]] = ..., irrigation: _Optional[_Union[IrrigationThresholds, _Mapping]] = ..., harvest: _Optional[_Union[HarvestThresholds, _Mapping]] = ..., disease: _Optional[_Union[DiseaseThresholds, _Mapping]] = ..., min_hours: _Optional[int] = ...) -> None: ...

class SprayThresholds(_message.Message):
    __slots__ = ("min_wind_m_s", "max_wind_m_s", "max_gust_m_s", "min_delta_t_k", "marginal_delta_t_k", "max_delta_t_k", "min_temperature_c", "max_temperature_c", "dry_hours_after", "rain_from_mm", "refuses_wet_leaves", "inversion_cloud_below_percent", "inversion_wind_below_m_s", "inversion_sunset_hours", "inversion_sunrise_hours")
    MIN_WIND_M_S_FIELD_NUMBER: _ClassVar[int]
    MAX_WIND_M_S_FIELD_NUMBER: _ClassVar[int]
    MAX_GUST_M_S_FIELD_NUMBER: _ClassVar[int]
    MIN_DELTA_T_K_FIELD_NUMBER: _ClassVar[int]
    MARGINAL_DELTA_T_K_FIELD_NUMBER: _ClassVar[int]
    MAX_DELTA_T_K_FIELD_NUMBER: _ClassVar[int]
    MIN_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    MAX_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    DRY_HOURS_AFTER_FIELD_NUMBER: _ClassVar[int]
    RAIN_FROM_MM_FIELD_NUMBER: _ClassVar[int]
    REFUSES_WET_LEAVES_FIELD_NUMBER: _ClassVar[int]
    INVERSION_CLOUD_BELOW_PERCENT_FIELD_NUMBER: _ClassVar[int]
    INVERSION_WIND_BELOW_M_S_FIELD_NUMBER: _ClassVar[int]
    INVERSION_SUNSET_HOURS_FIELD_NUMBER: _ClassVar[int]
    INVERSION_SUNRISE_HOURS_FIELD_NUMBER: _ClassVar[int]
    min_wind_m_s: float
    max_wind_m_s: float
    max_gust_m_s: float
    min_delta_t_k: float
    marginal_delta_t_k: float
    max_delta_t_k: float
    min_temperature_c: float
    max_temperature_c: float
    dry_hours_after: int
    rain_from_mm: float
    refuses_wet_leaves: bool
    inversion_cloud_below_percent: float
    inversion_wind_below_m_s: float
    inversion_sunset_hours: float
    inversion_sunrise_hours: float
    def __init__(self, min_wind_m_s: _Optional[float] = ..., max_wind_m_s: _Optional[float] = ..., max_gust_m_s: _Optional[float] = ..., min_delta_t_k: _Optional[float] = ..., marginal_delta_t_k: _Optional[float] = ..., max_delta_t_k: _Optional[float] = ..., min_temperature_c: _Optional[float] = ..., max_temperature_c: _Optional[float] = ..., dry_hours_after: _Optional[int] = ..., rain_from_mm: _Optional[float] = ..., refuses_wet_leaves: _Optional[bool] = ..., inversion_cloud_below_percent: _Optional[float] = ..., inversion_wind_below_m_s: _Optional[float] = ..., inversion_sunset_hours: _Optional[float] = ..., inversion_sunrise_hours: _Optional[float] = ...) -> None: ...

class FrostProtectionThresholds(_message.Message):
    __slots__ = ("start_wet_bulb_c", "stop_wet_bulb_c", "max_wind_m_s")
    START_WET_BULB_C_FIELD_NUMBER: _ClassVar[int]
    STOP_WET_BULB_C_FIELD_NUMBER: _ClassVar[int]
    MAX_WIND_M_S_FIELD_NUMBER: _ClassVar[int]
    start_wet_bulb_c: float
    stop_wet_bulb_c: float
    max_wind_m_s: float
    def __init__(self, start_wet_bulb_c: _Optional[float] = ..., stop_wet_bulb_c: _Optional[float] = ..., max_wind_m_s: _Optional[float] = ...) -> None: ...

class IrrigationThresholds(_message.Message):
    __slots__ = ("max_wind_m_s", "marginal_vpd_kpa", "min_temperature_c", "rain_from_mm", "rain_hours_ahead")
    MAX_WIND_M_S_FIELD_NUMBER: _ClassVar[int]
    MARGINAL_VPD_KPA_FIELD_NUMBER: _ClassVar[int]
    MIN_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    RAIN_FROM_MM_FIELD_NUMBER: _ClassVar[int]
    RAIN_HOURS_AHEAD_FIELD_NUMBER: _ClassVar[int]
    max_wind_m_s: float
    marginal_vpd_kpa: float
    min_temperature_c: float
    rain_from_mm: float
    rain_hours_ahead: int
    def __init__(self, max_wind_m_s: _Optional[float] = ..., marginal_vpd_kpa: _Optional[float] = ..., min_temperature_c: _Optional[float] = ..., rain_from_mm: _Optional[float] = ..., rain_hours_ahead: _Optional[int] = ...) -> None: ...

class HarvestThresholds(_message.Message):
    __slots__ = ("max_relative_humidity_percent", "marginal_relative_humidity_percent", "dry_hours_before", "rain_from_mm", "min_vpd_kpa")
    MAX_RELATIVE_HUMIDITY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    MARGINAL_RELATIVE_HUMIDITY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DRY_HOURS_BEFORE_FIELD_NUMBER: _ClassVar[int]
    RAIN_FROM_MM_FIELD_NUMBER: _ClassVar[int]
    MIN_VPD_KPA_FIELD_NUMBER: _ClassVar[int]
    max_relative_humidity_percent: float
    marginal_relative_humidity_percent: float
    dry_hours_before: int
    rain_from_mm: float
    min_vpd_kpa: float
    def __init__(self, max_relative_humidity_percent: _Optional[float] = ..., marginal_relative_humidity_percent: _Optional[float] = ..., dry_hours_before: _Optional[int] = ..., rain_from_mm: _Optional[float] = ..., min_vpd_kpa: _Optional[float] = ...) -> None: ...

class DiseaseThresholds(_message.Message):
    __slots__ = ("min_temperature_c", "max_temperature_c", "risk_wet_hours", "marginal_wet_hours")
    MIN_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    MAX_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    RISK_WET_HOURS_FIELD_NUMBER: _ClassVar[int]
    MARGINAL_WET_HOURS_FIELD_NUMBER: _ClassVar[int]
    min_temperature_c: float
    max_temperature_c: float
    risk_wet_hours: int
    marginal_wet_hours: int
    def __init__(self, min_temperature_c: _Optional[float] = ..., max_temperature_c: _Optional[float] = ..., risk_wet_hours: _Optional[int] = ..., marginal_wet_hours: _Optional[int] = ...) -> None: ...

class FindWindowsResponse(_message.Message):
    __slots__ = ("hours", "status", "limiting_factor", "margin", "windows", "methods")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LIMITING_FACTOR_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    hours: _series_pb2.Hours
    status: bytes
    limiting_factor: bytes
    margin: bytes
    windows: _containers.RepeatedCompositeFieldContainer[Window]
    methods: _containers.RepeatedCompositeFieldContainer[_series_pb2.Method]
    def __init__(self, hours: _Optional[_Union[_series_pb2.Hours, _Mapping]] = ..., status: _Optional[bytes] = ..., limiting_factor: _Optional[bytes] = ..., margin: _Optional[bytes] = ..., windows: _Optional[_Iterable[_Union[Window, _Mapping]]] = ..., methods: _Optional[_Iterable[_Union[_series_pb2.Method, _Mapping]]] = ...) -> None: ...

class Window(_message.Message):
    __slots__ = ("until", "ended_by", "least_margin")
    FROM_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    ENDED_BY_FIELD_NUMBER: _ClassVar[int]
    LEAST_MARGIN_FIELD_NUMBER: _ClassVar[int]
    until: _timestamp_pb2.Timestamp
    ended_by: LimitingFactor
    least_margin: float
    def __init__(self, until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_by: _Optional[_Union[LimitingFactor, str]] = ..., least_margin: _Optional[float] = ..., **kwargs) -> None: ...
