"""GeoJSON for the tests of fields."""

from __future__ import annotations

from typing import Any


def square(lon: float = 4.0, lat: float = 51.0, side: float = 0.004) -> dict[str, Any]:
    ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: object = None, **properties: object) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry or square(), "properties": properties}


def collection(*features: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}
