"""A service in memory, a store of its own, a farm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.clients.channel import channel_to, close_channels
from farm.clients.fakes import InMemoryNdvi, serving
from farm.clients.ndvi import NdviClient
from farm.farms.models import Farm
from farm.imagery.storage import FolderStore
from tests.unit.imagery.scene_making import has_vegetation, knows_sentinel_2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper


@pytest.fixture
def service() -> InMemoryNdvi:
    """An NDVI service that takes every file for Sentinel-2, with ordinary vegetation in it."""
    service = InMemoryNdvi()
    knows_sentinel_2(service)
    has_vegetation(service)
    return service


@pytest.fixture
def ndvi(service: InMemoryNdvi, settings: SettingsWrapper) -> Iterator[NdviClient]:
    """A client of it; views that make their own reach it too."""
    with serving(service) as target:
        settings.NDVI_TARGET = target
        yield NdviClient(channel_to(target))
        close_channels()


@pytest.fixture
def store(tmp_path: Path, settings: SettingsWrapper) -> FolderStore:
    """An empty object store; views that make their own reach it too."""
    settings.STORE_ROOT = tmp_path / "store"
    return FolderStore(tmp_path / "store")


@pytest.fixture
def hill_farm(db: None) -> Farm:
    return Farm.objects.create(name="Hill Farm")
