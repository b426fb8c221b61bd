"""Profiles that everybody begins with: published numbers, each with its source.

They are put into the database once, by a migration, and are the operator's to change from then on.
"""

from __future__ import annotations

from typing import Any

KMH = 1 / 3.6
GRDC = (
    "GRDC, spray manual, module 10, and BoM: Delta-T 2–8, marginal to 10; wind 3–15 km/h; "
    "inversions from 1–2 h before sunset to 1 h after sunrise. "
    "Set here: gusts, heat, rain, signs of inversion"
)
FAO_FROST = "Snyder and de Melo-Abreu 2005, Frost protection (FAO), chapters 4 and 7"

DECISIONS: tuple[dict[str, Any], ...] = (
    {
        "kind": "spray",
        "name": "ground boom",
        "min_hours": 2,
        "source": GRDC,
        "thresholds": {
            "min_wind_m_s": round(3 * KMH, 2),
            "max_wind_m_s": round(15 * KMH, 2),
            "max_gust_m_s": round(25 * KMH, 2),
            "min_delta_t_k": 2.0,
            "marginal_delta_t_k": 8.0,
            "max_delta_t_k": 10.0,
            "min_temperature_c": 5.0,
            "max_temperature_c": 28.0,
            "dry_hours_after": 4,
            "rain_from_mm": 0.2,
            "refuses_wet_leaves": False,
            "inversion_cloud_below_percent": 30.0,
            "inversion_wind_below_m_s": 3.0,
            "inversion_sunset_hours": 1.5,
            "inversion_sunrise_hours": 1.0,
        },
    },
    {
        "kind": "frost",
        "name": "over-plant sprinklers",
        "min_hours": 1,
        "source": f"{FAO_FROST}: started and stopped by the wet bulb. Set here: "
        "half a degree of reserve, and the greatest wind, 8 km/h",
        "thresholds": {
            "start_wet_bulb_c": 0.5,
            "stop_wet_bulb_c": 1.0,
            "max_wind_m_s": round(8 * KMH, 2),
        },
    },
    {
        "kind": "irrigation",
        "name": "sprinklers",
        "min_hours": 3,
        "source": "Keller and Bliesner 1990, Sprinkle and trickle irrigation: losses by wind and "
        "dry air. All numbers are set here",
        "thresholds": {
            "max_wind_m_s": 4.0,
            "marginal_vpd_kpa": 2.0,
            "min_temperature_c": 1.0,
            "rain_from_mm": 5.0,
            "rain_hours_ahead": 24,
        },
    },
    {
        "kind": "harvest",
        "name": "cereals",
        "min_hours": 3,
        "source": "Equilibrium moisture of cereals: about 14 % at 70 % relative humidity "
        "(ASAE D245.6). Set here: marginal humidity, hours of drying, vapour pressure deficit",
        "thresholds": {
            "max_relative_humidity_percent": 70.0,
            "marginal_relative_humidity_percent": 60.0,
            "dry_hours_before": 6,
            "rain_from_mm": 0.2,
            "min_vpd_kpa": 0.4,
        },
    },
    {
        "kind": "disease",
        "name": "potato late blight",
        "min_hours": 1,
        "source": "Hutton criteria (Dancey 2018, AHDB 2017): 10 °C and more, 6 h of humid air. "
        "Set here: 10 h for a high risk, and 25 °C, above which infection slows",
        "thresholds": {
            "min_temperature_c": 10.0,
            "max_temperature_c": 25.0,
            "risk_wet_hours": 10,
            "marginal_wet_hours": 6,
        },
    },
)

_FAO56 = "FAO-56, tables 11, 12, 17, 22"
_WSU = "frost: Washington State University, EB0913 (apple), EB0978 (pear), EB1128, EB0914, 30 min"


def _celsius(fahrenheit: float) -> float:
    return round((fahrenheit - 32) * 5 / 9, 1)


def _stages(*stages: tuple[str, float, float]) -> list[dict[str, Any]]:
    """Stages with the °F that kill a tenth and nine tenths, as the bulletin prints them."""
    return [
        {
            "stage": name,
            "kills_tenth_c": _celsius(tenth),
            "kills_nine_tenths_c": _celsius(nine_tenths),
        }
        for name, tenth, nine_tenths in stages
    ]


def _crop(
    name: str,
    stage_days: tuple[int, int, int, int],
    single: tuple[float, float, float],
    basal: tuple[float, float, float],
    *,
    height_m: tuple[float, float],
    root_m: tuple[float, float],
    depletion: float,
    heat: tuple[float, float | None] = (10.0, None),
    frost: list[dict[str, Any]] | None = None,
    source: str,
) -> dict[str, Any]:
    return {
        "name": name,
        "stage_days": list(stage_days),
        "single_coefficients": list(single),
        "basal_coefficients": list(basal),
        "initial_height_m": height_m[0],
        "max_height_m": height_m[1],
        "initial_root_depth_m": root_m[0],
        "max_root_depth_m": root_m[1],
        "depletion_share": depletion,
        "heat_lower_c": heat[0],
        "heat_upper_c": heat[1],
        "frost_stages": frost or [],
        "source": source,
    }


