"""Sound documents with one value changed to something odd: accepted or refused, never a fault."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.farm_site import square

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.farm_site import Site

pytestmark = pytest.mark.django_db

CHANGES_OF_EACH = 250
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 7, 2**63, 10**400, 1e308, float("inf")),
    *("", "x" * 5000, "\0", "\ud800", "…", "2024-02-30", "https://[bad/a.tif", "../../a.tif"),
    *([], {}, [[]], [None], [{}], {"type": []}, {"": ""}, [[[[[[1]]]]]]),
)

STAC = {
    "type": "Feature",
    "id": "S2A_31UES_20180420_0_L2A",
    "collection": "sentinel-2-l2a",
    "properties": {
        "datetime": "2018-04-20T10:56:19Z",
        "platform": "sentinel-2a",
        "constellation": "sentinel-2",
        "s2:processing_baseline": "05.09",
        "s2:product_uri": "S2A_MSIL2A_20180420T105619_N0509_R094_T31UES.SAFE",
        "earthsearch:boa_offset_applied": True,
        "eo:cloud_cover": 3.5,
        "proj:epsg": 32631,
        "landsat:collection_number": "02",
        "landsat:correction": "L2SP",
    },
    "assets": {
        "red": {
            "href": "https://example.org/B04.tif",
            "roles": ["data"],
            "eo:bands": [{"name": "B04", "common_name": "red"}],
            "raster:bands": [{"scale": 0.0001, "offset": -0.1, "nodata": 0}],
            "proj:transform": [10, 0, 501360, 0, -10, 5629680],
            "gsd": 10,
        },
        "nir": {"href": "https://example.org/B08.tif", "bands": [{"name": "nir"}]},
    },
}
FEATURE = {
    "type": "Feature",
    "id": "a",
    "properties": {"name": "New", "crop": "oats", "external_id": "7"},
    "geometry": square(),
}
DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a STAC item": ("scenes", {"stac_item": STAC, "name": "April"}),
    "a list of bands": (
        "scenes",
        {
            "platform": "sentinel-2",
            "acquired_at": "2018-04-20T10:56:19Z",
            "assets": [{"name": "red", "url": "https://example.org/10m.tif", "band": 3}],
            "bands": {"red": {"file": "10m.tif", "band": 3}},
            "scale_override": 0.0001,
            "offset_override": 0,
            "is_simulated": False,
        },
    ),
    "a field": ("fields", FEATURE),
    "many fields": (
        "fields",
        {"type": "FeatureCollection", "name": "fields", "features": [FEATURE, FEATURE]},
    ),
    "statistics": (
        "statistics",
        {
            "index": "ndvi",
            "farm": 1,
            "from": "2024-06-01",
            "to": "2024-06-30",
            "max_scenes": 1,
            "outlines": {"type": "FeatureCollection", "features": [FEATURE]},
        },
    ),
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Paths of all values within a document."""
    members: Any = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for key, member in members:
        yield (*path, key)
        yield from places(member, (*path, key))


def changed(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> str:
    copied: Any = copy.deepcopy(document)
    inner = copied
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(copied)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_no_odd_value_anywhere_makes_the_api_fail(site: Site, kind: str) -> None:
    where, document = DOCUMENTS[kind]
    if "farm" in document:
        document = {**document, "farm": site.farm.pk}
    addresses = {
        "scenes": site.scenes_url,
        "fields": f"/api/v1/farms/{site.farm.pk}/fields/",
        "statistics": "/api/v1/statistics/",
    }
    chosen = random.Random(kind)  # noqa: S311 - the same changes each time
    every = [(path, value) for path in places(document) for value in ODD]
    site.client.raise_request_exception = False

    faults = []
    for path, value in chosen.sample(every, min(len(every), CHANGES_OF_EACH)):
        body = changed(document, path, value)
        answer = site.client.post(addresses[where], body, content_type="application/json")
        if answer.status_code >= 500:
            faults.append((path, repr(value)[:40], answer.status_code))
        elif answer.status_code >= 400:
            assert answer["Content-Type"].startswith("application/problem+json")
            assert answer.json()["detail"]

    assert faults == []
    site.assert_serving(day=26)
