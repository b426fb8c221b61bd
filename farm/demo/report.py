"""What the demo prints: each field's latest clear look, and its index through the seasons."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from farm.imagery.models import Observation, RadiometryVerdict, Scene, SceneState
from farm.imagery.observation_quality import (
    DEFAULT_MIN_CLEAR_SHARE,
    clearest_of_each,
    is_sure,
    solar_day,
    usable_share,
)
from farm.imagery.observation_selectors import is_whole, latest_clear_per_field, load_scenes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from farm.farms.models import Farm
    from farm.imagery.catalogue import Index

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NO_NUMBER = "–"
NAMED_REASONS = 3  # of one verdict

CSV_COLUMNS = (
    "field",
    "scene",
    "acquired_at",
    "mean",
    "median",
    "p10",
    "p90",
    "clear_share",
    "valid_share",
    "effective_pixels",
    "covered_area_m2",
    "is_simulated",
    "radiometry_verdict",
    "is_mosaic",
    "scene_ids",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a printed table."""

    title: str
    is_number: bool = True


LATEST_COLUMNS = (
    Column(title="field", is_number=False),
    Column(title="crop", is_number=False),
    Column(title="area ha"),
    Column(title="date", is_number=False),
    Column(title="mean"),
    Column(title="median"),
    Column(title="p10"),
    Column(title="p90"),
    Column(title="clear"),
    Column(title="radiometry", is_number=False),
)


def radiometry_lines(*, farm: Farm) -> Iterator[str]:
    """Say how many scenes have which verdict on scale and offset, and why where it is doubtful."""
    judged = Scene.objects.filter(farm=farm).exclude(radiometry_verdict="").order_by("pk")
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for verdict, reason in judged.values_list("radiometry_verdict", "radiometry_reason"):
        reasons[verdict].append(reason.strip().rstrip("."))
    for verdict, given in sorted(reasons.items()):
        different = [] if is_sure(verdict) else list(dict.fromkeys(filter(None, given)))
        words = "; ".join(different[:NAMED_REASONS])
        if len(different) > NAMED_REASONS:
            words += f"; and {len(different) - NAMED_REASONS} more"
        name = verdict.replace("_", " ")
        yield f"Radiometry: {len(given)} {name}" + (f" ({words})" if words else "")


def latest_table(*, farm: Farm, index: Index) -> Iterator[str]:
    """Lines of the table of each field's newest clear look; “–” where nobody could see.

    A “?” marks numbers of a scene whose scale and offset may be wrong.
    """
    rows = []
    has_doubt = False
    looks = latest_clear_per_field(farm=farm, index=index, min_clear_share=DEFAULT_MIN_CLEAR_SHARE)
    for field, look in looks:
        row = [field.name, field.crop or NO_NUMBER, f"{field.area_m2 / 10_000:.2f}"]
        if look is None:
            row += [*[NO_NUMBER] * 6, ""]
        else:
            is_doubtful = look.radiometry_verdict == RadiometryVerdict.UNDECIDED
            has_doubt = has_doubt or is_doubtful
            row += [
                f"{look.acquired_at:%Y-%m-%d}",
                *(_number(value) for value in (look.mean, look.median, look.p10, look.p90)),
                f"{look.clear_share:.0%}",
                "?" if is_doubtful else "",
            ]
        rows.append(row)
    yield from table(LATEST_COLUMNS, rows)
    if has_doubt:
        yield "? The scale and offset of the scene are undecided; the numbers may be wrong."


def seasons_table(*, farm: Farm, index: Index) -> Iterator[str]:
    """Lines of the monthly means of each field, from looks that show half of it; a block a year.

    A “?” follows a mean that numbers of scenes with a doubtful scale and offset went into.
    """
    doubtful: set[tuple[int, str, int]] = set()
    sums: dict[tuple[int, str], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for look in looks_of_days(farm=farm, index=index):
        if look.mean is not None and usable_share(look) >= DEFAULT_MIN_CLEAR_SHARE:
            months = sums[look.acquired_at.year, look.field.name]
            months[look.acquired_at.month].append(look.mean)
            if look.radiometry_verdict == RadiometryVerdict.UNDECIDED:
                doubtful.add((look.acquired_at.year, look.field.name, look.acquired_at.month))
    for year in sorted({year for year, _ in sums}):
        columns = (
            Column(title=str(year), is_number=False),
            *(Column(title=name) for name in MONTH_NAMES),
        )
        rows = [
            [
                name,
                *(
                    _mean(months.get(month, []))
                    + ("?" if (of_year, name, month) in doubtful else "")
                    for month in range(1, 13)
                ),
            ]
            for (of_year, name), months in sorted(sums.items())
            if of_year == year
        ]
        yield from table(columns, rows)
        yield ""


def csv_rows(*, farm: Farm, index: Index) -> Iterator[list[object]]:
    """Rows under ``CSV_COLUMNS``, every look included; empty cells where there is no number."""
    for look in observations(farm=farm, index=index):
        yield [
            look.field.name,
            look.scene.name,
            look.acquired_at.isoformat(),
            look.mean,
            look.median,
            look.p10,
            look.p90,
            look.clear_share,
            look.valid_share,
            look.effective_pixels,
            look.covered_area_m2,
            "true" if look.scene.is_simulated else "false",
            look.radiometry_verdict,
            "true" if look.is_mosaic else "false",
            " ".join(str(scene.pk) for scene in look.scenes),
        ]


def looks_of_days(*, farm: Farm, index: Index) -> Iterable[Observation]:
    """Return of each field and solar day the look that shows most."""
    return clearest_of_each(
        observations(farm=farm, index=index),
        key=lambda look: (
            look.field_id,
            solar_day(acquired_at=look.acquired_at, longitude=look.field.centroid_lon),
        ),
    ).values()


def observations(*, farm: Farm, index: Index) -> Iterable[Observation]:
    """Return every observation of an index on a farm, by field name and time."""
    looks = list(
        Observation.objects.filter(
            is_whole(), field__farm=farm, index=index.id, scene__state=SceneState.READY
        )
        .select_related("field", "scene")
        .order_by("field__name", "field_id", "acquired_at", "id")
    )
    load_scenes(looks)
    return looks


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table whose columns are as wide as their widest cell."""
    widths = [
        max(len(column.title), *(len(row[at]) for row in rows), 0)
        for at, column in enumerate(columns)
    ]

    def line(cells: Iterable[str]) -> str:
        padded = (
            cell.rjust(width) if column.is_number else cell.ljust(width)
            for cell, width, column in zip(cells, widths, columns, strict=True)
        )
        return "  ".join(padded).rstrip()

    yield line(column.title for column in columns)
    yield "  ".join("─" * width for width in widths)
    for row in rows:
        yield line(row)


def _number(value: float | None) -> str:
    return NO_NUMBER if value is None else f"{value:.3f}"


def _mean(values: Sequence[float]) -> str:
    return _number(sum(values) / len(values) if values else None)
