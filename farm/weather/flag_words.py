"""What was found about a value, in words."""

from __future__ import annotations

from farm.weather.series import Flag

FLAG_WORDS = {
    Flag.RANGE: "range",
    Flag.STEP: "step",
    Flag.PERSISTENCE: "persistence",
    Flag.CONSISTENCY: "consistency",
    Flag.SPARSE: "sparse",
}


def words_of(bits: int) -> list[str]:
    """Return the words of the bits of ``Flag`` that are set."""
    return [word for bit, word in FLAG_WORDS.items() if bits & bit]
