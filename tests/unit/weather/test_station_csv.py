"""A logger's file: read as it is meant, or refused with its row and column and nothing stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from farm.clients.weather_fakes import InMemoryWeather
from farm.errors import InvalidInputError
from farm.weather.assembly import assembled
from farm.weather.models import WeatherDay, WeatherPlace
from farm.weather.refresh import Collaborators
from farm.weather.series import HOUR
from farm.weather.station_csv import CsvImport, import_station_csv
from farm.weather.station_csv_options import parse_options
from farm.weather.station_csv_units import conversion_of
from farm.weather.station_csv_values import at_ten_metres, increments
from tests.unit.weather.refresh_world import judging
from tests.unit.weather.store_world import new_place

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, tzinfo=UTC)
AIR: dict[str, Any] = {
    "time": "time",
    "columns": {"T": {"variable": "air_temperature_c", "unit": "°C"}},
}


@pytest.fixture
def tools() -> Iterator[Collaborators]:
    with judging(InMemoryWeather()) as made:
        yield made


@pytest.fixture
def place(db: None) -> WeatherPlace:
    return new_place()


@pytest.fixture
def load(place: WeatherPlace, tools: Collaborators) -> Any:
    def loaded(content: bytes | str, **options: Any) -> CsvImport:
        return import_station_csv(
            place=place,
            content=content.encode() if isinstance(content, str) else content,
            options=parse_options({**AIR, **options}, time_zone="Europe/Brussels"),
            client=tools.client,
            now=NOW,
        )

    return loaded


def column(place: WeatherPlace, start: datetime, count: int, name: str) -> list[float]:
    found = assembled(place=place, start=start, end=start + count * HOUR, now=NOW)
    return found.hourly.columns[name].tolist()


def refusal(load: Any, content: bytes | str, **options: Any) -> str:
    with pytest.raises(InvalidInputError) as refused:
        load(content, **options)
    assert not WeatherDay.objects.exists()
    return str(refused.value)


JUNE = "time,T\n2026-06-01 02:00,10.5\n2026-06-01 03:00,11.5\n"
MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)  # 02:00 in Brussels


def test_times_are_those_of_the_farms_clock(place: WeatherPlace, load: Any) -> None:
    done = load(JUNE)

    assert column(place, MIDNIGHT, 2, "air_temperature_c") == [10.5, 11.5]
    assert (done.rows, done.step_s, done.hours_new, done.first_hour) == (2, 3600, 2, MIDNIGHT)


def test_the_same_file_again_changes_nothing(load: Any) -> None:
    load(JUNE)
    done = load(JUNE)

    assert (done.hours_new, done.hours_changed, done.hours_unchanged) == (0, 0, 2)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("windows-1252", "windows-1252"),
    ],
)
def test_odd_encodings_are_read(load: Any, encoding: str, shown: str) -> None:
    text = "time;T °C\n2026-06-01 02:00;10,5\n"
    mapped = {"T °C": {"variable": "air_temperature_c", "unit": "°C"}}

    assert load(text.encode(encoding), columns=mapped).encoding == shown


def test_decimal_commas_and_tabs_are_found(place: WeatherPlace, load: Any) -> None:
    load("time\tT\n01.06.2026 02:00\t-1,25\n01.06.2026 03:00\t2\n", time_form="dmy")

    assert column(place, MIDNIGHT, 2, "air_temperature_c") == [-1.25, 2]


def test_american_files_are_read(place: WeatherPlace, load: Any) -> None:
    load(
        "date,clock,T,wind\n06/01/2026,1:00 AM,50,10\n06/01/2026,2:00 AM,68,20\n",
        time=["date", "clock"],
        time_form="mdy",
        time_zone="America/New_York",
        columns={
            "T": {"variable": "air_temperature_c", "unit": "°F"},
            "wind": {"variable": "wind_speed_m_s", "unit": "mph"},
        },
    )

    five = datetime(2026, 6, 1, 5, tzinfo=UTC)
    assert column(place, five, 2, "air_temperature_c") == pytest.approx([10, 20])
    assert column(place, five, 2, "wind_speed_m_s") == pytest.approx([4.4704, 8.9408])


@pytest.mark.parametrize("clock", ["2026-06-01T00:00Z", "2026-06-01 02:00:00.0+0200", "1780272000"])
def test_times_with_an_offset_need_no_zone(place: WeatherPlace, load: Any, clock: str) -> None:
    form = "unix" if clock.isdigit() else "ymd"

    load(f"time,T\n{clock},7\n", time_zone="Asia/Kathmandu", time_form=form)

    assert column(place, MIDNIGHT, 1, "air_temperature_c") == [7]


def test_the_end_of_a_day_may_be_written_as_24_00(place: WeatherPlace, load: Any) -> None:
    load("time,T\n2026-05-31 24:00,7\n", time_zone="UTC")

    assert column(place, MIDNIGHT, 1, "air_temperature_c") == [7]


def test_a_file_that_runs_backwards_is_read(place: WeatherPlace, load: Any) -> None:
    load("time,T\n2026-06-01 03:00,2\n2026-06-01 02:00,1\n")

    assert column(place, MIDNIGHT, 2, "air_temperature_c") == [1, 2]


def test_rows_of_units_below_the_header_are_left_out(place: WeatherPlace, load: Any) -> None:
    load(
        'TOA5,station\ntime,T\nTS,Deg C\n"","Avg"\n2026-06-01 02:00,3\n',
        header_row=2,
        rows_after_header=2,
    )

    assert column(place, MIDNIGHT, 1, "air_temperature_c") == [3]


@pytest.mark.parametrize("nothing", ["", "NA", "---", "-999", "-9999.0", "nan", "n/k"])
def test_what_stands_for_no_value_is_a_gap(place: WeatherPlace, load: Any, nothing: str) -> None:
    done = load(f"time,T\n2026-06-01 02:00,{nothing}\n2026-06-01 03:00,4\n", missing=["N/K"])

    assert np.isnan(column(place, MIDNIGHT, 2, "air_temperature_c")[0])
    assert done.missing == {"air_temperature_c": 1}


class TestClocksThatChange:
    TWICE = (
        "time,T\n2025-10-26 01:00,1\n2025-10-26 02:00,2\n2025-10-26 02:00,3\n2025-10-26 03:00,4\n"
    )
    ONE = datetime(2025, 10, 25, 23, tzinfo=UTC)

    def test_a_time_shown_twice_is_refused_by_row(self, load: Any) -> None:
        words = refusal(load, self.TWICE)

        assert "Row 3" in words
        assert "twice in Europe/Brussels" in words

    def test_in_order_the_first_is_the_earlier(self, place: WeatherPlace, load: Any) -> None:
        load(self.TWICE, fold="in_order")

        assert column(place, self.ONE, 4, "air_temperature_c") == [1, 2, 3, 4]

    @pytest.mark.parametrize(("fold", "at"), [("earlier", 1), ("later", 2)])
    def test_a_file_may_say_which_it_means(
        self, place: WeatherPlace, load: Any, fold: str, at: int
    ) -> None:
        load("time,T\n2025-10-26 01:00,1\n2025-10-26 02:00,2\n", fold=fold, step_s=3600)

        assert column(place, self.ONE, 4, "air_temperature_c")[at] == 2

    def test_offsets_leave_no_doubt(self, place: WeatherPlace, load: Any) -> None:
        load("time,T\n2025-10-26 02:00+02:00,2\n2025-10-26 02:00+01:00,3\n")

        assert column(place, self.ONE, 3, "air_temperature_c")[1:] == [2, 3]

    def test_a_time_that_clocks_skip_is_refused_by_row(self, load: Any) -> None:
        words = refusal(load, "time,T\n2026-03-29 01:00,1\n2026-03-29 02:30,2\n")

        assert "Row 3" in words
        assert "skip" in words

    def test_lord_howe_changes_by_half_an_hour(self, load: Any) -> None:
        words = refusal(load, "time,T\n2026-04-05 01:45,1\n", time_zone="Australia/Lord_Howe")

        assert "twice" in words


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no row 1"),
        ("time,T\n", "no row below"),
        ("time,T\n2026-06-01 02:00,=1+1\n", "Row 2, column “T”: “=1+1” is no number"),
        ("time,T\n2026-06-01 02:00,=HYPERLINK(\"x\")\n", "no number"),
        ("time,T\n2026-06-01 02:00,1_000\n", "no number"),
        ("time,T\n2026-06-01 02:00,inf\n", "no number"),
        ("time,T\n2026-06-01 02:00,1e999\n", "no number"),
        ("time,T\n2026-06-01 02:00,１２\n", "no number"),
        ("time;T\n2026-06-01 02:00;1.234,5\n2026-06-01 03:00;1,5\n", "no number"),
        ("time,T\n2026-13-01 02:00,1\n", "Row 2, column “time”"),
        ("time,T\n2026-06-01 25:00,1\n", "no time of a day"),
        ("time,T\n26-06-01 02:00,1\n", "no day"),
        ("time,T\nyesterday,1\n", "no time"),
        ("time,T\n2027-06-01 02:00,1\n", "Row 2, column “time”: “2027-06-01 02:00” is"),
        ("time,T\n1812-06-01 02:00,1\n", "before 1900"),
        ("time,T\n2026-06-01 02:00,1,2\n", "Row 2 has 3 cells; the header has 2"),
        ("time,T\n2026-06-01 02:00,1\n2026-06-01 04:00,1\n2026-06-01 03:00,1\n2026-06-01 05:00,1",
         "Row 4 is out of order"),
        ("time,T\n2026-06-01 02:00,1\n2026-06-01 02:00,2\n", "Rows 2 and 3 have one time"),
        ("time,T\n2026-06-01 02:00,1\n2026-06-01 09:00,1\n2026-06-01 16:00,1\n", "25,200 s apart"),
        ("time,T,T\n2026-06-01 02:00,1,1\n", "Two columns are called “T”"),
        ("time,X\n2026-06-01 02:00,1\n", "no column “T”"),
        ("time,T\n2026-06-01 02:00,1\0\n", "NUL"),
        ('time,T\n2026-06-01 02:00,"1\n', "cannot be read"),
        ("time,T\n2026-06-01 02:00,NA\n", "no value at all"),
        ("time,T," + ",".join(f"c{n}" for n in range(3000)) + "\n", "3,002 columns"),
        (b"time,T\n2026-06-01 02:00,\x81\n", "Row 2 is no text"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_whole(load: Any, content: bytes | str, said: str) -> None:
    assert said in refusal(load, content)


def test_a_file_that_is_too_large_is_refused(load: Any) -> None:
    assert "16,777,216" in refusal(load, b"x" * (16 * 1024 * 1024 + 1))


def test_rows_that_only_repeat_the_one_before_count_once(load: Any) -> None:
    done = load("time,T\n2026-06-01 02:00,1\n2026-06-01 02:00,1\n2026-06-01 03:00,1\n")

    assert (done.rows_repeated, done.hours_new) == (1, 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"time": None}, "`time`"),
        ({"time_zone": "+02:00"}, "no time zone"),
        ({"time_zone": ["Europe/Brussels"]}, "no time zone"),
        ({"step_s": 600.0}, "`step_s`"),
        ({"fold": "both"}, "`fold`"),
        ({"step_s": 700}, "`step_s`"),
        ({"columns": {}}, "`columns`"),
        ({"columns": {"T": {"variable": "leaf", "unit": "°C"}}}, "no variable “leaf”"),
        ({"columns": {"T": {"variable": "air_temperature_c", "unit": "m"}}}, "no unit of air"),
        ({"columns": {"T": {"variable": "air_temperature_c", "unit": "C", "is_counter": True}}},
         "counter"),
        ({"wind_height_m": float("nan")}, "`wind_height_m`"),
        ({"colour": "red"}, "no option “colour”"),
    ],
)  # fmt: skip
def test_options_without_sense_are_refused(load: Any, options: dict[str, Any], said: str) -> None:
    assert said in refusal(load, JUNE, **options)


@pytest.mark.parametrize(
    ("variable", "unit", "theirs", "ours"),
    [
        ("air_temperature_c", "F", 212, 100),
        ("air_temperature_c", "K", 273.15, 0),
        ("wind_speed_m_s", "km/h", 36, 10),
        ("wind_speed_m_s", "kn", 1, 0.514444),
        ("precipitation_mm", "in", 1, 25.4),
        ("shortwave_radiation_mj_m2", "langley", 1, 0.04184),
        ("shortwave_radiation_mj_m2", "kJ/m²", 1000, 1),
        ("surface_pressure_hpa", "kPa", 101.325, 1013.25),
        ("surface_pressure_hpa", "inHg", 29.92126, 1013.25),
        ("surface_pressure_hpa", "mbar", 1013.25, 1013.25),
        ("relative_humidity_percent", "fraction", 0.5, 50),
    ],
)
def test_units_become_ours(variable: str, unit: str, theirs: float, ours: float) -> None:
    found = conversion_of(variable=variable, unit=unit)

    assert theirs * found.scale + found.offset == pytest.approx(ours, rel=1e-6, abs=1e-9)


def test_a_mean_power_becomes_the_energy_of_its_interval(place: WeatherPlace, load: Any) -> None:
    load(
        "time,S\n2026-06-01 02:00,500\n",
        columns={"S": {"variable": "shortwave_radiation_mj_m2", "unit": "W/m²"}},
    )

    assert column(place, MIDNIGHT, 1, "shortwave_radiation_mj_m2") == pytest.approx([1.8])


def test_kmh_and_ms_of_the_same_hour_are_one_answer(place: WeatherPlace, load: Any) -> None:
    def wind(unit: str, value: str) -> list[float]:
        mapped = {"T": {"variable": "wind_speed_m_s", "unit": unit}}
        load(f"time,T\n2026-06-01 02:00,{value}\n", columns=mapped)
        return column(place, MIDNIGHT, 1, "wind_speed_m_s")

    assert wind("km/h", "18") == pytest.approx(wind("m/s", "5"))


def test_a_counter_is_what_fell_between_its_readings() -> None:
    times = np.array([0, 1, 2, 3, 6, 7]) * 600
    shown = np.array([10.0, 10.2, 0.4, 0.4, 1.4, 1.6])

    amounts, resets, lost = increments(shown, times=times, step_s=600)

    assert np.isnan(amounts[[0, 4]]).all()  # nobody knows in which of the missing hours it fell
    assert amounts[[1, 2, 3, 5]] == pytest.approx([0.2, 0.4, 0, 0.2])
    assert (resets, lost) == (1, 1)


def test_rain_over_an_empty_cell_of_a_counter_is_said_to_be_lost() -> None:
    shown = np.array([0.0, np.nan, 5.0, 5.2])

    amounts, resets, lost = increments(shown, times=np.arange(4) * 600, step_s=600)

    assert np.isnan(amounts[:3]).all()
    assert amounts[3] == pytest.approx(0.2)
    assert (resets, lost) == (0, 1)


def test_wind_is_kept_as_at_ten_metres() -> None:
    # FAO-56, table in annex 2: from 2 m to 10 m is 1 / 0.748.
    assert at_ten_metres(np.array([3.0]), height_m=2)[0] == pytest.approx(3.0 / 0.748, rel=1e-3)


def test_times_written_alike_are_read_as_those_written_otherwise() -> None:
    from farm.weather.station_csv_times import times_of

    options = parse_options(AIR, time_zone="Europe/Brussels")

    def read(cells: list[str]) -> list[int]:
        lines = list(range(2, len(cells) + 2))
        found = times_of(cells, lines=lines, header="time", options=options, now=NOW)
        return [int(one) for one in found]

    alike = ["2026-03-29 01:59", "2026-03-29 03:00", "2024-02-29 00:00", "1999-12-31 23:59"]
    assert read(alike) == [read([f" {one}:00.0 "])[0] for one in alike]
    assert read(["2026-06-01T02:00:30"]) == read(["2026-06-01 2:00:30"])
