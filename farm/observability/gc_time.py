"""What garbage collections cost: they fall on whichever request or job sets one off."""

from __future__ import annotations

import gc
import os
import threading
import time

from farm.observability.metrics import GC_COLLECTIONS, GC_SECONDS

GENERATIONS = 3


class GarbageCollections:
    """Notes each collection of this process, and counts what was noted when asked to.

    A collection may begin between any two instructions, also while the thread holds the lock of a
    metric. So the callback touches no metric: that would wait for its own lock for ever.
    """

    def __init__(self) -> None:
        """Nothing noted yet."""
        self._began_ns = 0
        self._noted_ns = [0] * GENERATIONS
        self._noted = [0] * GENERATIONS
        self._counted_ns = [0] * GENERATIONS
        self._counted = [0] * GENERATIONS
        self._is_news = False
        self._lock = threading.Lock()
        self._seconds = [GC_SECONDS.labels(str(it)) for it in range(GENERATIONS)]
        self._collections = [GC_COLLECTIONS.labels(str(it)) for it in range(GENERATIONS)]

    def begin(self) -> None:
        """Note collections from now on."""
        gc.callbacks.append(self._note)
        os.register_at_fork(after_in_child=self._forget)

    def end(self) -> None:
        """Note no more."""
        gc.callbacks.remove(self._note)

    def count(self) -> None:
        """Add what was noted since the last time to the metrics."""
        if not self._is_news:
            return
        with self._lock:
            self._is_news = False
            for generation in range(GENERATIONS):
                noted, noted_ns = self._noted[generation], self._noted_ns[generation]
                if noted > self._counted[generation]:
                    self._collections[generation].inc(noted - self._counted[generation])
                    self._seconds[generation].inc((noted_ns - self._counted_ns[generation]) / 1e9)
                    self._counted[generation] = noted
                    self._counted_ns[generation] = noted_ns

    def _note(self, phase: str, about: dict[str, int]) -> None:
        # Only one collection runs at a time, and it stays in its thread.
        if phase == "start":
            self._began_ns = time.thread_time_ns()
        else:
            generation = about["generation"]
            self._noted_ns[generation] += time.thread_time_ns() - self._began_ns
            self._noted[generation] += 1
            self._is_news = True

    def _forget(self) -> None:
        # What the parent has noted the parent counts.
        self._lock = threading.Lock()
        self._counted[:] = self._noted
        self._counted_ns[:] = self._noted_ns


collections = GarbageCollections()
