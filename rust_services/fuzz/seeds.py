"""Writes small first inputs for the fuzz targets: one of every codec, layout, type and form.

``python rust_services/fuzz/seeds.py <folder>`` fills ``<folder>/<target>/``. What fuzzing grew from
them is in ``rust_services/fuzz/corpus``; ``docs/testing.md`` tells how.
"""

from __future__ import annotations

import itertools
import json
import struct
import sys
from pathlib import Path

import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

CODECS = ["none", "lzw", "deflate", "packbits", "zstd", "lerc", "jpeg", "webp"]
TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]


def write_tiff(path: Path, values: np.ndarray, **options: object) -> None:
    """Write bands, rows, columns; a codec that this GDAL lacks is passed over."""
    profile = {
        "driver": "GTiff",
        "count": values.shape[0],
        "height": values.shape[1],
        "width": values.shape[2],
        "dtype": values.dtype,
        "crs": "EPSG:32631",
        "transform": from_origin(499980, 5600040, 10, 10),
    }
    try:
        with rasterio.open(path, "w", **{**profile, **options}) as file:
            file.write(values)
    except (rasterio.errors.RasterioIOError, rasterio.errors.RasterioError):
        path.unlink(missing_ok=True)


def tiffs(folder: Path) -> None:
    """Every codec × predictor × layout, every type, masks, overviews, metadata, places."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)

    def values(kind: str, bands: int = 1, size: int = 20) -> np.ndarray:
        return rng.integers(0, 100, (bands, size, size)).astype(kind)

    for codec, predictor, tiled in itertools.product(CODECS, (1, 2, 3), (False, True)):
        kind = {3: "float32", 2: "uint16"}.get(predictor, "uint8")
        options: dict[str, object] = {"compress": codec, "tiled": tiled}
        if predictor > 1:
            options["predictor"] = predictor
        if tiled:
            options |= {"blockxsize": 16, "blockysize": 16}
        write_tiff(folder / f"{codec}_{predictor}_{tiled}.tif", values(kind), **options)
    for kind in TYPES:
        write_tiff(folder / f"type_{kind}.tif", values(kind, size=5), nodata=0)
    for interleave, endian in itertools.product(("band", "pixel"), ("LITTLE", "BIG")):
        for predictor, codec in ((1, "none"), (2, "lzw"), (2, "deflate")):
            options = {"interleave": interleave, "endianness": endian, "compress": codec}
            name = f"layout_{interleave}_{endian}_{codec}.tif"
            write_tiff(folder / name, values("int16", 3, 6), **options, predictor=predictor)
    write_tiff(folder / "big.tif", values("uint8", size=4), bigtiff="YES")
    write_tiff(folder / "big_be.tif", values("uint8", size=4), bigtiff="YES", endianness="BIG")
    for bits in (1, 2, 4, 7, 12):
        kind = "uint8" if bits <= 8 else "uint16"
        data = (values(kind, size=9) % 2**bits).astype(kind)
        write_tiff(folder / f"bits_{bits}.tif", data, nbits=bits)
    write_tiff(folder / "half.tif", values("float32", size=6), nbits=16)
    write_tiff(
        folder / "sparse.tif",
        values("uint8") * 0,
        tiled=True,
        sparse_ok=True,
        blockxsize=16,
        blockysize=16,
    )
    for epsg in (4326, 3857, 2056, 28992):
        write_tiff(folder / f"epsg_{epsg}.tif", values("uint8", size=2), crs=f"EPSG:{epsg}")
    write_tiff(
        folder / "rotated.tif",
        values("uint8", size=2),
        transform=rasterio.Affine(7, 7, 0, 7, -7, 0),
    )
    palette = folder / "palette.tif"
    write_tiff(palette, values("uint8", size=4), photometric="palette")
    with rasterio.open(palette, "r+") as file:
        file.write_colormap(1, {0: (1, 2, 3, 255)})
    whole = folder / "whole.tif"
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        write_tiff(
            whole,
            values("uint16", 2, 40),
            compress="deflate",
            tiled=True,
            blockxsize=16,
            blockysize=16,
            nodata=0,
        )
        with rasterio.open(whole, "r+") as file:
            file.build_overviews([2, 4])
            file.update_tags(AREA_OR_POINT="Point", sensor="drone")
            file.scales, file.offsets = (1e-4, 1e-4), (-0.1, 0.0)
            file.set_band_description(1, "red")
        masked = folder / "masked.tif"
        write_tiff(masked, values("uint8"), compress="deflate")
        with rasterio.open(masked, "r+") as file:
            file.write_mask(rng.integers(0, 2, (20, 20)).astype("uint8") * 255)


def formulas(folder: Path) -> None:
    """Each rule of the grammar, and what it refuses."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = [
        "(nir - red) / (nir + red)",
        "2.5 * (nir - red) / (nir + 6 * red - 7.5 * blue + 1)",
        "(nir - red) * (1 + L) / (nir + red + L)",
        "sqrt(abs(nir)) + min(red, blue) - max(-nir, 1e-3)",
        "-nir * -2 + .5",
        "((((nir))))",
        "nir / 0",
        "1e308 * 1e308",
        "2e+3/red",
        "nir ** 2",
        "min(nir)",
        "foo(nir)",
        "green",
        "1.2.3",
        "nir;",
        "",
    ]
    for index, text in enumerate(texts):
        (folder / f"{index}").write_text(text)


