"""Which thresholds apply on a farm: its own before everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from farm.errors import NotFoundError
from farm.weather.models import DecisionProfile

if TYPE_CHECKING:
    from farm.farms.models import Farm


def profiles_for(*, farm: Farm) -> list[DecisionProfile]:
    """Profiles that apply on a farm, by kind and name; its own hide everybody's of the same name.

    ``is_default`` of each says what is taken where none is named: one of a kind at most.
    """
    rows = DecisionProfile.objects.filter(Q(farm=farm) | Q(farm=None)).order_by("kind", "name")
    shown: dict[tuple[str, str], DecisionProfile] = {}
    for row in rows:
        known = shown.get((row.kind, row.name))
        if known is None or known.farm_id is None:
            shown[row.kind, row.name] = row
    own_default = {row.kind for row in shown.values() if row.farm_id and row.is_default}
    for row in shown.values():
        row.is_default &= row.farm_id is not None or row.kind not in own_default
    return list(shown.values())


def profile_for(*, farm: Farm, kind: str, name: str | None = None) -> DecisionProfile:
    """Return the thresholds of a kind of decision on a farm.

    Args:
        farm: Whose.
        kind: A ``DecisionKind``.
        name: Of a profile; None: the default.

    Raises:
        NotFoundError: There is none of this name, or no default; the known ones are named.
    """
    of_kind = [profile for profile in profiles_for(farm=farm) if profile.kind == kind]
    for profile in of_kind:
        if profile.name == name or (name is None and profile.is_default):
            return profile
    known = ", ".join(f"“{profile.name}”" for profile in of_kind) or "none"
    which = "no default profile" if name is None else f"no profile “{name}”"
    msg = f"There is {which} of {kind}; known are: {known}."
    raise NotFoundError(msg, reason="PROFILE_UNKNOWN")
