"""Frost of nights and rain up to now, as answers: rows of their own kind, not columns of hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from farm.errors import NotFoundError
from farm.weather.api_spans import HOUR, day_begins
from farm.weather.domain_risks import FrostThresholds
from farm.weather.models import CropProfile
from farm.weather.units import document_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from farm.weather.api_questions import Question
    from farm.weather.domain_risks import FrostNight
    from farm.weather.frost import FrostReport
    from farm.weather.rain import RainReport
    from farm.weather.series import Method
    from farm.weather.tables import Freshness


def frost_document(question: Question, report: FrostReport) -> dict[str, Any]:
    """Write nights down."""
    thresholds = report.thresholds
    document = {
        **question.about(),
        **freshness(report.freshness, zone=question.zone),
        "count": len(report.nights),
        "thresholds": None
        if thresholds is None
        else {
            "stage": thresholds.stage,
            "kills_tenth_c": thresholds.kills_tenth_c,
            "kills_nine_tenths_c": thresholds.kills_nine_tenths_c,
        },
        "methods": methods([report.method]),
        "nights": [_night(night, report, zone=question.zone) for night in report.nights],
    }
    return dict(document_in(document, system=question.system))


def rain_document(question: Question, report: RainReport) -> dict[str, Any]:
    """Write sums of rain and dry spells down."""
    found = report.summary
    document = {
        **question.about(),
        **freshness(report.freshness, zone=question.zone),
        "until": local(report.until, question.zone),
        "dry_below_mm": report.dry_below_mm,
        "methods": methods([found.method]),
        "sums": [
            {"hours": each.hours, "rain_mm": each.rain_mm, "coverage": each.coverage}
            for each in found.sums
        ],
        "dry_days": found.dry_days,
        "dry_spells": [
            {"first_day": each.first_day.isoformat(), "days": each.days}
            for each in found.dry_spells
        ],
    }
    return dict(document_in(document, system=question.system))


def stage_thresholds(*, crop: str, stage: str) -> FrostThresholds:
    """Find what a crop endures at a stage.

    Raises:
        NotFoundError: There is no such crop, or none of its stages is called so.
    """
    profile = None if "\x00" in crop else CropProfile.objects.filter(name=crop).first()
    if profile is None:
        names = CropProfile.objects.exclude(frost_stages=[]).values_list("name", flat=True)
        known = ", ".join(names[:100]) or "none"
        msg = f"There is no crop “{crop}”; with stages are known: {known}."
        raise NotFoundError(msg, reason="CROP_UNKNOWN")
    stages = {str(each["stage"]): each for each in profile.frost_stages}
    if stage not in stages:
        msg = f"“{crop}” has no stage “{stage}”; known are: {', '.join(stages) or 'none'}."
        raise NotFoundError(msg, reason="STAGE_UNKNOWN")
    return FrostThresholds(
        stage=f"{crop}, {stage}".encode()[:80].decode(errors="ignore"),
        kills_tenth_c=float(stages[stage]["kills_tenth_c"]),
        kills_nine_tenths_c=float(stages[stage]["kills_nine_tenths_c"]),
        canopy_below_screen_k=float(stages[stage].get("canopy_below_screen_k", 0.0)),
    )


def freshness(fresh: Freshness, *, zone: ZoneInfo) -> dict[str, Any]:
    """Say how new the weather is, and whether it is weather at all."""
    return {
        "time_zone": zone.key,
        "observed_until": local(fresh.observed_until, zone),
        "issued_at": local(fresh.issued_at, zone),
        "stale": {"age_s": fresh.age_s, "reason": fresh.stale_reason} if fresh.is_stale else None,
        "is_simulated": fresh.is_simulated,
        "is_elevation_assumed": fresh.is_elevation_assumed,
    }


def methods(used: Iterable[Method]) -> list[dict[str, str]]:
    """Write how numbers were made."""
    return [
        {"quantity": method.quantity, "name": method.name, "source": method.source}
        for method in used
    ]


def local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """Write an instant as the clock at the place shows it, with its offset."""
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


def _night(night: FrostNight, report: FrostReport, *, zone: ZoneInfo) -> dict[str, Any]:
    fresh = report.freshness
    noon = day_begins(night.date, zone) + 12 * HOUR
    return {
        "date": night.date.isoformat(),
        "min_temperature_c": night.min_temperature_c,
        "min_at": local(night.min_at, zone),
        "min_wet_bulb_c": night.min_wet_bulb_c,
        "hours_below_zero": night.hours_below_zero,
        "kind": night.kind,
        # Without a crop nobody knows what a frost does.
        "risk": night.risk if report.thresholds else None,
        "margin_k": night.margin_k,
        "coverage": night.coverage,
        # Not every hour of it was observed.
        "is_provisional": fresh.observed_until is None or fresh.observed_until < noon - HOUR,
    }
