"""What Prometheus scrapes on loopback: the project's own file, and addresses beside it."""

from __future__ import annotations

import json
import shutil

from stack.config import HOST, ROOT, StackConfig


def write_scrape_targets(config: StackConfig) -> None:
    """Lay `prometheus.yml` and a file of targets per job into the data folder."""
    ports = config.ports
    targets = {
        "django": ports.web,
        "furrow-ndvi": ports.ndvi_admin,
        "caddy": ports.caddy_admin,
        "prometheus": ports.prometheus,
    }
    folder = config.prometheus_dir / "targets"
    folder.mkdir(exist_ok=True)
    for job, port in targets.items():
        content = [{"targets": [f"{HOST}:{port.number}"]}]
        (folder / f"{job}.json").write_text(json.dumps(content))
    shutil.copyfile(ROOT / "prometheus.yml", config.prometheus_dir / "prometheus.yml")