APPLE = _stages(
    ("silver tip", 15, 2), ("green tip", 18, 10), ("half-inch green", 23, 15),
    ("tight cluster", 27, 21), ("first pink", 28, 24), ("full pink", 28, 25),
    ("first bloom", 28, 25), ("full bloom", 28, 25), ("post bloom", 28, 25),
)  # fmt: skip
PEAR = _stages(
    ("scales separating", 15, 0), ("blossom buds exposed", 20, 6), ("tight cluster", 24, 15),
    ("first white", 25, 19), ("full white", 26, 22), ("first bloom", 27, 23),
    ("full bloom", 28, 24), ("post bloom", 28, 24),
)  # fmt: skip
PEACH = _stages(
    ("first swelling", 18, 1), ("calyx green", 21, 5), ("calyx red", 23, 9),
    ("first pink", 25, 15), ("first bloom", 26, 21), ("full bloom", 27, 24),
    ("post bloom", 28, 25),
)  # fmt: skip
CHERRY = _stages(
    ("first swelling", 17, 5), ("side green", 22, 9), ("green tip", 25, 14),
    ("tight cluster", 26, 17), ("open cluster", 27, 21), ("first white", 27, 24),
    ("first bloom", 28, 25), ("full bloom", 28, 25), ("post bloom", 28, 25),
)  # fmt: skip
GRAPE = [
    {"stage": name, "kills_tenth_c": tenth, "kills_nine_tenths_c": nine_tenths}
    for name, tenth, nine_tenths in (
        ("first swell", -10.6, -19.4), ("late swell", -6.1, -12.2), ("bud burst", -3.9, -8.9),
        ("first leaf", -2.8, -6.1), ("second leaf", -2.2, -5.6), ("third leaf", -2.2, -3.3),
        ("fourth leaf", -2.2, -2.8),
    )
]  # fmt: skip

