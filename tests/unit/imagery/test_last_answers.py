"""What is given again while furrow-ndvi does not answer, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.cache import caches

from farm.errors import InvalidInputError, ServiceTimeoutError, ServiceUnavailableError
from farm.farms.models import Farm
from farm.imagery.last_answers import answered
from farm.imagery.models import Scene, SceneState
from tests.unit.imagery.observation_making import make_scene

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper

NOON = datetime(2024, 6, 25, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=3)


@pytest.fixture(autouse=True)
def answers(settings: SettingsWrapper, tmp_path: Path) -> None:
    settings.CACHES = settings.CACHES | {
        "answers": settings.CACHES["answers"] | {"LOCATION": str(tmp_path / "answers")}
    }


@pytest.fixture
def scene(db: None) -> Scene:
    return make_scene(Farm.objects.create(name="Hill Farm"))


def down() -> bytes:
    msg = "down"
    raise ServiceUnavailableError(msg)


def slow() -> bytes:
    msg = "slow"
    raise ServiceTimeoutError(msg)


def keep(scene: Scene, *question: object) -> None:
    answered(*question, scenes=[scene], compute=lambda: b"kept", now=NOON)


def test_a_fresh_answer_is_not_stale(scene: Scene) -> None:
    answer = answered("png", 1, scenes=[scene], compute=lambda: b"new", now=NOON)

    assert (answer.body, answer.computed_at, answer.is_stale) == (b"new", NOON, False)


@pytest.mark.parametrize("failing", [down, slow])
def test_the_kept_answer_is_given_again_and_says_so(scene: Scene, failing: object) -> None:
    keep(scene, "png", 1)

    answer = answered("png", 1, scenes=[scene], compute=failing, now=LATER)  # type: ignore[arg-type]

    assert (answer.body, answer.computed_at, answer.is_stale) == (b"kept", NOON, True)


def test_another_question_has_another_answer(scene: Scene) -> None:
    keep(scene, "png", 1)

    with pytest.raises(ServiceUnavailableError):
        answered("png", 2, scenes=[scene], compute=down, now=LATER)


def test_another_version_gives_no_answer_of_this_one(
    scene: Scene, settings: SettingsWrapper
) -> None:
    keep(scene, "png", 1)
    settings.FURROW_VERSION = "another"

    with pytest.raises(ServiceUnavailableError):
        answered("png", 1, scenes=[scene], compute=down, now=LATER)


def test_a_refusal_is_no_reason_to_give_an_old_answer(scene: Scene) -> None:
    keep(scene, "png", 1)

    def refused() -> bytes:
        msg = "no such band"
        raise InvalidInputError(msg)

    with pytest.raises(InvalidInputError):
        answered("png", 1, scenes=[scene], compute=refused, now=LATER)


@pytest.mark.parametrize("change", ["held", "deleted", "touched"])
def test_an_answer_goes_with_the_scenes_it_rests_on(scene: Scene, change: str) -> None:
    keep(scene, "png", 1)
    match change:
        case "held":
            Scene.objects.update(state=SceneState.HELD)
        case "deleted":
            scene.delete()
        case _:
            scene.save()

    with pytest.raises(ServiceUnavailableError):
        answered("png", 1, scenes=[], compute=down, now=LATER)


def test_a_full_disk_costs_no_answer(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(caches["answers"], "set", full)

    answer = answered("png", 1, scenes=[scene], compute=lambda: b"new", now=NOON)

    assert answer.body == b"new"
