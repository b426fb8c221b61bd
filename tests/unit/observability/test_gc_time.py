"""Garbage collections are counted, and never while a metric is being counted."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from farm.observability.gc_time import GarbageCollections
from farm.observability.metrics import GC_COLLECTIONS


def counted(name: str, generation: int) -> float:
    value = REGISTRY.get_sample_value(name, {"generation": str(generation)})
    assert value is not None
    return value


@pytest.fixture
def collections() -> Iterator[GarbageCollections]:
    noted = GarbageCollections()
    gc.disable()
    noted.begin()
    yield noted
    noted.end()
    gc.enable()


def test_collections_are_counted_by_generation_with_their_cpu_time(
    collections: GarbageCollections,
) -> None:
    before = [counted("python_gc_collections_total", it) for it in range(3)]
    seconds_before = counted("python_gc_seconds_total", 2)

    gc.collect(0)
    gc.collect(2)
    gc.collect(2)
    collections.count()
    collections.count()

    after = [counted("python_gc_collections_total", it) for it in range(3)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 0, 2]
    assert counted("python_gc_seconds_total", 2) > seconds_before


def test_a_collection_while_a_metric_is_locked_waits_for_nothing(
    collections: GarbageCollections,
) -> None:
    value = GC_COLLECTIONS.labels("2")._value
    done = threading.Event()

    def collect_inside() -> None:
        with value._lock:
            gc.collect(2)
        done.set()

    thread = threading.Thread(target=collect_inside, daemon=True)
    thread.start()

    assert done.wait(10)


def test_what_a_parent_noted_its_child_does_not_count(collections: GarbageCollections) -> None:
    gc.collect(2)
    before = counted("python_gc_collections_total", 2)
    reader, writer = os.pipe()

    child = os.fork()
    if child == 0:
        collections.count()
        grown = counted("python_gc_collections_total", 2) - before
        os.write(writer, str(int(grown)).encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reader, 9) == b"0"
    os.close(reader)
    os.close(writer)


def test_the_other_figures_of_the_collector_are_gone() -> None:
    assert (
        REGISTRY.get_sample_value("python_gc_objects_collected_total", {"generation": "0"}) is None
    )
