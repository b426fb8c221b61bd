"""``manage.py ingest_folder --farm <id or name> <folder>``: the user's own fields and scenes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from farm.clients.ndvi import ndvi_client
from farm.demo.folder import read_folder
from farm.demo.loading import load_folder
from farm.errors import FarmError
from farm.farms.models import Farm, Membership, Role
from farm.imagery.storage import object_store

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from farm.accounts.models import User

TELL_EVERY = 10


class Command(BaseCommand):
    """Goes the way of the API: the same checks, the same jobs, in the name of an owner."""

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
            loaded = load_folder(
                farm=farm,
                contents=contents,
                requested_by=_owner(farm),
                ndvi=ndvi_client(),
                store=object_store(),
                on_scene=self._tell,
            )
        except FarmError as error:
            raise CommandError(error.detail) from error
        for name, why in loaded.refused:
            self.stderr.write(f"{name} was refused: {why}")
        self.stdout.write(
            f"{loaded.field_count} fields and {len(loaded.scenes)} scenes; "
            f"{len(loaded.refused)} scenes were refused."
        )
        if not loaded.scenes:
            msg = "Every scene was refused."
            raise CommandError(msg)

    def _tell(self, done: int, total: int, name: str) -> None:
        if done % TELL_EVERY == 0 or done == total:
            self.stdout.write(f"{done} of {total} scenes, the last {name}.")


def _farm(given: str) -> Farm:
    by = {"pk": int(given)} if given.isdigit() else {"name": given}
    found = list(Farm.objects.filter(**by)[:2])
    if len(found) != 1:
        several = f"Several farms are named “{given}”; give the id."
        raise CommandError(several if found else f"There is no farm “{given}”.")
    return found[0]


def _owner(farm: Farm) -> User:
    membership = (
        Membership.objects.filter(farm=farm, role=Role.OWNER).select_related("user").first()
    )
    if membership is None:
        msg = f"The farm “{farm.name}” has no owner, in whose name the files could be taken in."
        raise CommandError(msg)
    return membership.user
