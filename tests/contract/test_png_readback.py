"""Pictures that furrow draws, read back by GDAL: colours of the stops, transparency, size."""

from __future__ import annotations

import json

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from tests.contract.rust_examples import run_example

STOPS = [[-0.2, 120, 60, 20], [0.2, 240, 230, 140], [0.9, 0, 90, 20]]


def drawn(values: np.ndarray, max_size: int) -> np.ndarray:
    """The picture as (rows, columns, 4), 8-bit red, green, blue and alpha."""
    height, width = values.shape
    task = {"width": width, "height": height, "max_size": max_size, "stops": STOPS}
    png = run_example("picture", json.dumps(task).encode() + b"\n" + values.tobytes())
    assert png.startswith(b"\x89PNG")
    with MemoryFile(png) as memory, opened(memory) as dataset:
        assert (dataset.count, dataset.profile["dtype"]) == (1, "uint8")
        colours = np.array([dataset.colormap(1)[entry] for entry in range(256)], np.uint8)
        return colours[dataset.read(1)]


def opened(memory: MemoryFile) -> rasterio.DatasetReader:
    # A picture has no place; the grid travels beside it.
    with pytest.warns(NotGeoreferencedWarning):
        return memory.open()


def legend(values: np.ndarray) -> np.ndarray:
    """What numpy interpolates between the stops."""
    at, *channels = np.array(STOPS).T
    return np.stack([np.interp(values, at, channel) for channel in channels], axis=-1)


def test_colours_are_those_of_the_stops_and_gaps_are_transparent() -> None:
    values = np.linspace(-0.4, 1.1, 200 * 150, dtype=np.float32).reshape(150, 200)
    values[40:60, 30:90] = np.nan

    picture = drawn(values, 256)

    gaps = np.isnan(values)
    np.testing.assert_array_equal(picture[..., 3], np.where(gaps, 0, 255))
    # Half a step of the palette, and two roundings: a channel climbs 425 a unit at most.
    half_a_step = 1.1 / 254 / 2
    off = np.abs(picture[~gaps][:, :3] - legend(values[~gaps]))
    assert off.max() <= 425 * half_a_step + 0.51


def test_a_small_field_is_enlarged_by_whole_pixels() -> None:
    values = np.array([[-0.2, 0.2, np.nan], [0.9, 2.0, -3.0]], np.float32)

    picture = drawn(values, 20)

    assert picture.shape == (12, 18, 4)
    small = picture[::6, ::6]
    np.testing.assert_array_equal(np.kron(small, np.ones((6, 6, 1), int)), picture)
    assert small[1, 0].tolist() == [0, 90, 20, 255]
    assert small[1, 1].tolist() == [0, 90, 20, 255]
    assert small[1, 2].tolist() == [120, 60, 20, 255]
    assert small[0, 2, 3] == 0


def test_a_large_field_is_averaged_before_it_is_coloured() -> None:
    checkers = np.where(np.indices((64, 64)).sum(axis=0) % 2, 0.9, -0.2).astype(np.float32)

    picture = drawn(checkers, 32)

    assert picture.shape == (32, 32, 4)
    expected = legend(np.array(0.35))
    assert np.abs(picture[..., :3] - expected).max() <= 2
