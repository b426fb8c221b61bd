"""``manage.py ingest_folder --farm <id or name> <folder>``: the user's own fields and scenes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from farm.clients.ndvi import ndvi_client
from farm.demo.folder import read_folder
from farm.errors import FarmError, ServiceUnavailableError
from farm.farms.models import Farm
from farm.fields.bulk import OnError, import_fields
from farm.imagery.scene_details import SceneDetails
from farm.imagery.scene_files import IncomingFile
from farm.imagery.scene_services import create_scene
from farm.imagery.storage import CHUNK_BYTES, object_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.management.base import CommandParser

    from farm.demo.folder import SceneFiles
    from farm.imagery.scene_services import CreatedScene


class Command(BaseCommand):
    """Goes the way of the API: the same checks, the same jobs."""

    help = "Import the fields and scenes of a folder into a farm; jobs then compute the numbers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", type=Path, help="Folder with fields.geojson and GeoTIFFs.")
        parser.add_argument("--farm", required=True, help="Id or name of the farm.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        del args
        farm = _farm(options["farm"])
        try:
            contents = read_folder(options["folder"])
            for note in contents.notes:
                self.stderr.write(note)
            if contents.fields is not None:
                report = import_fields(
                    farm=farm,
                    collection=contents.fields,
                    on_error=OnError.SKIP,
                    requested_by=None,
                )
                for rejected in report.rejected:
                    self.stderr.write(f"Field {rejected.index} was refused: {rejected.detail}")
                self.stdout.write(f"{len(report.imported)} fields.")
            new = refused = 0
            for number, scene in enumerate(contents.scenes, start=1):
                try:
                    created = _send(farm, scene)
                except ServiceUnavailableError:
                    raise
                except FarmError as error:
                    refused += 1
                    self.stderr.write(f"{scene.name} was refused: {error.detail}")
                else:
                    new += created.is_new
                if number % 10 == 0 or number == len(contents.scenes):
                    self.stdout.write(f"{number} of {len(contents.scenes)} scenes.")
        except FarmError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{new} new scenes, {refused} refused.")
        if refused and refused == len(contents.scenes):
            msg = "Every scene was refused."
            raise CommandError(msg)


def _farm(given: str) -> Farm:
    farms = (
        Farm.objects.filter(pk=int(given)) if given.isdigit() else Farm.objects.filter(name=given)
    )
    found = list(farms[:2])
    if len(found) != 1:
        msg = f"There is no farm “{given}”." if not found else f"Several farms are named “{given}”."
        raise CommandError(msg)
    return found[0]


def _send(farm: Farm, scene: SceneFiles) -> CreatedScene:
    return create_scene(
        farm=farm,
        files=[
            IncomingFile(name=file.name, chunks=partial(_chunks, file.path)) for file in scene.files
        ],
        metadata=scene.metadata_files[0].read_bytes() if scene.metadata_files else None,
        details=SceneDetails(
            name=scene.name, acquired_at=scene.acquired_at, is_simulated=scene.is_simulated
        ),
        requested_by=None,
        ndvi=ndvi_client(),
        store=object_store(),
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
