"""One simulated acquisition: digital numbers per band, scene classes, and the truth underneath."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from farm.demo.season import BANDS, BANDS_10M, CLOUD, WATER, crop_ndvi, spectrum_of_ndvi
from farm.demo.sky import halve, make_sky, scene_classes
from farm.demo.terrain import Coverage, Terrain, smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from farm.demo.plan import Acquisition

Pixel = TypeVar("Pixel", bound=np.generic)

QUANTIFICATION = 10_000.0  # reflectance 1.0 as a digital number
OFFSET_DN = 1_000  # added since processing baseline 04.00


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTruth:
    """What an ideal measurement of one field in one scene would give."""

    external_id: str
    ndvi_mean: float  # over the exact coverage, as if no cloud stood above
    clear_share: float  # 0–1, of the field, by the SCL without dilation


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedScene:
    """What is written for one acquisition."""

    acquisition: Acquisition
    digital_numbers: dict[str, NDArray[np.uint16]]  # per band, at its own resolution
    classes: NDArray[np.uint8]  # at 20 m
    truth: tuple[FieldTruth, ...]


def simulate_scene(
    *, terrain: Terrain, acquisition: Acquisition, generator: np.random.Generator
) -> SimulatedScene:
    """Render one acquisition."""
    size_px = terrain.neighbour.shape[0]
    day = acquisition.acquired_at.date()
    means = np.array(
        [
            crop_ndvi(crop=one.crop, day=day, shift_days=one.shift_days, vigour=one.vigour)
            for one in terrain.parcels
        ]
    )
    ndvi = means[terrain.neighbour] + terrain.zones
    ndvi += 0.012 * smooth_noise(size_px, 5.0, generator)
    ground = _ground(terrain, means, ndvi)
    water = np.zeros((size_px, size_px))
    for pond in terrain.ponds:
        _blend(ground, WATER[:, None, None], pond)
        _window(water, pond)[...] = pond.shares
    ground *= 1.0 + 0.008 * generator.standard_normal(ground.shape)
    ground += 0.0012 * generator.standard_normal(ground.shape)

    sky = make_sky(
        size_px=size_px,
        cloud_share=acquisition.cloud_share,
        cirrus_share=acquisition.cirrus_share,
        day=day,
        generator=generator,
    )
    red, nir = ground[BANDS.index("B04")], ground[BANDS.index("B08")]
    classes = scene_classes(ndvi=(nir - red) / (nir + red), water=water, sky=sky)
    outside = _outside_swath(size_px) if acquisition.is_cut else np.zeros(water.shape, dtype=bool)
    classes[outside[::2, ::2]] = 0

    seen = ground * (1.0 - 0.6 * sky.shadow) + sky.cirrus
    seen = seen * (1.0 - sky.cloud) + CLOUD[:, None, None] * sky.cloud
    numbers = {
        band: _digital(values, band, acquisition, outside)
        for band, values in zip(BANDS, seen, strict=True)
    }
    return SimulatedScene(
        acquisition=acquisition,
        digital_numbers=numbers,
        classes=classes,
        truth=_truth(terrain, ground, classes),
    )


def _ground(
    terrain: Terrain, means: NDArray[np.float64], ndvi: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mix each field's spectrum into its surroundings by the share of the pixel it has."""
    ground = spectrum_of_ndvi(ndvi)
    for index, coverage in enumerate(terrain.coverages):
        # The neighbour's mean is replaced by the field's; zones and chance stay.
        neighbours = means[_window(terrain.neighbour, coverage)]
        inside = spectrum_of_ndvi(_window(ndvi, coverage) - neighbours + means[index])
        _blend(ground, inside, coverage)
    return ground


def _blend(ground: NDArray[np.float64], inside: NDArray[np.float64], coverage: Coverage) -> None:
    window = _window(ground, coverage)
    window += (inside - window) * coverage.shares


def _window(values: NDArray[Pixel], coverage: Coverage) -> NDArray[Pixel]:
    rows, cols = coverage.shares.shape
    return values[..., coverage.row : coverage.row + rows, coverage.col : coverage.col + cols]


def _outside_swath(size_px: int) -> NDArray[np.bool_]:
    """The lower left corner, cut along the slanted edge of an orbit; whole 20 m pixels."""
    rows, cols = np.mgrid[0 : size_px // 2, 0 : size_px // 2] * 2
    corner = (cols < 0.36 * size_px - 0.22 * (size_px - rows)) & (rows > 0.3 * size_px)
    return np.kron(corner, np.ones((2, 2), dtype=bool)).astype(bool)


def _digital(
    values: NDArray[np.float64], band: str, acquisition: Acquisition, outside: NDArray[np.bool_]
) -> NDArray[np.uint16]:
    is_fine = band in BANDS_10M
    reflectance = values if is_fine else halve(values)
    numbers = np.rint(reflectance * QUANTIFICATION)
    if acquisition.has_offset:
        numbers += OFFSET_DN
    # 0 means no data, so a dark pixel is at least 1.
    digital = np.clip(numbers, 1, 65_534).astype(np.uint16)
    digital[outside if is_fine else outside[::2, ::2]] = 0
    return digital


def _truth(
    terrain: Terrain, ground: NDArray[np.float64], classes: NDArray[np.uint8]
) -> tuple[FieldTruth, ...]:
    counts = np.rint(ground[[BANDS.index("B04"), BANDS.index("B08")]] * QUANTIFICATION)
    ndvi = (counts[1] - counts[0]) / (counts[1] + counts[0])
    clear = np.kron(np.isin(classes, (4, 5, 6, 7)), np.ones((2, 2))).astype(bool)
    truth = []
    for field, coverage in zip(terrain.fields, terrain.coverages, strict=True):
        shares = coverage.shares
        truth.append(
            FieldTruth(
                external_id=field.external_id,
                ndvi_mean=float((shares * _window(ndvi, coverage)).sum() / shares.sum()),
                clear_share=float((shares * _window(clear, coverage)).sum() / shares.sum()),
            )
        )
    return tuple(truth)
