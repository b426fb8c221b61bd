"""One gRPC channel per process, target and service, made on first use."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import grpc

from farm.clients.breaker import Breaker
from farm.clients.health import is_alive
from farm.clients.interceptor import CallInterceptor
from farm.clients.services import NDVI

if TYPE_CHECKING:
    from farm.clients.services import Service

# A service that restarts is found again within two seconds; grpc alone backs off to two minutes.
RECONNECT_BACKOFF_MS = 200
MAX_RECONNECT_BACKOFF_MS = 2000

_lock = threading.Lock()
_most_calls: int | None = None
_channels: dict[tuple[str, str], grpc.Channel] = {}  # target and full name of the service
# Channels inherited over a fork. They must be neither used nor destroyed in the child: their
# threads live in the parent only, and both would wait for those.
_inherited: list[grpc.Channel] = []


def channel_to(target: str, service: Service = NDVI) -> grpc.Channel:
    """Return this process's channel to a service; each has a breaker and a policy of its own.

    Args:
        target: ``unix:/path`` or ``host:port`` or any other name grpc resolves.
        service: What is served there.
    """
    key = (target, service.full_name)
    with _lock:
        if key not in _channels:
            _channels[key] = _open(target, service)
        return _channels[key]


def bound_calls(most: int) -> None:
    """Let at most so many calls to a service be under way at once; for channels opened later.

    A web server says one less than its threads, so that one is left to read stored numbers.
    """
    global _most_calls
    _most_calls = max(1, most)


def close_channels() -> None:
    """Close this process's channels; the next call opens new ones."""
    with _lock:
        for channel in _channels.values():
            channel.close()
        _channels.clear()


def _open(target: str, service: Service) -> grpc.Channel:
    options: list[tuple[str, str | int]] = [
        ("grpc.max_send_message_length", service.max_send_bytes),
        ("grpc.max_receive_message_length", service.max_receive_bytes),
        ("grpc.service_config", service.retry_policy()),
        ("grpc.enable_retries", 1),
        ("grpc.initial_reconnect_backoff_ms", RECONNECT_BACKOFF_MS),
        ("grpc.min_reconnect_backoff_ms", RECONNECT_BACKOFF_MS),
        ("grpc.max_reconnect_backoff_ms", MAX_RECONNECT_BACKOFF_MS),
        # A proxy named in the environment is for the outside, never for a service of ours.
        ("grpc.enable_http_proxy", 0),
    ]
    if target.startswith("unix:"):
        # Without it grpcio sends the socket's path as authority, which tonic refuses.
        options.append(("grpc.default_authority", "localhost"))
    channel = grpc.insecure_channel(target, options=options)
    # Its own questions go past the interceptor, so that they never wait for their own answer.
    breaker = Breaker(
        service,
        lambda: is_alive(channel, service=service.full_name),
        most_calls=_most_calls,
    )
    return grpc.intercept_channel(channel, CallInterceptor({service.full_name: breaker}))


def _forget_after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    _inherited.extend(_channels.values())
    _channels.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
