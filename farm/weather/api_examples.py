"""Answers of the weather routes as the OpenAPI document shows them."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

_ABOUT = {
    "place": {
        "longitude": 4.7012,
        "latitude": 50.8801,
        "elevation_m": 34.0,
        "elevation_source": "user",
    },
    "farm": {"id": 1, "name": "Hill Farm", "is_demo": False},
}
_FRESH = {
    "time_zone": "Europe/Brussels",
    "observed_until": "2026-03-29T12:00:00+02:00",
    "issued_at": "2026-03-29T11:40:00+02:00",
    "stale": None,
    "is_simulated": False,
    "is_elevation_assumed": False,
}

CURRENT = OpenApiExample(
    "A mild spring day",
    value={
        **_ABOUT,
        **_FRESH,
        "units": {"air_temperature_c": "°C", "delta_t_k": "K"},
        "methods": [
            {
                "quantity": "delta_t_k",
                "name": "psychrometric_wet_bulb",
                "source": "FAO-56 (1998), equation 15",
            }
        ],
        "observed": {
            "time": "2026-03-29T12:00:00+02:00",
            "age_s": 2040.0,
            "values": {"air_temperature_c": 12.4, "delta_t_k": 3.1},
            "sources": {"air_temperature_c": "station"},
            "flags": {},
        },
        "forecast": None,
    },
    response_only=True,
)

HOURLY = OpenApiExample(
    "Two hours over a change of clocks, the second of them forecast",
    value={
        **_ABOUT,
        "step": "hour",
        "count": 2,
        **_FRESH,
        "observed_until": "2026-03-29T01:00:00+01:00",
        "is_partial": False,
        "is_provisional": True,
        "units": {"air_temperature_c": "°C"},
        "methods": [],
        "sources": {"air_temperature_c": ["station", "open_meteo"]},
        "missing_hours": {"air_temperature_c": 0},
        "notes": {},
        "forecast_from_row": 1,
        "source_runs": {
            "air_temperature_c": [
                {"from_row": 0, "rows": 1, "source": "station"},
                {"from_row": 1, "rows": 1, "source": "open_meteo"},
            ]
        },
        "flags": {"air_temperature_c": [{"from_row": 0, "rows": 1, "flags": ["step"]}]},
        "rejected": {},
        "times": ["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"],
        "columns": {"air_temperature_c": [6.1, 5.8]},
    },
    response_only=True,
)

DAILY = OpenApiExample(
    "Yesterday, and a day of which some hours are forecast",
    value={
        **_ABOUT,
        "step": "day",
        "count": 2,
        **_FRESH,
        "is_partial": False,
        "is_provisional": True,
        "units": {"temperature_min_c": "°C", "precipitation_mm": "mm"},
        "methods": [],
        "sources": {"temperature_min_c": ["station"], "precipitation_mm": ["station"]},
        "missing_days": {"temperature_min_c": 0, "precipitation_mm": 1},
        "notes": {},
        "dates": ["2026-03-28", "2026-03-29"],
        "columns": {"temperature_min_c": [2.4, 3.0], "precipitation_mm": [0.0, None]},
        "coverage": {"precipitation_mm": [1.0, 0.435]},
        "rows": {"is_partial": [False, False], "is_provisional": [False, True]},
    },
    response_only=True,
)

WINDOWS = OpenApiExample(
    "A morning for spraying that the wind ends",
    value={
        **_ABOUT,
        "profile": {
            "kind": "spray",
            "name": "standard",
            "is_of_farm": False,
            "min_hours": 2,
            "source": "GRDC; Tom Wolf, sprayers101",
            "thresholds": {"min_wind_m_s": 0.8, "max_wind_m_s": 4.2},
        },
        "now": {
            "status": "unsuitable",
            "limiting_factor": "calm",
            "margin": -0.4,
            "lasts_until": "2026-03-29T08:00:00+02:00",
        },
        "windows": [
            {
                "from": "2026-03-29T08:00:00+02:00",
                "until": "2026-03-29T11:00:00+02:00",
                "hours": 3.0,
                "ended_by": "wind",
                "ended_in": "unsuitable",
                "least_margin": 0.2,
            }
        ],
        "step": "hour",
        "count": 1,
        **_FRESH,
        "is_partial": False,
        "is_provisional": True,
        "units": {"margin": "1"},
        "methods": [],
        "sources": {"margin": ["open_meteo"]},
        "missing_hours": {"margin": 0},
        "notes": {},
        "forecast_from_row": 0,
        "source_runs": {},
        "flags": {},
        "rejected": {},
        "times": ["2026-03-29T09:00:00+02:00"],
        "columns": {"margin": [0.4], "status": ["suitable"], "limiting_factor": ["wind"]},
    },
    response_only=True,
)
