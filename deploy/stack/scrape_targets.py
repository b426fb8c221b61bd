"""What Prometheus reads on loopback: the project's own files, and addresses beside them."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress

from stack.config import HOST, ROOT, StackConfig


def write_scrape_targets(config: StackConfig) -> None:
    """Lay `prometheus.yml`, the rules and a file of targets per job into the data folder."""
    ports = config.ports
    targets = {
        # Django's counters, at the door of the service that reads them.
        "django": ports.metrics_admin,
        "furrow-metrics": ports.metrics_admin,
        "furrow-ndvi": ports.ndvi_admin,
        "furrow-weather": ports.weather_admin,
        "caddy": ports.caddy_admin,
        "prometheus": ports.prometheus,
    }
    folder = config.prometheus_dir / "targets"
    folder.mkdir(exist_ok=True)
    for job, port in targets.items():
        content = [{"targets": [f"{HOST}:{port.number}"]}]
        (folder / f"{job}.json").write_text(json.dumps(content))
    # The machine itself: whoever runs a node exporter writes its address there.
    with suppress(FileExistsError), (folder / "node.json").open("x") as file:
        file.write("[]\n")
    shutil.copyfile(ROOT / "prometheus.yml", config.prometheus_dir / "prometheus.yml")
    rules = config.prometheus_dir / "rules"
    shutil.rmtree(rules, ignore_errors=True)
    shutil.copytree(ROOT / "deploy" / "prometheus" / "rules", rules, ignore=_all_but_rules)


def _all_but_rules(folder: str, names: list[str]) -> set[str]:
    del folder
    return {name for name in names if not name.endswith(".yml")}
