"""An NDVI service in memory on a real socket, and a client of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.clients.channel import channel_to, close_channels
from farm.clients.fakes import InMemoryNdvi, serving
from farm.clients.ndvi import NdviClient

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def service() -> InMemoryNdvi:
    return InMemoryNdvi()


@pytest.fixture
def target(service: InMemoryNdvi) -> Iterator[str]:
    with serving(service) as target:
        yield target
        close_channels()


@pytest.fixture
def client(target: str) -> NdviClient:
    return NdviClient(channel_to(target))
