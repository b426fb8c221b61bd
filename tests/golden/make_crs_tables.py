"""Makes the tables of reference systems in ``compute/raster/src/crs`` and ``projections.json``.

``python -m tests.golden.make_crs_tables`` from the project's root, some minutes. Every plane and
geographic system of EPSG that PROJ knows is tried with three definitions: the one of the list
``crs-definitions``, the same on the datum of PROJ's operation, and one of PROJ's parameters alone.
The first that keeps to PROJ within half a millimetre at 40 points of the system's area is taken.
What it takes for an operation is in ``tests/contract/proj_operations.py``. Parameters are those of
the EPSG dataset (IOGP) in PROJ's database.
"""

from __future__ import annotations

import json
import re
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
from pyproj import CRS, Transformer, database, network

from tests.contract.proj_operations import (
    PREFERRED,
    Operation,
    base_code,
    best_operation,
    distances_m,
    held_share,
    points_inside,
    projected,
    unprojected,
)
from tests.contract.rust_examples import run_example

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "rust_services/compute/raster/src/crs"
GOLDEN = Path(__file__).with_name("projections.json")
POINTS = 40
THERE_M, BACK_M = 5e-4, 2e-3
WORST_ACCURACY_M = 10.0
LEAST_SHARE = 0.5  # of a system's area that its operation is for
SMALL_SHIFT_M = 5.0  # of frames that WGS 84 is taken for
METRES_PER_DEGREE = 111_320.0
ROUND_TRIP_M = 0.1  # what crs.rs allows

AXES = "its axes do not run east and north"
DATUM_WORD = re.compile(r"\+(ellps|datum|towgs84|nadgrids|a|b|rf|pm)=|\+no_defs")
NOT_SHIFTS = {"unitconvert", "push", "pop", "pipeline", "longlat", "cart", "noop", None}


@dataclass
class System:
    """A system, what PROJ makes of its points, and what was chosen for it."""

    code: int
    crs: CRS
    operation: Operation | None
    points: np.ndarray
    wanted: np.ndarray
    returned: np.ndarray  # PROJ's way back from there
    datum: str | None
    projection: str | None
    candidates: dict[str, str] = field(default_factory=dict)
    errors: dict[str, tuple[float, float]] = field(default_factory=dict)
    worst: int = 0  # the point that is farthest off

    @property
    def choice(self) -> str | None:
        """Name the first candidate that keeps to PROJ."""
        good = (
            name for name, (there, back) in self.errors.items() if there < THERE_M and back < BACK_M
        )
        return next(good, None)


def plain(number: float) -> str:
    """Write a number in as few digits as hold it."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def steps(pipeline: str) -> list[dict[str, str]]:
    """Split a pipeline of PROJ into steps of words; a word without a value has ''."""
    parts = (part.split() for part in re.split(r"\bstep\b", pipeline))
    return [dict((*word.split("=", 1), "")[:2] for word in words) for words in parts if words]


def ellipsoid_words(crs: CRS) -> str:
    """Say ellipsoid and prime meridian."""
    shape, meridian = crs.ellipsoid, crs.prime_meridian
    axis, flattening = plain(shape.semi_major_metre), shape.inverse_flattening
    words = {
        ("6378137", 298.257222101): "+ellps=GRS80",
        ("6378137", 298.257223563): "+ellps=WGS84",
    }.get((axis, round(flattening, 9)))
    if words is None:
        words = f"+a={axis} +rf={plain(flattening)}" if flattening else f"+a={axis} +b={axis}"
    if meridian.longitude:
        degrees = np.degrees(meridian.longitude * meridian.unit_conversion_factor)
        words += f" +pm={plain(degrees)}"
    return words


def datum_words(base: CRS, operation: Operation | None) -> str | None:
    """Say the datum with the operation's shift as seven parameters; None: it is none of that."""
    words = ellipsoid_words(base)
    is_modern = "GRS80" in words or "WGS84" in words
    shifts = [] if operation is None else steps(operation.pipeline)
    shifts = [step for step in shifts if step.get("proj") not in NOT_SHIFTS]
    if not shifts:
        return words if is_modern else f"{words} +towgs84=0,0,0"
    step = shifts[0]
    is_known = step["proj"] in ("helmert", "molobadekas") and not {"dx", "t_epoch"} & step.keys()
    if len(shifts) > 1 or not is_known:
        return None
    shift, turn, centre = (
        np.array([float(step.get(name, 0)) for name in names])
        for names in (("x", "y", "z"), ("rx", "ry", "rz"), ("px", "py", "pz"))
    )
    scale, is_inverse = float(step.get("s", 0)), "inv" in step
    if not turn.any() and not scale and not centre.any():
        parts = shift if is_inverse else -shift
        return f"{words} +towgs84=" + ",".join(map(plain, parts))
    if not is_inverse:
        return None
    if step.get("convention") == "coordinate_frame":
        turn = -turn
    if centre.any():
        # Molodensky-Badekas turns around a point; the same, with the turn in the shift, such that
        # the way from WGS 84, whose turn is the transposed one, is met.
        x, y, z = np.radians(turn / 3600)
        matrix = np.array([[1, -z, y], [z, 1, -x], [-y, x, 1]])
        shift = np.round(shift + centre - (1 + scale * 1e-6) * np.linalg.inv(matrix.T) @ centre, 6)
    return f"{words} +towgs84=" + ",".join(map(plain, [*shift, *turn, scale]))


