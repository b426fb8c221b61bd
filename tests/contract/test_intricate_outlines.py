"""Sound outlines of very many corners are measured within the deadline, or refused in words."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.farm_site import assert_refused

if TYPE_CHECKING:
    from tests.contract.farm_site import Site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unharmed")]

WEST, SOUTH, SIDE = 3.0225, 50.815, 0.002  # degrees, inside the good scene


def placed(corners: list[tuple[float, float]], *, turned: float = 0.0) -> dict[str, Any]:
    """A polygon from corners in a square from −1 to 1, turned about its middle."""
    cos, sin = math.cos(turned), math.sin(turned)
    half = SIDE / 2
    ring = [
        [WEST + half + half * (x * cos - y * sin), SOUTH + half + half * (x * sin + y * cos)]
        for x, y in corners
    ]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def comb(teeth: int) -> list[tuple[float, float]]:
    """Upright teeth, each as wide as the gap beside it."""
    step = 1.4 / teeth
    tooth = ((0.0, -0.6), (0.0, 0.7), (0.5, 0.7), (0.5, -0.6))
    upper = [(-0.7 + step * (n + x), y) for n, (x, y) in itertools.product(range(teeth), tooth)]
    return [(-0.7, -0.7), *upper, (upper[-1][0], -0.7)]


def spiral(corners: int, turns: int = 20) -> list[tuple[float, float]]:
    """A lane that winds outwards, half as wide as the way from one turn to the next."""
    half = corners // 2

    def line(inwards: float) -> list[tuple[float, float]]:
        shares = [number / half for number in range(half)]
        return [
            (
                (0.1 + 0.9 * share - inwards) * math.cos(2 * math.pi * turns * share),
                (0.1 + 0.9 * share - inwards) * math.sin(2 * math.pi * turns * share),
            )
            for share in shares
        ]

    return line(0.0) + line(0.45 / turns)[::-1]


def burst(rays: int) -> list[tuple[float, float]]:
    """Rays from a point, thin as needles."""
    around = [math.pi * number / rays for number in range(2 * rays)]
    return [
        (reach * math.cos(angle), reach * math.sin(angle))
        for angle, reach in zip(around, itertools.cycle((1.0, 0.001)), strict=False)
    ]


@pytest.mark.parametrize(
    ("corners", "share"),
    [(comb(16_000), 0.27), (spiral(64_000), 0.39)],
    ids=["comb", "spiral"],
)
def test_sixty_thousand_corners_are_measured(
    site: Site, corners: list[tuple[float, float]], share: float
) -> None:
    answer = site.statistics(outlines=placed(corners))

    assert answer.status_code == 200, answer.content
    (row,) = answer.json()["scenes"][0]["results"]
    square_m2 = (SIDE * 111_200) ** 2 * math.cos(math.radians(SOUTH))
    assert row["outline_area_m2"] / square_m2 == pytest.approx(share, rel=0.05)
    # The weights of the pixels add up to the outline, however thin its parts.
    assert row["covered_area_m2"] == pytest.approx(row["outline_area_m2"], rel=0.002)
    assert 0.6 < row["mean"] < 0.8


def test_long_edges_across_one_another_are_refused_at_once(site: Site) -> None:
    slanting, needles = placed(comb(16_000), turned=math.pi / 4), placed(burst(30_000))

    for answer in (site.statistics(outlines=slanting), site.draw(needles)):
        assert_refused(answer, reason="OUTLINE_TOO_INTRICATE", words="too intricate")


def test_a_slanting_comb_of_a_few_hundred_corners_is_measured(site: Site) -> None:
    answer = site.statistics(outlines=placed(comb(70), turned=math.pi / 4))

    assert answer.status_code == 200, answer.content
    assert 0.6 < answer.json()["scenes"][0]["results"][0]["mean"] < 0.8


def test_ten_million_corners_are_refused_by_their_length(site: Site) -> None:
    position = b"[3.02,50.81],"
    body = b'{"type": "Polygon", "coordinates": [[' + position * 10_000_000 + b"[3.02,50.81]]]}"

    for address in (f"/api/v1/farms/{site.farm.pk}/fields/", "/api/v1/statistics/"):
        answer = site.client.generic("POST", address, body, "application/json")

        assert_refused(answer, status=413, code="too_large", words="longer than")
