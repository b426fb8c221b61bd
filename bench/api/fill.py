"""Fill the database of the measurement: a farm with two years of observations, and credentials.

Usage: bench/api/fill.py [SCENES]. Prints one line of JSON: what the requests need.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from farm.accounts.models import Scope, User  # noqa: E402
from farm.accounts.principal import Principal  # noqa: E402
from farm.accounts.services import create_key  # noqa: E402
from farm.accounts.tokens import issue_tokens  # noqa: E402
from farm.farms.models import Membership, Role  # noqa: E402
from farm.farms.services import create_farm  # noqa: E402
from farm.fields.models import Field  # noqa: E402
from farm.geo import outline_of_geojson  # noqa: E402
from farm.imagery.catalogue import catalogue  # noqa: E402
from farm.imagery.domain import Grid  # noqa: E402
from farm.imagery.models import (  # noqa: E402
    AssetRole,
    Observation,
    Platform,
    Scene,
    SceneAsset,
    SceneState,
)
from farm.imagery.receipts import receipt  # noqa: E402

FIELDS = 40
SCENES = int(sys.argv[1]) if len(sys.argv) > 1 else 146  # two years, one each five days
INDICES = ("ndvi", "evi", "ndmi")
GRID = Grid(epsg=32631, width=10980, height=10980, geotransform=(499980, 10, 0, 5700000, 0, -10))


def main() -> None:
    """Make everything."""
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user(username="owner", password=None)
    reader = User.objects.create_user(username="reader", password=None)
    farm = create_farm(owner=owner, name="Bench farm", is_demo=False)
    Membership.objects.create(farm=farm, user=reader, role=Role.VIEWER)
    fields = [make_field(farm.pk, number) for number in range(FIELDS)]
    now = timezone.now()
    for number in range(SCENES):
        make_scene(farm.pk, fields, number, acquired_at=now - timedelta(days=5 * number + 2))
    key = create_key(
        principal=Principal(user=reader),
        name="bench",
        scopes=[Scope.READ.value],
        farm=None,
        expires_at=None,
    )
    tokens = issue_tokens(user=reader)
    print(
        json.dumps(
            {
                "farm": farm.pk,
                "field": fields[0].pk,
                "key": key.text,
                "token": tokens.access,
                "observations": Observation.objects.count(),
            }
        )
    )


def make_field(farm_id: int, number: int) -> Field:
    """A field of about 3 ha, beside the others."""
    west, south, side = 3.0 + number % 8 / 200, 51.0 + number // 8 / 200, 0.002
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    outline = outline_of_geojson({"type": "Polygon", "coordinates": [ring]})
    return Field.objects.create(
        farm_id=farm_id,
        name=f"Field {number}",
        outline_wkb=outline.wkb,
        outline_sha256=outline.sha256,
        area_m2=outline.area_m2,
        perimeter_m=outline.perimeter_m,
        west=outline.west,
        south=outline.south,
        east=outline.east,
        north=outline.north,
        centroid_lon=outline.centroid_lon,
        centroid_lat=outline.centroid_lat,
    )


def make_scene(farm_id: int, fields: list[Field], number: int, *, acquired_at: datetime) -> None:
    """A scene with its bands and a number of each index for each field."""
    scene = Scene.objects.create(
        farm_id=farm_id,
        name=f"S2A_MSIL2A_{number:04}",
        platform=Platform.SENTINEL_2,
        acquired_at=acquired_at,
        state=SceneState.READY,
        scale=0.0001,
        offset=-0.1,
        radiometry_verdict="consistent",
        radiometry_source="product metadata",
        processing_baseline="05.10",
        content_sha256=f"{number:064x}",
        epsg=32631,
        west=2.9,
        south=50.9,
        east=3.2,
        north=51.1,
    )
    for role, name in [
        *((AssetRole.BAND, band) for band in ("blue", "red", "nir", "swir16")),
        (AssetRole.MASK, "scl"),
    ]:
        SceneAsset.objects.create(
            scene=scene,
            role=role,
            name=name,
            object_key=f"scenes/{farm_id}/{scene.content_sha256}/{name}.tif",
            pixel_size=10.0,
            data_type="uint16",
        )
    rows = []
    for index in INDICES:
        document = receipt(
            scenes=[scene],
            index=catalogue().indices[index],
            grid=GRID,
            engine_version="bench",
            computed_at=timezone.now(),
        )
        for place, field in enumerate(fields):
            mean = 0.3 + (number * 7 + place * 3) % 50 / 100
            rows.append(
                Observation(
                    field=field,
                    scene=scene,
                    index=index,
                    acquired_at=scene.acquired_at,
                    mean=mean,
                    standard_deviation=0.1,
                    minimum=mean - 0.2,
                    maximum=mean + 0.2,
                    median=mean,
                    p10=mean - 0.1,
                    p90=mean + 0.1,
                    histogram=[0.0] * 25 + [13.37, 101.25, 140.5, 31.0] + [0.0] * 11,
                    covered_pixels=312.4,
                    covered_area_m2=31_240.0,
                    outline_area_m2=31_240.0,
                    effective_pixels=312.4,
                    valid_share=1.0 if (number + place) % 3 else 0.3,
                    clear_share=1.0,
                    edge_share=0.12,
                    outline_sha256=field.outline_sha256,
                    receipt=document,
                )
            )
    Observation.objects.bulk_create(rows, batch_size=200)


main()
