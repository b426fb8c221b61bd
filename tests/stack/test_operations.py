"""The operations page of a running stack: what its traffic cost, and what is left without it."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from stack import parts
from stacks import ROOT, RunningStack, running_stack, wait_until
from visitor import Visitor

from farm.demo.logins import ADMIN, OWNER, kept_logins

PAGE = "/admin/operations/?window=5m"


class AdminVisitor:
    """Somebody who has logged in at the admin of a stack."""

    def __init__(self, stack: RunningStack, username: str, password: str) -> None:
        self._port = stack.config.ports.http.number
        self._cookies: dict[str, str] = {}
        _, form = self.ask("GET", "/admin/login/")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert found
        fields = {"csrfmiddlewaretoken": found[1], "username": username, "password": password}
        status, page = self.ask("POST", "/admin/login/?next=/admin/", urlencode(fields))
        assert status == 302, page

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection("127.0.0.1", self._port, timeout=40)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self._cookies[key] = rest.partition(";")[0]
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def page(self, path: str) -> str:
        status, text = self.ask("GET", path)
        assert status == 200, text
        return text


def rows(page: str) -> Iterator[list[str]]:
    """Texts of the cells of each row of each table."""
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.S):
        yield [
            html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell))).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]


def measured(page: str) -> dict[str, tuple[str, str]]:
    """Route → its runtime and its mean CPU, of those that have one."""
    return {
        cells[0]: (cells[2], cells[10])
        for cells in rows(page)
        if len(cells) == 13 and cells[2] in {"python", "rust"} and cells[10] not in {"–", "0"}
    }


@pytest.fixture(scope="module")
def admin(stack: RunningStack) -> AdminVisitor:
    logins = kept_logins(stack.config.data_dir / "demo-logins.txt")
    return AdminVisitor(stack, ADMIN, logins[ADMIN])


def test_after_traffic_it_shows_routes_of_both_runtimes_with_their_cpu(
    stack: RunningStack, admin: AdminVisitor
) -> None:
    owner = Visitor(stack, OWNER)
    (farm,) = owner.get("/api/v1/farms/")["results"]
    field = owner.get(f"/api/v1/farms/{farm['id']}/fields/")["features"][0]["id"]

    def is_shown() -> bool:
        # Some traffic between any two samples.
        owner.get("/api/v1/farms/")
        assert owner.ask("GET", f"/api/v1/fields/{field}/indices/ndvi/raster.png")[0] == 200
        found = measured(admin.page(PAGE))
        runtimes = {runtime for runtime, _ in found.values()}
        return "/api/v1/farms/" in found and runtimes == {"python", "rust"}

    wait_until(is_shown, within_s=60, what="CPU of routes of both runtimes")

    page = admin.page(PAGE)
    services = {cells[0]: cells for cells in rows(page) if len(cells) == 9}
    assert services["furrow-ndvi"][1] == "Serving"
    assert services["furrow-metrics"][1] == "Serving"
    # Python's processes, seen in /proc by the slots they hold: those that have counted something.
    for name in ("furrow-web", "furrow-worker"):
        assert services[name][1] == "Up"
        assert int(services[name][3]) >= 1
        assert services[name][7].endswith("iB")
    jobs = {cells[0]: cells for cells in rows(page) if len(cells) == 7}
    assert int(jobs["read a scene"][4]) >= 1


def test_the_admins_first_page_leads_there(admin: AdminVisitor) -> None:
    assert 'href="/admin/operations/"' in admin.page("/admin/")


@contextmanager
def held_still(pid: int) -> Iterator[None]:
    """A process that lives and does nothing."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def ready(stack: RunningStack) -> tuple[int, list[str]]:
    """What Django itself says, past Caddy."""
    connection = HTTPConnection("127.0.0.1", stack.config.ports.web.number, timeout=20)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        parts = json.loads(answer.read())["parts"]
        return answer.status, [part["name"] for part in parts]
    finally:
        connection.close()


def test_without_furrow_metrics_the_site_goes_on_and_the_page_says_so(short_folder: Path) -> None:
    with running_stack(short_folder, demo=False) as stack:
        password = superuser(stack)
        admin = AdminVisitor(stack, "root", password)

        with held_still(min(stack.pids("furrow-metrics"))):
            assert ready(stack) == (200, ["database", "furrow-ndvi", "furrow-weather"])
            began = time.monotonic()
            page = admin.page(PAGE)
            seconds = time.monotonic() - began

        assert "There are no figures of requests and services now" in page
        assert any(cells[0] == "read a scene" for cells in rows(page))
        assert seconds < 15, "the deadlines of its questions together, and room to spare"
        wait_until(
            lambda: "There are no figures" not in admin.page(PAGE), within_s=30, what="the figures"
        )


def superuser(stack: RunningStack) -> str:
    """Make the first person of an empty stack, as its welcome says; returns the password."""
    password = "correct horse battery staple"
    who = ("--no-input", "--username", "root", "--email", "root@example.org")
    subprocess.run(
        [sys.executable, ROOT / "manage.py", "createsuperuser", *who],
        env={**parts.environment(stack.config), "DJANGO_SUPERUSER_PASSWORD": password},
        check=True,
        capture_output=True,
    )
    return password
