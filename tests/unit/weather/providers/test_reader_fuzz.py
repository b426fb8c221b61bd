"""Whatever a provider answers, there is weather or one failure of the family, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.weather.providers import met_norway as norway
from farm.weather.providers import nasa_power, open_meteo
from farm.weather.providers.body import Kind, decoded, unpack
from farm.weather.providers.errors import ProviderError
from farm.weather.variables import HOURLY_BY_NAME
from tests.unit.weather.providers import answers
from tests.unit.weather.providers.test_met_norway import entries
from tests.unit.weather.providers.test_nasa_power import BEGIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from farm.weather.providers.interface import Fetched

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**400)
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["2026-03-27T00:00:00Z", "unixtime", "iso8601", "°C", "m/s"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["time", "data", "hourly", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
REQUEST = answers.asked()


def outcome(read: Callable[[], Fetched]) -> None:
    try:
        fetched = read()
    except ProviderError:
        return
    hourly = fetched.hourly
    assert hourly.start.minute == hourly.start.second == hourly.start.microsecond == 0
    assert 0 < hourly.count <= 24 * 400
    for name, column in hourly.columns.items():
        assert name in HOURLY_BY_NAME
        assert column.shape == (hourly.count,)
        assert column.dtype == np.float64
        assert not np.isinf(column).any()


def places(document: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document at which something else could stand."""
    found = [way] if way else []
    if isinstance(document, dict):
        steps: list[Any] = list(document)
    else:
        steps = list(range(min(3, len(document)))) if isinstance(document, list) else []
    for step in steps:
        found += places(document[step], (*way, step))
    return found


def with_other(document: Any, way: tuple[Any, ...], value: Any) -> str:
    copy = json.loads(json.dumps(document))
    inner = copy
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    return json.dumps(copy)


METEO = answers.open_meteo(count=4, temperature_2m=[1.0, None, 2.0, 3.0])
NORWAY = entries(2)


def read_norway(text: str) -> None:
    try:
        _, _, columns = norway.read_entries(text, request=REQUEST)
    except ProviderError:
        return
    for stamps, values in columns.values():
        assert len(stamps) == len(values)
        assert np.isfinite(values).all()


@settings(max_examples=300, deadline=None)
@given(json_values)
def test_any_json_is_weather_or_a_failure(value: Any) -> None:
    text = json.dumps(value)

    outcome(lambda: open_meteo.read_hours(text, request=REQUEST, days=REQUEST.days))
    read_norway(text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(places(METEO)), json_values)
def test_open_meteo_with_anything_anywhere(way: tuple[Any, ...], value: Any) -> None:
    text = with_other(METEO, way, value)

    outcome(lambda: open_meteo.read_hours(text, request=REQUEST, days=REQUEST.days))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(places(NORWAY)), json_values)
def test_met_norway_with_anything_anywhere(way: tuple[Any, ...], value: Any) -> None:
    read_norway(with_other(NORWAY, way, value))


POWER_LINES = answers.power({"T2M": [1.0] * 30, "PS": [100.0] * 30}, first=BEGIN).splitlines()
cells = st.text(alphabet="0123456789-+.eE,nainf ()=\x00", max_size=20) | st.text(max_size=20)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(POWER_LINES) - 1), cells, st.booleans())
def test_nasa_power_with_anything_anywhere(at: int, line: str, is_more: bool) -> None:
    lines = list(POWER_LINES)
    lines[at] = lines[at] + line if is_more else line
    text = "\n".join(lines)

    outcome(lambda: nasa_power.read_hours(text, request=REQUEST, days=REQUEST.days))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["", "gzip", "deflate", "br", "GZIP "]), st.text())
def test_any_bytes_are_a_text_or_a_failure(body: bytes, encoding: str, content_type: str) -> None:
    for kind in Kind:
        try:
            decoded(unpack(body, encoding), kind=kind, content_type=content_type)
        except ProviderError:
            continue
