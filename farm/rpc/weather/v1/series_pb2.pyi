import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Hours(_message.Message):
    __slots__ = ("start", "count")
    START_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    start: _timestamp_pb2.Timestamp
    count: int
    def __init__(self, start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., count: _Optional[int] = ...) -> None: ...

class Days(_message.Message):
    __slots__ = ("first_day", "count")
    FIRST_DAY_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    first_day: str
    count: int
    def __init__(self, first_day: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class HourlyWeather(_message.Message):
    __slots__ = ("hours", "air_temperature_c", "relative_humidity_percent", "dew_point_c", "wind_speed_m_s", "wind_gust_m_s", "wind_direction_deg", "precipitation_mm", "shortwave_radiation_mj_m2", "surface_pressure_hpa", "cloud_cover_percent", "precipitation_probability_percent", "weather_code")
    HOURS_FIELD_NUMBER: _ClassVar[int]
    AIR_TEMPERATURE_C_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_HUMIDITY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DEW_POINT_C_FIELD_NUMBER: _ClassVar[int]
    WIND_SPEED_M_S_FIELD_NUMBER: _ClassVar[int]
    WIND_GUST_M_S_FIELD_NUMBER: _ClassVar[int]
    WIND_DIRECTION_DEG_FIELD_NUMBER: _ClassVar[int]
    PRECIPITATION_MM_FIELD_NUMBER: _ClassVar[int]
    SHORTWAVE_RADIATION_MJ_M2_FIELD_NUMBER: _ClassVar[int]
    SURFACE_PRESSURE_HPA_FIELD_NUMBER: _ClassVar[int]
    CLOUD_COVER_PERCENT_FIELD_NUMBER: _ClassVar[int]
    PRECIPITATION_PROBABILITY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    WEATHER_CODE_FIELD_NUMBER: _ClassVar[int]
    hours: Hours
    air_temperature_c: bytes
    relative_humidity_percent: bytes
    dew_point_c: bytes
    wind_speed_m_s: bytes
    wind_gust_m_s: bytes
    wind_direction_deg: bytes
    precipitation_mm: bytes
    shortwave_radiation_mj_m2: bytes
    surface_pressure_hpa: bytes
    cloud_cover_percent: bytes
    precipitation_probability_percent: bytes
    weather_code: bytes
    def __init__(self, hours: _Optional[_Union[Hours, _Mapping]] = ..., air_temperature_c: _Optional[bytes] = ..., relative_humidity_percent: _Optional[bytes] = ..., dew_point_c: _Optional[bytes] = ..., wind_speed_m_s: _Optional[bytes] = ..., wind_gust_m_s: _Optional[bytes] = ..., wind_direction_deg: _Optional[bytes] = ..., precipitation_mm: _Optional[bytes] = ..., shortwave_radiation_mj_m2: _Optional[bytes] = ..., surface_pressure_hpa: _Optional[bytes] = ..., cloud_cover_percent: _Optional[bytes] = ..., precipitation_probability_percent: _Optional[bytes] = ..., weather_code: _Optional[bytes] = ...) -> None: ...

class DailyWeather(_message.Message):
    __slots__ = ("days", "temperature_mean_c", "temperature_min_c", "temperature_max_c", "night_temperature_min_c", "relative_humidity_mean_percent", "relative_humidity_min_percent", "relative_humidity_max_percent", "dew_point_mean_c", "vapour_pressure_kpa", "wind_speed_mean_m_s", "wind_speed_max_m_s", "wind_gust_max_m_s", "wind_direction_deg", "precipitation_mm", "shortwave_radiation_mj_m2", "sunshine_h", "surface_pressure_mean_hpa", "cloud_cover_mean_percent", "precipitation_probability_max_percent", "weather_code_max")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_MEAN_C_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_MIN_C_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_MAX_C_FIELD_NUMBER: _ClassVar[int]
    NIGHT_TEMPERATURE_MIN_C_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_HUMIDITY_MEAN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_HUMIDITY_MIN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_HUMIDITY_MAX_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DEW_POINT_MEAN_C_FIELD_NUMBER: _ClassVar[int]
    VAPOUR_PRESSURE_KPA_FIELD_NUMBER: _ClassVar[int]
    WIND_SPEED_MEAN_M_S_FIELD_NUMBER: _ClassVar[int]
    WIND_SPEED_MAX_M_S_FIELD_NUMBER: _ClassVar[int]
    WIND_GUST_MAX_M_S_FIELD_NUMBER: _ClassVar[int]
    WIND_DIRECTION_DEG_FIELD_NUMBER: _ClassVar[int]
    PRECIPITATION_MM_FIELD_NUMBER: _ClassVar[int]
    SHORTWAVE_RADIATION_MJ_M2_FIELD_NUMBER: _ClassVar[int]
    SUNSHINE_H_FIELD_NUMBER: _ClassVar[int]
    SURFACE_PRESSURE_MEAN_HPA_FIELD_NUMBER: _ClassVar[int]
    CLOUD_COVER_MEAN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    PRECIPITATION_PROBABILITY_MAX_PERCENT_FIELD_NUMBER: _ClassVar[int]
    WEATHER_CODE_MAX_FIELD_NUMBER: _ClassVar[int]
    days: Days
    temperature_mean_c: bytes
    temperature_min_c: bytes
    temperature_max_c: bytes
    night_temperature_min_c: bytes
    relative_humidity_mean_percent: bytes
    relative_humidity_min_percent: bytes
    relative_humidity_max_percent: bytes
    dew_point_mean_c: bytes
    vapour_pressure_kpa: bytes
    wind_speed_mean_m_s: bytes
    wind_speed_max_m_s: bytes
    wind_gust_max_m_s: bytes
    wind_direction_deg: bytes
    precipitation_mm: bytes
    shortwave_radiation_mj_m2: bytes
    sunshine_h: bytes
    surface_pressure_mean_hpa: bytes
    cloud_cover_mean_percent: bytes
    precipitation_probability_max_percent: bytes
    weather_code_max: bytes
    def __init__(self, days: _Optional[_Union[Days, _Mapping]] = ..., temperature_mean_c: _Optional[bytes] = ..., temperature_min_c: _Optional[bytes] = ..., temperature_max_c: _Optional[bytes] = ..., night_temperature_min_c: _Optional[bytes] = ..., relative_humidity_mean_percent: _Optional[bytes] = ..., relative_humidity_min_percent: _Optional[bytes] = ..., relative_humidity_max_percent: _Optional[bytes] = ..., dew_point_mean_c: _Optional[bytes] = ..., vapour_pressure_kpa: _Optional[bytes] = ..., wind_speed_mean_m_s: _Optional[bytes] = ..., wind_speed_max_m_s: _Optional[bytes] = ..., wind_gust_max_m_s: _Optional[bytes] = ..., wind_direction_deg: _Optional[bytes] = ..., precipitation_mm: _Optional[bytes] = ..., shortwave_radiation_mj_m2: _Optional[bytes] = ..., sunshine_h: _Optional[bytes] = ..., surface_pressure_mean_hpa: _Optional[bytes] = ..., cloud_cover_mean_percent: _Optional[bytes] = ..., precipitation_probability_max_percent: _Optional[bytes] = ..., weather_code_max: _Optional[bytes] = ...) -> None: ...

class NamedColumn(_message.Message):
    __slots__ = ("name", "values")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: bytes
    def __init__(self, name: _Optional[str] = ..., values: _Optional[bytes] = ...) -> None: ...

class ColumnFlags(_message.Message):
    __slots__ = ("column", "flags")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    column: str
    flags: bytes
    def __init__(self, column: _Optional[str] = ..., flags: _Optional[bytes] = ...) -> None: ...

class Site(_message.Message):
    __slots__ = ("latitude_deg", "longitude_deg", "elevation_m", "wind_height_m")
    LATITUDE_DEG_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_DEG_FIELD_NUMBER: _ClassVar[int]
    ELEVATION_M_FIELD_NUMBER: _ClassVar[int]
    WIND_HEIGHT_M_FIELD_NUMBER: _ClassVar[int]
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    wind_height_m: float
    def __init__(self, latitude_deg: _Optional[float] = ..., longitude_deg: _Optional[float] = ..., elevation_m: _Optional[float] = ..., wind_height_m: _Optional[float] = ...) -> None: ...

class Method(_message.Message):
    __slots__ = ("quantity", "name", "source")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    quantity: str
    name: str
    source: str
    def __init__(self, quantity: _Optional[str] = ..., name: _Optional[str] = ..., source: _Optional[str] = ...) -> None: ...