def outlines(folder: Path) -> None:
    """WKB of every form, and drawn rings: squares, combs, stars, holes, bow ties."""
    folder.mkdir(parents=True, exist_ok=True)
    square = shapely.box(3.0175, 50.5445, 3.0185, 50.5455)
    hole = shapely.Polygon(square.exterior.coords, [square.buffer(-2e-4).exterior.coords])
    apart = shapely.MultiPolygon([square, shapely.box(3.02, 50.545, 3.021, 50.546)])
    shapes = [square, hole, apart, shapely.Point(3, 50), shapely.Polygon(), shapely.force_3d(hole)]
    for index, (shape, order) in enumerate(itertools.product(shapes, (0, 1))):
        for place in (0, 1):
            wkb = shapely.to_wkb(shape, byte_order=order)
            (folder / f"wkb_{index}_{place}").write_bytes(bytes([place << 2]) + wkb)
        ewkb = shapely.to_wkb(shapely.set_srid(shape, 4326), include_srid=True, byte_order=order)
        (folder / f"ewkb_{index}").write_bytes(b"\0" + ewkb)
    comb = [(x * 40, 500 if x % 2 else -400) for x in range(-10, 11)] + [(400, -600), (-400, -600)]
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    star = [
        (1 + int(a), 1 + int(b))
        for a, b in zip(
            (300 + 250 * np.cos(9 * angles)) * np.cos(angles),
            (300 + 250 * np.cos(9 * angles)) * np.sin(angles),
            strict=True,
        )
    ]
    rings = {
        "square": [[(-99, -99), (99, -99), (99, 99), (-99, 99)]],
        "comb": [comb],
        "star": [star],
        "hole": [
            [(-99, -99), (99, -99), (99, 99), (-99, 99)],
            [(-9, -9), (-9, 9), (9, 9), (9, -9)],
        ],
        "bow": [[(-99, -99), (99, 99), (99, -99), (-99, 99)]],
        "wide": [[(-32000, -9000), (32000, -9000), (32000, 9000), (-32000, 9000)]],
    }
    for name, place, kind in itertools.product(rings, range(5), (1, 2)):
        pairs = b"\0\0\0\0".join(
            b"".join(struct.pack("<hh", *point) for point in ring) for ring in rings[name]
        )
        (folder / f"{name}_{place}_{kind}").write_bytes(bytes([place << 2 | kind]) + pairs)


