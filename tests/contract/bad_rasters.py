"""Files that are not what they say, made byte by byte."""

from __future__ import annotations

import struct
import warnings
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.transform import Affine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ASCII, SHORT, LONG, DOUBLE = 2, 3, 4, 12
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIP_OFFSETS = 256, 257, 258, 259, 262, 273
SAMPLES, ROWS_PER_STRIP, STRIP_LENGTHS, PREDICTOR = 277, 278, 279, 317
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_LENGTHS = 322, 323, 324, 325
SAMPLE_FORMAT = 339
PIXEL_SCALE, TIE_POINT, GEO_KEYS, METADATA = 33550, 33922, 34735, 42112

Entry = tuple["int", "Sequence[float]"]

EPSG, WEST, NORTH = 32631, 501_360.0, 5_629_680.0
PROJECTED_UTM_31N = [1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, EPSG]

# Pixels to write, all different, and ways to lay them out, all sound.
SOUND = np.arange(1, 4 * 64 * 64 + 1, dtype=np.uint16).reshape(4, 64, 64)
LAYOUTS: dict[str, dict[str, Any]] = {
    "strips": {},
    "tiles": {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "zstd"},
    "cog": {"driver": "COG"},
    "big": {"BIGTIFF": "YES", "compress": "none", "interleave": "band"},
}

_FORMATS = {ASCII: "B", SHORT: "H", LONG: "I", DOUBLE: "d"}


def geotiff(
    values: np.ndarray[Any, Any], *, descriptions: Sequence[str] = (), **profile: Any
) -> bytes:
    """A sound GeoTIFF by GDAL; ``values`` are (bands, rows, cols)."""
    bands, rows, cols = values.shape
    sound = {
        "driver": "GTiff",
        "width": cols,
        "height": rows,
        "count": bands,
        "dtype": values.dtype,
        "crs": EPSG,
        "transform": Affine(10, 0, WEST, 0, -10, NORTH),
        "nodata": 0,
        "compress": "deflate",
    }
    with MemoryFile() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # at times that is what is wanted
        with memory.open(**{**sound, **profile}) as raster:
            raster.write(values)
            raster.descriptions = tuple(descriptions) or (None,) * bands
        return bytes(memory.read())


def handmade(
    changes: Mapping[int, Entry | None] | None = None,
    *,
    pixels: bytes = bytes(512),
    next_directory: int = 0,
    counts: Mapping[int, int] | None = None,
) -> bytes:
    """A TIFF of 16 × 16 pixels of 16 bits on the ground, with some entries changed or left out.

    Args:
        changes: Tag → type and values, or None to leave the entry out.
        pixels: The one strip.
        next_directory: Where the file says that its next directory is.
        counts: Tag → number of values that its entry claims to have.
    """
    entries: dict[int, Entry | None] = {
        WIDTH: (LONG, [16]),
        HEIGHT: (LONG, [16]),
        BITS: (SHORT, [16]),
        COMPRESSION: (SHORT, [1]),
        PHOTOMETRIC: (SHORT, [1]),
        STRIP_OFFSETS: (LONG, [8]),
        SAMPLES: (SHORT, [1]),
        ROWS_PER_STRIP: (LONG, [16]),
        STRIP_LENGTHS: (LONG, [len(pixels)]),
        PIXEL_SCALE: (DOUBLE, [10, 10, 0]),
        TIE_POINT: (DOUBLE, [0, 0, 0, WEST, NORTH, 0]),
        GEO_KEYS: (SHORT, PROJECTED_UTM_31N),
        **(changes or {}),
    }
    kept = sorted((tag, entry) for tag, entry in entries.items() if entry is not None)
    directory = 8 + len(pixels)
    values_at = directory + 2 + 12 * len(kept) + 4
    rows, values = b"", b""
    for tag, (kind, numbers) in kept:
        packed = struct.pack(f"<{len(numbers)}{_FORMATS[kind]}", *numbers)
        if len(packed) > 4:
            place = struct.pack("<I", values_at + len(values))
            values += packed
        else:
            place = packed.ljust(4, b"\0")
        rows += struct.pack("<HHI", tag, kind, (counts or {}).get(tag, len(numbers))) + place
    count = struct.pack("<H", len(kept))
    tail = struct.pack("<I", next_directory)
    return b"II*\0" + struct.pack("<I", directory) + pixels + count + rows + tail + values


def loop_of_directories() -> bytes:
    """The next directory is the first one again."""
    return handmade(next_directory=8 + 512)


def tiled(side: int, tile: int) -> bytes:
    """A header of a compressed square raster whose tiles are all absent."""
    tiles = (-(-side // tile)) ** 2
    return handmade(
        {
            WIDTH: (LONG, [side]),
            HEIGHT: (LONG, [side]),
            COMPRESSION: (SHORT, [8]),
            STRIP_OFFSETS: None,
            STRIP_LENGTHS: None,
            ROWS_PER_STRIP: None,
            TILE_WIDTH: (LONG, [tile]),
            TILE_HEIGHT: (LONG, [tile]),
            TILE_OFFSETS: (LONG, [0] * tiles),
            TILE_LENGTHS: (LONG, [0] * tiles),
        },
        pixels=b"",
    )


def deflated(strip: bytes) -> bytes:
    """A raster of the good scene's size, in one strip of Deflate that holds whatever it holds."""
    sides = {WIDTH: (LONG, [64]), HEIGHT: (LONG, [64]), ROWS_PER_STRIP: (LONG, [64])}
    return handmade({**sides, COMPRESSION: (SHORT, [8])}, pixels=strip)


def bomb(decoded_bytes: int = 1 << 28) -> bytes:
    """A strip that unpacks to 256 MiB where 8 KiB belong."""
    packer = zlib.compressobj(9)
    piece = bytes(1 << 20)
    packed = b"".join(packer.compress(piece) for _ in range(decoded_bytes >> 20))
    return deflated(packed + packer.flush())


def laughs(generations: int = 10) -> bytes:
    """Metadata whose last entity stands for ten to the power of ``generations`` laughs."""
    entities = "".join(
        f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, generations)
    )
    xml = f"<!DOCTYPE x [<!ENTITY l0 'ha'>{entities}]>"
    xml += f'<GDALMetadata><Item name="A">&l{generations - 1};</Item></GDALMetadata>'
    return handmade({METADATA: (ASCII, xml.encode() + b"\0")})


def vast_picture() -> bytes:
    """A raster of the good scene's size, in one strip of JPEG that claims 65,500 pixels a side."""
    side = struct.pack(">H", 65_500)
    frame = b"\xff\xc2" + struct.pack(">HB", 11, 8) + 2 * side + b"\1\1\x11\0"
    jpeg = b"\xff\xd8" + frame + b"\xff\xda" + bytes([0, 8, 1, 1, 0, 0, 0, 0]) + b"\xff\xd9"
    sides = {WIDTH: (LONG, [64]), HEIGHT: (LONG, [64]), ROWS_PER_STRIP: (LONG, [64])}
    return handmade({**sides, BITS: (SHORT, [8]), COMPRESSION: (SHORT, [7])}, pixels=jpeg)


def picture() -> bytes:
    """A PNG of one grey pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\0\x80")
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks
