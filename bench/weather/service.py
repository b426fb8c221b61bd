"""A furrow-weather of its own to measure, with what it took of the processor and of memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from bench.machine import cpu_s, memory_mib
from farm.rpc.weather.v1 import weather_pb2_grpc

START_WITHIN_S = 20.0
MESSAGE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The running program."""

    pid: int
    address: str  # to dial
    stub: weather_pb2_grpc.WeatherServiceStub

    def cpu_s(self) -> float:
        """CPU seconds that it has taken so far."""
        return cpu_s(self.pid)

    def peak_mib(self) -> float:
        """The most memory it has held so far."""
        return memory_mib(self.pid, "VmHWM")


@contextmanager
def service(program: Path) -> Iterator[Service]:
    """Run the program on a socket of its own until the block ends."""
    with tempfile.TemporaryDirectory(prefix="fw-") as folder:
        address = f"unix:{folder}/weather.sock"
        variables = {
            "PATH": os.environ["PATH"],
            "FURROW_WEATHER_LISTEN": address,
            "FURROW_WEATHER_ADMIN_LISTEN": "127.0.0.1:0",
            "FURROW_LOG": "warn",
        }
        process = subprocess.Popen([program], env=variables, stdout=subprocess.DEVNULL)
        try:
            options = [
                ("grpc.default_authority", "localhost"),
                ("grpc.max_send_message_length", MESSAGE_BYTES),
                ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ]
            with grpc.insecure_channel(address, options=options) as channel:
                grpc.channel_ready_future(channel).result(START_WITHIN_S)
                stub = weather_pb2_grpc.WeatherServiceStub(channel)  # type: ignore[no-untyped-call]
                yield Service(pid=process.pid, address=address, stub=stub)
        finally:
            process.terminate()
            process.wait(30)
