"""A field's water, as furrow-weather takes and answers it. See ``domain``.

Names, units and ranges are those of ``protos/farm/rpc/weather/v1/water.proto``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from farm.weather.domain import Days
    from farm.weather.series import Column, Method


class CoefficientMethod(StrEnum):
    """How the crop's demand is computed."""

    SINGLE = "single"  # Kc
    DUAL = "dual"  # Kcb + Ke


class RainAction(StrEnum):
    """What to do about rain that is forecast."""

    PROCEED = "proceed"
    CANCEL = "cancel"
    REDUCE = "reduce"


class ReplacedEt(StrEnum):
    """Which evapotranspiration an irrigation replaces."""

    CROP = "crop"  # ETc
    ACTUAL = "actual"  # ETa
    SINGLE = "single"  # ETcm


class Note:
    """What is to be known of a balanced day; bits of ``WaterBalance.notes``."""

    NDVI = 1  # basal coefficient from the index
    ASSUMED = 2  # humidity or wind assumed
    FORECAST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Irrigation:
    """Water given."""

    day: int  # counted from 0
    depth_mm: float  # at the outlet, above 0, at most 500
    wetted_share: float = 1.0  # above 0, at most 1
    efficiency_share: float = 1.0  # above 0, at most 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A crop of FAO-56, tables 11, 12, 17 and 22."""

    name: str
    planted_day: int  # relative to the first of the days; may be negative
    stage_days: tuple[int, ...]  # four, each 1 to 400
    single_coefficients: tuple[float, ...]  # three: initial, middle, end
    basal_coefficients: tuple[float, ...]  # likewise
    initial_height_m: float
    max_height_m: float
    initial_root_depth_m: float
    max_root_depth_m: float
    depletion_share: float  # 0.1 to 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Soil:
    """A soil."""

    name: str
    field_capacity_m3_m3: float
    wilting_point_m3_m3: float
    evaporation_depth_m: float  # 0.05 to 0.3
    readily_evaporable_mm: float
    curve_number: float | None = None  # None: no rain runs off


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceStart:
    """The state at the beginning of the first day."""

    root_depletion_mm: float
    surface_depletion_mm: float | None = None  # None: as the soil at the root zone's share
    wetted_share: float | None = None  # None: 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceMethod:
    """How it is computed."""

    coefficients: CoefficientMethod = CoefficientMethod.DUAL
    adjusts_to_climate: bool = True
    has_constant_depletion_share: bool = False
    ignores_light_rain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NdviObservation:
    """One observation of a field's index."""

    day: int  # counted from 0; may be before the first
    ndvi: float  # -1 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NdviKcb:
    """Basal coefficients from a vegetation index: Kcb = slope × NDVI + intercept."""

    calibration: str  # name and source, 1 to 200 bytes
    slope: float
    intercept: float
    min_coefficient: float = 0.15
    max_coefficient: float = 1.15
    observations: tuple[NdviObservation, ...] = ()
    hold_days: int = 10  # 0 to 60
    most_gap_days: int = 40  # 1 to 120


@dataclass(frozen=True, slots=True, kw_only=True)
class IrrigationRules:
    """When and how much: the vocabulary of pyfao56's AutoIrrigate."""

    first_day: int  # on which advice is given, counted from 0
    last_day: int
    weekdays: tuple[int, ...] = ()  # 0 Monday to 6 Sunday; empty: all
    forecast_rain_mm: float | None = None
    forecast_days: int = 0  # 1 to 16 where a depth is given
    forecast_reliability_share: float | None = None
    forecast_action: RainAction | None = None
    allowed_depletion_share: float | None = None
    allowed_depletion_mm: float | None = None
    critical_stress: float | None = None
    days_since_irrigation: int | None = None
    days_since_event: int | None = None
    event_mm: float | None = None
    constant_mm: float | None = None
    target_depletion_mm: float | None = None
    target_depletion_share: float | None = None
    replaced_days: int | None = None
    replaces_since_irrigation: bool | None = None
    replaces_since_event: bool | None = None
    replaced_et: ReplacedEt | None = None
    min_mm: float | None = None
    max_mm: float | None = None
    efficiency_share: float = 1.0
    wetted_share: float = 1.0
    applies_advice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterBalanceRequest:
    """Days of a field to be balanced; columns are (days,)."""

    days: Days
    reference_et_mm: Column
    precipitation_mm: Column
    relative_humidity_min_percent: Column | None = None
    wind_speed_2m_m_s: Column | None = None
    is_forecast: NDArray[np.uint8] | None = None
    irrigations: tuple[Irrigation, ...] = ()  # ascending by day
    crop: Crop
    soil: Soil
    start: BalanceStart
    method: BalanceMethod
    ndvi_kcb: NdviKcb | None = None
    rules: IrrigationRules | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IrrigationAdvice:
    """Irrigation that is asked for."""

    day: int  # counted from 0
    depth_mm: float  # at the outlet
    reasons: tuple[str, ...]  # rules that held, such as `allowed_depletion_share`
    forecast_rain_mm: float  # taken off
    is_forecast: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterBalance:
    """Days balanced; columns are (days,), NaN from the first day on that cannot be."""

    days: Days
    days_balanced: int
    coefficient: Column
    basal_coefficient: Column
    evaporation_coefficient: Column
    stress_coefficient: Column
    crop_et_mm: Column
    actual_et_mm: Column
    evaporation_mm: Column
    transpiration_mm: Column
    percolation_mm: Column
    runoff_mm: Column
    root_depth_m: Column
    total_available_mm: Column
    readily_available_mm: Column
    root_depletion_mm: Column
    surface_depletion_mm: Column
    cover_share: Column
    height_m: Column
    notes: NDArray[np.uint8]  # (days,) bits of ``Note``
    advice: tuple[IrrigationAdvice, ...]
    methods: tuple[Method, ...]
    end: BalanceStart | None  # None: no day was balanced
