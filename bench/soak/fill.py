"""Fill the stack that is soaked: a farm of simulated scenes, read by the real furrow-ndvi.

Prints one line of JSON: what the requests need.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import django

django.setup()

import shapely  # noqa: E402
from django.core.management import call_command  # noqa: E402

from farm.accounts.models import Scope, User  # noqa: E402
from farm.accounts.principal import Principal  # noqa: E402
from farm.accounts.services import create_key  # noqa: E402
from farm.clients.ndvi import ndvi_client  # noqa: E402
from farm.demo.folder import read_folder  # noqa: E402
from farm.demo.generate import generate_demo  # noqa: E402
from farm.demo.loading import load_folder  # noqa: E402
from farm.farms.services import create_farm  # noqa: E402
from farm.fields.models import Field  # noqa: E402
from farm.imagery.ingest import ingest_scene  # noqa: E402
from farm.imagery.storage import object_store  # noqa: E402

DATES = 6


def main() -> None:
    """Make everything."""
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user(username="owner", password=None)
    farm = create_farm(owner=owner, name="Soaked farm", is_demo=True)
    with tempfile.TemporaryDirectory() as name:
        generate_demo(out=Path(name), dates=DATES)
        loaded = load_folder(
            farm=farm,
            contents=read_folder(Path(name)),
            requested_by=owner,
            ndvi=ndvi_client(),
            store=object_store(),
            on_scene=lambda done, total, name: None,
        )
    for scene in loaded.scenes:
        ingest_scene(scene=scene, ndvi=ndvi_client())
    key = create_key(principal=Principal(user=owner), name="soak", scopes=[Scope.READ.value])
    fields = list(Field.objects.filter(farm=farm).order_by("pk"))
    print(
        json.dumps(
            {
                "farm": farm.pk,
                "key": key.text,
                "fields": [field.pk for field in fields],
                "outlines": [
                    json.loads(shapely.to_geojson(shapely.from_wkb(bytes(field.outline_wkb))))
                    for field in fields
                ],
            }
        )
    )


main()
