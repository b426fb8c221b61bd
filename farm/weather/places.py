"""Places whose weather is kept: a farm's, and coordinates that somebody asked for."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from farm.errors import InvalidInputError
from farm.fields.models import Field
from farm.weather.models import WeatherFeed, WeatherPlace, WeatherSource
from farm.weather.time_zones import time_zone_at

if TYPE_CHECKING:
    from datetime import datetime

    from farm.farms.models import Farm

# About a kilometre: finer than any provider's grid.
SHARED_DECIMALS = 2
MOST_SHARED = 10_000
KEPT_UNUSED = timedelta(days=7)
# A place that is asked for a hundred times an hour is written once.
USED_EVERY = timedelta(hours=1)
# Farther than this, the weather of providers is another one.
MOVED_KM = 5.0
# Nearer than this, moving is not worth a write.
SETTLED_KM = 0.2
EARTH_RADIUS_KM = 6371.0


def place_of_farm(*, farm: Farm) -> WeatherPlace | None:
    """Return a farm's place; made on first asking, None as long as the farm has no field."""
    place = WeatherPlace.objects.filter(farm=farm).first()
    if place is not None:
        place.farm = farm  # spares whoever asks for its zone a query
        return place
    middle = middle_of_fields(farm=farm)
    if middle is None:
        return None
    longitude, latitude = middle
    place, _ = WeatherPlace.objects.get_or_create(
        farm=farm,
        defaults={
            "longitude": longitude,
            "latitude": latitude,
            "time_zone": time_zone_at(longitude=longitude, latitude=latitude),
        },
    )
    place.farm = farm
    return place


def zone_of(place: WeatherPlace) -> str:
    """Return the IANA zone in which a place's days are cut: the farm's own, else the position's."""
    return (place.farm.time_zone if place.farm else "") or place.time_zone


def shared_place(*, longitude: float, latitude: float) -> WeatherPlace:
    """Return the place of a coordinate, rounded to 0.01°, and note that it was asked for.

    Raises:
        InvalidInputError: The coordinate is none.
    """
    longitude, latitude = checked_position(longitude=longitude, latitude=latitude)
    longitude = round(longitude, SHARED_DECIMALS) + 0.0
    latitude = round(latitude, SHARED_DECIMALS) + 0.0  # adding zero makes -0.0 0.0
    if longitude == 180.0:
        longitude = -180.0
    now = timezone.now()
    place = WeatherPlace.objects.filter(
        farm=None, longitude=longitude, latitude=latitude
    ).first() or _create_shared(longitude=longitude, latitude=latitude, now=now)
    if place.used_at is None or now - place.used_at > USED_EVERY:
        place.used_at = now
        WeatherPlace.objects.filter(pk=place.pk).update(used_at=now)
    return place


def checked_position(*, longitude: float, latitude: float) -> tuple[float, float]:
    """Return longitude and latitude as they came.

    Raises:
        InvalidInputError: One of them is not finite or out of range.
    """
    if not (math.isfinite(longitude) and -180 <= longitude <= 180):
        msg = f"The longitude is {longitude:g}; it must be from -180 to 180 degrees."
        raise InvalidInputError(msg, reason="LONGITUDE_INVALID")
    if not (math.isfinite(latitude) and -90 <= latitude <= 90):
        msg = f"The latitude is {latitude:g}; it must be from -90 to 90 degrees."
        raise InvalidInputError(msg, reason="LATITUDE_INVALID")
    return longitude, latitude


def set_position(
    *, farm: Farm, longitude: float, latitude: float, elevation_m: float | None = None
) -> WeatherPlace:
    """Put a farm's place where a person says, and leave it there whatever its fields do.

    Raises:
        InvalidInputError: The coordinate or the elevation makes no sense.
    """
    checked_position(longitude=longitude, latitude=latitude)
    if elevation_m is not None and not -450 <= elevation_m <= 6500:
        msg = f"The elevation is {elevation_m:g} m; it must be from -450 to 6,500 m."
        raise InvalidInputError(msg, reason="ELEVATION_INVALID")
    with transaction.atomic():
        place, _ = WeatherPlace.objects.select_for_update().get_or_create(
            farm=farm,
            defaults={"longitude": longitude, "latitude": latitude, "time_zone": "UTC"},
        )
        place.is_position_set = True
        if elevation_m is not None:
            place.elevation_m, place.elevation_source = elevation_m, "user"
        _move(place, longitude=longitude, latitude=latitude)
    return place


