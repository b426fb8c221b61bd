"""Makes pyfao56_irrigation.json beside it, with pyfao56 1.4.3 (public domain) and made-up weather.

    pip install pyfao56==1.4.3 && python pyfao56_irrigation.py

The thresholds lie between values that occur, because the program takes them strictly where its
documentation says "at least" and "at most"; and a least amount stands only where something is
needed, because the program gives it where nothing is.
"""

# ruff: noqa: S311 - made-up weather needs no secrets.

import datetime
import json
import math
import random
from pathlib import Path

import pandas as pd
import pyfao56

START, DAYS, MORE = datetime.date(2021, 4, 20), 130, 20
RULES_UNTIL = 120

CASES = {
    "fill_up": {"mad": 0.4, "imin": 60.0},
    "part_of_it": {"mad": 0.5, "itfdr": 0.2, "ieff": 80.0, "fw": 0.4, "imax": 20.0},
    "on_some_weekdays": {"madDr": 40.0, "ifix": 25.0, "idow": "135"},
    "before_stress": {"ksc": 0.9, "itdr": 10.0},
    "each_week": {"dsli": 7, "ietrd": 7},
    "after_events": {"dsle": 5, "ietre": True, "evnt": 8.0, "ettyp": "ETc"},
    "since_irrigation": {"dsli": 5, "ietri": True, "ettyp": "ETcm"},
    "less_forecast": {"mad": 0.3, "fpdep": 10.0, "fpday": 3, "fpact": "reduce"},
    "not_before_rain": {"mad": 0.3, "fpdep": 6.0, "fpday": 2, "fpact": "cancel"},
    "no_rules_constant_p": None,
    "no_rules_adjusted": None,
}


def key(day: datetime.date) -> str:
    """Write a day as pyfao56 does."""
    return day.strftime("%Y-%j")


def weather() -> pyfao56.Weather:
    """Make up days of weather, the same each time."""
    random.seed(56)
    made = pyfao56.Weather()
    made.rfcrp, made.z, made.lat, made.wndht = "S", 100.0, 45.0, 10.0
    rows = {}
    for i in range(DAYS + MORE):
        reference = round(4.0 + 2.5 * math.sin(i / 40.0) + random.uniform(-1.5, 1.5), 2)
        rain = round(random.expovariate(1 / 14.0), 1) if random.random() < 0.2 else 0.0
        wind, humidity = round(random.uniform(0.5, 9.0), 1), round(random.uniform(15, 85), 1)
        rows[key(START + datetime.timedelta(days=i))] = [
            20.0, 25.0, 12.0, math.nan, 10.0, 90.0, humidity, wind, rain, reference, "M",
        ]  # fmt: skip
    columns = ["Srad", "Tmax", "Tmin", "Vapr", "Tdew", "RHmax", "RHmin", "Wndsp", "Rain"]
    made.wdata = pd.DataFrame.from_dict(rows, orient="index", columns=[*columns, "ETref", "MorP"])
    return made


def main() -> None:
    """Run the cases and write what came out."""
    made = weather()
    crop = {
        "Kcmini": 0.35, "Kcmmid": 1.15, "Kcmend": 0.6, "Kcbini": 0.15, "Kcbmid": 1.1,
        "Kcbend": 0.5, "Lini": 20, "Ldev": 35, "Lmid": 45, "Lend": 25, "hini": 0.05, "hmax": 1.8,
        "thetaFC": 0.29, "thetaWP": 0.14, "theta0": 0.25, "Zrini": 0.25, "Zrmax": 1.1,
        "pbase": 0.5, "Ze": 0.1, "REW": 8.0, "CN2": 78,
    }  # fmt: skip
    par = pyfao56.Parameters(**crop)
    end = START + datetime.timedelta(days=DAYS - 1)
    until = START + datetime.timedelta(days=RULES_UNTIL - 1)
    answer = {
        "made_with": "pyfao56 1.4.3",
        "first_day": START.isoformat(),
        "rules_until": RULES_UNTIL - 1,
        "wind_height_m": made.wndht,
        "crop": crop,
        "weather": {
            name: made.wdata[name].tolist()[:DAYS] for name in ("ETref", "Rain", "RHmin", "Wndsp")
        },
        "cases": {},
    }
    for name, rules in CASES.items():
        auto = None
        if rules is not None:
            auto = pyfao56.AutoIrrigate()
            auto.addset(key(START), key(until), alre=False, **rules)
        model = pyfao56.Model(
            key(START), key(end), par, made, autoirr=auto, roff=True,
            cons_p=name == "no_rules_constant_p", K_adj=name == "no_rules_adjusted",
        )  # fmt: skip
        model.run()
        found = {
            column: [round(float(value), 6) for value in model.odata[column]]
            for column in ("Irrig", "Dr", "De", "Ks", "ETa", "DP", "Runoff")
        }
        answer["cases"][name] = {"rules": rules, "found": found}
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(answer, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
