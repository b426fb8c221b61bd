"""A farm's number, pooled from its fields'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from farm.imagery.series_pool import combine


@dataclass(frozen=True, kw_only=True)
class Seen:
    mean: float | None
    standard_deviation: float | None = 0.0
    minimum: float | None = 0.0
    maximum: float | None = 1.0
    covered_area_m2: float = 100.0
    outline_area_m2: float = 100.0
    valid_share: float = 1.0
    effective_pixels: float = 1.0


def test_a_field_weighs_by_the_area_its_number_rests_on() -> None:
    large_but_cloudy = (400.0, Seen(mean=0.2, valid_share=0.25))
    half_outside_the_scene = (600.0, Seen(mean=0.8, covered_area_m2=50.0))

    farm = combine([large_but_cloudy, half_outside_the_scene])

    # (100 × 0.2 + 300 × 0.8) / 400
    assert farm.mean == pytest.approx(0.65)
    assert farm.effective_area_m2 == pytest.approx(400.0)


def test_pooling_equals_computing_over_all_pixels_at_once() -> None:
    random = np.random.default_rng(7)
    pixels = [random.normal(mean, 0.05, size) for mean, size in ((0.3, 40), (0.7, 250), (0.5, 9))]
    fields = [
        (
            100.0 * values.size,
            Seen(
                mean=float(values.mean()),
                standard_deviation=float(values.std()),
                minimum=float(values.min()),
                maximum=float(values.max()),
                effective_pixels=float(values.size),
            ),
        )
        for values in pixels
    ]

    farm = combine(fields)

    everything = np.concatenate(pixels)
    assert farm.mean == pytest.approx(everything.mean(), rel=1e-12)
    assert farm.standard_deviation == pytest.approx(everything.std(), rel=1e-12)
    assert (farm.min, farm.max) == (everything.min(), everything.max())
    assert farm.effective_pixels == everything.size


def test_a_field_without_a_value_counts_for_nothing() -> None:
    farm = combine([(1.0, Seen(mean=None)), (1.0, Seen(mean=0.5))])

    assert (farm.mean, farm.field_count) == (0.5, 1)


def test_no_field_with_a_value_gives_no_value_rather_than_zero() -> None:
    farm = combine([])

    assert (farm.mean, farm.standard_deviation, farm.min, farm.max) == (None, None, None, None)
    assert farm.field_count == 0
