"""A process that counts as Furrow's own do, and says after each increment that it was made.

``python writer.py FOLDER`` writes one byte per increment of ``torture_hits_total`` to standard
output, until it is killed or standard input ends.
"""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from farm.observability import values

PAUSE_S = 0.002
KINDS = ("a", "b", "c", "d")


def main() -> None:
    """Count until the end."""
    values.share(Path(sys.argv[1]), role="worker")
    from prometheus_client import Counter, Gauge, Histogram, Summary

    hits = Counter("torture_hits", "Increments", ["kind"])
    seconds = Histogram("torture_seconds", "Made up", buckets=(0.1, 0.5, 1.0))
    size = Summary("torture_size", "Made up")
    level = Gauge("torture_level", "Made up", multiprocess_mode="livesum")
    made = 0
    while not select.select([0], [], [], PAUSE_S)[0]:
        hits.labels(KINDS[made % len(KINDS)]).inc()
        # Written past buffers: what is in the pipe was counted before.
        os.write(1, b".")
        seconds.observe(made % 10 / 8)
        size.observe(made % 7)
        level.set(made)
        made += 1


if __name__ == "__main__":
    main()
