"""What is done to farms and their members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from farm.accounts.models import User
from farm.errors import ConflictError, InvalidInputError, NotFoundError
from farm.farms.models import Farm, Membership, Role

if TYPE_CHECKING:
    from farm.imagery.storage import ObjectStore


@transaction.atomic
def create_farm(*, owner: User, name: str, time_zone: str = "", is_demo: bool = False) -> Farm:
    """Create a farm and make its creator the owner."""
    farm = Farm.objects.create(name=name, time_zone=time_zone, is_demo=is_demo)
    Membership.objects.create(farm=farm, user=owner, role=Role.OWNER)
    return farm


def change_farm(*, farm: Farm, name: str | None = None, time_zone: str | None = None) -> Farm:
    """Change what is given; None leaves a value as it is."""
    if name is not None:
        farm.name = name
    if time_zone is not None:
        farm.time_zone = time_zone
    farm.save(update_fields=["name", "time_zone", "updated_at"])
    return farm


def delete_farm(*, farm: Farm, store: ObjectStore) -> None:
    """Delete a farm with all its fields, scenes and numbers, and its files in the store."""
    farm_id = farm.pk
    with transaction.atomic():
        # First the jobs, as their runs do: the other way round the two would wait for each other.
        list(farm.jobs.select_for_update().order_by("pk").values_list("pk", flat=True))
        farm.delete()
    # After the commit: a farm that is still there must not lose its files. A crash in between
    # leaves files that nothing names.
    for kind in ("scenes", "derived"):
        store.delete_folder(f"{kind}/{farm_id}")


@transaction.atomic
def add_member(*, farm: Farm, username: str, role: Role) -> Membership:
    """Give a person a role on the farm.

    Raises:
        InvalidInputError: Nobody has this user name.
        ConflictError: The person is a member already.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        msg = f"There is no user “{username}”."
        raise InvalidInputError(msg, reason="USER_UNKNOWN")
    membership, is_new = Membership.objects.get_or_create(
        farm=farm, user=user, defaults={"role": role}
    )
    if not is_new:
        msg = f"“{username}” is a member of the farm already, as {membership.get_role_display()}."
        raise ConflictError(msg, reason="MEMBER_ALREADY")
    return membership


@transaction.atomic
def change_member(*, farm: Farm, user_id: int, role: Role) -> Membership:
    """Give a member another role.

    Raises:
        NotFoundError: The person is no member.
        ConflictError: The farm would be left without an owner.
    """
    membership = _locked_member(farm, user_id)
    if role is not Role.OWNER:
        _keep_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    return membership


@transaction.atomic
def remove_member(*, farm: Farm, user_id: int) -> None:
    """Take a person's role away.

    Raises:
        NotFoundError: The person is no member.
        ConflictError: The farm would be left without an owner.
    """
    membership = _locked_member(farm, user_id)
    _keep_an_owner(membership)
    membership.delete()


def _locked_member(farm: Farm, user_id: int) -> Membership:
    """Find a member while nobody else changes members of this farm.

    Two owners who remove each other at the same moment would otherwise leave none.
    """
    Farm.objects.select_for_update().get(pk=farm.pk)
    membership = (
        Membership.objects.select_related("user").filter(farm=farm, user__id=user_id).first()
    )
    if membership is None:
        msg = f"The farm has no member {user_id}."
        raise NotFoundError(msg)
    return membership


def _keep_an_owner(membership: Membership) -> None:
    if membership.role != Role.OWNER:
        return
    others = Membership.objects.filter(farm_id=membership.farm_id, role=Role.OWNER)
    if not others.exclude(pk=membership.pk).exists():
        msg = "The farm must keep an owner; make somebody else owner first."
        raise ConflictError(msg, reason="LAST_OWNER")