def settle(place: WeatherPlace) -> bool:
    """Move a farm's place to the middle of its fields, where nobody has put it.

    Returns:
        Whether it moved so far that what providers said of it is of another place. That is deleted
        then, a station's hours are not.
    """
    if place.is_position_set or place.farm is None:
        return False
    middle = middle_of_fields(farm=place.farm)
    if middle is None:
        return False
    with transaction.atomic():
        # Somebody may have put it elsewhere since it was read.
        held = WeatherPlace.objects.select_for_update().filter(pk=place.pk, is_position_set=False)
        if held.first() is None:
            place.refresh_from_db()
            return False
        return _move(place, longitude=middle[0], latitude=middle[1])


def middle_of_fields(*, farm: Farm) -> tuple[float, float] | None:
    """Return longitude and latitude of the fields' centroids, weighted by area; None without any.

    The mean is that of directions from the earth's middle, so the antimeridian is no border.
    """
    fields = Field.objects.filter(farm=farm).order_by()
    x = y = z = 0.0
    for longitude, latitude, area in fields.values_list("centroid_lon", "centroid_lat", "area_m2"):
        meridian, parallel = math.radians(longitude), math.radians(latitude)
        x += area * math.cos(parallel) * math.cos(meridian)
        y += area * math.cos(parallel) * math.sin(meridian)
        z += area * math.sin(parallel)
    if x == y == z == 0.0:
        return None
    longitude, latitude = (
        math.degrees(math.atan2(y, x)),
        math.degrees(math.atan2(z, math.hypot(x, y))),
    )
    return round(longitude, 5), round(latitude, 5)


def distance_km(*, a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance of two positions (longitude, latitude), haversine."""
    (lon_a, lat_a), (lon_b, lat_b) = (tuple(map(math.radians, at)) for at in (a, b))
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def prune_places(*, now: datetime) -> int:
    """Delete shared places that nobody asked for in a week, and the longest unused beyond a bound.

    Returns:
        Number of places deleted.
    """
    shared = WeatherPlace.objects.filter(farm=None)
    deleted = shared.filter(used_at__lt=now - KEPT_UNUSED).delete()[1].get("farm.WeatherPlace", 0)
    beyond = shared.order_by("-used_at", "-pk").values_list("pk", flat=True)[MOST_SHARED:]
    doomed = list(beyond[:MOST_SHARED])
    if doomed:
        WeatherPlace.objects.filter(pk__in=doomed[:500]).delete()
    return deleted + len(doomed[:500])


def _create_shared(*, longitude: float, latitude: float, now: datetime) -> WeatherPlace:
    shared = WeatherPlace.objects.filter(farm=None)
    if shared.count() >= MOST_SHARED:
        oldest = shared.order_by("used_at", "pk").values_list("pk", flat=True)[:100]
        WeatherPlace.objects.filter(pk__in=list(oldest)).delete()
    try:
        with transaction.atomic():
            return WeatherPlace.objects.create(
                longitude=longitude,
                latitude=latitude,
                time_zone=time_zone_at(longitude=longitude, latitude=latitude),
                used_at=now,
            )
    except IntegrityError:  # somebody else asked for it at the same moment
        return shared.get(longitude=longitude, latitude=latitude)


def _move(place: WeatherPlace, *, longitude: float, latitude: float) -> bool:
    km = distance_km(a=(place.longitude, place.latitude), b=(longitude, latitude))
    if km < SETTLED_KM and not place.is_position_set:
        return False
    place.longitude, place.latitude = longitude, latitude
    place.time_zone = time_zone_at(longitude=longitude, latitude=latitude)
    if place.elevation_source != "user" and km > SETTLED_KM:
        place.elevation_m, place.elevation_source = None, ""
    place.save()
    if km < MOVED_KM:
        return False
    place.days.exclude(source=WeatherSource.STATION).delete()
    place.forecasts.all().delete()
    WeatherFeed.objects.filter(place=place).delete()
    return True
