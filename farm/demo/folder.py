"""Reading a folder of somebody's scenes: which files belong to which acquisition, and its fields.

Three layouts are understood, alone or mixed: a folder per product with its MTD_MSIL2A.xml (SAFE
trees and our own demo); sub-folders such as ``10m/ 20m/ scl/`` with one file per date; single-band
files side by side with date and band in their names. Pixels are not read here.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm.demo.folder_names import Moment, group_prefix, moment_in_name
from farm.demo.product_time import acquisition_time
from farm.errors import InvalidInputError
from farm.imagery.scene_details import is_simulated_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MAX_FILES = 50_000  # looked at in one folder
MAX_DEPTH = 8
MAX_GEOJSON_BYTES = 64 * 1024 * 1024
RASTER_SUFFIXES = frozenset({".tif", ".tiff"})
METADATA_NAMES = frozenset({"MTD_MSIL2A.xml", "MTD_MSIL1C.xml"})
_NAMED_FILES = 5  # of one kind of trouble; the rest is counted
_OUTLINES_NAMES = ("fields.geojson", "fields.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFile:
    """A raster of a scene."""

    path: Path
    name: str  # unique within the scene, and good as a name in the store


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFiles:
    """The files of one acquisition."""

    name: str
    acquired_at: datetime  # UTC
    files: tuple[SceneFile, ...]
    metadata_files: tuple[Path, ...]  # the product's XML, where there is one
    is_simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderContents:
    """What a folder holds."""

    fields: dict[str, Any] | None  # FeatureCollection as parsed; not yet checked as outlines
    scenes: tuple[SceneFiles, ...]  # oldest first
    notes: tuple[str, ...]  # what was not understood or left out, one sentence each


def read_folder(path: Path) -> FolderContents:
    """Sort the files of a folder into scenes.

    Args:
        path: The folder. Symbolic links to folders are not followed.

    Raises:
        InvalidInputError: It is no folder, is too large to be one of scenes, or holds no scene.
    """
    if not path.is_dir():
        msg = f"{path} is not a folder."
        raise InvalidInputError(msg, reason="FOLDER_MISSING")
    files = sorted(_walk(path))
    notes: list[str] = []
    products = _products(files, root=path, notes=notes)
    groups: dict[tuple[str, str], list[Path]] = {}
    times: dict[tuple[str, str], Moment] = {}
    undated: list[Path] = []
    scenes: list[SceneFiles] = []
    in_product: dict[Path, list[Path]] = {}
    for file in files:
        if file.suffix.lower() not in RASTER_SUFFIXES:
            continue
        product = next((one for one in file.parents if one in products), None)
        if product is not None:
            in_product.setdefault(product, []).append(file)
            continue
        moment, source = _moment_of(file, root=path)
        if moment is None:
            undated.append(file)
            continue
        key = (group_prefix(source), moment.text)
        groups.setdefault(key, []).append(file)
        times[key] = moment

    for product, rasters in in_product.items():
        metadata, acquired_at = products[product]
        scenes.append(
            _scene(_product_name(product), acquired_at, rasters, metadata=(metadata,), root=product)
        )
    for key, rasters in groups.items():
        name = "_".join(part for part in key if part)
        scenes.append(_scene(name, times[key].at, rasters, metadata=(), root=path))

    notes += _notes(path, files=files, undated=undated, times=times, products=products)
    fields = _read_fields(path, files=files, notes=notes)
    if not scenes:
        raise InvalidInputError(_nothing(path, files, notes), reason="FOLDER_EMPTY")
    scenes.sort(key=lambda scene: (scene.acquired_at, scene.name))
    return FolderContents(fields=fields, scenes=tuple(scenes), notes=tuple(notes))


def _walk(root: Path) -> Iterator[Path]:
    seen = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        here = Path(folder)
        folders[:] = [name for name in folders if not name.startswith(".")]
        if len(here.relative_to(root).parts) >= MAX_DEPTH:
            folders.clear()
        for name in names:
            seen += 1
            if seen > MAX_FILES:
                msg = f"{root} holds more than {MAX_FILES:,} files; name the folder of the scenes."
                raise InvalidInputError(msg, reason="FOLDER_TOO_LARGE")
            if not name.startswith("."):
                yield here / name


def _products(
    files: list[Path], *, root: Path, notes: list[str]
) -> dict[Path, tuple[Path, datetime]]:
    """Folders that a metadata file makes a product: folder → (metadata, time of acquisition)."""
    products: dict[Path, tuple[Path, datetime]] = {}
    for file in files:
        if file.name not in METADATA_NAMES:
            continue
        try:
            products[file.parent] = (file, acquisition_time(file))
        except InvalidInputError as error:
            notes.append(f"{file.relative_to(root)} was passed over: {error.detail}")
    return products


def _moment_of(file: Path, *, root: Path) -> tuple[Moment | None, str]:
    """Look for a date in the file's name, then in the names of the folders above it."""
    for name in (file.stem, *file.relative_to(root).parts[-2::-1], root.name):
        moment = moment_in_name(name)
        if moment is not None:
            return moment, name
    return None, ""


