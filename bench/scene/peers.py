"""What a user would write with rasterio, numpy and exactextract, one task a process.

Usage: python -m bench.scene.peers TASK FOLDER SIDE TARGET [ARGUMENT]. Prints the seconds of the
task, without the interpreter's start and imports, the process's CPU time in it and its peak memory,
as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from exactextract import exact_extract
from numpy.typing import NDArray
from rasterio.windows import Window

from bench.scene.generated import OFFSET, SCL_MASKED, Scene, chosen

ROWS = 512  # read and computed at once: a row of tiles
BLOCK_CACHE_MB = 64


def ndvi(scene: Scene) -> Iterator[tuple[Window, NDArray[np.float32]]]:
    """NDVI of a row of tiles after the other, NaN where a mask hides it or nothing was measured."""
    hides = np.zeros(256, dtype=bool)
    hides[list(SCL_MASKED)] = True
    threads = {"num_threads": "all_cpus"}
    with (
        rasterio.open(scene.red, **threads) as red_file,
        rasterio.open(scene.nir, **threads) as nir_file,
        rasterio.open(scene.classes, **threads) as classes,
    ):
        for row in range(0, scene.side, ROWS):
            rows = min(ROWS, scene.side - row)
            window = Window(0, row, scene.side, rows)
            red = red_file.read(1, window=window)
            nir = nir_file.read(1, window=window)
            gone = (red == 0) | (nir == 0)
            coarse = Window(0, row // 2, scene.side // 2, rows // 2)
            gone |= hides[classes.read(1, window=coarse)].repeat(2, 0).repeat(2, 1)
            # Integers of this size and their sums are exact in 32-bit floats.
            values = nir.astype(np.float32)
            below = red.astype(np.float32)
            above = values - below
            below += values
            below -= 2 * OFFSET
            gone |= below <= 0
            with np.errstate(all="ignore"):
                np.divide(above, below, out=values)
            gone |= np.abs(values) > 1
            values[gone] = np.nan
            yield window, values


def compute(scene: Scene, _: Path) -> float:
    """Decode, mask, NDVI; the sum, so that nothing is left out."""
    return float(sum(np.nansum(values, dtype=np.float64) for _, values in ndvi(scene)))


def profile(scene: Scene, dtype: str, nodata: float) -> dict[str, Any]:
    """What a file of the index has in common with the scene's own."""
    with rasterio.open(scene.red) as red:
        return {
            "width": red.width, "height": red.height, "count": 1, "crs": red.crs,
            "transform": red.transform, "dtype": dtype, "nodata": nodata, "tiled": True,
            "blockxsize": 512, "blockysize": 512,
        }  # fmt: skip


def write_cog(scene: Scene, target: Path, *, encoding: str, options: dict[str, str]) -> None:
    """NDVI into a plain file, and that into a cloud-optimized one."""
    plain = target.with_suffix(".plain.tif")
    is_integer = encoding == "int16"
    described = profile(scene, encoding, -32768 if is_integer else float("nan"))
    with rasterio.open(plain, "w", driver="GTiff", **described) as file:
        for window, values in ndvi(scene):
            stored: NDArray[Any] = values
            if is_integer:
                values *= 10_000
                np.rint(values, out=values)
                values[np.isnan(values)] = -32768
                stored = values.astype(np.int16)
            file.write(stored, 1, window=window)
    rasterio.shutil.copy(
        plain,
        target,
        driver="COG",
        blocksize="512",
        predictor="yes",
        overview_resampling="average",
        num_threads="all_cpus",
        **options,
    )
    plain.unlink()


def write_ready(scene: Scene, target: Path) -> None:
    """NDVI as a float32 file, uncompressed: what zonal statistics of the peer start from."""
    described = profile(scene, "float32", float("nan"))
    with rasterio.open(target, "w", driver="GTiff", **described) as file:
        for window, values in ndvi(scene):
            file.write(values, 1, window=window)


def features(scene: Scene, count: int) -> list[dict[str, Any]]:
    """Outlines in the raster's plane.

    Edges are straight there, not in degrees; at such lengths both are within millimetres.
    """
    found = []
    for field in chosen(scene, count):
        ring = [*field["metres"], field["metres"][0]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        found.append(
            {"type": "Feature", "properties": {"number": field["number"]}, "geometry": geometry}
        )
    return found


def extract(raster: Path, outlines: list[dict[str, Any]]) -> dict[int, float]:
    """Mean NDVI of each outline that has one."""
    answers = exact_extract(str(raster), outlines, ["mean"], include_cols=["number"])
    found = (answer["properties"] for answer in answers)
    return {
        int(answer["number"]): float(answer["mean"])
        for answer in found
        if answer["mean"] is not None and not np.isnan(answer["mean"])
    }


def peak_mib() -> float:
    """The most that this process ever had in memory."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Do one task and say what it took."""
    task, folder, side, target, *arguments = sys.argv[1:]
    scene, path = Scene(Path(folder), int(side)), Path(target)
    outlines = []
    if task == "fields":
        outlines = features(scene, int(arguments[1]))
    begun, cpu = time.perf_counter(), time.process_time()
    with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS", GDAL_CACHEMAX=BLOCK_CACHE_MB):
        if task == "compute":
            compute(scene, path)
        elif task == "cog":
            options = {"compress": arguments[1]}
            if len(arguments) > 2:
                options["level"] = arguments[2]
            write_cog(scene, path, encoding=arguments[0], options=options)
        elif task == "ready":
            write_ready(scene, path)
        elif task == "fields":
            means = extract(Path(arguments[0]), outlines)
    taken = {"seconds": time.perf_counter() - begun, "cpu_s": time.process_time() - cpu}
    if task == "fields":
        path.write_text(json.dumps(means))
    print(json.dumps({**taken, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
