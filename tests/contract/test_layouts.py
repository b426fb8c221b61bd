"""Pixels of random layouts, as GDAL writes them, read by the engine's own reader and by GDAL."""

from __future__ import annotations

import struct
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from tests.contract.rust_examples import run_example

if TYPE_CHECKING:
    from collections.abc import Sequence

METHODS = ("none", "lzw", "deflate", "packbits", "zstd")
WHOLE = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
REFUSED = 2**64 - 1


def written(values: np.ndarray[Any, Any], **profile: Any) -> bytes:
    """A TIFF by GDAL; ``values`` are (bands, rows, cols)."""
    bands, rows, cols = values.shape
    size = {"width": cols, "height": rows, "count": bands, "dtype": values.dtype}
    with MemoryFile() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with memory.open(driver="GTiff", **size, **profile) as raster:
            raster.write(values)
        return bytes(memory.read())


def read_by_gdal(file: bytes) -> np.ndarray[Any, Any]:
    with MemoryFile(file) as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with memory.open() as raster:
            return raster.read().astype(np.float64)


def read_by_us(files: Sequence[bytes]) -> list[np.ndarray[Any, Any] | str]:
    """For each file its pixels as (n,) float64, or the reason and words of its refusal."""
    sent = b"".join(struct.pack("<Q", len(file)) + file for file in files)
    answer = run_example("pixels", sent)
    found: list[np.ndarray[Any, Any] | str] = []
    at = 0
    while at < len(answer):
        (count,) = struct.unpack_from("<Q", answer, at)
        at += 8
        if count == REFUSED:
            (count,) = struct.unpack_from("<Q", answer, at)
            found.append(answer[at + 8 : at + 8 + count].decode())
            at += 8 + count
        else:
            found.append(np.frombuffer(answer, "<f8", count, at))
            at += 8 * count
    assert len(found) == len(files)
    return found


def assert_as_gdal(files: Sequence[bytes], names: Sequence[Any], tolerance: float = 0) -> None:
    for found, file, name in zip(read_by_us(files), files, names, strict=True):
        assert not isinstance(found, str), (name, found)
        expected = read_by_gdal(file).ravel()
        assert np.array_equal(np.isnan(found), np.isnan(expected)), name
        assert np.nanmax(np.abs(found - expected), initial=0) <= tolerance, name


def layout(rng: np.random.Generator) -> dict[str, Any]:
    """How a raster may be cut and packed, whatever its values."""
    profile: dict[str, Any] = {
        "compress": str(rng.choice(METHODS)),
        "interleave": str(rng.choice(("pixel", "band"))),
        "BIGTIFF": str(rng.choice(("YES", "NO"))),
        "ENDIANNESS": str(rng.choice(("LITTLE", "BIG"))),
    }
    if rng.random() < 0.5:
        sides = [16 * int(side) for side in rng.integers(1, 5, 2)]
        profile.update(tiled=True, blockxsize=sides[0], blockysize=sides[1])
    else:
        profile["blockysize"] = int(rng.integers(1, 80))
    return profile


def noise(rng: np.random.Generator, dtype: str, bits: int) -> np.ndarray[Any, Any]:
    shape = (int(rng.integers(1, 6)), int(rng.integers(1, 90)), int(rng.integers(1, 90)))
    if dtype.startswith("float"):
        values = rng.normal(0, 1000, shape).astype(np.float16 if bits == 16 else dtype)
        values[rng.random(shape) < 0.05] = np.nan
        return values.astype(dtype)
    if dtype.startswith("int"):
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype, endpoint=True)
    return rng.integers(0, 2**bits, shape, np.uint64).astype(dtype)


