"""An S3 server of our own on loopback: moto in a process that can be killed and started again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import requests
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0
BUCKET = "a-farm"
REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "name", "AWS_SECRET_ACCESS_KEY": "hunter2", "AWS_REGION": REGION}


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class S3Server:
    """The server; what it holds is gone when it is killed."""

    def __init__(self) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it with an empty bucket, and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            env={"PATH": os.environ["PATH"], "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(64 << 20)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            assert self._process.poll() is None, "the S3 server ended"
            assert time.monotonic() < deadline, "the S3 server does not answer"
            # It has no other sign than its answer; the pause only spares the processor.
            time.sleep(0.05)
        self.client().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.endpoint}/moto-api/", timeout=1).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_WITHIN_S)
            self._process = None

    @cache  # noqa: B019 - there are few servers, and each lives as long as its client
    def client(self) -> Any:
        """Speak to it directly."""
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            config=Config(s3={"addressing_style": "path"}),
        )

    def keys(self, prefix: str = "") -> list[str]:
        """The keys of all objects, and of uploads that nobody ended."""
        client = self.client()
        found = client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        listed = client.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix)
        parts = listed.get("Uploads", [])
        return sorted([one["Key"] for one in found] + [f"{one['Key']} (parts)" for one in parts])


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run a server for as long as the block lasts."""
    server = S3Server()
    try:
        server.start()
        yield server
    finally:
        server.kill()
