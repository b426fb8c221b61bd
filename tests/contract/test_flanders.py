"""Real imagery through the whole project: a folder → jobs → the real furrow-ndvi → numbers.

118 Sentinel-2 dates and 7 Landsat dates of one place in Flanders; the independent numbers are
exactextract's and NumPy's, of the data's own reference files.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from farm.accounts.models import User
from farm.clients.channel import channel_to, close_channels
from farm.clients.ndvi import NdviClient
from farm.demo.folder import read_folder
from farm.demo.loading import load_folder
from farm.farms.services import create_farm
from farm.imagery.ingest_jobs import IngestScene
from farm.imagery.models import Observation, Scene
from farm.imagery.storage import FolderStore
from farm.jobs.models import Job, JobState
from farm.jobs.runner import run
from tests.contract.ndvi_binary import running
from tests.unit.imagery.real_data import real_data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = (
    "mean",
    "standard_deviation",
    "minimum",
    "maximum",
    "median",
    "p10",
    "p90",
    "effective_pixels",
    "covered_pixels",
    "clear_share",
)
# Names of the same in the reference.
REFERENCE = {
    "mean": "mean",
    "standard_deviation": "stdev",
    "minimum": "min",
    "maximum": "max",
    "median": "median",
    "p10": "quantile_10",
    "p90": "quantile_90",
    "effective_pixels": "effective_pixels",
    "covered_pixels": "covered_pixels",
    "clear_share": "clear_share",
}
# The reference transforms outlines vertex by vertex, the project densifies their edges first; the
# data's README allows 1e-4 for that. Extremes and quantiles jump where a pixel is barely touched.
RELATIVE = 1e-4
JUMPING = {"minimum", "maximum"}

Numbers = dict[tuple[str, str, str], dict[str, Any]]  # (moment, field, index) → columns


@pytest.fixture(scope="module")
def season(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Any]]:
    """Every number of the Sentinel-2 folder, and how its scenes were judged."""
    folder = real_data("imagery/s2_l2a_flanders_a")
    with django_db_blocker.unblock(), transaction.atomic():
        yield ingested(folder, tmp_path_factory.mktemp("flanders"))
        transaction.set_rollback(True)


def ingested(folder: Path, place: Path, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Load a folder, run its jobs, and take everything out of the database."""
    contents = read_folder(folder)
    if fields is not None:
        contents = type(contents)(fields=fields, scenes=contents.scenes, notes=contents.notes)
    with running(place / "store") as target:
        ndvi = NdviClient(channel_to(target))
        owner = User.objects.create_user(username=f"owner-of-{folder.name}")
        loaded = load_folder(
            farm=create_farm(owner=owner, name=folder.name),
            contents=contents,
            requested_by=owner,
            ndvi=ndvi,
            store=FolderStore(place / "store"),
        )
        assert loaded.refused == ()
        for job_id in Job.objects.order_by("pk").values_list("pk", flat=True):
            run(job_id=job_id, handler=IngestScene(ndvi))
        close_channels()
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.SUCCEEDED}
    numbers: Numbers = {
        (f"{row.acquired_at:%Y%m%dT%H%M%S}", row.field.name, row.index): {
            column: getattr(row, column) for column in COLUMNS
        }
        for row in Observation.objects.select_related("field")
    }
    verdicts = list(Scene.objects.values_list("state", "radiometry_verdict"))
    return {"numbers": numbers, "verdicts": verdicts, "rows": Observation.objects.count()}


def test_every_date_gives_every_field_each_index_once(season: dict[str, Any]) -> None:
    moments = {key[0] for key in season["numbers"]}
    fields = {key[1] for key in season["numbers"]}
    indices = {key[2] for key in season["numbers"]}

    assert (len(moments), len(fields), len(indices)) == (118, 7, 12)
    assert season["rows"] == len(season["numbers"]) == 118 * 7 * 12


def test_no_real_scene_is_held(season: dict[str, Any]) -> None:
    states = {state for state, _ in season["verdicts"]}
    verdicts = [verdict for _, verdict in season["verdicts"]]

    assert states == {"ready"}
    assert verdicts.count("consistent") == 60
    assert verdicts.count("undecided") == 58


@pytest.mark.parametrize("column", COLUMNS)
def test_ndvi_of_each_field_and_date_is_exactextracts(season: dict[str, Any], column: str) -> None:
    reference = json.loads(
        (real_data("imagery/s2_l2a_flanders_a") / "reference_fields_exactextract.json").read_bytes()
    )["dates"]
    differing = []

    for moment, rows in reference.items():
        for row in rows:
            found = season["numbers"][moment, f"parcel {row['field']}", "ndvi"][column]
            expected = row[REFERENCE[column]]
            if expected is None:
                assert found is None
            elif found != pytest.approx(expected, rel=RELATIVE, abs=1e-6):
                differing.append((moment, row["field"], found, expected))

    compared = sum(len(rows) for rows in reference.values())
    assert compared == 826
    allowed = compared // 100 if column in JUMPING else 0
    assert len(differing) <= allowed, differing[:10]


@pytest.mark.django_db
def test_landsat_is_masked_by_its_own_bits_and_range(tmp_path: Path) -> None:
    folder = real_data("imagery/l8_sr_flanders_a")
    reference = json.loads((folder / "reference.json").read_bytes())["dates"]

    found = ingested(folder, tmp_path, fields=WHOLE_CLIP)

    for date in reference:
        moment = date["time"].replace("-", "").replace(":", "").removesuffix("Z")
        numbers, expected = found["numbers"][moment, "all of it", "ndvi"], date["ndvi_clear_qa"]
        assert numbers["effective_pixels"] == pytest.approx(expected["n"], abs=1e-6)
        if expected["n"]:
            assert numbers["mean"] == pytest.approx(expected["mean"], rel=1e-6)
            assert numbers["minimum"] == pytest.approx(expected["min"], rel=1e-6)
            assert numbers["maximum"] == pytest.approx(expected["max"], rel=1e-6)
        else:
            assert numbers["mean"] is None


# A little more than the clip, so that each of its pixels counts in full.
WHOLE_CLIP: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "all of it"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [
                        [3.018, 50.811],
                        [3.030, 50.811],
                        [3.030, 50.819],
                        [3.018, 50.819],
                        [3.018, 50.811],
                    ]
                ],
            },
        }
    ],
}
