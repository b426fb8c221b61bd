"""Writers that are killed all the time never make a counter go down, and nothing is lost."""

from __future__ import annotations

import os
import random
import time

from tests.contract.metrics.metrics_process import (
    Samples,
    assert_never_less,
    controllable,
    in_memory,
)
from tests.contract.metrics.writers import writing

WRITERS = 8
KILL_EVERY_S = 0.5
SCRAPE_EVERY_S = 0.05
# `TORTURE_S=600` for the long one.
LASTS_S = float(os.environ.get("TORTURE_S", "60"))
# Allocators keep a little more or less.
MEMORY_SLACK_BYTES = 8 << 20
DESCRIPTOR_SLACK = 4


def hits(samples: Samples) -> float:
    return sum(value for name, value in samples.items() if name.startswith("torture_hits_total{"))


def test_counters_only_grow_while_writers_die_and_all_that_was_acknowledged_is_there() -> None:
    chance = random.Random(20)  # noqa: S311 - the same deaths each time
    with in_memory() as folder, controllable(folder) as service:
        with writing(folder, count=WRITERS) as writers:
            before: Samples = {}
            scrapes = 0
            began = time.monotonic()
            next_kill = began + 5 * KILL_EVERY_S
            settled: tuple[int, int] | None = None
            while (now := time.monotonic()) < began + LASTS_S:
                writers.listen()
                after = service.scrape()
                assert_never_less(before, after)
                before = after
                scrapes += 1
                if now >= next_kill:
                    writers.replace(chance.randrange(WRITERS))
                    next_kill += KILL_EVERY_S
                if settled is None and now > began + LASTS_S / 3:
                    settled = service.private_bytes(), service.descriptors()
                time.sleep(max(0.0, began + scrapes * SCRAPE_EVERY_S - time.monotonic()))
            writers.end()
            final = service.scrape()
            own = service.own()

        assert_never_less(before, final)
        # A writer that is killed between increment and word has counted one more.
        assert writers.acknowledged <= hits(final) <= writers.acknowledged + writers.killed
        assert final["torture_seconds_count"] >= writers.acknowledged - writers.killed
        assert writers.killed >= LASTS_S
        assert settled is not None
        assert service.private_bytes() <= settled[0] + MEMORY_SLACK_BYTES
        assert service.descriptors() <= settled[1] + DESCRIPTOR_SLACK
        assert own["furrow_metrics_quarantined_files"] == 0
        # Slots are taken over: two processes that overlap need one more, and none stays behind.
        assert own["furrow_metrics_files"] <= 4 * (WRITERS + 2)
