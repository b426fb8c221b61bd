"""Somebody who uses a running stack from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from types import MappingProxyType
from typing import Any

from stacks import RunningStack

from farm.demo.logins import kept_logins


class Visitor:
    """Somebody at the plain HTTP address, signed in or not."""

    def __init__(self, stack: RunningStack, username: str | None = None) -> None:
        self._port = stack.config.ports.http.number
        self._headers: dict[str, str] = {}
        if username:
            logins = kept_logins(stack.config.data_dir / "demo-logins.txt")
            token = self.post(
                "/api/v1/auth/token/", {"username": username, "password": logins[username]}
            )
            self._headers["Authorization"] = f"Bearer {token['access']}"

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=40)
        try:
            connection.request(method, path, body, {**self._headers, **headers})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        status, _, body = self.ask("GET", path)
        assert status == 200, body
        return json.loads(body)

    def post(self, path: str, values: dict[str, Any]) -> Any:
        status, _, body = self.ask(
            "POST", path, json.dumps(values).encode(), headers={"Content-Type": "application/json"}
        )
        assert status in {200, 201}, body
        return json.loads(body)
