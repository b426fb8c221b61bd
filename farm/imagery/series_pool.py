"""One number of several fields: what each contributes is the area its own number rests on.

Means and spreads combine exactly; medians and percentiles do not, so a farm has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from farm.imagery.observation_quality import Footing, usable_share

if TYPE_CHECKING:
    from collections.abc import Iterable


class Numbers(Footing, Protocol):
    """The part of an observation that a farm's number is made of."""

    @property
    def mean(self) -> float | None:
        """Weighted mean."""

    @property
    def standard_deviation(self) -> float | None:
        """Of the population."""

    @property
    def minimum(self) -> float | None:
        """Smallest value."""

    @property
    def maximum(self) -> float | None:
        """Largest value."""

    @property
    def effective_pixels(self) -> float:
        """Pixels that have a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmNumbers:
    """An index over several fields; statistics are None where no field has a value."""

    mean: float | None
    standard_deviation: float | None
    min: float | None
    max: float | None
    effective_pixels: float
    effective_area_m2: float  # what the statistics rest on
    field_count: int  # fields with a value


def combine(fields: Iterable[tuple[float, Numbers]]) -> FarmNumbers:
    """Pool fields by effective area: usable share × the field's area on the ellipsoid.

    Areas on the grid are not taken, because scenes of one farm may come in different projections.

    Args:
        fields: Area in m² and numbers of each field.

    mean = Σ a·m / Σ a; the variance adds what fields differ by: Σ a·(s² + m²) / Σ a − mean².
    """
    weighed = [
        (usable_share(numbers) * area_m2, numbers)
        for area_m2, numbers in fields
        if numbers.mean is not None
    ]
    kept = [numbers for _, numbers in weighed]
    area = math.fsum(weight for weight, _ in weighed)
    if area <= 0.0:
        return FarmNumbers(
            mean=None,
            standard_deviation=None,
            min=None,
            max=None,
            effective_pixels=0.0,
            effective_area_m2=0.0,
            field_count=0,
        )
    mean = math.fsum(a * (n.mean or 0.0) for a, n in weighed) / area
    # Around the pooled mean, so that nothing is lost by subtracting two large squares.
    variance = math.fsum(
        a * ((n.standard_deviation or 0.0) ** 2 + ((n.mean or 0.0) - mean) ** 2) for a, n in weighed
    )
    return FarmNumbers(
        mean=mean,
        standard_deviation=math.sqrt(variance / area),
        min=min(n.minimum for n in kept if n.minimum is not None),
        max=max(n.maximum for n in kept if n.maximum is not None),
        effective_pixels=math.fsum(n.effective_pixels for n in kept),
        effective_area_m2=area,
        field_count=len(kept),
    )
