"""Farms and members as JSON."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from farm.farms.models import Farm, Membership, Role
from farm.farms.time_zones import check_time_zone


class FarmSerializer(serializers.ModelSerializer[Farm]):
    """A farm; ``role`` is the asking user's."""

    role = serializers.ChoiceField(choices=Role.choices, read_only=True)
    field_count = serializers.IntegerField(read_only=True)

    class Meta:
        """Fields."""

        model = Farm
        fields: ClassVar = [
            "id",
            "name",
            "time_zone",
            "is_demo",
            "role",
            "field_count",
            "created_at",
            "updated_at",
        ]
        read_only_fields: ClassVar = ["is_demo"]
        extra_kwargs: ClassVar = {
            "time_zone": {
                "help_text": "IANA name such as `Europe/Brussels`; empty: not known, days are UTC."
            }
        }

    def validate_time_zone(self, value: str) -> str:
        """Refuse what is no name of the IANA database."""
        check_time_zone(value)
        return value


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A member of a farm; ``user_id`` is the id in the member's address."""

    user_id = serializers.IntegerField(read_only=True)
    username = serializers.CharField(source="user.username", max_length=150)

    class Meta:
        """Fields."""

        model = Membership
        fields: ClassVar = ["user_id", "username", "role", "created_at"]


class MemberRoleSerializer(serializers.Serializer[Membership]):
    """A new role for a member."""

    role = serializers.ChoiceField(choices=Role.choices)
