"""Rows for the tests of indices: the least that a farm with observations needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from farm.farms.models import Farm, Membership, Role
from farm.fields.models import Field
from farm.geo import outline_of_geojson
from farm.imagery.models import AssetRole, Observation, Platform, Scene, SceneAsset, SceneState

if TYPE_CHECKING:
    from farm.accounts.models import User

NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)
# A pass over Belgium: 10:40 UTC is 10:52 by the sun at 3° east.
PASS = datetime(2024, 6, 25, 10, 40, tzinfo=UTC)
RECEIPT = {"mask": "SCL classes 4, 5, 6 and 7 are kept.", "formula": "(nir - red) / (nir + red)"}


def make_farm(user: User | None = None, *, role: Role = Role.VIEWER, **values: Any) -> Farm:
    """A farm that ``user`` is a member of."""
    farm = Farm.objects.create(**{"name": "Hill Farm"} | values)
    if user is not None:
        Membership.objects.create(farm=farm, user=user, role=role)
    return farm


def square(lon: float, lat: float, size: float = 0.002) -> dict[str, Any]:
    """A GeoJSON square with its south-west corner at a position, sides in degrees."""
    east, north = lon + size, lat + size
    corners = [[lon, lat], [east, lat], [east, north], [lon, north], [lon, lat]]
    return {"type": "Polygon", "coordinates": [corners]}


def make_field(farm: Farm, name: str = "North", *, lon: float = 3.0, lat: float = 51.0) -> Field:
    """A square field of about 3 ha, with its south-west corner at a position."""
    outline = outline_of_geojson(square(lon, lat))
    return Field.objects.create(
        farm=farm,
        name=name,
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


def make_scene(
    farm: Farm,
    *,
    acquired_at: datetime = PASS,
    bands: tuple[str, ...] = ("red", "nir"),
    **values: Any,
) -> Scene:
    """A ready Sentinel-2 scene over the fields of ``make_field``."""
    number = Scene.objects.count() + 1
    scene = Scene.objects.create(
        **{
            "farm": farm,
            "name": f"scene-{number}",
            "platform": Platform.SENTINEL_2,
            "acquired_at": acquired_at,
            "state": SceneState.READY,
            "scale": 0.0001,
            "offset": -0.1,
            "content_sha256": f"{number:064x}",
            "epsg": 32631,
            "west": 2.9,
            "south": 50.9,
            "east": 3.2,
            "north": 51.1,
        }
        | values
    )
    assets = [(AssetRole.BAND, name, 10.0, "uint16") for name in bands]
    for role, name, pixel_size, data_type in [*assets, (AssetRole.MASK, "scl", 20.0, "uint8")]:
        SceneAsset.objects.create(
            scene=scene,
            role=role,
            name=name,
            object_key=f"scenes/{farm.pk}/{scene.content_sha256}/{name}.tif",
            pixel_size=pixel_size,
            data_type=data_type,
        )
    return scene


def make_observation(field: Field, scene: Scene, **values: Any) -> Observation:
    """A clear look at the whole of a field; ``mean=None`` makes it a cloudy one."""
    numbers: dict[str, Any] = {
        "index": "ndvi",
        "acquired_at": scene.acquired_at,
        "mean": 0.6,
        "standard_deviation": 0.1,
        "minimum": 0.2,
        "maximum": 0.9,
        "median": 0.62,
        "p10": 0.4,
        "p90": 0.8,
        "histogram": [0.0, 100.0, 0.0],
        "covered_pixels": 300.0,
        "covered_area_m2": 30_000.0,
        "outline_area_m2": 30_000.0,
        "effective_pixels": 300.0,
        "valid_share": 1.0,
        "clear_share": 1.0,
        "edge_share": 0.1,
        "outline_sha256": field.outline_sha256,
        "receipt": RECEIPT | {"scene": {"id": scene.pk}},
    }
    if "mean" in values and values["mean"] is None:
        empty = ("standard_deviation", "minimum", "maximum", "median", "p10", "p90")
        numbers |= dict.fromkeys(empty) | {
            "valid_share": 0.0,
            "clear_share": 0.0,
            "effective_pixels": 0.0,
        }
    return Observation.objects.create(field=field, scene=scene, **numbers | values)


def days(count: float) -> timedelta:
    """So many days."""
    return timedelta(days=count)
