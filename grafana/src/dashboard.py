"""A dashboard: rows of panels, laid out from the left, and what may be chosen at the top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana.src.panels import DATASOURCE, Json, Panel

COLUMNS = 24
# The data source that grafana/provisioning lays down.
PROVISIONED = {"text": "Prometheus", "value": "furrow-prometheus"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels that answer one question."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Values of a label, to choose some of them or all."""

    name: str  # as it stands in queries, after the $
    label: str  # as it stands on the page
    metric: str
    by: str  # label of that metric

    def json(self) -> Json:
        """The variable."""
        asked = f"label_values({self.metric}, {self.by})"
        return {
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": DATASOURCE,
            "definition": asked,
            "query": {"qryType": 1, "query": asked, "refId": "Values"},
            "allValue": ".*",
            "includeAll": True,
            "multi": True,
            "current": {"text": ["All"], "value": ["$__all"]},
            "refresh": 2,
            "sort": 1,
            "hide": 0,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A page of Grafana."""

    name: str  # of its file; makes its address, which never changes
    title: str
    description: str  # the question that it answers
    rows: Sequence[Row]
    choices: Sequence[Choice] = ()

    def json(self) -> Json:
        """The page, in the classic schema that Grafana 8 to 12 read."""
        return {
            "uid": f"furrow-{self.name}",
            "title": f"Furrow: {self.title}",
            "description": self.description,
            "tags": ["furrow"],
            "schemaVersion": 39,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,  # one crosshair for all panels
            "refresh": "30s",
            "timezone": "utc",
            "time": {"from": "now-1h", "to": "now"},
            "annotations": {"list": []},
            "links": [
                {
                    "title": "Furrow",
                    "type": "dashboards",
                    "tags": ["furrow"],
                    "asDropdown": False,
                    "includeVars": False,
                    "keepTime": True,
                    "targetBlank": False,
                }
            ],
            "templating": {"list": [_data_source(), *(choice.json() for choice in self.choices)]},
            "panels": self._laid_out(),
        }

    def _laid_out(self) -> list[Json]:
        placed: list[Json] = []
        top = 0
        for row in self.rows:
            placed.append(
                {
                    "id": len(placed) + 1,
                    "type": "row",
                    "title": row.title,
                    "collapsed": False,
                    "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
                    "panels": [],
                }
            )
            top += 1
            left = tallest = 0
            for panel in row.panels:
                if left + panel.width > COLUMNS:
                    top += tallest
                    left = tallest = 0
                placed.append(panel.json(number=len(placed) + 1, left=left, top=top))
                left += panel.width
                tallest = max(tallest, panel.height)
            top += tallest
        return placed


def _data_source() -> Json:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": PROVISIONED,
        "hide": 0,
    }