def plane_pipeline(crs: CRS) -> str:
    """Return PROJ's way from degrees of a system's own datum to its plane."""
    return str(Transformer.from_crs(base_code(crs), crs, always_xy=True).definition)


def projection_words(crs: CRS) -> str | None:
    """Say the projection in PROJ's words; None where it takes more than one step."""
    if crs.is_geographic:
        return "+proj=longlat"
    parts = steps(plane_pipeline(crs))
    one = [part for part in parts if part.get("proj") not in {"pipeline", "unitconvert", "longlat"}]
    if len(one) != 1 or "axis" in one[0]:
        return None
    words = [
        f"+{name}={value}" if value else f"+{name}"
        for name, value in one[0].items()
        if not DATUM_WORD.match(f"+{name}=") and name not in {"inv", "R", "no_defs"}
    ]
    unit = parts[-1].get("xy_out") if parts[-1].get("proj") == "unitconvert" else None
    if unit is not None:
        words.append(f"+to_meter={unit}" if unit[0].isdigit() else f"+units={unit}")
    return " ".join(words)


def examined(code: int) -> System | str:
    """Look a system up in PROJ, or say why it is none that can be supported."""
    crs = CRS.from_epsg(code)
    if crs.area_of_use is None:
        return "it is no plane or geographic system that PROJ knows"
    base = CRS.from_epsg(base_code(crs))
    operation = best_operation(base_code(crs), crs.area_of_use)
    ellipsoid = ellipsoid_words(base)
    if operation is None and ellipsoid not in ("+ellps=GRS80", "+ellps=WGS84"):
        return "the shift of its datum to WGS 84 is not known"
    points = points_inside(crs.area_of_use, seed=code, count=POINTS)
    try:
        wanted = projected(crs, operation, points)
        returned = unprojected(crs, operation, wanted)
    except pyproj.exceptions.ProjError:
        return "its projection is not implemented"
    known = np.isfinite(wanted).all(axis=1) & np.isfinite(returned).all(axis=1)
    if not known.any():
        return "its projection is not implemented"
    return System(
        code=code,
        crs=crs,
        operation=operation,
        points=points[known],
        wanted=wanted[known],
        returned=returned[known],
        datum=datum_words(base, operation),
        projection=projection_words(crs),
    )


def tried(definitions: list[tuple[str, np.ndarray, np.ndarray]]) -> list[Any]:
    """Carry points by definitions, there and back; ``EPSG:…`` stands for that of the list."""
    task = [[words, there.tolist(), back.tolist()] for words, there, back in definitions]
    return list(json.loads(run_example("definition", json.dumps(task).encode())))


