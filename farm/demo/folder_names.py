"""What file names say: when a scene was taken, and which files belong together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

# 20210520T105031, 2021-05-20T10:50:31 (or with _ for :), 20210520, 2021-05-20; not inside a longer
# run of digits.
_MOMENT = re.compile(
    r"(?<!\d)(?P<year>19[7-9]\d|20\d\d)(?P<dash>[-_]?)(?P<month>0[1-9]|1[0-2])(?P=dash)"
    r"(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ]?(?P<hour>[01]\d|2[0-3])[:_-]?(?P<minute>[0-5]\d)[:_-]?(?P<second>[0-5]\d))?(?!\d)"
)
# Words that tell the files of one acquisition apart, and so are no part of its name.
_PARTS = re.compile(
    r"^(?:b\d{1,2}a?|scl|tci|aot|wvp|cld|snw|qa|pixel|radsat|aerosol|sr|st|mtl|\d{2,3}m|"
    r"coastal|blue|green|red|nir\d*|rededge\d?|swir\d*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a scene was taken, as a name says it."""

    at: datetime  # UTC
    has_time: bool  # else only the day is known, and noon was taken
    text: str  # 20210520T105031, or 20210520


def moment_in_name(name: str) -> Moment | None:
    """Find the first date in a name: products write the acquisition before the processing."""
    for match in _MOMENT.finditer(name):
        has_time = match["hour"] is not None
        # Noon UTC is the same calendar day in all but the outermost time zones.
        clock = ("hour", "minute", "second")
        hour, minute, second = (int(match[one]) for one in clock) if has_time else (12, 0, 0)
        try:
            at = datetime(
                int(match["year"]),
                int(match["month"]),
                int(match["day"]),
                hour,
                minute,
                second,
                tzinfo=UTC,
            )
        except ValueError:  # 31 February
            continue
        text = f"{at:%Y%m%dT%H%M%S}" if has_time else f"{at:%Y%m%d}"
        return Moment(at=at, has_time=has_time, text=text)
    return None


def group_prefix(name: str) -> str:
    """What stands before the date, without bands: two tiles of one moment are two scenes."""
    match = _MOMENT.search(name)
    before = name[: match.start()] if match else ""
    words = [word for word in re.split(r"[^0-9A-Za-z]+", before) if word]
    return "_".join(word for word in words if not _PARTS.match(word))
