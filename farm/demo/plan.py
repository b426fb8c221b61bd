"""Which acquisitions are simulated: dates, processing baselines, clouds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

FIRST_DAY = date(2021, 3, 26)
LAST_DAY = date(2022, 10, 12)
# From baseline 04.00 on, in force since this day, digital numbers carry +1000 (ESA, Sentinel-2
# Products Specification Document 14.9).
OFFSET_SINCE = date(2022, 1, 25)
MAX_DATES = 60

# Clouds from date to date; the sixth is fully clouded. One acquisition is cut by the swath's edge.
_CLOUD_SHARES = (0.0, 0.12, 0.0, 0.35, 0.05, 1.0, 0.0, 0.25, 0.10, 0.0, 0.50, 0.0)
_CIRRUS_SHARES = (0.0, 0.0, 0.08, 0.0, 0.20, 0.0, 0.0, 0.10, 0.0, 0.0, 0.0, 0.0)
_REPROCESSED, _CUT = 3, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """One simulated pass."""

    index: int
    acquired_at: datetime  # UTC
    baseline: str  # such as "03.01"
    cloud_share: float  # 0–1, of the whole scene
    cirrus_share: float
    is_cut: bool  # a corner lies outside the swath: no data

    @property
    def has_offset(self) -> bool:
        """Whether digital numbers carry the +1000 of baseline 04.00 and later."""
        return self.baseline >= "04.00"

    @property
    def tag(self) -> str:
        """The moment as product names write it."""
        return f"{self.acquired_at:%Y%m%dT%H%M%S}"

    @property
    def scene_name(self) -> str:
        """Product name in ESA's pattern, with a prefix that says what it is."""
        baseline = self.baseline.replace(".", "")
        made = self.acquired_at + timedelta(hours=6)
        return f"SIM_S2A_MSIL2A_{self.tag}_N{baseline}_R051_T31UES_{made:%Y%m%dT%H%M%S}"


def plan_acquisitions(count: int) -> tuple[Acquisition, ...]:
    """Spread passes evenly over two seasons, on the five-day cycle of the satellites.

    Args:
        count: How many, 1–60.

    Raises:
        ValueError: The count is out of range.
    """
    if not 1 <= count <= MAX_DATES:
        msg = f"{count} dates were asked for; 1 to {MAX_DATES} can be simulated."
        raise ValueError(msg)
    span = (LAST_DAY - FIRST_DAY).days
    acquisitions = []
    for index in range(count):
        days = 0 if count == 1 else round(index * span / (count - 1) / 5) * 5
        day = FIRST_DAY + timedelta(days=days)
        acquired_at = datetime(day.year, day.month, day.day, 10, 56, 21, tzinfo=UTC)
        acquisitions.append(
            Acquisition(
                index=index,
                acquired_at=acquired_at,
                baseline=_baseline(day, index),
                cloud_share=_CLOUD_SHARES[index % len(_CLOUD_SHARES)],
                cirrus_share=_CIRRUS_SHARES[index % len(_CIRRUS_SHARES)],
                is_cut=index % len(_CLOUD_SHARES) == _CUT,
            )
        )
    return tuple(acquisitions)


def _baseline(day: date, index: int) -> str:
    # One old date comes from the later reprocessing: its offset does not follow from its date.
    if index == _REPROCESSED and day < OFFSET_SINCE:
        return "05.00"
    return "04.00" if day >= OFFSET_SINCE else "03.01"
