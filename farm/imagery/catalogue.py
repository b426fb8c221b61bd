"""The indices that can be asked for: data in ``catalogue.json``, checked when it is first read.

An index is a formula over named bands, its constants, the range outside which a value is no
measurement, and where it was published. Nothing here evaluates a formula: furrow-ndvi parses it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from farm.errors import NotFoundError
from farm.imagery.domain import ColourStop, IndexFormula

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

KNOWN_BANDS = frozenset(
    {
        *("coastal", "blue", "green", "red", "rededge1", "rededge2", "rededge3"),
        *("nir", "nir08", "nir09", "swir16", "swir22"),
    }
)

# Landsat and most drones have one near-infrared band; it stands in for Sentinel-2's narrow one.
STAND_INS: Mapping[str, str] = MappingProxyType({"nir08": "nir"})

FUNCTIONS = frozenset({"sqrt", "abs", "min", "max"})

# The borders of ndvi.proto.
MAX_FORMULA_BYTES = 512
MIN_STOPS, MAX_STOPS = 2, 64

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,31}")
_TOKEN = re.compile(r"\s*(?:(?P<name>[a-z_][a-z0-9_]*)|\d+(?:\.\d+)?|[-+*/(),])")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where an index was published."""

    title: str
    year: int
    doi: str  # empty where the source has none
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A vegetation index as data."""

    id: str
    name: str
    formula: str  # grammar: ndvi.proto, IndexFormula
    bands: tuple[str, ...]  # catalogue names, in the order of the formula
    constants: Mapping[str, float]
    valid_min: float  # values outside are no measurement
    valid_max: float
    needs_reflectance: bool  # False: a common scale cancels, so plain digital numbers serve too
    description: str
    reference: Reference
    ramp: str
    stops: tuple[ColourStop, ...]  # the ramp, values ascending

    @property
    def display_min(self) -> float:
        """Value of the first colour; smaller values are drawn in it."""
        return self.stops[0].value

    @property
    def display_max(self) -> float:
        """Value of the last colour; greater values are drawn in it."""
        return self.stops[-1].value

    def band_sources(self, available: Collection[str]) -> dict[str, str] | None:
        """Say which available band each band of the formula is read from.

        Args:
            available: Names of the bands a scene has.

        Returns:
            Name in the formula → name of the scene's band; None when a band is missing.
        """
        sources: dict[str, str] = {}
        for band in self.bands:
            source = band if band in available else STAND_INS.get(band, "")
            if source not in available:
                return None
            sources[band] = source
        return sources

    def missing_bands(self, available: Collection[str]) -> tuple[str, ...]:
        """Name the bands of the formula that are neither available nor stood in for."""
        return tuple(
            band
            for band in self.bands
            if band not in available and STAND_INS.get(band, "") not in available
        )

    def formula_for(
        self, available: Collection[str], *, has_reflectance: bool = True
    ) -> IndexFormula | None:
        """Return the formula for a scene with these bands; None when it cannot be computed.

        Args:
            available: Names of the bands a scene has.
            has_reflectance: Whether scale and offset of the scene are known.
        """
        if self.band_sources(available) is None or (self.needs_reflectance and not has_reflectance):
            return None
        return self.as_formula()

    def as_formula(self) -> IndexFormula:
        """Return the index as furrow-ndvi takes it."""
        return IndexFormula(
            name=self.id,
            formula=self.formula,
            constants=dict(self.constants),
            valid_min=self.valid_min,
            valid_max=self.valid_max,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All indices, in the order of the file."""

    version: str  # changes with any formula, constant, range or colour
    indices: Mapping[str, Index]

    def index(self, index_id: str) -> Index:
        """Return one index.

        Raises:
            NotFoundError: There is none of this name; the message lists those there are.
        """
        found = self.indices.get(index_id)
        if found is None:
            known = ", ".join(self.indices)
            msg = f"There is no index “{index_id[:64]}”. Known are: {known}."
            raise NotFoundError(msg, reason="INDEX_UNKNOWN")
        return found


@cache
def catalogue() -> Catalogue:
    """Read and check the catalogue once a process.

    Raises:
        ImproperlyConfigured: ``catalogue.json`` contradicts itself; the message says where.
    """
    text = resources.files("farm.imagery").joinpath("catalogue.json").read_text(encoding="utf-8")
    return parse_catalogue(json.loads(text))


