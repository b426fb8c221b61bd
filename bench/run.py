"""Run the workloads: every folder here with a `run.py`, or the one that is named.

Usage: bench/run.py [all|WORKLOAD] [arguments of the workload]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Run them one after the other; the first that fails ends it."""
    workloads = {script.parent.name: script for script in sorted(HERE.glob("*/run.py"))}
    wanted, arguments = (sys.argv[1] if len(sys.argv) > 1 else "all"), sys.argv[2:]
    if wanted != "all" and wanted not in workloads:
        raise SystemExit(f"There is no workload {wanted!r}; there are {', '.join(workloads)}.")
    for name in workloads if wanted == "all" else [wanted]:
        print(f"· {name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, workloads[name], *arguments], check=True)


if __name__ == "__main__":
    main()
