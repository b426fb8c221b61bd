"""Real imagery through the whole project: a folder → jobs → the real furrow-ndvi → numbers.

118 Sentinel-2 dates and 7 Landsat dates of one place in Flanders; the independent numbers are
exactextract's and NumPy's, of the data's own reference files.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from farm.accounts.models import User
from farm.clients.channel import channel_to, close_channels
from farm.clients.ndvi import NdviClient
from farm.demo.folder import read_folder
from farm.demo.loading import load_folder
from farm.farms.services import create_farm
from farm.imagery.ingest import ingest_scene
from farm.imagery.ingest_jobs import IngestScene
from farm.imagery.models import Observation, Scene
from farm.imagery.scene_services import change_scene
from farm.imagery.storage import FolderStore
from farm.jobs.models import Job, JobState
from farm.jobs.runner import run
from tests.contract.ndvi_binary import running
from tests.unit.imagery.real_data import real_data

if TYPE_CHECKING:
    from pathlib import Path

# Also of tests that only look at the module's numbers, or no database is made for them.
pytestmark = pytest.mark.django_db

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
# The reference has nine decimals; edges of a few hundred metres are straight in both projections.
RELATIVE, ABSOLUTE = 1e-6, 1e-8

Numbers = dict[tuple[str, str, str], dict[str, Any]]  # (moment, field, index) → columns


@pytest.fixture(scope="module")
def season(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """Every number of the Sentinel-2 folder, and how its scenes were judged."""
    folder = real_data("imagery/s2_l2a_flanders_a")
    with django_db_blocker.unblock(), transaction.atomic():
        found = ingested(folder, tmp_path_factory.mktemp("flanders"))
        transaction.set_rollback(True)
    return found


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
            elif found != pytest.approx(expected, rel=RELATIVE, abs=ABSOLUTE):
                differing.append((moment, row["field"], found, expected))

    assert sum(len(rows) for rows in reference.values()) == 826
    assert differing == []


@pytest.mark.parametrize(
    ("added", "declared", "verdict"),
    [(1000, 0.0, "offset_still_in"), (0, -0.1, "applied_twice")],
)
def test_a_scene_of_the_wrong_offset_is_held_until_the_operator_says_the_right_one(
    tmp_path: Path, season: dict[str, Any], added: int, declared: float, verdict: str
) -> None:
    files = copied(real_data("imagery/s2_l2a_flanders_a"), tmp_path, added=added, offset=declared)
    with running(tmp_path / "store") as target:
        ndvi = NdviClient(channel_to(target))
        owner = User.objects.create_user(username="owner")
        loaded = load_folder(
            farm=create_farm(owner=owner, name="Flanders"),
            contents=read_folder(files),
            requested_by=owner,
            ndvi=ndvi,
            store=FolderStore(tmp_path / "store"),
        )
        (scene,) = loaded.scenes

        held = ingest_scene(scene=scene, ndvi=ndvi)

        scene.refresh_from_db()
        assert (held.state, scene.radiometry_verdict) == ("held", verdict)
        assert not Observation.objects.exists()

        change_scene(scene=scene, offset_override=-added / 10_000, requested_by=owner)
        released = ingest_scene(scene=scene, ndvi=ndvi)
        close_channels()

    assert released.state == "ready"
    for row in Observation.objects.filter(index__in=("ndvi", "evi")).select_related("field"):
        true = season["numbers"][DATE, row.field.name, row.index]["mean"]
        assert row.mean == pytest.approx(true, rel=1e-6)


DATE = "20180506T105423"


def copied(source: Path, target: Path, *, added: int, offset: float) -> Path:
    """Copy one date with a number added to every pixel, and declare another offset in its tags."""
    folder = target / "scenes"
    (folder / "scl").mkdir(parents=True)
    (folder / "10m").mkdir()
    shutil.copy(source / "fields.geojson", folder)
    shutil.copy(source / "scl" / f"{DATE}.tif", folder / "scl")
    with rasterio.open(source / "10m" / f"{DATE}.tif") as raster:
        pixels, profile, tags = raster.read(), raster.profile, raster.tags()
        with rasterio.open(folder / "10m" / f"{DATE}.tif", "w", **profile) as copy:
            copy.write(pixels + (pixels > 0) * np.uint16(added))
            copy.descriptions = raster.descriptions
            copy.scales = (1e-4,) * raster.count
            copy.offsets = (offset,) * raster.count
            copy.update_tags(**tags)
    return folder


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
