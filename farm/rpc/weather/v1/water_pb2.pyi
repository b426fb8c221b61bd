from farm.rpc.weather.v1 import series_pb2 as _series_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CoefficientMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COEFFICIENT_METHOD_UNSPECIFIED: _ClassVar[CoefficientMethod]
    COEFFICIENT_METHOD_SINGLE: _ClassVar[CoefficientMethod]
    COEFFICIENT_METHOD_DUAL: _ClassVar[CoefficientMethod]

class RainAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RAIN_ACTION_UNSPECIFIED: _ClassVar[RainAction]
    RAIN_ACTION_PROCEED: _ClassVar[RainAction]
    RAIN_ACTION_CANCEL: _ClassVar[RainAction]
    RAIN_ACTION_REDUCE: _ClassVar[RainAction]

class ReplacedEt(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPLACED_ET_UNSPECIFIED: _ClassVar[ReplacedEt]
    REPLACED_ET_CROP: _ClassVar[ReplacedEt]
    REPLACED_ET_ACTUAL: _ClassVar[ReplacedEt]
    REPLACED_ET_SINGLE: _ClassVar[ReplacedEt]
COEFFICIENT_METHOD_UNSPECIFIED: CoefficientMethod
COEFFICIENT_METHOD_SINGLE: CoefficientMethod
COEFFICIENT_METHOD_DUAL: CoefficientMethod
RAIN_ACTION_UNSPECIFIED: RainAction
RAIN_ACTION_PROCEED: RainAction
RAIN_ACTION_CANCEL: RainAction
RAIN_ACTION_REDUCE: RainAction
REPLACED_ET_UNSPECIFIED: ReplacedEt
REPLACED_ET_CROP: ReplacedEt
REPLACED_ET_ACTUAL: ReplacedEt
REPLACED_ET_SINGLE: ReplacedEt

class BalanceWaterRequest(_message.Message):
    __slots__ = ("days", "reference_et_mm", "precipitation_mm", "relative_humidity_min_percent", "wind_speed_2m_m_s", "is_forecast", "irrigations", "crop", "soil", "start", "method", "ndvi_kcb", "rules")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_ET_MM_FIELD_NUMBER: _ClassVar[int]
    PRECIPITATION_MM_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_HUMIDITY_MIN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    WIND_SPEED_2M_M_S_FIELD_NUMBER: _ClassVar[int]
    IS_FORECAST_FIELD_NUMBER: _ClassVar[int]
    IRRIGATIONS_FIELD_NUMBER: _ClassVar[int]
    CROP_FIELD_NUMBER: _ClassVar[int]
    SOIL_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    NDVI_KCB_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    days: _series_pb2.Days
    reference_et_mm: bytes
    precipitation_mm: bytes
    relative_humidity_min_percent: bytes
    wind_speed_2m_m_s: bytes
    is_forecast: bytes
    irrigations: _containers.RepeatedCompositeFieldContainer[Irrigation]
    crop: Crop
    soil: Soil
    start: BalanceStart
    method: BalanceMethod
    ndvi_kcb: NdviKcb
    rules: IrrigationRules
    def __init__(self, days: _Optional[_Union[_series_pb2.Days, _Mapping]] = ..., reference_et_mm: _Optional[bytes] = ..., precipitation_mm: _Optional[bytes] = ..., relative_humidity_min_percent: _Optional[bytes] = ..., wind_speed_2m_m_s: _Optional[bytes] = ..., is_forecast: _Optional[bytes] = ..., irrigations: _Optional[_Iterable[_Union[Irrigation, _Mapping]]] = ..., crop: _Optional[_Union[Crop, _Mapping]] = ..., soil: _Optional[_Union[Soil, _Mapping]] = ..., start: _Optional[_Union[BalanceStart, _Mapping]] = ..., method: _Optional[_Union[BalanceMethod, _Mapping]] = ..., ndvi_kcb: _Optional[_Union[NdviKcb, _Mapping]] = ..., rules: _Optional[_Union[IrrigationRules, _Mapping]] = ...) -> None: ...

class Irrigation(_message.Message):
    __slots__ = ("day", "depth_mm", "wetted_share", "efficiency_share")
    DAY_FIELD_NUMBER: _ClassVar[int]
    DEPTH_MM_FIELD_NUMBER: _ClassVar[int]
    WETTED_SHARE_FIELD_NUMBER: _ClassVar[int]
    EFFICIENCY_SHARE_FIELD_NUMBER: _ClassVar[int]
    day: int
    depth_mm: float
    wetted_share: float
    efficiency_share: float
    def __init__(self, day: _Optional[int] = ..., depth_mm: _Optional[float] = ..., wetted_share: _Optional[float] = ..., efficiency_share: _Optional[float] = ...) -> None: ...

class Crop(_message.Message):
    __slots__ = ("name", "planted_day", "stage_days", "single_coefficients", "basal_coefficients", "initial_height_m", "max_height_m", "initial_root_depth_m", "max_root_depth_m", "depletion_share")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PLANTED_DAY_FIELD_NUMBER: _ClassVar[int]
    STAGE_DAYS_FIELD_NUMBER: _ClassVar[int]
    SINGLE_COEFFICIENTS_FIELD_NUMBER: _ClassVar[int]
    BASAL_COEFFICIENTS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_HEIGHT_M_FIELD_NUMBER: _ClassVar[int]
    MAX_HEIGHT_M_FIELD_NUMBER: _ClassVar[int]
    INITIAL_ROOT_DEPTH_M_FIELD_NUMBER: _ClassVar[int]
    MAX_ROOT_DEPTH_M_FIELD_NUMBER: _ClassVar[int]
    DEPLETION_SHARE_FIELD_NUMBER: _ClassVar[int]
    name: str
    planted_day: int
    stage_days: _containers.RepeatedScalarFieldContainer[int]
    single_coefficients: _containers.RepeatedScalarFieldContainer[float]
    basal_coefficients: _containers.RepeatedScalarFieldContainer[float]
    initial_height_m: float
    max_height_m: float
    initial_root_depth_m: float
    max_root_depth_m: float
    depletion_share: float
    def __init__(self, name: _Optional[str] = ..., planted_day: _Optional[int] = ..., stage_days: _Optional[_Iterable[int]] = ..., single_coefficients: _Optional[_Iterable[float]] = ..., basal_coefficients: _Optional[_Iterable[float]] = ..., initial_height_m: _Optional[float] = ..., max_height_m: _Optional[float] = ..., initial_root_depth_m: _Optional[float] = ..., max_root_depth_m: _Optional[float] = ..., depletion_share: _Optional[float] = ...) -> None: ...

class Soil(_message.Message):
    __slots__ = ("name", "field_capacity_m3_m3", "wilting_point_m3_m3", "evaporation_depth_m", "readily_evaporable_mm", "curve_number")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FIELD_CAPACITY_M3_M3_FIELD_NUMBER: _ClassVar[int]
    WILTING_POINT_M3_M3_FIELD_NUMBER: _ClassVar[int]
    EVAPORATION_DEPTH_M_FIELD_NUMBER: _ClassVar[int]
    READILY_EVAPORABLE_MM_FIELD_NUMBER: _ClassVar[int]
    CURVE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    name: str
    field_capacity_m3_m3: float
    wilting_point_m3_m3: float
    evaporation_depth_m: float
    readily_evaporable_mm: float
    curve_number: float
    def __init__(self, name: _Optional[str] = ..., field_capacity_m3_m3: _Optional[float] = ..., wilting_point_m3_m3: _Optional[float] = ..., evaporation_depth_m: _Optional[float] = ..., readily_evaporable_mm: _Optional[float] = ..., curve_number: _Optional[float] = ...) -> None: ...

class BalanceStart(_message.Message):
    __slots__ = ("root_depletion_mm", "surface_depletion_mm", "wetted_share")
    ROOT_DEPLETION_MM_FIELD_NUMBER: _ClassVar[int]
    SURFACE_DEPLETION_MM_FIELD_NUMBER: _ClassVar[int]
    WETTED_SHARE_FIELD_NUMBER: _ClassVar[int]
    root_depletion_mm: float
    surface_depletion_mm: float
    wetted_share: float
    def __init__(self, root_depletion_mm: _Optional[float] = ..., surface_depletion_mm: _Optional[float] = ..., wetted_share: _Optional[float] = ...) -> None: ...

class BalanceMethod(_message.Message):
    __slots__ = ("coefficients", "adjusts_to_climate", "has_constant_depletion_share", "ignores_light_rain")
    COEFFICIENTS_FIELD_NUMBER: _ClassVar[int]
    ADJUSTS_TO_CLIMATE_FIELD_NUMBER: _ClassVar[int]
    HAS_CONSTANT_DEPLETION_SHARE_FIELD_NUMBER: _ClassVar[int]
    IGNORES_LIGHT_RAIN_FIELD_NUMBER: _ClassVar[int]
    coefficients: CoefficientMethod
    adjusts_to_climate: bool
    has_constant_depletion_share: bool
    ignores_light_rain: bool
    def __init__(self, coefficients: _Optional[_Union[CoefficientMethod, str]] = ..., adjusts_to_climate: _Optional[bool] = ..., has_constant_depletion_share: _Optional[bool] = ..., ignores_light_rain: _Optional[bool] = ...) -> None: ...

class NdviKcb(_message.Message):
    __slots__ = ("calibration", "slope", "intercept", "min_coefficient", "max_coefficient", "observations", "hold_days", "most_gap_days")
    CALIBRATION_FIELD_NUMBER: _ClassVar[int]
    SLOPE_FIELD_NUMBER: _ClassVar[int]
    INTERCEPT_FIELD_NUMBER: _ClassVar[int]
    MIN_COEFFICIENT_FIELD_NUMBER: _ClassVar[int]
    MAX_COEFFICIENT_FIELD_NUMBER: _ClassVar[int]
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    HOLD_DAYS_FIELD_NUMBER: _ClassVar[int]
    MOST_GAP_DAYS_FIELD_NUMBER: _ClassVar[int]
    calibration: str
    slope: float
    intercept: float
    min_coefficient: float
    max_coefficient: float
    observations: _containers.RepeatedCompositeFieldContainer[NdviObservation]
    hold_days: int
    most_gap_days: int
    def __init__(self, calibration: _Optional[str] = ..., slope: _Optional[float] = ..., intercept: _Optional[float] = ..., min_coefficient: _Optional[float] = ..., max_coefficient: _Optional[float] = ..., observations: _Optional[_Iterable[_Union[NdviObservation, _Mapping]]] = ..., hold_days: _Optional[int] = ..., most_gap_days: _Optional[int] = ...) -> None: ...

class NdviObservation(_message.Message):
    __slots__ = ("day", "ndvi")
    DAY_FIELD_NUMBER: _ClassVar[int]
    NDVI_FIELD_NUMBER: _ClassVar[int]
    day: int
    ndvi: float
    def __init__(self, day: _Optional[int] = ..., ndvi: _Optional[float] = ...) -> None: ...

class IrrigationRules(_message.Message):
    __slots__ = ("first_day", "last_day", "weekdays", "forecast_rain_mm", "forecast_days", "forecast_reliability_share", "forecast_action", "allowed_depletion_share", "allowed_depletion_mm", "critical_stress", "days_since_irrigation", "days_since_event", "event_mm", "constant_mm", "target_depletion_mm", "target_depletion_share", "replaced_days", "replaces_since_irrigation", "replaces_since_event", "replaced_et", "min_mm", "max_mm", "efficiency_share", "wetted_share", "applies_advice")
    FIRST_DAY_FIELD_NUMBER: _ClassVar[int]
    LAST_DAY_FIELD_NUMBER: _ClassVar[int]
    WEEKDAYS_FIELD_NUMBER: _ClassVar[int]
    FORECAST_RAIN_MM_FIELD_NUMBER: _ClassVar[int]
    FORECAST_DAYS_FIELD_NUMBER: _ClassVar[int]
    FORECAST_RELIABILITY_SHARE_FIELD_NUMBER: _ClassVar[int]
    FORECAST_ACTION_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_DEPLETION_SHARE_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_DEPLETION_MM_FIELD_NUMBER: _ClassVar[int]
    CRITICAL_STRESS_FIELD_NUMBER: _ClassVar[int]
    DAYS_SINCE_IRRIGATION_FIELD_NUMBER: _ClassVar[int]
    DAYS_SINCE_EVENT_FIELD_NUMBER: _ClassVar[int]
    EVENT_MM_FIELD_NUMBER: _ClassVar[int]
    CONSTANT_MM_FIELD_NUMBER: _ClassVar[int]
    TARGET_DEPLETION_MM_FIELD_NUMBER: _ClassVar[int]
    TARGET_DEPLETION_SHARE_FIELD_NUMBER: _ClassVar[int]
    REPLACED_DAYS_FIELD_NUMBER: _ClassVar[int]
    REPLACES_SINCE_IRRIGATION_FIELD_NUMBER: _ClassVar[int]
    REPLACES_SINCE_EVENT_FIELD_NUMBER: _ClassVar[int]
    REPLACED_ET_FIELD_NUMBER: _ClassVar[int]
    MIN_MM_FIELD_NUMBER: _ClassVar[int]
    MAX_MM_FIELD_NUMBER: _ClassVar[int]
    EFFICIENCY_SHARE_FIELD_NUMBER: _ClassVar[int]
    WETTED_SHARE_FIELD_NUMBER: _ClassVar[int]
    APPLIES_ADVICE_FIELD_NUMBER: _ClassVar[int]
    first_day: int
    last_day: int
    weekdays: _containers.RepeatedScalarFieldContainer[int]
    forecast_rain_mm: float
    forecast_days: int
    forecast_reliability_share: float
    forecast_action: RainAction
    allowed_depletion_share: float
    allowed_depletion_mm: float
    critical_stress: float
    days_since_irrigation: int
    days_since_event: int
    event_mm: float
    constant_mm: float
    target_depletion_mm: float
    target_depletion_share: float
    replaced_days: int
    replaces_since_irrigation: bool
    replaces_since_event: bool
    replaced_et: ReplacedEt
    min_mm: float
    max_mm: float
    efficiency_share: float
    wetted_share: float
    applies_advice: bool
    def __init__(self, first_day: _Optional[int] = ..., last_day: _Optional[int] = ..., weekdays: _Optional[_Iterable[int]] = ..., forecast_rain_mm: _Optional[float] = ..., forecast_days: _Optional[int] = ..., forecast_reliability_share: _Optional[float] = ..., forecast_action: _Optional[_Union[RainAction, str]] = ..., allowed_depletion_share: _Optional[float] = ..., allowed_depletion_mm: _Optional[float] = ..., critical_stress: _Optional[float] = ..., days_since_irrigation: _Optional[int] = ..., days_since_event: _Optional[int] = ..., event_mm: _Optional[float] = ..., constant_mm: _Optional[float] = ..., target_depletion_mm: _Optional[float] = ..., target_depletion_share: _Optional[float] = ..., replaced_days: _Optional[int] = ..., replaces_since_irrigation: _Optional[bool] = ..., replaces_since_event: _Optional[bool] = ..., replaced_et: _Optional[_Union[ReplacedEt, str]] = ..., min_mm: _Optional[float] = ..., max_mm: _Optional[float] = ..., efficiency_share: _Optional[float] = ..., wetted_share: _Optional[float] = ..., applies_advice: _Optional[bool] = ...) -> None: ...

class BalanceWaterResponse(_message.Message):
    __slots__ = ("days", "days_balanced", "coefficient", "basal_coefficient", "evaporation_coefficient", "stress_coefficient", "crop_et_mm", "actual_et_mm", "evaporation_mm", "transpiration_mm", "percolation_mm", "runoff_mm", "root_depth_m", "total_available_mm", "readily_available_mm", "root_depletion_mm", "surface_depletion_mm", "cover_share", "height_m", "notes", "advice", "methods", "end")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    DAYS_BALANCED_FIELD_NUMBER: _ClassVar[int]
    COEFFICIENT_FIELD_NUMBER: _ClassVar[int]
    BASAL_COEFFICIENT_FIELD_NUMBER: _ClassVar[int]
    EVAPORATION_COEFFICIENT_FIELD_NUMBER: _ClassVar[int]
    STRESS_COEFFICIENT_FIELD_NUMBER: _ClassVar[int]
    CROP_ET_MM_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_ET_MM_FIELD_NUMBER: _ClassVar[int]
    EVAPORATION_MM_FIELD_NUMBER: _ClassVar[int]
    TRANSPIRATION_MM_FIELD_NUMBER: _ClassVar[int]
    PERCOLATION_MM_FIELD_NUMBER: _ClassVar[int]
    RUNOFF_MM_FIELD_NUMBER: _ClassVar[int]
    ROOT_DEPTH_M_FIELD_NUMBER: _ClassVar[int]
    TOTAL_AVAILABLE_MM_FIELD_NUMBER: _ClassVar[int]
    READILY_AVAILABLE_MM_FIELD_NUMBER: _ClassVar[int]
    ROOT_DEPLETION_MM_FIELD_NUMBER: _ClassVar[int]
    SURFACE_DEPLETION_MM_FIELD_NUMBER: _ClassVar[int]
    COVER_SHARE_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_M_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    days: _series_pb2.Days
    days_balanced: int
    coefficient: bytes
    basal_coefficient: bytes
    evaporation_coefficient: bytes
    stress_coefficient: bytes
    crop_et_mm: bytes
    actual_et_mm: bytes
    evaporation_mm: bytes
    transpiration_mm: bytes
    percolation_mm: bytes
    runoff_mm: bytes
    root_depth_m: bytes
    total_available_mm: bytes
    readily_available_mm: bytes
    root_depletion_mm: bytes
    surface_depletion_mm: bytes
    cover_share: bytes
    height_m: bytes
    notes: bytes
    advice: _containers.RepeatedCompositeFieldContainer[IrrigationAdvice]
    methods: _containers.RepeatedCompositeFieldContainer[_series_pb2.Method]
    end: BalanceStart
    def __init__(self, days: _Optional[_Union[_series_pb2.Days, _Mapping]] = ..., days_balanced: _Optional[int] = ..., coefficient: _Optional[bytes] = ..., basal_coefficient: _Optional[bytes] = ..., evaporation_coefficient: _Optional[bytes] = ..., stress_coefficient: _Optional[bytes] = ..., crop_et_mm: _Optional[bytes] = ..., actual_et_mm: _Optional[bytes] = ..., evaporation_mm: _Optional[bytes] = ..., transpiration_mm: _Optional[bytes] = ..., percolation_mm: _Optional[bytes] = ..., runoff_mm: _Optional[bytes] = ..., root_depth_m: _Optional[bytes] = ..., total_available_mm: _Optional[bytes] = ..., readily_available_mm: _Optional[bytes] = ..., root_depletion_mm: _Optional[bytes] = ..., surface_depletion_mm: _Optional[bytes] = ..., cover_share: _Optional[bytes] = ..., height_m: _Optional[bytes] = ..., notes: _Optional[bytes] = ..., advice: _Optional[_Iterable[_Union[IrrigationAdvice, _Mapping]]] = ..., methods: _Optional[_Iterable[_Union[_series_pb2.Method, _Mapping]]] = ..., end: _Optional[_Union[BalanceStart, _Mapping]] = ...) -> None: ...

class IrrigationAdvice(_message.Message):
    __slots__ = ("day", "depth_mm", "reasons", "forecast_rain_mm", "is_forecast")
    DAY_FIELD_NUMBER: _ClassVar[int]
    DEPTH_MM_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    FORECAST_RAIN_MM_FIELD_NUMBER: _ClassVar[int]
    IS_FORECAST_FIELD_NUMBER: _ClassVar[int]
    day: int
    depth_mm: float
    reasons: _containers.RepeatedScalarFieldContainer[str]
    forecast_rain_mm: float
    is_forecast: bool
    def __init__(self, day: _Optional[int] = ..., depth_mm: _Optional[float] = ..., reasons: _Optional[_Iterable[str]] = ..., forecast_rain_mm: _Optional[float] = ..., is_forecast: _Optional[bool] = ...) -> None: ...
