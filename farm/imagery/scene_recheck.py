"""Whether the files of a scene are still those that it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.errors import UnreadableRasterError
from farm.imagery.domain import ObjectRef
from farm.imagery.receipts import public_address
from farm.imagery.scene_files import describe
from farm.imagery.scene_identity import description_sha256, recorded

if TYPE_CHECKING:
    from farm.clients.ndvi import NdviClient
    from farm.imagery.models import Scene


class FileChangedError(UnreadableRasterError):
    """A file of a scene is not the one that the scene was made of."""


def refuse_changed_files(*, scene: Scene, ndvi: NdviClient) -> None:
    """Ask what each file is now; the headers alone are read.

    Raises:
        FileChangedError: One is not what it was; numbers of two files must not be mixed.
        UnreadableRasterError: One cannot be read.
    """
    place_of = {asset: asset.object_key or asset.url for asset in scene.assets.all()}
    refs = {
        place: ObjectRef(key=asset.object_key, url=asset.url) for asset, place in place_of.items()
    }
    # By the end of its place, which people recognise; two of one name keep the whole of it.
    ends = {place: public_address(place).rpartition("/")[2] for place in refs}
    every = list(ends.values())
    names = {place: end if every.count(end) == 1 else place for place, end in ends.items()}
    descriptions = describe({names[place]: ref for place, ref in refs.items()}, ndvi=ndvi)
    for name, description in descriptions.items():
        if description.grid.epsg != scene.epsg:
            was, now = scene.epsg, description.grid.epsg
            msg = f"{name} was in EPSG:{was} when the scene was made and is in EPSG:{now} now."
            raise FileChangedError(msg, reason="RASTER_GRIDS_DISAGREE")
    for asset, place in place_of.items():
        was_described = recorded(scene, asset, "description_sha256")
        if was_described and was_described != description_sha256(descriptions[names[place]]):
            msg = (
                f"{names[place]} is not the file it was when the scene was made. Send the scene "
                "again, which makes a new one, and delete this one."
            )
            raise FileChangedError(msg, reason="RASTER_CHANGED")
