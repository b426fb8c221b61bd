"""What the demo prints and draws: numbers in doubt and simulated scenes say so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from farm.demo.logins import USERNAMES, kept_logins
from farm.demo.picture import legend_svg, scenes_of_picture
from farm.demo.report import (
    CSV_COLUMNS,
    csv_rows,
    latest_table,
    radiometry_lines,
    seasons_table,
)
from farm.farms.models import Farm
from farm.imagery.catalogue import index_named
from farm.imagery.models import Observation, Scene
from tests.unit.imagery.observation_making import (
    PASS,
    make_farm,
    make_field,
    make_observation,
    make_scene,
)

NDVI = index_named("ndvi")


@pytest.fixture
def farm(db: None) -> Farm:
    return make_farm()


def look_at(farm: Farm, verdict: str, reason: str = "", *, days_ago: int = 0) -> Observation:
    scene = make_scene(
        farm,
        acquired_at=PASS - timedelta(days=days_ago),
        radiometry_verdict=verdict,
        radiometry_reason=reason,
    )
    return make_observation(make_field(farm, name=verdict), scene)


def test_verdicts_are_counted_and_doubts_say_why_with_at_most_three_reasons(farm: Farm) -> None:
    make_scene(farm, radiometry_verdict="consistent", radiometry_reason="offset of the metadata")
    make_scene(farm, radiometry_verdict="consistent")
    for reason in ("no classes.", "no classes.", "b", "c", "d"):
        make_scene(farm, radiometry_verdict="undecided", radiometry_reason=reason)
    make_scene(farm, radiometry_verdict="")

    assert list(radiometry_lines(farm=farm)) == [
        "Radiometry: 2 consistent",
        "Radiometry: 5 undecided (no classes; b; c; and 1 more)",
    ]


def test_a_number_of_an_undecided_scene_is_marked_and_explained(farm: Farm) -> None:
    look_at(farm, "consistent")
    look_at(farm, "undecided")

    header, _, sure, unsure, note = latest_table(farm=farm, index=NDVI)

    assert header.endswith("radiometry")
    assert not sure.endswith("?")
    assert unsure.endswith("?")
    assert note.startswith("? The scale and offset of the scene are undecided")


def test_a_monthly_mean_with_an_undecided_look_in_it_is_marked(farm: Farm) -> None:
    look_at(farm, "consistent")
    look_at(farm, "undecided")

    _, _, sure, unsure, _ = seasons_table(farm=farm, index=NDVI)

    assert "0.600 " in sure
    assert "0.600?" in unsure


def test_a_table_without_doubts_has_no_note(farm: Farm) -> None:
    look_at(farm, "consistent")

    assert len(list(latest_table(farm=farm, index=NDVI))) == 3


def test_each_row_of_the_csv_says_what_was_simulated_and_what_is_undecided(farm: Farm) -> None:
    look_at(farm, "undecided")
    Scene.objects.update(is_simulated=True)

    (row,) = (dict(zip(CSV_COLUMNS, row, strict=True)) for row in csv_rows(farm=farm, index=NDVI))

    assert row["is_simulated"] == "true"
    assert row["radiometry_verdict"] == "undecided"


@pytest.mark.parametrize("is_simulated", [True, False])
def test_a_legend_says_when_scenes_are_simulated(is_simulated: bool) -> None:
    assert ("simulated" in legend_svg(NDVI, is_simulated=is_simulated)) is is_simulated


def test_of_two_scenes_that_show_as_much_the_picture_is_of_the_sure_one(farm: Farm) -> None:
    sure = look_at(farm, "consistent", days_ago=1)
    look_at(farm, "undecided")

    assert scenes_of_picture(farm=farm, index=NDVI) == [sure.scene]


def test_a_farm_that_nobody_saw_has_no_picture(farm: Farm) -> None:
    assert scenes_of_picture(farm=farm, index=NDVI) == []


def test_the_logins_file_says_who_may_do_what_and_keeps_old_passwords(tmp_path: Path) -> None:
    path = tmp_path / "demo-logins.txt"
    path.write_text("demo-owner   kept-from-before\n")

    logins = kept_logins(path)

    assert logins["demo-owner"] == "kept-from-before"
    assert kept_logins(path) == logins
    owner, viewer, admin = path.read_text().splitlines()
    assert owner.endswith("owner of the demo farm")
    assert viewer.endswith("reads only")
    assert admin.endswith("everything, /admin/")
    assert set(logins) == set(USERNAMES)
    assert path.stat().st_mode & 0o777 == 0o600
