"""JSON of log-ins and keys."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from farm.accounts.keys import MARK
from farm.accounts.models import ApiKey, Scope
from farm.farms.models import Membership

# Far above any password, far below what would keep a slow hash busy.
PASSWORD_LENGTH = 1024
OVERLAP_HOURS = 24
OVERLAP_HOURS_MOST = 7 * 24


def password_field() -> serializers.CharField:
    """A password as it was typed: blanks count, and it is never sent back."""
    return serializers.CharField(
        max_length=PASSWORD_LENGTH,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
    )


class CredentialsSerializer(serializers.Serializer[Any]):
    """What a person signs in with."""

    username = serializers.CharField(max_length=150)
    password = password_field()


class CsrfSerializer(serializers.Serializer[Any]):
    """The token that a browser sends back as ``X-CSRFToken``."""

    csrf_token = serializers.CharField()


class PasswordChangeSerializer(serializers.Serializer[Any]):
    """The old password proves that it is really you."""

    current_password = password_field()
    new_password = password_field()


class TokenPairSerializer(serializers.Serializer[Any]):
    """Access token for ``Authorization: Bearer …``; refresh token for one use."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class RefreshSerializer(serializers.Serializer[Any]):
    """A refresh token."""

    refresh = serializers.CharField(max_length=4096)


class OwnMembershipSerializer(serializers.ModelSerializer[Membership]):
    """A farm of mine and what I am there."""

    farm = serializers.IntegerField(source="farm_id")
    name = serializers.CharField(source="farm.name")

    class Meta:
        """Fields."""

        model = Membership
        fields = ("farm", "name", "role")


class CredentialSerializer(serializers.Serializer[Any]):
    """What the credential of this request allows."""

    kind = serializers.ChoiceField(choices=["session", "token", "api_key"])
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    farm = serializers.IntegerField(
        allow_null=True, help_text="The only farm it may see, if bound."
    )


class MeSerializer(serializers.Serializer[Any]):
    """Who is asking."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.CharField()
    is_staff = serializers.BooleanField()
    farms = OwnMembershipSerializer(many=True)
    credential = CredentialSerializer()


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key without its secret."""

    prefix = serializers.SerializerMethodField(help_text="How the key begins.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    farm = serializers.IntegerField(source="farm_id", allow_null=True)
    replaces = serializers.IntegerField(source="replaces_id", allow_null=True)

    class Meta:
        """Fields."""

        model = ApiKey
        fields: ClassVar[list[str]] = [
            "id",
            "name",
            "prefix",
            "scopes",
            "farm",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
            "replaces",
        ]

    def get_prefix(self, key: ApiKey) -> str:
        """Begin as the key does."""
        return f"{MARK}_{key.prefix}"


class NewApiKeySerializer(ApiKeySerializer):
    """A key that was just made; pass its text as ``context["text"]``."""

    key = serializers.SerializerMethodField(help_text="The whole key. It is not shown again.")

    class Meta(ApiKeySerializer.Meta):
        """Fields."""

        fields: ClassVar[list[str]] = [*ApiKeySerializer.Meta.fields, "key"]

    def get_key(self, key: ApiKey) -> str:
        """Show the text, this once."""
        return str(self.context["text"])


class ApiKeyCreateSerializer(serializers.Serializer[Any]):
    """What a new key shall be."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=len(Scope)
    )
    farm = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ApiKeyRotateSerializer(serializers.Serializer[Any]):
    """How long the old key works on, in hours."""

    overlap_hours = serializers.IntegerField(
        default=OVERLAP_HOURS, min_value=0, max_value=OVERLAP_HOURS_MOST
    )
