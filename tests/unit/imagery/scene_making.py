"""What the tests of scenes need: files to send, a service that knows them, fields they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from farm.clients.fakes import BOUNDS_WGS84, raster
from farm.imagery.scene_files import IncomingFile
from farm.imagery.scene_services import create_scene
from farm.rpc.ndvi.v1 import ndvi_pb2

if TYPE_CHECKING:
    from farm.clients.fakes import InMemoryNdvi
    from farm.clients.ndvi import NdviClient
    from farm.farms.models import Farm
    from farm.imagery.scene_rows import CreatedScene
    from farm.imagery.storage import FolderStore

WEST, SOUTH, EAST, NORTH = BOUNDS_WGS84
# South-west corner of a field inside the scene.
INSIDE = {"lon": WEST + 0.004, "lat": SOUTH + 0.004}

TEN_METRES = ("B02", "B03", "B04", "B08")
TAGS = {"ACQUISITION": "2018-04-20T10:56:19Z"}


def knows_sentinel_2(
    service: InMemoryNdvi, *, scale: float | None = 1e-4, offset: float | None = 0.0
) -> None:
    """Let every object be a file of a Sentinel-2 scene, by its name."""

    def describe(place: str) -> ndvi_pb2.DescribeRasterResponse:
        if "scl" in place:
            return raster(["SCL"], data_type="uint8", pixel_size=20, tags=TAGS)
        return raster(TEN_METRES, scale=scale, offset=offset, tags=TAGS)

    service.describe = describe


def has_vegetation(service: InMemoryNdvi, *, darkest: float = 300) -> None:
    """Let the darkest hundredth of the vegetation have this digital number in blue and red."""
    for band in ("blue", "red"):
        service.digital_numbers[band] = ndvi_pb2.DigitalNumbers(
            band=band, measured_pixels=5000, quantile_01=darkest, median=darkest + 200
        )


def sent(name: str, content: bytes = b"pixels") -> IncomingFile:
    return IncomingFile(name=name, chunks=lambda: [content])


def make_scene(
    farm: Farm, *, ndvi: NdviClient, store: FolderStore, content: bytes = b"pixels", **values: Any
) -> CreatedScene:
    """Send a scene of two files."""
    files = [sent("10m.tif", content), sent("scl.tif", content + b"!")]
    return create_scene(
        **{
            "farm": farm,
            "files": files,
            "requested_by": None,
            "ndvi": ndvi,
            "store": store,
            **values,
        }
    )