def _scene(
    name: str, acquired_at: datetime, rasters: list[Path], *, metadata: tuple[Path, ...], root: Path
) -> SceneFiles:
    plain = [raster.name for raster in rasters]
    files = []
    for raster in rasters:
        # The same name in 10m/ and 20m/: the folder makes it unique.
        is_unique = plain.count(raster.name) == 1
        store_name = raster.name if is_unique else "_".join(raster.relative_to(root).parts)
        files.append(SceneFile(path=raster, name=store_name))
    return SceneFiles(
        name=name[:160],
        acquired_at=acquired_at,
        files=tuple(files),
        metadata_files=metadata,
        is_simulated=is_simulated_name(name) or any(is_simulated_name(one) for one in plain),
    )


def _product_name(folder: Path) -> str:
    return folder.resolve().name.removesuffix(".SAFE")


def _notes(
    root: Path,
    *,
    files: list[Path],
    undated: list[Path],
    times: dict[tuple[str, str], Moment],
    products: dict[Path, tuple[Path, datetime]],
) -> Iterator[str]:
    for file in undated[:_NAMED_FILES]:
        yield f"{file.relative_to(root)} was left out: neither its name nor its folder has a date."
    if len(undated) > _NAMED_FILES:
        yield f"Files left out for want of a date: {len(undated)} in all."
    without_time = sum(not moment.has_time for moment in times.values())
    if without_time:
        yield f"Scenes that name a day but no time: {without_time}; noon UTC was taken."
    jpeg2000 = sum(file.suffix.lower() == ".jp2" for file in files)
    if jpeg2000:
        yield (
            f"JPEG 2000 files left out: {jpeg2000}; convert them to GeoTIFF first, for "
            "instance with gdal_translate."
        )
    for product in products:
        if not any(
            file.suffix.lower() in RASTER_SUFFIXES and product in file.parents for file in files
        ):
            yield f"{product.relative_to(root)} has metadata but no GeoTIFF."


def _read_fields(root: Path, *, files: list[Path], notes: list[str]) -> dict[str, Any] | None:
    top = [file for file in files if file.parent == root]
    named = [file for name in _OUTLINES_NAMES for file in top if file.name.lower() == name]
    others = [file for file in top if file.suffix.lower() == ".geojson"]
    if not named and len(others) != 1:
        found = f"; {len(others)} other GeoJSON files lie there" if others else ""
        notes.append(f"There is no fields.geojson in {root}{found}.")
        return None
    source = (named or others)[0]
    try:
        if source.stat().st_size > MAX_GEOJSON_BYTES:
            notes.append(f"{source.name} was passed over: it is larger than 64 MiB.")
            return None
        document = json.loads(source.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        notes.append(f"{source.name} was passed over: it is not readable JSON ({error}).")
        return None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        notes.append(f"{source.name} was passed over: it is not a GeoJSON FeatureCollection.")
        return None
    return document


def _nothing(root: Path, files: list[Path], notes: list[str]) -> str:
    rasters = sum(file.suffix.lower() in RASTER_SUFFIXES for file in files)
    found = (
        f"none of its {rasters} GeoTIFF files could be placed"
        if rasters
        else f"there is no GeoTIFF among its {len(files)} files"
    )
    return " ".join([f"No scene was found in {root}: {found}.", *notes[:3]])