def index_named(index_id: str) -> Index:
    """Return an index of the catalogue; see ``Catalogue.index``."""
    return catalogue().index(index_id)


def parse_catalogue(document: Mapping[str, Any]) -> Catalogue:
    """Turn the JSON document into values.

    Raises:
        ImproperlyConfigured: An entry lacks something or contradicts itself.
    """
    ramps = {name: _parse_ramp(name, stops) for name, stops in document["ramps"].items()}
    indices: dict[str, Index] = {}
    for entry in document["indices"]:
        index = _parse_index(entry, ramps)
        _require(index.id not in indices, index.id, "stands twice in the catalogue")
        indices[index.id] = index
    return Catalogue(version=str(document["version"]), indices=MappingProxyType(indices))


def _parse_index(entry: Mapping[str, Any], ramps: Mapping[str, tuple[ColourStop, ...]]) -> Index:
    index_id = str(entry.get("id", ""))
    _require(_IDENTIFIER.fullmatch(index_id) is not None, index_id, "is no identifier")
    wanted = {"id", "name", "formula", "bands", "constants", "valid_min", "valid_max"}
    wanted |= {"needs_reflectance", "description", "reference", "ramp"}
    _require(set(entry) == wanted, index_id, f"must have exactly the keys {sorted(wanted)}")
    bands, constants = tuple(entry["bands"]), dict(entry["constants"])
    _check_formula(index_id, entry["formula"], bands, constants)
    _require(entry["valid_min"] < entry["valid_max"], index_id, "has an empty valid range")
    _require(entry["ramp"] in ramps, index_id, f"names the ramp “{entry['ramp']}”, not known")
    return Index(
        id=index_id,
        name=entry["name"],
        formula=entry["formula"],
        bands=bands,
        constants=MappingProxyType(constants),
        valid_min=float(entry["valid_min"]),
        valid_max=float(entry["valid_max"]),
        needs_reflectance=bool(entry["needs_reflectance"]),
        description=entry["description"],
        reference=_parse_reference(index_id, entry["reference"]),
        ramp=entry["ramp"],
        stops=ramps[entry["ramp"]],
    )


def _check_formula(
    index_id: str, formula: str, bands: tuple[str, ...], constants: Mapping[str, float]
) -> None:
    """Hold the names in a formula against what it declares; its grammar is Rust's to parse."""
    _require(len(formula.encode()) <= MAX_FORMULA_BYTES, index_id, "has too long a formula")
    names, position = set(), 0
    while position < len(formula):
        token = _TOKEN.match(formula, position)
        if token is None:
            msg = (
                f"Index “{index_id}”: the formula is not understood from “{formula[position:]}” on."
            )
            raise ImproperlyConfigured(msg)
        names.add(token["name"])
        position = token.end()
    names -= {None, *FUNCTIONS}
    for band in bands:
        _require(band in KNOWN_BANDS, index_id, f"names the band “{band}”, not known")
    declared = {*bands, *constants}
    _require(len(declared) == len(bands) + len(constants), index_id, "names a thing twice")
    _require(names == declared, index_id, f"uses {sorted(names)} but declares {sorted(declared)}")


def _parse_reference(index_id: str, entry: Mapping[str, Any]) -> Reference:
    doi, url = entry.get("doi", ""), entry.get("url", "")
    _require(bool(doi) != bool(url), index_id, "needs either a doi or a url as its reference")
    return Reference(
        title=entry["title"],
        year=int(entry["year"]),
        doi=doi,
        url=url or f"https://doi.org/{doi}",
    )


def _parse_ramp(name: str, stops: list[tuple[float, str]]) -> tuple[ColourStop, ...]:
    _require(MIN_STOPS <= len(stops) <= MAX_STOPS, name, "needs 2 to 64 stops", what="Ramp")
    for (value, colour), (following, _) in zip(
        stops, [*stops[1:], (float("inf"), "")], strict=True
    ):
        _require(value < following, name, "does not ascend", what="Ramp")
        _require(_COLOUR.fullmatch(colour) is not None, name, "has a bad colour", what="Ramp")
    return tuple(ColourStop(value=float(value), rgb=int(rgb[1:], 16)) for value, rgb in stops)


def _require(holds: bool, name: str, sentence: str, *, what: str = "Index") -> None:
    if not holds:
        msg = f"{what} “{name}” {sentence}."
        raise ImproperlyConfigured(msg)
