"""Dashboards keep their address, ask their data source by variable, and name units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

GRAFANA = Path(__file__).resolve().parents[2] / "grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))

every_dashboard = pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)


def load(path: Path) -> dict[str, Any]:
    loaded = json.loads(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


@every_dashboard
def test_the_address_is_made_of_the_file_name(path: Path) -> None:
    assert load(path)["uid"] == f"furrow-{path.stem}"


@every_dashboard
def test_every_panel_asks_the_chosen_data_source(path: Path) -> None:
    dashboard = load(path)

    assert [v["name"] for v in dashboard["templating"]["list"]] == ["datasource"]
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(t["datasource"]["uid"] == "${datasource}" for t in panel["targets"])


@every_dashboard
def test_every_panel_says_what_it_shows_in_which_unit(path: Path) -> None:
    for panel in load(path)["panels"]:
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]


@every_dashboard
def test_rates_follow_the_zoom(path: Path) -> None:
    for panel in load(path)["panels"]:
        for target in panel["targets"]:
            if "rate(" in target["expr"]:
                assert "[$__rate_interval]" in target["expr"]


def test_the_provisioned_data_source_is_the_one_the_dashboards_begin_with() -> None:
    provisioned = yaml.safe_load(
        (GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text()
    )["datasources"]

    for path in DASHBOARDS:
        (variable,) = load(path)["templating"]["list"]
        assert variable["current"]["value"] in {source["uid"] for source in provisioned}