def listed() -> dict[int, str]:
    """Return the definitions of the list."""
    nothing = np.empty((0, 2))
    answers = tried([(f"EPSG:{code}", nothing, nothing) for code in range(1, 65536)])
    return {code: answer[0] for code, answer in enumerate(answers, start=1) if answer}


def try_all(systems: list[System], texts: dict[int, str]) -> None:
    """Find out how far each candidate is off."""
    for system in systems:
        text = texts.get(system.code, "+axis=")
        if "+axis=" not in text:
            if not re.search(r"\+nadgrids=(?!@null)|\+datum=NAD27", text):
                system.candidates["list"] = text
            if system.datum is not None:
                words = " ".join(word for word in text.split() if not DATUM_WORD.match(word))
                system.candidates["datum"] = f"{words} {system.datum}"
        if system.datum is not None and system.projection is not None:
            system.candidates["own"] = f"{system.projection} {system.datum}"
    order = [(system, name) for system in systems for name in system.candidates]
    answers = tried([(s.candidates[name], s.points, s.wanted) for s, name in order])
    for (system, name), answer in zip(order, answers, strict=True):
        if answer is None or answer[1] is None or not all(answer[1]) or not all(answer[2]):
            continue
        there = distances_m(system.crs, np.array(answer[1]), system.wanted)
        back = distances_m(CRS.from_epsg(4326), np.array(answer[2]), system.returned)
        system.errors[name] = (float(there.max()), float(back.max()))
        if system.choice == name:
            system.worst = int(there.argmax())


def refusal(system: System, text: str | None) -> str | None:
    """Say why a system is refused; None where it is not."""
    accuracy = None if system.operation is None else system.operation.accuracy_m
    if system.choice is not None:
        away = distances_m(CRS.from_epsg(4326), system.returned, system.points)
        if away.max() > ROUND_TRIP_M:
            return "the shift of its datum turns by so much that there is no way back"
        if is_out_of_scale(system):
            return "its scale in the EPSG dataset is not that of the ground"
        if accuracy is not None and accuracy >= 999:
            return "how good the shift of its datum is without a grid file is not known"
        if accuracy is not None and accuracy > WORST_ACCURACY_M:
            return f"the shift of its datum is good to {accuracy:g} m only without a grid file"
        if not is_operation_for(system):
            return "the shift of its datum is known for other places only"
        return None
    if (text is not None and "+axis=" in text) or " axis=" in plane_pipeline(system.crs):
        return AXES
    if system.datum is None:
        return "the shift of its datum takes several steps"
    if system.projection is None or not system.errors:
        return "its projection is not implemented"
    return "its coordinates here differ from PROJ's by more than a millimetre"


def is_out_of_scale(system: System) -> bool:
    """Say whether the plane is far smaller or larger than the ground, as by a wrong unit."""
    if system.crs.is_geographic:
        return False
    unit = system.crs.axis_info[0].unit_conversion_factor
    plane = np.hypot(*np.diff(system.wanted, axis=0).T) * unit
    east, north = np.diff(system.points, axis=0).T
    east = ((east + 180) % 360 - 180) * np.cos(np.radians(system.points[1:, 1]))
    ratio = np.median(plane / (np.hypot(east, north) * METRES_PER_DEGREE))
    return not 0.1 < ratio < 10


def is_operation_for(system: System) -> bool:
    """Say whether the operation is for the system's area, or shifts no more than frames drift."""
    operation, area = system.operation, system.crs.area_of_use
    if operation is None or held_share(operation.area, area) >= LEAST_SHARE:
        return True
    if any(name in operation.name for name in PREFERRED.values()):
        return True
    base = CRS.from_epsg(base_code(system.crs))
    shifted = projected(base, operation, system.points)
    return bool(distances_m(base, shifted, system.points).max() <= SMALL_SHIFT_M)


def horizontal(code: int) -> int | None:
    """Return the code of the plane or geographic part of a system with heights."""
    crs = CRS.from_epsg(code)
    if crs.is_geocentric:
        return None
    part = crs.sub_crs_list[0] if crs.is_compound else crs
    part = part.to_2d() if len(part.axis_info) > 2 else part
    found = part.to_json_dict().get("id", {}).get("code")
    return None if found in (None, code) else int(found)


