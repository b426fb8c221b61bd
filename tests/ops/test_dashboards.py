"""Dashboards are what their code makes, keep their address, and can be read."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.src.__main__ import contents

GRAFANA = Path(__file__).resolve().parents[2] / "grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
NAMES = {"overview", "endpoints", "cpu", "scrapes", "imagery", "weather", "jobs", "host"}
CROWDED = 24  # panels on a page

every_dashboard = pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)


def load(path: Path) -> dict[str, Any]:
    loaded = json.loads(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


def panels(path: Path) -> list[dict[str, Any]]:
    """Panels that show something; rows are headings."""
    return [panel for panel in load(path)["panels"] if panel["type"] != "row"]


def test_what_is_checked_in_is_what_the_code_makes() -> None:
    checked_in = {path.name: path.read_bytes() for path in DASHBOARDS}

    assert checked_in == {name: text.encode() for name, text in contents().items()}
    assert {path.stem for path in DASHBOARDS} == NAMES


@every_dashboard
def test_the_address_is_made_of_the_file_name(path: Path) -> None:
    assert load(path)["uid"] == f"furrow-{path.stem}"


@every_dashboard
def test_it_is_of_the_classic_schema(path: Path) -> None:
    dashboard = load(path)

    assert dashboard["schemaVersion"] == 39
    assert "elements" not in dashboard
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


@every_dashboard
def test_every_panel_and_choice_asks_the_chosen_data_source(path: Path) -> None:
    first, *others = load(path)["templating"]["list"]

    assert (first["name"], first["type"]) == ("datasource", "datasource")
    for asked in (*others, *panels(path)):
        assert asked["datasource"]["uid"] == "${datasource}"
    for panel in panels(path):
        assert all(t["datasource"]["uid"] == "${datasource}" for t in panel["targets"])


@every_dashboard
def test_every_panel_says_what_it_shows_in_which_unit(path: Path) -> None:
    for panel in panels(path):
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert len(panel["title"]) <= 60


@every_dashboard
def test_rates_follow_the_zoom(path: Path) -> None:
    for panel in panels(path):
        # A table sums up the time that is shown; figures of an hour say so in their title.
        window = "[$__range]" if panel["type"] == "table" else "[$__rate_interval]"
        if panel["title"].endswith(", 1 h"):
            window = "[1h]"
        for target in panel["targets"]:
            without_labels = re.sub(r'"[^"]*"', '""', target["expr"])
            assert without_labels.count(window) == without_labels.count("["), target["expr"]


@every_dashboard
def test_every_series_of_a_panel_can_be_told_from_the_others(path: Path) -> None:
    for panel in panels(path):
        letters = [target["refId"] for target in panel["targets"]]
        assert len(letters) == len(set(letters))
        legends = [target["legendFormat"] for target in panel["targets"]]
        if panel["type"] != "table":
            assert len(legends) == len(set(legends)), panel["title"]


@every_dashboard
def test_panels_lie_side_by_side_and_never_on_each_other(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in load(path)["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + dx, place["y"] + dy)
            for dx in range(place["w"])
            for dy in range(place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells


@every_dashboard
def test_no_page_is_crowded(path: Path) -> None:
    assert len(panels(path)) <= CROWDED


@every_dashboard
def test_thresholds_ascend(path: Path) -> None:
    for panel in panels(path):
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {"steps": []})["steps"]
        values = [step["value"] for step in steps[1:]]
        assert all(low < high for low, high in pairwise(values)), panel["title"]


@every_dashboard
def test_pages_lead_to_each_other(path: Path) -> None:
    dashboard = load(path)
    addresses = {f"/d/furrow-{name}" for name in NAMES}

    assert [(link["type"], link["tags"]) for link in dashboard["links"]] == [
        ("dashboards", ["furrow"])
    ]
    assert "furrow" in dashboard["tags"]
    for panel in panels(path):
        assert {link["url"].partition("?")[0] for link in panel["links"]} <= addresses


def test_the_provisioned_data_source_is_the_one_the_dashboards_begin_with() -> None:
    provisioned = yaml.safe_load(
        (GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text()
    )["datasources"]

    for path in DASHBOARDS:
        first = load(path)["templating"]["list"][0]
        assert first["current"]["value"] in {source["uid"] for source in provisioned}


def test_grafana_works_with_the_interval_that_prometheus_scrapes_at() -> None:
    (source,) = yaml.safe_load(
        (GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text()
    )["datasources"]
    configuration = yaml.safe_load((GRAFANA.parent / "prometheus.yml").read_text())

    assert source["jsonData"]["timeInterval"] == configuration["global"]["scrape_interval"]


def test_the_folder_that_is_provisioned_is_the_one_that_is_mounted() -> None:
    services = yaml.safe_load((GRAFANA.parent / "docker-compose.yml").read_text())["services"]
    mounts = dict(volume.split(":")[:2] for volume in services["grafana"]["volumes"])
    (provider,) = yaml.safe_load(
        (GRAFANA / "provisioning" / "dashboards" / "furrow.yml").read_text()
    )["providers"]

    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    assert (
        mounts["./grafana/provisioning"]
        == services["grafana"]["environment"]["GF_PATHS_PROVISIONING"]
    )