def stac_items(folder: Path) -> None:
    """Items as providers write them, small, in both versions of the raster extension."""
    folder.mkdir(parents=True, exist_ok=True)
    red = {
        "href": "B04.tif",
        "eo:bands": [{"name": "B04"}],
        "roles": ["data"],
        "raster:bands": [{"scale": 1e-4, "offset": -0.1}],
        "proj:transform": [10, 0, 5, 0, -10, 6],
    }
    nir = {
        "href": "s3://bucket/B08.tiff?x",
        "bands": [{"name": "nir", "raster:scale": 1e-4}],
        "gsd": 10,
    }
    properties = {
        "datetime": "2024-05-06T10:50:31Z",
        "constellation": "sentinel-2",
        "eo:cloud_cover": 12.5,
        "s2:processing_baseline": "05.10",
        "proj:epsg": 32631,
        "s2:product_uri": "S2A_MSIL2A_20240506T105031_N0510_R051_T31UDS_X.SAFE",
        "earthsearch:boa_offset_applied": True,
    }
    landsat = {
        "datetime": "2024-05-06T10:50:31+02:00",
        "platform": "landsat-8",
        "landsat:collection_number": "02",
        "landsat:correction": "L2SP",
        "proj:code": "EPSG:32631",
    }
    items = [
        {
            "type": "Feature",
            "id": "a",
            "properties": properties,
            "assets": {"red": red, "nir": nir},
        },
        {
            "type": "Feature",
            "id": "b",
            "collection": "landsat-c2-l2",
            "properties": landsat,
            "assets": {
                "red": {"href": "a.TIF", "raster:scale": 2.75e-5},
                "qa_pixel": {"href": "q.tif"},
            },
        },
        {"type": "Feature", "properties": {}, "assets": {}},
        {"type": "FeatureCollection", "features": []},
    ]
    for index, item in enumerate(items):
        (folder / f"{index}").write_text(json.dumps(item))


def safe_xml(folder: Path) -> None:
    """A product's XML, cut to what is read, and what it must not be."""
    folder.mkdir(parents=True, exist_ok=True)
    space = 'xmlns:n1="https://psd-15.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd"'
    body = (
        "<PRODUCT_START_TIME>2024-05-06T10:50:31.024Z</PRODUCT_START_TIME>"
        "<PRODUCT_URI>S2A_X.SAFE</PRODUCT_URI><PROCESSING_BASELINE>05.10</PROCESSING_BASELINE>"
        "<BOA_QUANTIFICATION_VALUE unit='none'>10000</BOA_QUANTIFICATION_VALUE>"
        "<BOA_ADD_OFFSET band_id='3'>-1000</BOA_ADD_OFFSET>"
        "<Cloud_Coverage_Assessment>12.5</Cloud_Coverage_Assessment>"
    )
    product = f"<n1:Level-2A_User_Product {space}>{body}</n1:Level-2A_User_Product>"
    texts = [
        product,
        f"<?xml version='1.0' encoding='UTF-8'?>{product}",
        f"<?xml version='1.0' encoding='latin-1'?>{product}",
        "<Level-1C_User_Product/>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<a>" * 40,
    ]
    for index, text in enumerate(texts):
        (folder / f"{index}").write_text(text)


def metric_key(name: str, sample: str, labels: dict[str, str], text: str = "Help.") -> bytes:
    """A key, as prometheus_client writes it."""
    return json.dumps([name, sample, labels, text], sort_keys=True).encode()


