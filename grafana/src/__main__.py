"""Write the JSON of every dashboard: `.venv/bin/python -m grafana.src`, or `make gen`."""

from __future__ import annotations

import json
from pathlib import Path

from grafana.src import cpu, endpoints, host, imagery, jobs, overview, scrapes, weather

FOLDER = Path(__file__).resolve().parents[1] / "dashboards"
DASHBOARDS = (
    overview.DASHBOARD,
    endpoints.DASHBOARD,
    cpu.DASHBOARD,
    scrapes.DASHBOARD,
    imagery.DASHBOARD,
    weather.DASHBOARD,
    jobs.DASHBOARD,
    host.DASHBOARD,
)


def contents() -> dict[str, str]:
    """What each file of grafana/dashboards/ holds, by its name."""
    return {
        f"{dashboard.name}.json": json.dumps(dashboard.json(), indent=1, ensure_ascii=False) + "\n"
        for dashboard in DASHBOARDS
    }


def main() -> None:
    """Replace what was written before."""
    FOLDER.mkdir(exist_ok=True)
    wanted = contents()
    for old in FOLDER.glob("*.json"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
