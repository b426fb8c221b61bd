"""Writing the demo folder: fields, scenes, and the truth that tests compare with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from farm.demo.geotiff import write_geotiff
from farm.demo.layout import EPSG, ULX, ULY, demo_fields, feature_collection
from farm.demo.plan import Acquisition, plan_acquisitions
from farm.demo.product_xml import product_xml
from farm.demo.scene import FieldTruth, SimulatedScene, simulate_scene
from farm.demo.season import BANDS_10M
from farm.demo.terrain import PIXEL_M, make_terrain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

DEFAULT_SEED = 20_210_326
DEFAULT_DATES = 12
DEFAULT_SIZE_PX = 512
MIN_SIZE_PX, MAX_SIZE_PX = 64, 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneTruth:
    """The truth of one scene."""

    scene_name: str
    acquired_at: str  # RFC 3339
    baseline: str
    has_offset: bool
    fields: tuple[FieldTruth, ...]


def generate_demo(
    *,
    out: Path,
    seed: int = DEFAULT_SEED,
    dates: int = DEFAULT_DATES,
    size_px: int = DEFAULT_SIZE_PX,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[SceneTruth, ...]:
    """Write ``fields.geojson``, ``scenes/<scene>/…`` and ``truth.json`` into a folder.

    The same seed, dates and size give the same bytes.

    Args:
        out: The folder; made where missing, files of an earlier run are overwritten.
        seed: Start of chance.
        dates: How many acquisitions, 1–60.
        size_px: Side of a scene in 10 m pixels, even, 64–2048.
        progress: Told the name of each scene as it is written.

    Returns:
        The truth per scene and field.

    Raises:
        ValueError: The count or the size is out of range.
    """
    if size_px % 2 or not MIN_SIZE_PX <= size_px <= MAX_SIZE_PX:
        msg = f"The size is {size_px}; it must be even, from {MIN_SIZE_PX} to {MAX_SIZE_PX} pixels."
        raise ValueError(msg)
    acquisitions = plan_acquisitions(dates)
    out.mkdir(parents=True, exist_ok=True)
    fields = demo_fields(size_m=size_px * PIXEL_M)
    _write_json(out / "fields.geojson", feature_collection(fields))
    terrain = make_terrain(
        fields=fields, size_px=size_px, generator=np.random.default_rng([seed, size_px])
    )

    truth = []
    for acquisition in acquisitions:
        # Chance of its own per day: more dates in between change none of the others.
        generator = np.random.default_rng([seed, acquisition.acquired_at.toordinal()])
        scene = simulate_scene(terrain=terrain, acquisition=acquisition, generator=generator)
        write_scene(scene, folder=out / "scenes" / acquisition.scene_name)
        truth.append(_scene_truth(acquisition, scene.truth))
        progress(acquisition.scene_name)
    _write_json(out / "truth.json", {"simulated": True, "scenes": [asdict(one) for one in truth]})
    return tuple(truth)


def write_scene(scene: SimulatedScene, *, folder: Path) -> None:
    """Write the bands, the classes and the metadata of one scene."""
    folder.mkdir(parents=True, exist_ok=True)
    tag = scene.acquisition.tag
    items = {
        "SIMULATED": "YES",
        "ACQUISITION": f"{scene.acquisition.acquired_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    layers: dict[str, NDArray[np.uint16] | NDArray[np.uint8]] = {
        **scene.digital_numbers,
        "SCL": scene.classes,
    }
    for band, pixels in layers.items():
        pixel_m = PIXEL_M if band in BANDS_10M else 2 * PIXEL_M
        write_geotiff(
            folder / f"SIM_T31UES_{tag}_{band}_{pixel_m:.0f}m.tif",
            pixels,
            epsg=EPSG,
            upper_left=(ULX, ULY),
            pixel_m=pixel_m,
            description=band,
            items=items,
        )
    (folder / "MTD_MSIL2A.xml").write_text(product_xml(scene.acquisition), encoding="utf-8")


def _scene_truth(acquisition: Acquisition, fields: tuple[FieldTruth, ...]) -> SceneTruth:
    return SceneTruth(
        scene_name=acquisition.scene_name,
        acquired_at=f"{acquisition.acquired_at:%Y-%m-%dT%H:%M:%SZ}",
        baseline=acquisition.baseline,
        has_offset=acquisition.has_offset,
        fields=fields,
    )


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
