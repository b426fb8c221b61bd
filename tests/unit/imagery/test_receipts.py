"""Receipts tell where a number comes from, and no secret."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from farm.farms.models import Farm
from farm.imagery.catalogue import index_named
from farm.imagery.domain import Grid
from farm.imagery.receipts import public_address, receipt
from tests.unit.imagery.observation_making import make_scene


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://tiles.example/a/B04.tif", "https://tiles.example/a/B04.tif"),
        ("https://tiles.example:8443/B04.tif?sig=secret&x=1", "https://tiles.example:8443/B04.tif"),
        ("https://ada:secret@tiles.example/B04.tif#secret", "https://tiles.example/B04.tif"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_secret(url: str, shown: str) -> None:
    assert public_address(url) == shown


def test_a_receipt_of_a_signed_address_holds_no_signature(hill_farm: Farm) -> None:
    scene = make_scene(hill_farm)
    scene.assets.update(object_key="", url="https://tiles.example/B04.tif?sig=secret")
    grid = Grid(epsg=32631, width=1, height=1, geotransform=(0, 10, 0, 0, 0, -10))

    made = receipt(
        scenes=[scene],
        index=index_named("ndvi"),
        grid=grid,
        engine_version="1",
        computed_at=datetime(2024, 7, 1, tzinfo=UTC),
    )

    assert "https://tiles.example/B04.tif" in str(made)
    assert "secret" not in str(made)
