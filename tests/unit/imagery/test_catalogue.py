"""The catalogue: twelve indices, each with hand-worked values, a reference and honest colours."""

from __future__ import annotations

import ast
import copy
import json
import math
from importlib import resources
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from farm.errors import NotFoundError
from farm.imagery.catalogue import catalogue, index_named, parse_catalogue
from farm.imagery.legend import legend_of

INDEX_IDS = [
    "ndvi",
    "evi",
    "evi2",
    "savi",
    "osavi",
    "msavi",
    "gndvi",
    "ndre",
    "ndmi",
    "ndwi",
    "nbr",
    "cire",
]

# A healthy crop; the worked results stand in docs/science.md.
CROP = {
    "blue": 0.03,
    "green": 0.09,
    "red": 0.05,
    "nir": 0.45,
    "nir08": 0.45,
    "rededge1": 0.15,
    "swir16": 0.15,
    "swir22": 0.09,
}
WORKED_ON_CROP = {
    "ndvi": 0.40 / 0.50,
    "evi": 2.5 * 0.40 / (0.45 + 0.30 - 0.225 + 1.0),
    "evi2": 2.5 * 0.40 / (0.45 + 0.12 + 1.0),
    "savi": 1.5 * 0.40 / 1.0,
    "osavi": 0.40 / 0.66,
    "msavi": (1.9 - math.sqrt(0.41)) / 2,
    "gndvi": 0.36 / 0.54,
    "ndre": 0.30 / 0.60,
    "ndmi": 0.30 / 0.60,
    "ndwi": -0.36 / 0.54,
    "nbr": 0.36 / 0.54,
    "cire": 2.0,
}
# Dry bare soil.
SOIL = {
    "blue": 0.10,
    "green": 0.15,
    "red": 0.20,
    "nir": 0.25,
    "nir08": 0.25,
    "rededge1": 0.20,
    "swir16": 0.35,
    "swir22": 0.30,
}
WORKED_ON_SOIL = {
    "ndvi": 0.05 / 0.45,
    "evi": 0.125 / 1.70,
    "evi2": 0.125 / 1.73,
    "savi": 0.075 / 0.95,
    "osavi": 0.05 / 0.61,
    "msavi": (1.5 - math.sqrt(1.85)) / 2,
    "gndvi": 0.10 / 0.40,
    "ndre": 0.05 / 0.45,
    "ndmi": -0.10 / 0.60,
    "ndwi": -0.10 / 0.40,
    "nbr": -0.05 / 0.55,
    "cire": 0.25,
}

_BINARY = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_FUNCTIONS = {"sqrt": math.sqrt, "abs": abs, "min": min, "max": max}


def worked(formula: str, names: dict[str, float]) -> float:
    """A second reading of the grammar, over an allow-list of Python's own syntax tree."""

    def value(node: ast.AST) -> float:
        match node:
            case ast.Expression(body=body):
                return value(body)
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return _BINARY[type(op)](value(left), value(right))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return _FUNCTIONS[name](*map(value, args))
        raise AssertionError(ast.dump(node))

    return value(ast.parse(formula, mode="eval"))


def test_the_catalogue_holds_the_twelve_indices() -> None:
    assert list(catalogue().indices) == INDEX_IDS
    assert catalogue().version


@pytest.mark.parametrize("index_id", INDEX_IDS)
@pytest.mark.parametrize(
    ("ground", "results"),
    [(CROP, WORKED_ON_CROP), (SOIL, WORKED_ON_SOIL)],
    ids=["crop", "soil"],
)
def test_a_formula_gives_the_value_worked_by_hand(
    index_id: str, ground: dict[str, float], results: dict[str, float]
) -> None:
    index = index_named(index_id)

    found = worked(index.formula, ground | dict(index.constants))

    assert found == pytest.approx(results[index_id], rel=1e-12)
    assert index.valid_min <= found <= index.valid_max


def test_the_red_edge_of_ndre_is_the_first_one() -> None:
    assert index_named("ndre").bands == ("nir08", "rededge1")


def test_savi_takes_half_as_its_soil_term() -> None:
    assert index_named("savi").constants == {"l": 0.5}


@pytest.mark.parametrize("index_id", INDEX_IDS)
def test_an_index_says_where_it_was_published_and_what_it_means(index_id: str) -> None:
    index = index_named(index_id)

    assert index.reference.url.startswith("https://")
    assert 1970 <= index.reference.year <= 2030
    assert index.reference.title
    assert index.description.endswith(".")
    assert index.description.count(".") == 1


@pytest.mark.parametrize("index_id", INDEX_IDS)
def test_only_ratios_of_equal_degree_do_without_reflectance(index_id: str) -> None:
    """Doubling every band must leave such an index unchanged, and change every other."""
    index = index_named(index_id)
    doubled = {name: 2.0 * value for name, value in CROP.items()}

    once = worked(index.formula, CROP | dict(index.constants))
    twice = worked(index.formula, doubled | dict(index.constants))

    assert index.needs_reflectance is not math.isclose(once, twice, rel_tol=1e-12)