_ORCHARD = "orchard, bare ground, killing frost, high latitudes"
# Of ranges the end for irrigated land is taken where FAO-56 tells the two apart, else the middle.
# Of depths of roots the lesser, for irrigation (table 22). Least depth of roots of annual crops:
# 0.15–0.20 m (FAO-56, annex 8); height at emergence, and heights and roots of standing crops at the
# start, are set here.
CROPS: tuple[dict[str, Any], ...] = (
    _crop(
        "winter wheat", (30, 140, 40, 30), (0.7, 1.15, 0.25), (0.15, 1.10, 0.15),
        height_m=(0.05, 1.0), root_m=(0.2, 1.5), depletion=0.55, heat=(0.0, None),
        source=f"{_FAO56} (November, Mediterranean); heat: McMaster and Wilhelm 1997",
    ),
    _crop(
        "spring barley", (20, 25, 60, 30), (0.3, 1.15, 0.25), (0.15, 1.10, 0.15),
        height_m=(0.05, 1.0), root_m=(0.2, 1.0), depletion=0.55, heat=(0.0, None),
        source=f"{_FAO56} (March/April, 35–45° N); heat: McMaster and Wilhelm 1997",
    ),
    _crop(
        "maize", (30, 40, 50, 30), (0.3, 1.20, 0.35), (0.15, 1.15, 0.15),
        height_m=(0.05, 2.0), root_m=(0.2, 1.0), depletion=0.55, heat=(10.0, 30.0),
        source=f"{_FAO56} (grain, April, Spain and California); heat: McMaster and Wilhelm 1997",
    ),
    _crop(
        "sugar beet", (25, 35, 50, 50), (0.35, 1.20, 0.70), (0.15, 1.15, 0.50),
        height_m=(0.05, 0.5), root_m=(0.2, 0.7), depletion=0.55, heat=(3.0, None),
        source=f"{_FAO56} (May, Mediterranean); heat: Milford et al. 1985",
    ),
    _crop(
        "potato", (30, 35, 50, 30), (0.5, 1.15, 0.75), (0.15, 1.10, 0.65),
        height_m=(0.05, 0.6), root_m=(0.2, 0.4), depletion=0.35, heat=(7.0, None),
        source=f"{_FAO56} (April, Europe); heat: Sands et al. 1979",
    ),
    _crop(
        "tomato", (30, 40, 45, 30), (0.6, 1.15, 0.80), (0.15, 1.10, 0.70),
        height_m=(0.05, 0.6), root_m=(0.2, 0.7), depletion=0.40,
        source=f"{_FAO56} (April/May, Mediterranean); heat: the general 10 °C",
    ),
    _crop(
        "soybean", (20, 35, 60, 25), (0.4, 1.15, 0.50), (0.15, 1.10, 0.30),
        height_m=(0.05, 0.75), root_m=(0.2, 0.6), depletion=0.50, heat=(10.0, 30.0),
        source=f"{_FAO56} (May, central United States; first coefficient that of legumes); "
        "heat: the general 10 °C; upper 30 °C set here",
    ),
    _crop(
        "sunflower", (25, 35, 45, 25), (0.35, 1.15, 0.35), (0.15, 1.10, 0.25),
        height_m=(0.05, 2.0), root_m=(0.2, 0.8), depletion=0.45,
        source=f"{_FAO56} (April/May, Mediterranean); heat: the general 10 °C",
    ),
    _crop(
        "cotton", (30, 50, 60, 55), (0.35, 1.175, 0.60), (0.15, 1.125, 0.45),
        height_m=(0.05, 1.35), root_m=(0.2, 1.0), depletion=0.65, heat=(15.6, None),
        source=f"{_FAO56} (March to May, Egypt and California); heat: 60 °F, UC IPM",
    ),
    _crop(
        "grass", (10, 20, 305, 30), (0.40, 0.95, 0.85), (0.30, 0.90, 0.80),
        height_m=(0.10, 0.225), root_m=(0.5, 0.5), depletion=0.60, heat=(0.0, None),
        source=f"{_FAO56} (rotated grazing; its season is set to a year from planting)",
    ),
    _crop(
        "apple", (20, 70, 90, 30), (0.45, 0.95, 0.70), (0.35, 0.90, 0.65),
        height_m=(4.0, 4.0), root_m=(1.0, 1.0), depletion=0.50, frost=APPLE,
        source=f"{_FAO56} ({_ORCHARD}); {_WSU}",
    ),
    _crop(
        "pear", (20, 70, 90, 30), (0.45, 0.95, 0.70), (0.35, 0.90, 0.65),
        height_m=(4.0, 4.0), root_m=(1.0, 1.0), depletion=0.50, frost=PEAR,
        source=f"{_FAO56} ({_ORCHARD}); {_WSU}",
    ),
    _crop(
        "sweet cherry", (20, 70, 90, 30), (0.45, 0.95, 0.70), (0.35, 0.90, 0.65),
        height_m=(4.0, 4.0), root_m=(1.0, 1.0), depletion=0.50, frost=CHERRY,
        source=f"{_FAO56} ({_ORCHARD}); {_WSU}",
    ),
    _crop(
        "peach", (20, 70, 90, 30), (0.45, 0.90, 0.65), (0.35, 0.85, 0.60),
        height_m=(3.0, 3.0), root_m=(1.0, 1.0), depletion=0.50, frost=PEACH,
        source=f"{_FAO56} ({_ORCHARD}); {_WSU}",
    ),
    _crop(
        "wine grape", (30, 60, 40, 80), (0.30, 0.70, 0.45), (0.15, 0.65, 0.40),
        height_m=(1.5, 1.75), root_m=(1.0, 1.0), depletion=0.45, frost=GRAPE,
        source=f"{_FAO56} (April, mid latitudes); frost: Snyder and de Melo-Abreu 2005, table "
        "4.8, of cv. Concord; it has none of wine grapes",
    ),
)  # fmt: skip

# FAO-56, table 19: middles of the ranges; 0.10 m dries by evaporation.
SOILS: tuple[dict[str, Any], ...] = tuple(
    {
        "name": name,
        "field_capacity_m3_m3": capacity,
        "wilting_point_m3_m3": wilting,
        "evaporation_depth_m": 0.1,
        "readily_evaporable_mm": evaporable,
        "source": "FAO-56, table 19, middles of the ranges",
    }
    for name, capacity, wilting, evaporable in (
        ("sand", 0.12, 0.045, 4.5),
        ("loamy sand", 0.15, 0.065, 6.0),
        ("sandy loam", 0.23, 0.11, 8.0),
        ("loam", 0.25, 0.12, 9.0),
        ("silt loam", 0.29, 0.15, 9.5),
        ("silt", 0.32, 0.17, 9.5),
        ("silt clay loam", 0.335, 0.205, 9.5),
        ("silty clay", 0.36, 0.23, 10.0),
        ("clay", 0.36, 0.22, 10.0),
    )
)


def install(*, decisions: Any, crops: Any, soils: Any) -> None:
    """Add the profiles that are not there; what an operator has changed stays.

    Args:
        decisions: Manager of ``DecisionProfile``, perhaps a migration's own.
        crops: Of ``CropProfile``.
        soils: Of ``SoilProfile``.
    """
    for row in DECISIONS:
        of_all = decisions.filter(farm=None, kind=row["kind"])
        values = {**row, "is_default": not of_all.filter(is_default=True).exists()}
        if not of_all.filter(name=row["name"]).exists():
            decisions.create(farm=None, **values)
    for manager, rows in ((crops, CROPS), (soils, SOILS)):
        for row in rows:
            manager.get_or_create(name=row["name"], defaults=row)
