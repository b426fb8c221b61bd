"""Numbers that everybody begins with are the published ones: each as two sources agree on it."""

from __future__ import annotations

import pytest

from farm.weather.defaults import CROPS, DECISIONS, SOILS
from farm.weather.models import CropProfile, DecisionProfile, SoilProfile

CROP = {crop["name"]: crop for crop in CROPS}
SPRAY = next(row for row in DECISIONS if row["kind"] == "spray")["thresholds"]
ORCHARD = ((0.45, 0.95, 0.70), (0.35, 0.90, 0.65), 0.50)

# FAO-56: single (table 12), basal coefficients (17) and depletion (22), as pyfao56 lists them too,
# and in table 12 the R package FAO56. Of ranges, of which pyfao56 has another point, the middle is
# taken (cotton 1.15–1.20, grass 0.85–1.05), and sunflower's greater end (1.0–1.15), the irrigated.
COEFFICIENTS = {
    "winter wheat": ((0.7, 1.15, 0.25), (0.15, 1.10, 0.15), 0.55),
    "spring barley": ((0.3, 1.15, 0.25), (0.15, 1.10, 0.15), 0.55),
    "maize": ((0.3, 1.20, 0.35), (0.15, 1.15, 0.15), 0.55),
    "sugar beet": ((0.35, 1.20, 0.70), (0.15, 1.15, 0.50), 0.55),
    "potato": ((0.5, 1.15, 0.75), (0.15, 1.10, 0.65), 0.35),
    "tomato": ((0.6, 1.15, 0.80), (0.15, 1.10, 0.70), 0.40),
    "soybean": ((0.4, 1.15, 0.50), (0.15, 1.10, 0.30), 0.50),
    "sunflower": ((0.35, 1.15, 0.35), (0.15, 1.10, 0.25), 0.45),
    "cotton": ((0.35, 1.175, 0.60), (0.15, 1.125, 0.45), 0.65),
    "grass": ((0.40, 0.95, 0.85), (0.30, 0.90, 0.80), 0.60),
    "apple": ORCHARD,
    "pear": ORCHARD,
    "sweet cherry": ORCHARD,
    "peach": ((0.45, 0.90, 0.65), (0.35, 0.85, 0.60), 0.50),
    "wine grape": ((0.30, 0.70, 0.45), (0.15, 0.65, 0.40), 0.45),
}

# FAO-56, table 11, days with their printed total; pyfao56 has the same rows.
STAGES = {
    "winter wheat": ((30, 140, 40, 30), 240),
    "spring barley": ((20, 25, 60, 30), 135),
    "maize": ((30, 40, 50, 30), 150),
    "sugar beet": ((25, 35, 50, 50), 160),
    "potato": ((30, 35, 50, 30), 145),
    "tomato": ((30, 40, 45, 30), 145),
    "soybean": ((20, 35, 60, 25), 140),
    "sunflower": ((25, 35, 45, 25), 130),
    "cotton": ((30, 50, 60, 55), 195),
    "wine grape": ((30, 60, 40, 80), 210),
}

# Washington State University EB0913, EB0978, EB1128 and EB0914, °F that kill a tenth and nine
# tenths in half an hour, as Pennsylvania and Michigan State University's extensions print them.
FAHRENHEIT = {
    "apple": [
        *((15, 2), (18, 10), (23, 15), (27, 21), (28, 24)),
        *((28, 25), (28, 25), (28, 25), (28, 25)),
    ],
    "pear": [
        *((15, 0), (20, 6), (24, 15), (25, 19)),
        *((26, 22), (27, 23), (28, 24), (28, 24)),
    ],
    "sweet cherry": [
        *((17, 5), (22, 9), (25, 14), (26, 17), (27, 21)),
        *((27, 24), (28, 25), (28, 25), (28, 25)),
    ],
    "peach": [(18, 1), (21, 5), (23, 9), (25, 15), (26, 21), (27, 24), (28, 25)],
}

# FAO-56, table 19: readily evaporable water, mm.
EVAPORABLE_MM = {
    "sand": (2, 7),
    "loamy sand": (4, 8),
    "sandy loam": (6, 10),
    "loam": (8, 10),
    "silt loam": (8, 11),
    "silt": (8, 11),
    "silt clay loam": (8, 11),
    "silty clay": (8, 12),
    "clay": (8, 12),
}


def test_every_crop_has_coefficients_that_are_published() -> None:
    assert set(COEFFICIENTS) == set(CROP)


def test_sources_fit_into_their_column() -> None:
    for row, model in [
        *((row, DecisionProfile) for row in DECISIONS),
        *((row, CropProfile) for row in CROPS),
        *((row, SoilProfile) for row in SOILS),
    ]:
        most = model._meta.get_field("source").max_length
        assert most is not None
        assert len(row["source"]) <= most, row["name"]


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_coefficients_and_depletion_are_those_of_fao56(name: str) -> None:
    single, basal, depletion = COEFFICIENTS[name]

    assert tuple(CROP[name]["single_coefficients"]) == single
    assert tuple(CROP[name]["basal_coefficients"]) == basal
    assert CROP[name]["depletion_share"] == depletion


@pytest.mark.parametrize("name", STAGES)
def test_stages_are_those_of_fao56(name: str) -> None:
    days, total = STAGES[name]

    assert tuple(CROP[name]["stage_days"]) == days
    assert sum(days) == total


@pytest.mark.parametrize("name", FAHRENHEIT)
def test_buds_die_at_the_temperatures_of_the_bulletins(name: str) -> None:
    stages = CROP[name]["frost_stages"]
    found = [(one["kills_tenth_c"], one["kills_nine_tenths_c"]) for one in stages]

    # A tenth of a kelvin is far less than a degree Fahrenheit: to it the numbers are printed.
    assert [(round(a * 1.8 + 32), round(b * 1.8 + 32)) for a, b in found] == FAHRENHEIT[name]


def test_buds_of_vines_are_those_of_concord() -> None:
    # FAO, Frost protection (2005), table 4.8, after Proebsting; Mills vineyard lists the same.
    found = [
        (one["kills_tenth_c"], one["kills_nine_tenths_c"])
        for one in CROP["wine grape"]["frost_stages"]
    ]

    assert found == [
        *((-10.6, -19.4), (-6.1, -12.2), (-3.9, -8.9), (-2.8, -6.1)),
        *((-2.2, -5.6), (-2.2, -3.3), (-2.2, -2.8)),
    ]
    assert "Concord" in CROP["wine grape"]["source"]


def test_soils_evaporate_what_fao56_says() -> None:
    found = {soil["name"]: soil["readily_evaporable_mm"] for soil in SOILS}

    assert found == {name: sum(ends) / 2 for name, ends in EVAPORABLE_MM.items()}


def test_inversions_are_expected_when_the_growers_manual_expects_them() -> None:
    # GRDC spray manual, module 10: 1–2 h before sunset to about 1 h after sunrise.
    assert 1 <= SPRAY["inversion_sunset_hours"] <= 2
    assert SPRAY["inversion_sunrise_hours"] == 1
