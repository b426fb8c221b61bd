"""The real furrow-ndvi over a folder of scenes: a fresh process a round, called over its socket."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bench.machine import cpu_s, memory_mib
from bench.scene.generated import OFFSET, SCL_MASKED, Scene, chosen
from farm.rpc.common.v1 import common_pb2
from farm.rpc.ndvi.v1 import ndvi_pb2, ndvi_pb2_grpc

READY_WITHIN_S = 20.0
CALL_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Service:
    """A furrow-ndvi that answers."""

    stub: Any
    process: int

    def peak_mib(self) -> float:
        """The most that the process ever had in memory."""
        return memory_mib(self.process, "VmHWM")

    def cpu_s(self) -> float:
        """CPU time that the process has used."""
        return cpu_s(self.process)


@contextmanager
def service(program: Path, store: Path) -> Iterator[Service]:
    """Start the service over a folder, wait until it answers, stop it."""
    with tempfile.TemporaryDirectory(prefix="fu-") as folder:
        target = f"unix:{folder}/ndvi.sock"
        environment = {
            "PATH": os.environ["PATH"],
            "FURROW_NDVI_LISTEN": target,
            "FURROW_NDVI_ADMIN_LISTEN": "127.0.0.1:0",
            "FURROW_STORE_URL": store.resolve().as_uri(),
        }
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program], env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        options = [
            ("grpc.default_authority", "localhost"),
            ("grpc.initial_reconnect_backoff_ms", 50),
            ("grpc.max_send_message_length", 16 << 20),
        ]
        try:
            with grpc.insecure_channel(target, options=options) as channel:
                health: Any = health_pb2_grpc.HealthStub(channel)
                _wait(health, process, log)
                make_stub: Any = ndvi_pb2_grpc.NdviServiceStub  # has no types
                yield Service(make_stub(channel), process.pid)
        finally:
            process.terminate()
            process.wait(READY_WITHIN_S)


def _wait(health: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    request = health_pb2.HealthCheckRequest(service="farm.rpc.ndvi.v1.NdviService")
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"furrow-ndvi did not start:\n{log.read_text()}")
        try:
            if health.Check(request, timeout=1).status == health_pb2.HealthCheckResponse.SERVING:
                return
        except grpc.RpcError:
            pass
        time.sleep(0.02)


def scene_message(scene: Scene) -> ndvi_pb2.Scene:
    """The scene as a request names it; its store is the scene's folder."""

    def band(name: str, path: Path) -> ndvi_pb2.Band:
        return ndvi_pb2.Band(
            name=name,
            object=common_pb2.ObjectRef(key=path.name),
            band_number=1,
            scale=1e-4,
            offset=-OFFSET * 1e-4,
            nodata=0,
        )

    mask = ndvi_pb2.MaskLayer(
        object=common_pb2.ObjectRef(key=scene.classes.name),
        band_number=1,
        classes=ndvi_pb2.ClassRule(masked=SCL_MASKED),
    )
    bands = [band("red", scene.red), band("nir", scene.nir)]
    return ndvi_pb2.Scene(scene_id="bench", bands=bands, masks=[mask])


def index_message() -> ndvi_pb2.IndexFormula:
    """NDVI."""
    return ndvi_pb2.IndexFormula(
        name="ndvi", formula="(nir - red) / (nir + red)", valid_min=-1, valid_max=1
    )


def write_cog(running: Service, scene: Scene, *, encoding: str, compression: str) -> Path:
    """Write the NDVI of the whole scene; gives the file."""
    key = f"derived/ours-{encoding}-{compression}.tif"
    request = ndvi_pb2.WriteIndexRequest(
        scenes=[scene_message(scene)],
        index=index_message(),
        key=key,
        encoding=f"ENCODING_{encoding.upper()}",
        compression=f"COMPRESSION_{compression.upper()}",
    )
    running.stub.WriteIndex(request, timeout=CALL_WITHIN_S)
    return scene.folder / key


def summarize(running: Service, request: ndvi_pb2.SummarizeFieldsRequest) -> dict[int, float]:
    """Mean NDVI of each field; one without a value is left out."""
    answers = running.stub.SummarizeFields(request, timeout=CALL_WITHIN_S)
    return {
        int(answer.field_id): answer.summary.mean
        for answer in answers
        if answer.summary.HasField("mean")
    }


def fields_request(scene: Scene, count: int) -> ndvi_pb2.SummarizeFieldsRequest:
    """What asks for the first fields."""
    fields = [
        ndvi_pb2.FieldOutline(
            field_id=str(field["number"]), outline_wkb=bytes.fromhex(field["wkb"])
        )
        for field in chosen(scene, count)
    ]
    return ndvi_pb2.SummarizeFieldsRequest(
        scenes=[scene_message(scene)], indices=[index_message()], fields=fields
    )
