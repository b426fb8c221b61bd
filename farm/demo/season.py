"""How crops look through the year: NDVI curves and the spectra behind them.

Curves and spectra are invented, of the size that Sentinel-2 sees over Western European farm land;
they claim nothing about a place.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

BANDS_10M = ("B02", "B03", "B04", "B08")
BANDS_20M = ("B05", "B8A", "B11", "B12")
BANDS = BANDS_10M + BANDS_20M

# Reflectance 0–1 in the order of BANDS.
SOIL = np.array([0.080, 0.105, 0.135, 0.205, 0.165, 0.225, 0.300, 0.250])
LEAVES = np.array([0.022, 0.055, 0.022, 0.470, 0.095, 0.500, 0.190, 0.085])
WATER = np.array([0.045, 0.050, 0.035, 0.022, 0.030, 0.020, 0.012, 0.008])
CLOUD = np.array([0.620, 0.610, 0.600, 0.620, 0.610, 0.630, 0.420, 0.330])

# Per crop: rises of leaf cover as (middle of rise, days it takes, middle of fall, days, height),
# days of the year; a fall beyond 365 lasts into the next year.
_RISES: dict[str, tuple[tuple[float, float, float, float, float], ...]] = {
    "winter wheat": ((88, 11, 187, 6, 0.66), (262, 8, 338, 9, 0.38)),
    "maize": ((166, 8, 272, 8, 0.68),),
    "sugar beet": ((158, 9, 318, 8, 0.70),),
    "grass": ((70, 14, 330, 18, 0.42),),
    "cover crop": ((132, 9, 202, 6, 0.45), (252, 8, 352, 10, 0.52)),
    "wood": ((112, 10, 305, 9, 0.30),),
}
_BASE = {"grass": 0.42, "wood": 0.55}  # NDVI outside the season
_BARE = 0.19
# Mowings of grass: day of the year; half of the height is gone, back within about three weeks.
_MOWINGS = (135.0, 182.0, 238.0, 283.0)


def crop_ndvi(*, crop: str, day: date, shift_days: float = 0.0, vigour: float = 1.0) -> float:
    """NDVI of a crop's typical pixel on a day.

    Args:
        crop: One of the crops of ``crops()``.
        day: The day.
        shift_days: How much later than usual this field is.
        vigour: Height of its season relative to the usual one, about 0.8–1.1.
    """
    day_of_year = day.timetuple().tm_yday - shift_days
    ndvi = _BASE.get(crop, _BARE)
    for rise, rise_days, fall, fall_days, height in _RISES[crop]:
        up = _logistic((day_of_year - rise) / rise_days)
        down = _logistic((day_of_year - fall) / fall_days)
        ndvi += vigour * height * (up - down)
    if crop == "grass":
        for mowing in _MOWINGS:
            since = day_of_year - mowing
            if since >= 0:
                ndvi -= 0.34 * math.exp(-since / 9.0)
    return min(max(ndvi, 0.12), 0.93)


def crops() -> tuple[str, ...]:
    """The crops that have a curve."""
    return tuple(_RISES)


def spectrum_of_ndvi(ndvi: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mix soil and leaves so that each pixel has the NDVI asked for.

    Args:
        ndvi: (rows, cols) float64, about 0.1–0.93.

    Returns:
        (bands, rows, cols) float64, reflectance 0–1, in the order of ``BANDS``.
    """
    red, nir = BANDS.index("B04"), BANDS.index("B08")
    step = LEAVES - SOIL
    # Solve (nir - red) = ndvi (nir + red) for the share of leaves; both bands are linear in it.
    wanted = ndvi * (SOIL[nir] + SOIL[red]) - (SOIL[nir] - SOIL[red])
    share = wanted / ((step[nir] - step[red]) - ndvi * (step[nir] + step[red]))
    share = np.clip(share, -0.25, 1.02)
    return np.asarray(SOIL[:, None, None] + step[:, None, None] * share)


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))
