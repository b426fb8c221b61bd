"""One furrow-ndvi for all tests of a file that share it; a file of its own store, no data between.

``running`` of ``ndvi_binary`` gives a test a service of its own instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.accounts.models import User
from farm.clients.channel import channel_to, close_channels
from farm.clients.ndvi import NdviClient
from farm.farms.models import Farm, Membership, Role
from farm.imagery.models import SceneState
from tests.contract.farm_site import MAX_GROWTH_BYTES, Site, good_files, square
from tests.contract.ndvi_binary import service_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django.fixtures import Settings
    from rest_framework.test import APIClient

    from tests.contract.ndvi_binary import RunningService


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the shared service's object store."""
    return tmp_path_factory.mktemp("contract") / "store"


@pytest.fixture(scope="module")
def shared_service(shared_store: Path) -> Iterator[RunningService]:
    """A furrow-ndvi over ``shared_store``."""
    with service_over(shared_store) as service:
        yield service
        close_channels()


@pytest.fixture(scope="module")
def shared_ndvi(shared_service: RunningService) -> NdviClient:
    """A client of ``shared_service``."""
    return NdviClient(channel_to(shared_service.target))


@pytest.fixture(scope="module")
def peak_before(shared_service: RunningService) -> dict[str, int]:
    """The most memory that the service had before anything bad came; filled by ``site``."""
    return {}


@pytest.fixture
def site(
    api_client: APIClient,
    user: User,
    shared_store: Path,
    shared_service: RunningService,
    peak_before: dict[str, int],
    settings: Settings,
) -> Site:
    """A farm with a field and a good scene, served by the shared service."""
    settings.STORE_ROOT = shared_store
    settings.NDVI_TARGET = shared_service.target
    farm = Farm.objects.create(name="Hill Farm")
    Membership.objects.create(farm=farm, user=user, role=Role.MANAGER)
    site = Site(client=api_client, farm=farm, store=shared_store, service=shared_service)
    assert site.draw(square()).status_code == 201
    site.scene = site.read_scene(site.send(good_files()))
    assert site.scene.state == SceneState.READY
    peak_before.setdefault("bytes", shared_service.peak_memory_bytes())
    return site


@pytest.fixture
def unharmed(site: Site, peak_before: dict[str, int]) -> Iterator[None]:
    """Whatever the test sends: nothing of it is stored, memory stays, the next request works."""
    before = site.snapshot()
    yield
    assert site.snapshot() == before
    growth = site.service.peak_memory_bytes() - peak_before["bytes"]
    assert growth < MAX_GROWTH_BYTES, f"{growth >> 20} MiB more than before anything bad came"
    site.assert_serving(day=26)
