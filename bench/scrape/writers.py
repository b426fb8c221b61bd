"""Start and end writer processes one after the other: what restarts leave in the directory.

``--identity pid`` names their files by process id, as prometheus_client does; ``slot`` leases
slots, as our processes do. Each process writes every synthetic series once and ends.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from bench.scrape.synthetic import Series
from farm.observability import values


def main() -> None:
    """Fork, write, end; as often as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--identity", choices=("pid", "slot"), required=True)
    options = parser.parse_args()
    if options.identity == "slot":
        values.share(Path(os.environ[values.FOLDER_VARIABLE]), role="writer")
    for _ in range(options.count):
        process = os.fork()
        if process == 0:
            status = 1
            try:
                Series(options.series)
                status = 0
            finally:
                os._exit(status)
        if os.waitpid(process, 0)[1]:
            raise SystemExit("A writer failed.")


if __name__ == "__main__":
    main()
