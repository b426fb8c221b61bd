"""A question to a provider, its answer, and the answers that are kept to be polite."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from farm.weather.providers.body import Kind
    from farm.weather.providers.hosts import Host

T = TypeVar("T")

MOST_KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question to a provider."""

    provider: str  # its key, for metrics
    title: str  # its name, for sentences
    product: str
    host: Host
    url: str  # without parameters
    parameters: Mapping[str, str]
    kind: Kind
    cost: float = 1.0  # tokens
    is_kept: bool = False  # asked for again with its date only, and not before it expires
    secret: str = ""  # among the parameters; blotted out of what is quoted

    @property
    def address(self) -> str:
        """The whole address, by which answers are told apart; never shown."""
        return requests.Request("GET", self.url, params=dict(self.parameters)).prepare().url or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """What a reader made of an answer."""

    value: T
    expires_at: datetime | None  # nothing new before


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer that can be given again."""

    value: object  # what the reader of the same question made of it
    last_modified: str  # the header, as it came; may be empty
    expires_at: datetime | None

    def is_fresh(self, now: datetime) -> bool:
        """Say whether its provider has nothing new."""
        return self.expires_at is not None and now < self.expires_at


class KeptAnswers:
    """The last answers of a process, by address."""

    def __init__(self) -> None:
        """Begin without any."""
        self._answers: OrderedDict[str, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, query: Query) -> Kept | None:
        """Return the kept answer, if this question's answers are kept at all."""
        return self._answers.get(query.address) if query.is_kept else None

    def keep(self, query: Query, kept: Kept) -> None:
        """Keep an answer; the oldest goes."""
        if not query.is_kept:
            return
        with self._lock:
            self._answers[query.address] = kept
            self._answers.move_to_end(query.address)
            while len(self._answers) > MOST_KEPT:
                self._answers.popitem(last=False)
