"""Requests of every method: right ones of random weather, and ways to spoil any of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from farm.rpc.weather.v1 import series_pb2, water_pb2, weather_pb2, windows_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

Choice = TypeVar("Choice")
Random = np.random.Generator

HOURLY = {
    "air_temperature_c": (-95, 65),
    "relative_humidity_percent": (0, 105),
    "dew_point_c": (-110, 45),
    "wind_speed_m_s": (0, 120),
    "wind_gust_m_s": (0, 150),
    "wind_direction_deg": (0, 360),
    "precipitation_mm": (0, 500),
    "shortwave_radiation_mj_m2": (-0.05, 6),
    "surface_pressure_hpa": (400, 1100),
    "cloud_cover_percent": (0, 100),
    "precipitation_probability_percent": (0, 100),
    "weather_code": (0, 99),
}
ZONES = ["Europe/Brussels", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Manila", "UTC"]
# Instants lie within the years 1800 to 2399.
END_S = 13_569_465_600
STARTS_S = [-5_364_658_800, -2_208_988_800, 0, 1_774_652_400, 1_793_491_200, END_S - 3600]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 65.0, 100.0, 1e9, 1e308, -1e308, 5e-324]
NUMBERS += [float("nan"), float("inf"), float("-inf")]
COUNTS = [0, 1, 2, 24, 96, 401, 40_000, 300_000, 300_001, 2**31 - 1, 2**32 - 1, 2**62, -1, -(2**62)]
TEXTS = ["", "UTC", "+02:00", "Etc/Unknown", "../../etc/passwd", "UTC\x00", "x" * 10_000]
TEXTS += ["2026-02-30", "1800-01-01", "2400-12-31", "-009999-01-01", "２０２６-03-29"]


def one_of(random: Random, choices: list[Choice]) -> Choice:
    return choices[int(random.integers(len(choices)))]


def column(random: Random, count: int, low: float, high: float) -> bytes:
    """Values of a range or one of its ends, of which some are absent."""
    is_flat = random.random() < 0.3
    values = np.full(count, one_of(random, [low, high])) if is_flat else np.zeros(count)
    if not is_flat:
        values = random.uniform(low, high, count)
    absent = one_of(random, [0.0, 0.0, 0.05, 0.5, 1.0])
    return np.where(random.random(count) < absent, np.nan, values).astype("<f8").tobytes()


def hours(random: Random) -> Any:
    count = one_of(random, [1, 24, 25, 72, 400])
    weather = {name: column(random, count, *ends) for name, ends in HOURLY.items()}
    message = series_pb2.HourlyWeather(hours={"count": count}, **weather)
    message.hours.start.seconds = one_of(random, STARTS_S)
    return message


def local_hours(random: Random) -> Any:
    zone, share = one_of(random, ZONES), one_of(random, [1e-9, 0.9, 1.0])
    return weather_pb2.LocalHours(hours=hours(random), time_zone=zone, completeness_share=share)


def days(random: Random) -> Any:
    count = one_of(random, [1, 3, 100])
    extremes = np.sort(random.uniform(-95, 65, (2, count)), axis=0).astype("<f8")
    return series_pb2.DailyWeather(
        days={"first_day": one_of(random, ["2026-03-29", "1800-01-01"]), "count": count},
        temperature_min_c=extremes[0].tobytes(),
        temperature_max_c=extremes[1].tobytes(),
        relative_humidity_mean_percent=column(random, count, 0, 105),
        wind_speed_mean_m_s=column(random, count, 0, 120),
        shortwave_radiation_mj_m2=column(random, count, -0.5, 60),
        sunshine_h=column(random, count, 0, 24),
    )


def site(random: Random) -> Any:
    return series_pb2.Site(
        latitude_deg=one_of(random, [-90.0, -66.6, 0.0, 50.8, 90.0]),
        longitude_deg=one_of(random, [-180.0, 4.4, 180.0]),
        elevation_m=one_of(random, [-450.0, 100.0, 6500.0]),
        wind_height_m=one_of(random, [0.5, 2.0, 100.0]),
    )


def et_method(random: Random) -> Any:
    return weather_pb2.EtMethod(equation=2, reference=1, fills_missing=random.random() < 0.5)


def samples(random: Random) -> Any:
    count, step_s = one_of(random, [1, 7, 500]), one_of(random, [60, 600, 3600])
    steps = np.cumsum(random.choice([1, 1, 1, 2, 100], count))
    return weather_pb2.ResampleHoursRequest(
        times=(one_of(random, STARTS_S[:-1]) + step_s * steps).tolist(),
        samples={name: column(random, count, *ends) for name, ends in HOURLY.items()},
        step_seconds=step_s,
        stamp=one_of(random, [1, 2]),
        completeness_share=0.75,
    )


def stations(random: Random) -> Any:
    request = weather_pb2.AggregateDaysRequest(
        time_zone=one_of(random, ZONES), day_start=one_of(random, [1, 2]), completeness_share=0.9
    )
    for _ in range(one_of(random, [1, 3])):
        station = request.stations.add(hours=hours(random))
        values = column(random, station.hours.hours.count, -1e15, 1e15)
        station.further.add(name="et", values=values, aggregate=one_of(random, [1, 4]))
    return request


def chill(random: Random) -> Any:
    if random.random() < 0.5:
        request = weather_pb2.AccumulateChillRequest(hours=hours(random))
        request.state.last_hour.seconds = request.hours.hours.start.seconds - 3600
        request.state.intermediate = one_of(random, [0.0, 0.9, 1e9])
        return request
    of_days = {"days": days(random), "latitude_deg": one_of(random, [-66.0, 50.0, 66.0])}
    return weather_pb2.AccumulateChillRequest(days=of_days)


def heat(random: Random) -> Any:
    asked: dict[str, Any] = {"lower_c": 10.0, "upper_c": 30.0, "most_interpolated_days": 2}
    if random.random() < 0.5:
        return weather_pb2.AccumulateHeatRequest(hours=local_hours(random), method=5, **asked)
    method = one_of(random, [1, 2, 3, 4])
    return weather_pb2.AccumulateHeatRequest(days=days(random), method=method, **asked)


def frost(random: Random) -> Any:
    request = weather_pb2.AssessFrostRequest(hours=local_hours(random), site=site(random))
    request.thresholds.kills_tenth_c, request.thresholds.kills_nine_tenths_c = -2, -4
    return request


def disease(random: Random) -> Any:
    request = weather_pb2.AssessDiseaseRequest(hours=local_hours(random))
    model = {"min_temperature_c": 3, "optimum_temperature_c": 15, "max_temperature_c": 28}
    wetness = {"min_wetness_h": 10, "max_wetness_h": 40, "dry_interruption_h": 8}
    request.model.CopyFrom(weather_pb2.InfectionModel(name="blight", **model, **wetness))
    return request


def rain(random: Random) -> Any:
    request = weather_pb2.SummarizeRainRequest(hours=local_hours(random), dry_below_mm=1)
    start_s = request.hours.hours.hours.start.seconds
    request.until.seconds = min(END_S - 1, start_s + one_of(random, [0, 1, 86_400, 10**9]))
    return request


def water(random: Random) -> Any:
    count = one_of(random, [1, 30, 300])
    request = water_pb2.BalanceWaterRequest(
        days={"first_day": "2026-03-29", "count": count},
        reference_et_mm=random.uniform(-1, 50, count).astype("<f8").tobytes(),
        precipitation_mm=column(random, count, 0, 2000),
        relative_humidity_min_percent=column(random, count, 0, 105),
        wind_speed_2m_m_s=column(random, count, 0, 120),
        irrigations=[{"day": 0, "depth_mm": 500, "wetted_share": 1e-9, "efficiency_share": 1}],
        soil={"field_capacity_m3_m3": 0.3, "wilting_point_m3_m3": 0.1, "curve_number": 1},
        start={"root_depletion_mm": 5},
        method={"coefficients": one_of(random, [1, 2]), "adjusts_to_climate": True},
    )
    request.soil.evaporation_depth_m, request.soil.readily_evaporable_mm = 0.1, 8
    crop = {"initial_height_m": 0, "max_height_m": 30, "depletion_share": 0.5}
    roots = {"initial_root_depth_m": 0.01, "max_root_depth_m": 10}
    stages = {"planted_day": one_of(random, [-40_000, 0, 40_000]), "stage_days": [1, 400, 1, 30]}
    kc = {"single_coefficients": [0, 2, 0.3], "basal_coefficients": [0, 1.1, 0.3]}
    request.crop.CopyFrom(water_pb2.Crop(name="maize", **crop, **roots, **stages, **kc))
    amount = one_of(random, [{"constant_mm": 20}, {"replaced_days": 7}, {"target_depletion_mm": 0}])
    shares = {"efficiency_share": 0.8, "wetted_share": 1}
    when = {"last_day": count, "critical_stress": 1, "weekdays": [0, 2, 4]}
    request.rules.CopyFrom(water_pb2.IrrigationRules(**when, **amount, **shares))
    if request.method.coefficients == 2:
        kcb = {"calibration": "Campos 2010", "slope": 1.44, "max_coefficient": 1.15}
        seen = {"hold_days": 60, "most_gap_days": 30, "observations": [{"day": -3, "ndvi": 0.5}]}
        request.ndvi_kcb.CopyFrom(water_pb2.NdviKcb(**kcb, **seen))
    return request


def windows(random: Random) -> Any:
    spray = {"min_wind_m_s": 0.8, "max_wind_m_s": 4, "max_gust_m_s": 8, "min_delta_t_k": 2}
    spray |= {"marginal_delta_t_k": 8, "max_delta_t_k": 10, "max_temperature_c": 30}
    spray |= {"dry_hours_after": 48, "rain_from_mm": 0.1, "inversion_sunset_hours": 4}
    frost = {"stop_wet_bulb_c": 1, "max_wind_m_s": 4}
    irrigation = {"max_wind_m_s": 4, "marginal_vpd_kpa": 2, "rain_from_mm": 5}
    harvest = {"max_relative_humidity_percent": 85, "dry_hours_before": 96, "rain_from_mm": 0.2}
    disease = {"max_temperature_c": 30, "risk_wet_hours": 12, "marginal_wet_hours": 6}
    kinds = {"spray": spray, "frost": frost, "harvest": harvest, "disease": disease}
    kinds["irrigation"] = irrigation | {"rain_hours_ahead": 72}
    kind = one_of(random, sorted(kinds))
    asked = {"hours": hours(random), "site": site(random), "min_hours": 1, kind: kinds[kind]}
    return windows_pb2.FindWindowsRequest(**asked)


def hourly_et(random: Random) -> Any:
    request = weather_pb2.EstimateHourlyEtRequest(method=et_method(random), with_intermediates=True)
    request.stations.add(site=site(random), hours=hours(random))
    return request


def daily_et(random: Random) -> Any:
    request = weather_pb2.EstimateDailyEtRequest(method=et_method(random), with_intermediates=True)
    request.stations.add(site=site(random), days=days(random))
    return request


METHODS: dict[str, Callable[[Random], Any]] = {
    "ResampleHours": samples,
    "JudgeHours": lambda random: weather_pb2.JudgeHoursRequest(hours=hours(random)),
    "AggregateDays": stations,
    "DescribeAir": lambda random: weather_pb2.DescribeAirRequest(
        site=site(random), hours=hours(random)
    ),
    "EstimateHourlyEt": hourly_et,
    "EstimateDailyEt": daily_et,
    "AccumulateHeat": heat,
    "AccumulateChill": chill,
    "AssessFrost": frost,
    "AssessDisease": disease,
    "SummarizeRain": rain,
    "BalanceWater": water,
    "FindWindows": windows,
}


def messages_in(message: Message) -> Iterator[Any]:
    """The message and all that lie in it."""
    yield message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for inner in value if field.is_repeated else [value]:
                yield from messages_in(inner)


def spoil(random: Random, request: Message) -> None:
    """Put something hostile into one field, wherever it lies."""
    message = one_of(random, list(messages_in(request)))
    field = one_of(random, list(message.DESCRIPTOR.fields))
    if random.random() < 0.15:
        message.ClearField(field.name)
        return
    value = getattr(message, field.name)
    try:
        if field.is_repeated:
            is_inner = field.type == field.TYPE_MESSAGE
            value.append(value[0] if is_inner and len(value) else _hostile(random, field, b""))
        elif field.type == field.TYPE_MESSAGE:
            value.SetInParent()
        else:
            setattr(message, field.name, _hostile(random, field, value))
    except (ValueError, TypeError):
        pass  # No such value can be said in this field.


def _hostile(random: Random, field: FieldDescriptor, value: Any) -> Any:
    if field.type == field.TYPE_DOUBLE:
        return one_of(random, NUMBERS)
    if field.type == field.TYPE_STRING:
        return one_of(random, TEXTS)
    if field.type == field.TYPE_BOOL:
        return not value
    if field.type != field.TYPE_BYTES:
        return one_of(random, COUNTS)
    if random.random() < 0.4 or len(value) < 8:
        return value[: int(random.integers(len(value) + 1))] + b"\x7f"
    values = np.frombuffer(value[: len(value) // 8 * 8], "<f8").copy()
    values[int(random.integers(len(values)))] = one_of(random, NUMBERS)
    return values.tobytes()
