"""Hours that end at one minute, read at another: for stations whose hours end at the half hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from farm.weather.blocks import ROW_OF
from farm.weather.variables import HOURLY, Semantics

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXTREME = [row for row, one in enumerate(HOURLY) if one.semantics is Semantics.EXTREME]
# Neither a mean of directions nor one of codes is any.
_NEAREST = [ROW_OF["wind_direction_deg"], ROW_OF["weather_code"]]


def shifted(
    *, values: NDArray[np.float64], flags: NDArray[np.uint8], ahead_s: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return hours that end ``ahead_s`` later, one fewer than there were.

    An instant is interpolated between its neighbours; an amount is made of the parts of the two
    hours it lies in, which is the same sum; an extreme is the greater one. Where a neighbour is
    absent there is no value.

    Args:
        values: (variables, hours) float64.
        flags: (variables, hours) uint8; those of both neighbours go with the value.
        ahead_s: 1 to 3599.
    """
    share = ahead_s / 3600
    earlier, later = values[:, :-1], values[:, 1:]
    moved = (1 - share) * earlier + share * later
    moved[_EXTREME] = np.maximum(earlier[_EXTREME], later[_EXTREME])
    moved[_NEAREST] = (earlier if share <= 0.5 else later)[_NEAREST]
    return moved, flags[:, :-1] | flags[:, 1:]