def write_table(name: str, head: str, table: dict[str, list[int]]) -> None:
    """Write texts and their ranges of codes."""
    lines = [f"# {head}\n# Made by tests/golden/make_crs_tables.py.\n"]
    for text, codes in sorted(table.items(), key=lambda entry: min(entry[1])):
        ranges: list[list[int]] = []
        for code in sorted(codes):
            if ranges and code == ranges[-1][1] + 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
        words = (str(a) if a == b else f"{a}-{b}" for a, b in ranges)
        lines.append(f"{text}: {' '.join(words)}\n")
    (TABLES / name).write_text("".join(lines))


def main() -> None:
    """Make all of them."""
    warnings.simplefilter("ignore")
    network.set_network_enabled(active=False)
    texts = listed()

    def codes(*kinds: str) -> set[int]:
        found = database.query_crs_info("EPSG", list(kinds), allow_deprecated=True)
        return {int(info.code) for info in found if int(info.code) < 65536}

    flat = codes("PROJECTED_CRS", "GEOGRAPHIC_2D_CRS")
    tall = (codes("COMPOUND_CRS", "GEOGRAPHIC_3D_CRS") | texts.keys()) - flat
    looked_at = {code: examined(code) for code in sorted(flat)}
    systems = [found for found in looked_at.values() if isinstance(found, System)]
    try_all(systems, texts)

    refused, datums, projections, planes = (defaultdict[str, list[int]](list) for _ in range(4))
    for code, found in looked_at.items():
        why = found if isinstance(found, str) else refusal(found, texts.get(code))
        if why is not None:
            refused[why].append(code)
            continue
        assert isinstance(found, System)
        if found.choice != "list":
            datums[str(found.datum)].append(code)
        if found.choice == "own":
            projections[str(found.projection)].append(code)
    no = {code for group in refused.values() for code in group}
    for code in sorted(tall):
        try:
            plane = horizontal(code)
        except pyproj.exceptions.CRSError:
            plane = None
        if plane in flat and plane not in no:
            planes[str(plane)].append(code)
        elif "+proj=geocent" in texts.get(code, ""):
            refused["it is geocentric, with no east and north axes"].append(code)
        elif "+axis=" in texts.get(code, ""):
            refused[AXES].append(code)
        else:
            refused["it is no plane or geographic system that PROJ knows"].append(code)

    head = "Ellipsoid, meridian and shift to WGS 84 (position vector: m, arc seconds, ppm) that\n# "
    write_table("datums.txt", head + "replace those of the list.", datums)
    write_table("projections.txt", "Projections that the list lacks.", projections)
    write_table("horizontal.txt", "Systems, and those that add heights to them.", planes)
    write_table("refused.txt", "Why systems are refused.", refused)
    supported = [system for system in systems if system.code not in no]
    write_golden(supported)
    print(len(supported), "systems,", sum(map(len, planes.values())), "with heights;", len(no))


def write_golden(systems: list[System]) -> None:
    """Write of each system the point that is farthest off, as PROJ has it."""
    version = f"pyproj {pyproj.__version__}, PROJ {pyproj.proj_version_str}, no grid files"
    how = (
        "EPSG code, longitude, latitude (degrees of WGS 84), east, north (units of the system); "
        "the operation is best_operation of tests/contract/proj_operations.py"
    )
    rows = []
    for system in systems:
        digits = 9 if system.crs.is_geographic else 4
        place = [*system.points[system.worst], *np.round(system.wanted[system.worst], digits)]
        rows.append(f"  {json.dumps([system.code, *map(float, place)])}")
    head = f' "made_with": {json.dumps(version)},\n "how": {json.dumps(how)},\n'
    GOLDEN.write_text("{\n" + head + ' "points": [\n' + ",\n".join(rows) + "\n ]\n}\n")


if __name__ == "__main__":
    main()
