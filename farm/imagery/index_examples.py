"""Answers as the OpenAPI document shows them."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

RECEIPT = {
    "version": 1,
    "scene": {"id": 12, "name": "S2A_MSIL2A_20240625T104031", "is_simulated": False},
    "radiometry": {
        "processing_baseline": "05.10",
        "source": "product metadata",
        "verdict": "consistent",
        "bands": {
            "nir": {"asset": "nir", "scale": 0.0001, "offset": -0.1},
            "red": {"asset": "red", "scale": 0.0001, "offset": -0.1},
        },
    },
    "mask": {"rule": "SCL classes 4, 5, 6 and 7 are kept.", "dilation_m": 0.0},
    "index": {
        "id": "ndvi",
        "formula": "(nir - red) / (nir + red)",
        "constants": {},
        "valid_min": -1.0,
        "valid_max": 1.0,
        "catalogue_version": "2026.1",
    },
    "grid": {"epsg": 32631, "pixel_width": 10.0, "pixel_height": 10.0},
    "weighting": "each pixel by the exact share of it inside the outline",
    "engine": {"name": "furrow-ndvi", "version": "0.1.0"},
}

OUTLINE_SHA256 = "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"

LATEST = OpenApiExample(
    "A clear look six days ago",
    value={
        "field": {"id": 3, "name": "North"},
        "index": "ndvi",
        "unit": "1",
        "acquired_at": "2024-06-25T10:40:31Z",
        "age_days": 6.06,
        "stale": False,
        "stale_after_days": 15,
        "min_clear_share": 0.5,
        "mean": 0.71,
        "median": 0.73,
        "p10": 0.55,
        "p90": 0.84,
        "min": 0.21,
        "max": 0.89,
        "standard_deviation": 0.11,
        "valid_share": 1.0,
        "clear_share": 1.0,
        "edge_share": 0.12,
        "covered_share": 1.0,
        "usable_share": 1.0,
        "effective_pixels": 312.4,
        "covered_area_m2": 31240.0,
        "outline_area_m2": 31240.0,
        "is_partial": False,
        "histogram": {"min": -1.0, "max": 1.0, "effective_pixels": [0.0, 12.4, 300.0]},
        "scene": {
            "id": 12,
            "name": "S2A_MSIL2A_20240625T104031",
            "platform": "sentinel-2",
            "is_simulated": False,
            "radiometry_verdict": "consistent",
        },
        "is_mosaic": False,
        "scene_ids": [12],
        "radiometry_verdict": "consistent",
        "computed_at": "2024-06-26T04:12:09Z",
        "receipt": RECEIPT
        | {"outline_sha256": OUTLINE_SHA256, "computed_at": "2024-06-26T04:12:09Z"},
    },
    response_only=True,
)

SERIES = OpenApiExample(
    "Two looks, the first of them cloudy",
    value={
        "field": {"id": 3, "name": "North"},
        "index": "ndvi",
        "unit": "1",
        "time_zone": "Europe/Brussels",
        "count": 2,
        "stale": False,
        "stale_after_days": 15,
        "duplicate_count": 0,
        "outdated_count": 0,
        "is_truncated": False,
        "columns": {
            "acquired_at": ["2024-06-20T10:40:31Z", "2024-06-25T10:40:31Z"],
            "mean": [None, 0.71],
            "median": [None, 0.73],
            "p10": [None, 0.55],
            "p90": [None, 0.84],
            "min": [None, 0.21],
            "max": [None, 0.89],
            "standard_deviation": [None, 0.11],
            "valid_share": [0.0, 1.0],
            "clear_share": [0.0, 1.0],
            "effective_pixels": [0.0, 312.4],
            "covered_area_m2": [31240.0, 31240.0],
            "scene_id": [11, 12],
            "scene_ids": [[11], [12]],
            "is_mosaic": [False, False],
            "is_simulated": [False, False],
            "radiometry_verdict": ["undecided", "consistent"],
            "is_partial": [True, False],
            "is_duplicate": [False, False],
            "receipt": [0, 0],
        },
        "receipts": [
            {key: value for key, value in RECEIPT.items() if key != "scene"}
            | {"outline_sha256": OUTLINE_SHA256}
        ],
    },
    response_only=True,
    media_type="application/json",
)