def metric_keys(folder: Path) -> None:
    """Keys of every kind and escape, and what is none."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = [
        metric_key("jobs", "jobs_total", {"kind": "a", "state": "ok"}),
        metric_key("h", "h_bucket", {"le": "+Inf", "route": "/a"}),
        metric_key("g", "g", {}),
        metric_key("g", "g", {"a": 'q"b\\c\nd\te\r\x00'}, 'x"y\\z\n'),
        metric_key("é", "é", {"ü.b": "é🌾"}),
        json.dumps(["a", "a", {"b": "é🌾"}, "ß"], ensure_ascii=False).encode(),
        b'["a", "a", {"b": "\\ud800"}, ""]',
        b'["a", "a", {"b": "\\ud83c\\u0041\\udc00"}, ""]',
        b'["a","a",{"b":"\\/\\b\\f"},""]',
        b' [ "a" , "a" , { "b" : "c" } , "" ] ',
        b'["a", "a", {"b": 1}, ""]',
        b'["a", "a", {"b": "c", "b": "d"}, ""]',
        b'["a", "a", ["b"], ""]',
        b'["a", "a", {}, ""] x',
        b'["a", "a", {}, "',
        b'["a", "a", {}, "\\u12',
        b'["a", "a", {}, "\xff"]',
        b"null",
        b"",
        metric_key("a", "a", {f"l{n}": "" for n in range(64)}),
        metric_key("a", "a", {f"l{n}": "" for n in range(65)}),
        metric_key("a", "a_total", {"pid": "1"}),
        metric_key("a", "a_sum", {"le": "1"}),
    ]
    for index, key in enumerate(keys):
        (folder / f"{index}").write_bytes(key)


def metric_files(folder: Path) -> None:
    """A file of every kind and mode, and ones that are spoilt."""
    folder.mkdir(parents=True, exist_ok=True)

    def file(*entries: tuple[bytes, float, float]) -> bytes:
        out = b"\0" * 4
        for key, value, timestamp in entries:
            padded = key + b" " * (8 - (len(key) + 4) % 8)
            out += struct.pack(f"=i{len(padded)}sdd", len(key), padded, value, timestamp)
        return struct.pack("=i", len(out) + 4) + out

    def of_kind(kind: int) -> bytes:
        label = {"l": "x"}
        if kind == 0:
            keys = [metric_key("c", "c_total", label), metric_key("d", "d_total", {})]
        elif kind == 1:
            keys = [metric_key("s", "s_count", label), metric_key("s", "s_sum", label)]
        elif kind == 2:
            bounds = ("0.5", "1.0", "1e+06", "+Inf")
            keys = [metric_key("h", "h_sum", label)]
            keys += [metric_key("h", "h_bucket", {**label, "le": bound}) for bound in bounds]
        else:
            keys = [metric_key("g", "g", {**label, "pid": "p"}), metric_key("f", "f", {})]
        return file(*((key, 1.5 * n - 1, 1000.0 + n) for n, key in enumerate(keys)))

    for kind in range(13):
        (folder / f"kind_{kind}").write_bytes(bytes([kind, 128]) + of_kind(kind))
    counter = of_kind(0)
    spoilt = {
        "empty": b"",
        "zeros": b"\0" * 64,
        "short": counter[:7],
        "cut": counter[:-9],
        "more": counter + b"\0" * 64,
        "used": b"\xff\xff\x00\x00" + counter[4:],
        "unaligned": b"\x15\x00\x00\x00" + counter[4:],
        "negative": b"\xff" * 4 + counter[4:],
        "key": counter[:8] + b"\xff\xff\xff\x7f" + counter[12:],
        "minus": counter[:8] + b"\xff\xff\xff\xff" + counter[12:],
        "json": counter.replace(b'["c"', b"{'c'"),
        "twice": file(*[(metric_key("c", "c_total", {}, help), 1.0, 0.0) for help in "ab"]),
        "nan": file((metric_key("c", "c_total", {}), float("nan"), float("inf"))),
    }
    for name, data in spoilt.items():
        for kind in (0, 8):
            (folder / f"{name}_{kind}").write_bytes(bytes([kind, 200]) + data)


def main() -> None:
    """Write all of them."""
    target = Path(sys.argv[1])
    tiffs(target / "tiff_headers")
    tiffs(target / "tiff_tiles")
    formulas(target / "formulas")
    outlines(target / "outlines")
    stac_items(target / "stac_items")
    safe_xml(target / "safe_xml")
    metric_keys(target / "metric_keys")
    metric_files(target / "metric_files")


if __name__ == "__main__":
    main()
