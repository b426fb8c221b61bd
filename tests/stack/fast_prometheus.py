"""A Prometheus beside a running stack: the configuration as it is, with seconds for minutes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from stacks import ROOT, RunningStack, free_ports, wait_until

EVERY_S = 1


class Prometheus:
    """Asks the server over HTTP."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, path: str, **parameters: str | float) -> Any:
        """The data of an answer.

        Raises:
            ValueError: The server refuses the question; with its reason.
        """
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request("GET", f"/api/v1/{path}?{urlencode(parameters)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if answer["status"] != "success":
            raise ValueError(answer["error"])
        return answer["data"]

    def instant(self, expr: str) -> list[dict[str, Any]]:
        """What an expression gives now; a number alone counts as one series."""
        data = self.ask("query", query=expr)
        if data["resultType"] == "scalar":
            return [{"metric": {}, "value": data["result"]}]
        return list(data["result"])

    def over_time(self, expr: str, *, start: float, end: float) -> list[dict[str, Any]]:
        """What an expression gives every two seconds, up to the end."""
        start = end - (end - start) // 2 * 2
        data = self.ask("query_range", query=expr, start=start, end=end, step=2)
        return list(data["result"])

    def names(self) -> set[str]:
        """Every metric it has."""
        return set(self.ask("label/__name__/values"))


@contextmanager
def fast_prometheus(stack: RunningStack, folder: Path) -> Iterator[Prometheus]:
    """Scrape the stack every second and work the rules out as often.

    Args:
        stack: What is scraped.
        folder: An empty folder of its own.
    """
    (port,) = free_ports(1)
    _write_configuration(stack, folder, port=port)
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'series'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until(lambda: _is_ready(port), within_s=20, what="Prometheus")
        prometheus = Prometheus(port)
        # Some seconds after it is ready; what rises before that is no rise to it.
        jobs = {
            path.stem for path in (folder / "targets").iterdir() if json.loads(path.read_text())
        }
        wait_until(lambda: jobs <= _scraped(prometheus), within_s=20, what="a first scrape of all")
        yield prometheus
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _write_configuration(stack: RunningStack, folder: Path, *, port: int) -> None:
    written = stack.config.prometheus_dir
    text = (ROOT / "prometheus.yml").read_text()
    text = re.sub(r"_interval: \d+s", f"_interval: {EVERY_S}s", text)
    text = re.sub(r"_timeout: \d+s", f"_timeout: {EVERY_S}s", text)
    (folder / "prometheus.yml").write_text(text)
    shutil.copytree(written / "targets", folder / "targets")
    (folder / "targets" / "prometheus.json").write_text(
        json.dumps([{"targets": [f"127.0.0.1:{port}"]}])
    )
    (folder / "rules").mkdir()
    for rules in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"):
        faster = re.sub(r"\binterval: \d+[sm]\b", f"interval: {2 * EVERY_S}s", rules.read_text())
        (folder / "rules" / rules.name).write_text(faster)


def _scraped(prometheus: Prometheus) -> set[str]:
    return {series["metric"]["job"] for series in prometheus.instant("up == 1")}


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
