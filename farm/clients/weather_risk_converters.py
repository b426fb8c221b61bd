"""Between ``farm.weather.domain_risks`` and the messages about frost, disease and rain."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from farm.clients import weather_converters as converters
from farm.rpc.weather.v1 import weather_pb2
from farm.weather.domain_risks import (
    DiseaseAssessment,
    DiseaseDay,
    DrySpell,
    FrostAssessment,
    FrostKind,
    FrostNight,
    FrostRisk,
    Infection,
    RainSum,
    RainSummary,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from farm.weather.domain_risks import FrostThresholds, InfectionModel

FROST_COLUMNS = (
    "air_temperature_c",
    "relative_humidity_percent",
    "dew_point_c",
    "wind_speed_m_s",
    "surface_pressure_hpa",
    "cloud_cover_percent",
)
DISEASE_COLUMNS = (
    "air_temperature_c",
    "relative_humidity_percent",
    "dew_point_c",
    "precipitation_mm",
)
RAIN_COLUMNS = ("precipitation_mm",)

_KINDS: dict[int, FrostKind] = {
    weather_pb2.FROST_KIND_NONE: FrostKind.NONE,
    weather_pb2.FROST_KIND_RADIATIVE: FrostKind.RADIATIVE,
    weather_pb2.FROST_KIND_ADVECTIVE: FrostKind.ADVECTIVE,
}
_RISKS: dict[int, FrostRisk] = {
    weather_pb2.FROST_RISK_NONE: FrostRisk.NONE,
    weather_pb2.FROST_RISK_POSSIBLE: FrostRisk.POSSIBLE,
    weather_pb2.FROST_RISK_DAMAGING: FrostRisk.DAMAGING,
    weather_pb2.FROST_RISK_SEVERE: FrostRisk.SEVERE,
}


def frost_thresholds_to_proto(thresholds: FrostThresholds) -> weather_pb2.FrostThresholds:
    """Write what a crop endures."""
    return weather_pb2.FrostThresholds(
        stage=thresholds.stage,
        kills_tenth_c=thresholds.kills_tenth_c,
        kills_nine_tenths_c=thresholds.kills_nine_tenths_c,
        canopy_below_screen_k=thresholds.canopy_below_screen_k,
    )


def frost_from_proto(answer: weather_pb2.AssessFrostResponse) -> FrostAssessment:
    """Read the nights."""
    return FrostAssessment(
        nights=tuple(
            FrostNight(
                date=date.fromisoformat(night.date),
                min_temperature_c=_optional(night, "min_temperature_c"),
                min_at=converters.optional_moment(night, "min_at"),
                min_wet_bulb_c=_optional(night, "min_wet_bulb_c"),
                hours_below_zero=night.hours_below_zero,
                kind=_KINDS.get(night.kind),
                risk=_RISKS.get(night.risk),
                margin_k=_optional(night, "margin_k"),
                coverage=night.coverage,
            )
            for night in answer.nights
        ),
        method=converters.method_from_proto(answer.method),
    )


def model_to_proto(model: InfectionModel) -> weather_pb2.InfectionModel:
    """Write a pathogen."""
    return weather_pb2.InfectionModel(
        name=model.name,
        min_temperature_c=model.min_temperature_c,
        optimum_temperature_c=model.optimum_temperature_c,
        max_temperature_c=model.max_temperature_c,
        min_wetness_h=model.min_wetness_h,
        max_wetness_h=model.max_wetness_h,
        dry_interruption_h=model.dry_interruption_h,
    )


def disease_from_proto(answer: weather_pb2.AssessDiseaseResponse) -> DiseaseAssessment:
    """Read wetness, days of risk and infections."""
    return DiseaseAssessment(
        hours=converters.hours_from_proto(answer.hours),
        is_wet=converters.bytes_column(answer.is_wet),
        days=tuple(
            DiseaseDay(
                date=date.fromisoformat(day.date),
                wet_h=_optional(day, "wet_h"),
                humid_h=_optional(day, "humid_h"),
                min_temperature_c=_optional(day, "min_temperature_c"),
                is_hutton_day=_optional_flag(day, "is_hutton_day"),
                is_hutton_period=_optional_flag(day, "is_hutton_period"),
            )
            for day in answer.days
        ),
        infections=tuple(
            Infection(
                from_=converters.moment_of(getattr(infection, "from")),
                until=converters.moment_of(infection.until),
                wet_h=infection.wet_h,
                required_h=infection.required_h,
                severity=infection.severity,
            )
            for infection in answer.infections
        ),
        methods=converters.methods_from_proto(answer.methods),
    )


def rain_from_proto(answer: weather_pb2.SummarizeRainResponse) -> RainSummary:
    """Read sums and dry spells."""
    return RainSummary(
        sums=tuple(
            RainSum(hours=total.hours, rain_mm=_optional(total, "rain_mm"), coverage=total.coverage)
            for total in answer.sums
        ),
        dry_spells=tuple(
            DrySpell(first_day=date.fromisoformat(spell.first_day), days=spell.days)
            for spell in answer.dry_spells
        ),
        dry_days=answer.dry_days if answer.HasField("dry_days") else None,
        method=converters.method_from_proto(answer.method),
    )


def _optional(message: Message, name: str) -> float | None:
    return float(getattr(message, name)) if message.HasField(name) else None


def _optional_flag(message: Message, name: str) -> bool | None:
    return bool(getattr(message, name)) if message.HasField(name) else None
