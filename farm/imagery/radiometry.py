"""Asks the pixels whether the declared offset can be right.

From processing baseline 04.00 on, Sentinel-2 Level 2A stores reflectance + 0.1. Providers take
that out, leave it in, or say one thing and do the other. Vegetation tells which: chlorophyll
absorbs blue and red, so among many vegetation pixels some are nearly black in both. Their
reflectance is 0 to 0.07, higher only under thick haze, and never clearly negative in both bands at
once. A mistake moves everything by 0.1, far more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from farm.imagery.models import Platform, RadiometryVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from farm.imagery.domain import DigitalNumbers
    from farm.imagery.metadata import DeclaredRadiometry

# Below this many vegetation pixels the darkest hundredth is two pixels or fewer: chance.
MIN_VEGETATION_PIXELS = 200

# Reflectance of the darkest hundredth of the vegetation, in blue and in red. With the offset left
# in it is at least 0.1 + (−0.015), −0.015 being what atmospheric correction overshoots in shade.
STILL_IN_MIN_REFLECTANCE = 0.085

# Between the two nothing is claimed: haze reaches here, and so does an offset over very dark woods.
# In 60 Sentinel-2 dates of one place the haziest had 0.069.
CLEARLY_DARK_REFLECTANCE = 0.07

# Overshooting correction gives −0.01 to −0.015 in one band; an offset taken twice gives −0.1 plus
# what is there, which at the haziest is −0.03, in both bands.
APPLIED_TWICE_MAX_REFLECTANCE = -0.02

# Offsets below this are that of the product, above it none.
SHIFT = 0.05

# Bands that chlorophyll makes dark. Green is reflected, so it says nothing.
DARK_BANDS = ("blue", "red")


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiometryJudgement:
    """The scale and offset to use, and what the pixels say of them."""

    scale: float | None
    offset: float | None
    verdict: RadiometryVerdict
    reason: str

    @property
    def is_contradiction(self) -> bool:
        """Whether the pixels contradict what is declared, so that no number may be published."""
        return self.verdict in (
            RadiometryVerdict.OFFSET_STILL_IN,
            RadiometryVerdict.APPLIED_TWICE,
        )


def judge_radiometry(
    *,
    platform: str,
    declared: DeclaredRadiometry,
    vegetation: Sequence[DigitalNumbers],
    has_classes: bool,
    scale_override: float | None = None,
    offset_override: float | None = None,
) -> RadiometryJudgement:
    """Hold the declared scale and offset against the vegetation in the scene.

    Args:
        platform: The scene's.
        declared: What the metadata says.
        vegetation: Digital numbers of the pixels that SCL calls vegetation, per band.
        has_classes: Whether the scene has an SCL layer that says which pixels those are.
        scale_override: The operator's word; it ends the question.
        offset_override: Likewise.
    """
    if scale_override is not None or offset_override is not None:
        return RadiometryJudgement(
            scale=declared.scale if scale_override is None else scale_override,
            offset=declared.offset if offset_override is None else offset_override,
            verdict=RadiometryVerdict.OVERRIDDEN,
            reason="set by the operator",
        )
    verdict, reason = _verdict(platform, declared, vegetation, has_classes)
    return RadiometryJudgement(
        scale=declared.scale, offset=declared.offset, verdict=verdict, reason=reason
    )


def _verdict(
    platform: str,
    declared: DeclaredRadiometry,
    vegetation: Sequence[DigitalNumbers],
    has_classes: bool,
) -> tuple[RadiometryVerdict, str]:
    undecided = RadiometryVerdict.UNDECIDED
    if platform != Platform.SENTINEL_2:
        return undecided, "the pixel test is made for Sentinel-2 only"
    if declared.scale is None:
        return undecided, "no scale is known"
    if not has_classes:
        return undecided, "there is no SCL layer that says which pixels are vegetation"
    dark = {numbers.band: numbers for numbers in vegetation if numbers.band in DARK_BANDS}
    if set(dark) != set(DARK_BANDS):
        return undecided, "the test needs the blue and the red band"
    pixels = min(numbers.measured_pixels for numbers in dark.values())
    if pixels < MIN_VEGETATION_PIXELS:
        return undecided, (
            f"{pixels} pixels are vegetation; the test needs {MIN_VEGETATION_PIXELS}"
        )
    reflectance = {name: _darkest(numbers, declared) for name, numbers in dark.items()}
    return _compare(declared, reflectance, pixels)


def _compare(
    declared: DeclaredRadiometry, reflectance: dict[str, float], pixels: int
) -> tuple[RadiometryVerdict, str]:
    low, high = min(reflectance.values()), max(reflectance.values())
    is_shifted = (declared.offset or 0.0) < -SHIFT
    found = (
        f"the darkest hundredth of {pixels} vegetation pixels has a reflectance of "
        + " and ".join(f"{value:.3f} in {name}" for name, value in reflectance.items())
        + f" with the offset {declared.offset:g}"
    )
    if is_shifted and high < APPLIED_TWICE_MAX_REFLECTANCE:
        return RadiometryVerdict.APPLIED_TWICE, (
            f"{found}; negative in both means that the provider has taken the offset out already"
        )
    if not is_shifted and low >= STILL_IN_MIN_REFLECTANCE:
        return RadiometryVerdict.OFFSET_STILL_IN, (
            f"{found}; plants are not that bright in either, so 0.1 is still in the pixels"
        )
    if low >= CLEARLY_DARK_REFLECTANCE:
        return RadiometryVerdict.UNDECIDED, f"{found}; haze makes as bright as that"
    if high < APPLIED_TWICE_MAX_REFLECTANCE:
        return RadiometryVerdict.UNDECIDED, f"{found}; no known mistake makes as dark as that"
    return RadiometryVerdict.CONSISTENT, f"{found}, as plants have"


def _darkest(numbers: DigitalNumbers, declared: DeclaredRadiometry) -> float:
    band = declared.bands.get(numbers.band)
    scale = band.scale if band else (declared.scale or 0.0)
    offset = band.offset if band else (declared.offset or 0.0)
    # Present whenever pixels were measured, which the caller has checked.
    return (numbers.quantile_01 or 0.0) * scale + offset
