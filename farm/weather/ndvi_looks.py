"""Clear looks at a field's vegetation, for basal crop coefficients from above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F

from farm.imagery.catalogue import index_named
from farm.imagery.observation_quality import clearest_of_each, solar_day
from farm.imagery.observation_selectors import observations_of, shows_at_least, within

if TYPE_CHECKING:
    from datetime import date

    from farm.fields.models import Field

INDEX = "ndvi"
# A mean over less of the field may be of its one dry corner.
LEAST_SHARE = 0.8
MOST_LOOKS = 1000
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NdviLook:
    """The field's mean index on a solar day."""

    day: date
    ndvi: float  # -1 to 1


def ndvi_looks(*, field: Field, first_day: date, last_day: date) -> tuple[NdviLook, ...]:
    """Return the clear looks at a field's present outline, one a day, ascending; one query.

    Args:
        field: The field.
        first_day: First solar day.
        last_day: Last solar day.
    """
    start = datetime.combine(first_day, time(), UTC) - DAY
    end = datetime.combine(last_day, time(), UTC) + 2 * DAY
    seen = within(
        observations_of(field=field, index=index_named(INDEX)), start=start, end=end
    ).filter(shows_at_least(LEAST_SHARE), outline_sha256=field.outline_sha256)
    # Named as the property of saved rows.
    named: Any = seen.annotate(radiometry_verdict=F("scene__radiometry_verdict"))  # type: ignore[no-redef]
    rows = list(
        named.order_by("-acquired_at", "-pk").values_list(
            "pk",
            "is_mosaic",
            "acquired_at",
            "covered_area_m2",
            "outline_area_m2",
            "valid_share",
            "radiometry_verdict",
            "mean",
            named=True,
        )[:MOST_LOOKS]
    )
    clearest = clearest_of_each(
        rows,
        key=lambda row: solar_day(acquired_at=row.acquired_at, longitude=field.centroid_lon),
    )
    return tuple(
        NdviLook(day=day, ndvi=max(-1.0, min(1.0, row.mean)))
        for day, row in sorted(clearest.items())
        if first_day <= day <= last_day
    )
