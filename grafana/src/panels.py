"""Panels of a dashboard, as Grafana's classic JSON has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

# Whatever data source the reader chose at the top of the page.
DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
# Grafana makes it at least four scrapes long, whatever the zoom.
RATE = "$__rate_interval"

Steps = Sequence[tuple[float, str]]  # from this value on the colour, ascending


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question to Prometheus; `legend` names its series by their labels."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A titled rectangle; its place is found by the dashboard."""

    title: str
    description: str  # what it shows, in one or two sentences
    unit: str  # Grafana's name of the unit
    width: int  # columns, of 24
    height: int
    body: Mapping[str, Any]  # what only this type of panel has
    defaults: Mapping[str, Any]  # of its values, beside the unit
    overrides: Sequence[Json] = ()
    more: str | None = None  # dashboard that goes deeper

    def json(self, *, number: int, left: int, top: int) -> Json:
        """The panel at its place."""
        links = (
            [{"title": "More", "url": f"/d/furrow-{self.more}?${{__url_time_range}}"}]
            if self.more
            else []
        )
        return {
            "id": number,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": left, "y": top, "w": self.width, "h": self.height},
            "links": links,
            "fieldConfig": {
                "defaults": {"unit": self.unit, **self.defaults},
                "overrides": list(self.overrides),
            },
            **self.body,
        }


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int = 12,
    height: int = 8,
    stacked: bool = False,
    highest: float | None = None,
    lines: Steps = (),
    more: str | None = None,
) -> Panel:
    """Lines over time.

    Args:
        title: What it is, in a few words.
        description: What it shows, in whole sentences.
        unit: Grafana's name of the unit.
        queries: What is asked.
        width: Columns, of 24.
        height: Rows of the grid.
        stacked: Whether the lines are parts of a whole.
        highest: Upper end of the axis where the values have one.
        lines: Values that mean something, drawn as dashed lines.
        more: Dashboard that goes deeper.
    """
    custom: Json = {"lineWidth": 1, "fillOpacity": 30 if stacked else 8, "showPoints": "never"}
    defaults: Json = {"min": 0, "custom": custom}
    if stacked:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    if highest is not None:
        defaults["max"] = highest
    if lines:
        custom["thresholdsStyle"] = {"mode": "dashed"}
        defaults["thresholds"] = _thresholds(lines, first="transparent")
    return Panel(
        title=title,
        description=description,
        unit=unit,
        width=width,
        height=height,
        defaults=defaults,
        more=more,
        body={
            "type": "timeseries",
            "options": {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                "tooltip": {"mode": "multi", "sort": "desc"},
            },
            "targets": _targets(queries),
        },
    )


def figure(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    width: int = 4,
    height: int = 4,
    steps: Steps = (),
    first: str = "green",
    words: Mapping[int, str] | None = None,
    decimals: int | None = None,
    more: str | None = None,
) -> Panel:
    """The last value, large; coloured where a threshold says what is good."""
    defaults: Json = {"thresholds": _thresholds(steps, first=first if steps else "text")}
    if decimals is not None:
        defaults["decimals"] = decimals
    if words:
        shown = {
            str(value): {"text": word, "index": i} for i, (value, word) in enumerate(words.items())
        }
        defaults["mappings"] = [{"type": "value", "options": shown}]
    return Panel(
        title=title,
        description=description,
        unit=unit,
        width=width,
        height=height,
        defaults=defaults,
        more=more,
        body={
            "type": "stat",
            "options": {
                "colorMode": "background" if steps else "none",
                "graphMode": "none",
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                "textMode": "value_and_name" if query.legend else "value",
            },
            "targets": _targets([query]),
        },
    )


def heatmap(title: str, description: str, unit: str, expr: str, *, width: int = 12) -> Panel:
    """How a histogram's observations spread over its buckets."""
    (target,) = _targets([Query(expr=expr, legend="{{le}}")])
    return Panel(
        title=title,
        description=description,
        unit=unit,
        width=width,
        height=8,
        defaults={},
        body={
            "type": "heatmap",
            "options": {
                "calculate": False,
                "color": {"mode": "scheme", "scheme": "Oranges", "steps": 32, "exponent": 0.5},
                "yAxis": {"unit": unit, "axisPlacement": "left"},
                "cellGap": 1,
                "filterValues": {"le": 1e-9},
                "legend": {"show": False},
                "tooltip": {"mode": "single"},
            },
            "targets": [target | {"format": "heatmap"}],
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of numbers in a table."""

    name: str
    unit: str
    expr: str


def table(
    title: str,
    description: str,
    *,
    labels: Mapping[str, str],
    columns: Sequence[Column],
    sort_by: str,
    width: int = 24,
    height: int = 12,
) -> Panel:
    """One row per set of labels.

    Args:
        title: What it is, in a few words.
        description: What it shows, in whole sentences.
        labels: Label and the heading of its column, from the left.
        columns: The numbers, after the labels.
        sort_by: Heading of the column that is sorted by, largest first.
        width: Columns of the grid, of 24.
        height: Rows of the grid.
    """
    letters = [chr(ord("A") + i) for i in range(len(columns))]
    targets = _targets([Query(expr=column.expr) for column in columns])
    headings = dict(labels) | {
        f"Value #{letter}": column.name for letter, column in zip(letters, columns, strict=True)
    }
    return Panel(
        title=title,
        description=description,
        unit=columns[0].unit,
        width=width,
        height=height,
        defaults={"custom": {"align": "auto", "filterable": True}},
        overrides=[
            {
                "matcher": {"id": "byName", "options": column.name},
                "properties": [{"id": "unit", "value": column.unit}],
            }
            for column in columns
        ],
        body={
            "type": "table",
            "options": {"showHeader": True, "sortBy": [{"displayName": sort_by, "desc": True}]},
            "transformations": [
                {"id": "merge", "options": {}},
                {
                    "id": "organize",
                    "options": {
                        "excludeByName": {"Time": True},
                        "indexByName": {name: i for i, name in enumerate(headings)},
                        "renameByName": headings,
                    },
                },
            ],
            "targets": [
                {**target, "format": "table", "instant": True, "range": False} for target in targets
            ],
        },
    )


def _targets(queries: Sequence[Query]) -> list[Json]:
    return [
        {
            "refId": chr(ord("A") + i),
            "datasource": DATASOURCE,
            "expr": query.expr,
            "legendFormat": query.legend or "__auto",
        }
        for i, query in enumerate(queries)
    ]


def _thresholds(steps: Steps, *, first: str) -> Json:
    listed: list[Json] = [{"color": first, "value": None}]
    listed += [{"color": color, "value": value} for value, color in steps]
    return {"mode": "absolute", "steps": listed}
