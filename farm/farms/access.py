"""What each role includes, and the check of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.errors import ForbiddenError
from farm.farms.models import Farm, Membership, Role

if TYPE_CHECKING:
    from farm.accounts.principal import Principal

# From the least to the most; a role includes all that stand before it.
RANK = {Role.VIEWER: 0, Role.AGRONOMIST: 1, Role.MANAGER: 2, Role.OWNER: 3}

# What needs which role: viewers read and run ad-hoc statistics; agronomists also edit fields, send
# scenes and start and stop jobs; managers also create and delete fields, delete scenes, override
# scale and offset and change the farm; owners also manage members and delete the farm.


def role_on(*, principal: Principal, farm: Farm) -> Role | None:
    """Return the principal's role on the farm, None where there is none.

    Django's superusers act as owners of every farm.
    """
    if principal.farm_id is not None and principal.farm_id != farm.pk:
        return None
    if principal.user.is_superuser:
        return Role.OWNER
    role = (
        Membership.objects.filter(farm=farm, user=principal.user)
        .values_list("role", flat=True)
        .first()
    )
    return Role(role) if role else None


def require_role(*, principal: Principal, farm: Farm, at_least: Role) -> None:
    """Refuse what the principal's role on the farm does not include.

    The farm was found by ``farm.farms.selectors``, so that it exists is no secret.

    Raises:
        ForbiddenError: The role is lower than asked.
    """
    role = role_on(principal=principal, farm=farm)
    if role is None or RANK[role] < RANK[at_least]:
        msg = f"This needs the role “{at_least.label}” on the farm “{farm.name}”."
        raise ForbiddenError(msg, reason="ROLE_MISSING")
