"""Keys of machines, managed by people and by keys with the scope ``admin``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import ListCreateAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from farm.accounts.models import ApiKey, Scope
from farm.accounts.principal import principal_of
from farm.accounts.selectors import visible_key, visible_keys
from farm.accounts.serializers import (
    ApiKeyCreateSerializer,
    ApiKeyRotateSerializer,
    ApiKeySerializer,
    NewApiKeySerializer,
)
from farm.accounts.services import NewKey, create_key, revoke_key, rotate_key
from farm.errors import ConflictError, NotFoundError
from farm.farms.selectors import visible_farm
from farm.http_schema import may_raise
from orchestrator.filters import RowIdFilter

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


def granting_key_of(request: Request) -> ApiKey | None:
    """Return the key that makes the request, None for a person."""
    return request.auth if isinstance(request.auth, ApiKey) else None


def shown_once(new: NewKey) -> Response:
    """Answer with the key's text; no cache may keep it."""
    document = NewApiKeySerializer(new.key, context={"text": new.text}).data
    return Response(document, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class KeyFilter(django_filters.FilterSet):
    """Which keys to list."""

    # Of the owner's keys only: a filter by a list of farms would tell which farms exist.
    farm = RowIdFilter(field_name="farm", help_text="Keys that are bound to this farm.")

    class Meta:
        """All filters are declared above."""

        model = ApiKey
        fields: ClassVar[list[str]] = []


@extend_schema_view(get=extend_schema(operation_id="keys_list", summary="My keys", tags=["keys"]))
class KeyListView(ListCreateAPIView[ApiKey]):
    """My keys."""

    required_scope = Scope.ADMIN
    serializer_class = ApiKeySerializer
    filterset_class = KeyFilter
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> QuerySet[ApiKey]:
        """Start from what the principal may see."""
        return visible_keys(principal=principal_of(self.request))

    @extend_schema(
        operation_id="keys_create",
        summary="Make a key",
        tags=["keys"],
        request=ApiKeyCreateSerializer,
        responses={201: NewApiKeySerializer},
    )
    @may_raise(NotFoundError)
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a key. Its text is in this answer and never again."""
        principal = principal_of(request)
        given = ApiKeyCreateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        farm_id = wanted["farm"]
        new = create_key(
            principal=principal,
            name=wanted["name"],
            scopes=wanted["scopes"],
            farm=visible_farm(principal=principal, farm_id=farm_id) if farm_id else None,
            expires_at=wanted["expires_at"],
            granting_key=granting_key_of(request),
        )
        return shown_once(new)


class KeyView(APIView):
    """One of my keys."""

    required_scope = Scope.ADMIN

    @extend_schema(
        operation_id="keys_retrieve",
        summary="One of my keys",
        tags=["keys"],
        responses=ApiKeySerializer,
    )
    def get(self, request: Request, key_id: int) -> Response:
        """Show the key, without its secret."""
        key = visible_key(principal=principal_of(request), key_id=key_id)
        return Response(ApiKeySerializer(key).data)


class KeyRotateView(APIView):
    """Renewal without a gap."""

    required_scope = Scope.ADMIN

    @extend_schema(
        operation_id="keys_rotate",
        summary="Replace a key by a new one",
        tags=["keys"],
        request=ApiKeyRotateSerializer,
        responses={201: NewApiKeySerializer},
    )
    @may_raise(ConflictError)
    def post(self, request: Request, key_id: int) -> Response:
        """Make the key's successor; the old one works on for the overlap."""
        principal = principal_of(request)
        key = visible_key(principal=principal, key_id=key_id)
        given = ApiKeyRotateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        new = rotate_key(
            principal=principal,
            key=key,
            overlap=timedelta(hours=given.validated_data["overlap_hours"]),
            granting_key=granting_key_of(request),
        )
        return shown_once(new)


class KeyRevokeView(APIView):
    """The end of a key."""

    required_scope = Scope.ADMIN

    @extend_schema(
        operation_id="keys_revoke",
        summary="End a key at once",
        tags=["keys"],
        request=None,
        responses=ApiKeySerializer,
    )
    def post(self, request: Request, key_id: int) -> Response:
        """End the key at once; the next request with it is refused."""
        key = visible_key(principal=principal_of(request), key_id=key_id)
        return Response(ApiKeySerializer(revoke_key(key=key)).data)