def test_values_of_whole_bytes_are_read_whatever_their_layout() -> None:
    rng = np.random.default_rng(20261123)
    files, names = [], []
    for _ in range(240):
        dtype, profile = str(rng.choice(WHOLE)), layout(rng)
        if profile["compress"] in {"lzw", "deflate", "zstd"}:
            predictors = (1, 2, 3) if dtype.startswith("float") else (1, 2)
            profile["predictor"] = int(rng.choice(predictors))
        files.append(written(noise(rng, dtype, 8 * np.dtype(dtype).itemsize), **profile))
        names.append((dtype, profile))

    assert_as_gdal(files, names)


def test_packed_bits_short_floats_and_long_integers_are_read() -> None:
    rng = np.random.default_rng(20261124)
    files, names = [], []
    for bits in [*range(1, 33), *range(1, 33)]:
        dtype = "uint8" if bits <= 8 else "uint16" if bits <= 16 else "uint32"
        profile = {"NBITS": bits, **layout(rng)}
        files.append(written(noise(rng, dtype, bits), **profile))
        names.append(profile)
    for _ in range(20):
        profile = {"NBITS": 16, **layout(rng)}
        files.append(written(noise(rng, "float32", 16), **profile))
        names.append(("half", profile))
        for dtype in ("int64", "uint64"):
            profile = layout(rng)
            values = noise(rng, "uint32", 32).astype(dtype) * (2**20)
            files.append(written(values, **profile))
            names.append((dtype, profile))

    assert_as_gdal(files, names)


def test_a_long_integer_that_no_float_holds_is_refused() -> None:
    values = np.full((1, 4, 4), 2**53 + 1, np.int64)

    (refusal,) = read_by_us([written(values)])

    assert isinstance(refusal, str)
    assert refusal.startswith("RASTER_UNSUPPORTED")
    assert "9007199254740993" in refusal


def test_fax_is_read() -> None:
    rng = np.random.default_rng(20261125)
    runs = np.repeat(rng.integers(0, 2, (1, 90, 20), np.uint8), 7, axis=2)
    files = [written(runs, compress=method, NBITS=1) for method in ("CCITTFAX3", "CCITTFAX4")]

    assert_as_gdal(files, ["group 3", "group 4"])


def hills() -> np.ndarray[Any, Any]:
    """Four bands of soft shapes, as pictures have them."""
    rows, cols = np.mgrid[0:130, 0:200]
    shape = 127 + 80 * np.sin(cols / 19) * np.cos(rows / 17)
    return np.stack([shape, shape[::-1], shape[:, ::-1], 255 - shape]).astype(np.uint8)


JPEG: dict[str, dict[str, Any]] = {
    "grey": {"bands": 1},
    "three bands": {"bands": 3, "photometric": "RGB"},
    "tables in each strip": {"bands": 3, "photometric": "RGB", "JPEGTABLESMODE": 0},
    "four bands": {"bands": 4, "photometric": "MINISBLACK"},
    "bands apart": {"bands": 4, "interleave": "band"},
    "tiles": {"bands": 3, "photometric": "RGB", "tiled": True, "blockxsize": 64, "blockysize": 48},
}


@pytest.mark.parametrize("kind", JPEG)
def test_jpeg_is_read_as_gdal_reads_it_but_for_rounding(kind: str) -> None:
    profile = {"interleave": "pixel", **JPEG[kind]}
    bands = hills()[: profile.pop("bands")]
    files = [written(bands, compress="jpeg", JPEG_QUALITY=q, **profile) for q in (75, 100)]

    # Decoders round the transform of blocks in their own ways.
    assert_as_gdal(files, [75, 100], tolerance=1)


def test_colours_of_jpeg_at_half_the_resolution_are_near_those_of_gdal() -> None:
    # GDAL repeats a colour over its 2 by 2 pixels, our decoder interpolates between them.
    file = written(hills()[:3], compress="jpeg", photometric="YCBCR", interleave="pixel")

    (found,) = read_by_us([file])

    assert not isinstance(found, str), found
    difference = np.abs(found - read_by_gdal(file).ravel())
    assert difference.mean() < 1
    assert difference.max() <= 16
