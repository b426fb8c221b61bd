"""How tests call furrow-metrics: past breakers and retries, which would hide what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from tests.contract.metrics.metrics_process import MetricsProcess


def dialled(service: MetricsProcess) -> grpc.Channel:
    """Open a channel of its own; it closes at the end of a ``with``."""
    # Without the option grpcio sends the socket's path as authority, which tonic refuses.
    return grpc.insecure_channel(service.target, options=[("grpc.default_authority", "localhost")])
