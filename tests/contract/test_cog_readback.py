"""Files that furrow writes, read back by GDAL: values, place, overviews and layout."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile
from rasterio.windows import Window

from tests.contract.rust_examples import run_example

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = [(1, 1), (256, 256), (300, 257), (1100, 640)]
ENCODINGS = ["float32", "int16"]
COMPRESSIONS = ["deflate", "zstd"]
TAGS = {"FURROW_SCENES": "S2B_31UES <2022-03-01> & more", "FURROW_FORMULA": "(nir-red)/(nir+red)"}
GHOST_SIZE_LINE = 43


def index_values(width: int, height: int) -> np.ndarray:
    """An index like a field's: smooth, with holes that no 2 × 2 block is sure to avoid."""
    rng = np.random.default_rng(width * 10_000 + height)
    rows, cols = np.mgrid[0:height, 0:width]
    values = 0.5 + 0.4 * np.sin(rows / 37) * np.cos(cols / 53) + rng.normal(0, 0.01, rows.shape)
    values[rng.uniform(size=values.shape) < 0.2] = np.nan
    values[height // 3 : height // 2, width // 4 : width // 2] = np.nan
    values[0, 0] = -0.25
    return values.astype(np.float32)


def written(values: np.ndarray, **spec: Any) -> bytes:
    task = {
        "epsg": 32631,
        "origin": [501_360.0, 5_629_680.0],
        "pixel_size": 10.0,
        "width": values.shape[1],
        "height": values.shape[0],
        "tile_size": 256,
        "encoding": "float32",
        "compression": "deflate",
        "description": "ndvi",
        "tags": TAGS,
        **spec,
    }
    return run_example("cog", json.dumps(task).encode() + b"\n" + values.tobytes())


def stored(values: np.ndarray, encoding: str) -> np.ndarray:
    """What a file of an encoding is to hold, NaN where there is no value."""
    if encoding == "float32":
        return values
    scaled = values.astype(np.float64) * 10_000
    return np.where(np.isnan(scaled), np.nan, np.copysign(np.floor(np.abs(scaled) + 0.5), scaled))


def read_back(dataset: rasterio.DatasetReader) -> np.ndarray:
    return dataset.read(1, masked=True).astype(np.float64).filled(np.nan)


def averaged(values: np.ndarray, factor: int) -> np.ndarray:
    """Mean of the values that exist, over squares of the full resolution."""
    height, width = (-(-size // factor) for size in values.shape)
    padded = np.full((height * factor, width * factor), np.nan)
    padded[: values.shape[0], : values.shape[1]] = values
    squares = padded.reshape(height, factor, width, factor)
    count = (~np.isnan(squares)).sum(axis=(1, 3))
    with np.errstate(invalid="ignore"):
        return np.nansum(squares, axis=(1, 3)) / np.where(count == 0, np.nan, count)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", SIZES)
def test_gdal_reads_back_what_was_written(
    size: tuple[int, int], encoding: str, compression: str
) -> None:
    values = index_values(*size)

    file = written(values, encoding=encoding, compression=compression)

    with MemoryFile(file) as memory, memory.open() as dataset:
        np.testing.assert_array_equal(read_back(dataset), stored(values, encoding))
        assert dataset.profile["dtype"] == encoding
        assert dataset.compression.name == compression
        assert dataset.block_shapes == [(256, 256)]
        assert dataset.crs.to_epsg() == 32631
        assert dataset.transform.to_gdal() == (501_360.0, 10.0, 0.0, 5_629_680.0, 0.0, -10.0)
        assert dataset.descriptions == ("ndvi",)
        assert TAGS.items() <= dataset.tags().items()
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        if encoding == "int16":
            assert dataset.nodata == -32768
            assert (dataset.scales, dataset.offsets) == ((0.0001,), (0.0,))
        else:
            assert math.isnan(dataset.nodata)
            assert (dataset.scales, dataset.offsets) == ((1.0,), (0.0,))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", SIZES)
def test_overviews_average_the_full_resolution(size: tuple[int, int], encoding: str) -> None:
    values = index_values(*size)

    file = written(values, encoding=encoding)

    with MemoryFile(file) as memory:
        with memory.open() as dataset:
            factors = dataset.overviews(1)
        levels = math.ceil(math.log2(max(1, *(side / 256 for side in size))))
        assert factors == [2**level for level in range(1, levels + 1)]
        for level, factor in enumerate(factors):
            with memory.open(OVERVIEW_LEVEL=level) as overview:
                expected = stored(averaged(values, factor).astype(np.float32), encoding)
                # The means themselves are rounded to 32 bits, in another order of summing.
                np.testing.assert_allclose(
                    read_back(overview), expected, rtol=2e-7, atol=1.0 if encoding == "int16" else 0
                )


def test_geographic_rasters_keep_their_reference_system() -> None:
    values = index_values(300, 257)

    file = written(values, epsg=4326, origin=[3.0, 50.8], pixel_size=0.0001)

    with MemoryFile(file) as memory, memory.open() as dataset:
        assert dataset.crs.to_epsg() == 4326
        assert dataset.bounds.top == 50.8
        assert dataset.bounds.right == pytest.approx(3.03, abs=1e-9)


def test_a_window_and_a_tile_of_512_read_back_too() -> None:
    values = index_values(1100, 640)

    file = written(values, tile_size=512, compression="zstd")

    with MemoryFile(file) as memory, memory.open() as dataset:
        part = dataset.read(1, window=Window(500, 500, 100, 40))
        np.testing.assert_array_equal(part, values[500:540, 500:600])
        assert dataset.block_shapes == [(512, 512)]


def test_the_same_values_give_the_same_bytes() -> None:
    values = index_values(300, 257)

    first, second = (hashlib.sha256(written(values)).hexdigest() for _ in range(2))

    assert first == second


def test_an_index_that_integers_cannot_hold_is_refused() -> None:
    values = index_values(8, 8) * 10

    with pytest.raises(AssertionError, match="does not fit into 16-bit integers"):
        written(values.astype(np.float32), encoding="int16")


def directories(file: bytes) -> Iterator[tuple[int, dict[int, tuple[int, ...]]]]:
    """Offset and integer tags of each directory of a classic little-endian TIFF."""
    assert file[:4] == b"II*\0"
    (offset,) = struct.unpack_from("<I", file, 4)
    while offset:
        (count,) = struct.unpack_from("<H", file, offset)
        tags = {}
        for entry in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, kind, length = struct.unpack_from("<HHI", file, entry)
            code = {3: "H", 4: "I"}.get(kind)
            if code:
                size = struct.calcsize(f"<{length}{code}")
                where = entry + 8 if size <= 4 else struct.unpack_from("<I", file, entry + 8)[0]
                tags[tag] = struct.unpack_from(f"<{length}{code}", file, where)
        yield offset, tags
        (offset,) = struct.unpack_from("<I", file, offset + 2 + 12 * count)


def test_the_layout_is_what_cog_readers_count_on() -> None:
    file = written(index_values(1100, 640))

    found = list(directories(file))

    # The structural metadata promises this order; GDAL's own validator checks the same.
    assert file[8:].startswith(
        b"GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes\nLAYOUT=IFDS_BEFORE_DATA"
    )
    first = 8 + GHOST_SIZE_LINE + 140
    assert found[0][0] == first + first % 2
    offsets = [offset for offset, _ in found]
    assert offsets == sorted(offsets)
    widths = [tags[256][0] for _, tags in found]
    assert widths == [1100, 550, 275, 138]
    assert [tags[254][0] for _, tags in found] == [0, 1, 1, 1]
    tiles = [
        (offset, size)
        for _, tags in reversed(found)
        for offset, size in zip(tags[324], tags[325], strict=True)
    ]
    end = None
    for offset, size in tiles:
        assert end is None or offset == end + 4
        assert struct.unpack_from("<I", file, offset - 4) == (size,)
        assert file[offset + size - 4 : offset + size] == file[offset + size : offset + size + 4]
        end = offset + size + 4
    assert end == len(file)
    assert tiles[0][0] > offsets[-1]