@pytest.mark.parametrize("index_id", INDEX_IDS)
def test_colours_ascend_within_the_valid_range(index_id: str) -> None:
    index = index_named(index_id)
    values = [stop.value for stop in index.stops]

    assert values == sorted(set(values))
    assert index.valid_min <= index.display_min < index.display_max <= index.valid_max
    assert (index.display_min, index.display_max) == (values[0], values[-1])


@pytest.mark.parametrize("ramp", ["greenness", "red_edge", "chlorophyll"])
def test_more_green_is_darker_so_that_the_ramp_reads_without_colour(ramp: str) -> None:
    index = next(index for index in catalogue().indices.values() if index.ramp == ramp)

    lightness = [luminance(stop.rgb) for stop in index.stops]

    assert lightness == sorted(lightness, reverse=True)


@pytest.mark.parametrize("ramp", ["moisture", "water", "burn"])
def test_a_two_sided_ramp_is_lightest_in_one_place(ramp: str) -> None:
    index = next(index for index in catalogue().indices.values() if index.ramp == ramp)

    lightness = [luminance(stop.rgb) for stop in index.stops]

    peak = lightness.index(max(lightness))
    assert lightness[: peak + 1] == sorted(lightness[: peak + 1])
    assert lightness[peak:] == sorted(lightness[peak:], reverse=True)


def luminance(rgb: int) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.1)."""
    channels = [(rgb >> shift & 0xFF) / 255 for shift in (16, 8, 0)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("index_id", INDEX_IDS)
def test_the_legend_is_made_of_the_stops_that_pictures_are_drawn_with(index_id: str) -> None:
    index = index_named(index_id)

    legend = legend_of(index)

    assert [(stop["value"], int(stop["colour"][1:], 16)) for stop in legend["stops"]] == [
        (stop.value, stop.rgb) for stop in index.stops
    ]
    assert (legend["display_min"], legend["display_max"]) == (index.display_min, index.display_max)


def test_the_only_near_infrared_stands_in_for_the_narrow_one() -> None:
    ndmi = index_named("ndmi")

    assert ndmi.band_sources({"nir08", "nir", "swir16"}) == {"nir08": "nir08", "swir16": "swir16"}
    assert ndmi.band_sources({"nir", "swir16"}) == {"nir08": "nir", "swir16": "swir16"}
    assert ndmi.formula_for({"nir"}) is None
    assert ndmi.missing_bands({"nir"}) == ("swir16",)


def test_the_narrow_near_infrared_does_not_stand_in_for_the_wide_one() -> None:
    assert index_named("ndvi").formula_for({"nir08", "red"}) is None


def test_an_index_of_reflectance_is_not_computed_from_digital_numbers() -> None:
    bands = {"nir", "red", "blue"}

    assert index_named("evi").formula_for(bands, has_reflectance=False) is None
    assert index_named("ndvi").formula_for(bands, has_reflectance=False) is not None


def test_an_unknown_index_is_refused_with_the_names_that_are_known() -> None:
    with pytest.raises(NotFoundError, match=r"“lai”.*ndvi, evi.*cire") as refusal:
        index_named("lai")

    assert refusal.value.reason == "INDEX_UNKNOWN"


def document() -> dict[str, Any]:
    text = resources.files("farm.imagery").joinpath("catalogue.json").read_text(encoding="utf-8")
    return copy.deepcopy(json.loads(text))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"formula": "(nir - red) / (nir + blue)"}, "uses .*blue.* but declares .*red"),
        ({"formula": "__import__('os')"}, "not understood"),
        ({"formula": "nir % red"}, "not understood from"),
        ({"bands": ["nir", "red", "green"]}, "declares .*green"),
        ({"bands": ["nir", "purple"], "formula": "nir / purple"}, "purple.*not known"),
        ({"constants": {"red": 1.0}}, "twice"),
        ({"valid_min": 1.0}, "empty valid range"),
        ({"ramp": "rainbow"}, "rainbow"),
        ({"reference": {"title": "t", "year": 2000}}, "doi or a url"),
        ({"surprise": 1}, "exactly the keys"),
        ({"id": "ND VI"}, "no identifier"),
        ({"id": "evi"}, "twice in the catalogue"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused_in_words(
    change: dict[str, Any], sentence: str
) -> None:
    broken = document()
    broken["indices"][0] |= change

    with pytest.raises(ImproperlyConfigured, match=sentence):
        parse_catalogue(broken)


@pytest.mark.parametrize(
    ("stops", "sentence"),
    [
        ([[0.0, "#000000"]], "2 to 64"),
        ([[0.0, "#000000"], [0.0, "#ffffff"]], "ascend"),
        ([[0.0, "black"], [1.0, "#ffffff"]], "colour"),
    ],
)
def test_a_ramp_that_cannot_be_drawn_is_refused(stops: list[Any], sentence: str) -> None:
    broken = document()
    broken["ramps"]["greenness"] = stops

    with pytest.raises(ImproperlyConfigured, match=sentence):
        parse_catalogue(broken)
