"""Outlines on the ground: GeoJSON in and out, checked in words, measured on the ellipsoid.

Pure functions, no database. ``outline_of_geojson`` is the one door for outlines that people send.
"""

from farm.geo.measure import Measures, measure_outline
from farm.geo.neighbourhood import Neighbourhood, refuse_swapped_axes
from farm.geo.outline import Outline, geojson_of_wkb, outline_of_geojson
from farm.geo.positions import MAX_PARTS, MAX_VERTICES, refuse_foreign_crs
from farm.geo.validity import place_in_words

__all__ = [
    "MAX_PARTS",
    "MAX_VERTICES",
    "Measures",
    "Neighbourhood",
    "Outline",
    "geojson_of_wkb",
    "measure_outline",
    "outline_of_geojson",
    "place_in_words",
    "refuse_foreign_crs",
    "refuse_swapped_axes",
]
