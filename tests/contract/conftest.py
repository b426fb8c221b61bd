"""One furrow-ndvi for all tests of a file that share it; a file of its own store, no data between.

``running`` of ``ndvi_binary`` gives a test a service of its own instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.clients.channel import channel_to, close_channels
from farm.clients.ndvi import NdviClient
from tests.contract.ndvi_binary import service_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
