"""Farms and members over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.response import Response
from rest_framework.views import APIView

from farm.accounts.models import Scope
from farm.accounts.principal import principal_of
from farm.errors import ConflictError, ForbiddenError
from farm.farms import services
from farm.farms.access import require_role
from farm.farms.models import Farm, Membership, Role
from farm.farms.selectors import farm_with_role, farms_with_role, members_of, visible_farm
from farm.farms.serializers import FarmSerializer, MemberRoleSerializer, MemberSerializer
from farm.http_schema import may_raise
from farm.imagery.storage import object_store

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request

FARM_EXAMPLE = OpenApiExample(
    "A farm",
    value={"name": "Hill Farm", "time_zone": "Europe/Brussels"},
    request_only=True,
)
MEMBER_EXAMPLE = OpenApiExample(
    "A viewer", value={"username": "berta", "role": "viewer"}, request_only=True
)


@extend_schema_view(
    get=extend_schema(operation_id="farms_list", summary="Your farms", tags=["farms"]),
)
class FarmList(generics.ListAPIView[Farm]):
    """The farms one may see, and new ones."""

    serializer_class = FarmSerializer

    def get_queryset(self) -> QuerySet[Farm]:
        """Return the visible farms."""
        if getattr(self, "swagger_fake_view", False):
            return Farm.objects.none()
        return farms_with_role(principal=principal_of(self.request))

    @extend_schema(
        operation_id="farms_create",
        summary="Create a farm",
        description="Its creator becomes its owner.",
        tags=["farms"],
        examples=[FARM_EXAMPLE],
        responses={201: FarmSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a farm."""
        principal = principal_of(request)
        if principal.farm_id is not None:
            msg = "This key is bound to one farm and cannot create others."
            raise ForbiddenError(msg, reason="KEY_BOUND_TO_FARM")
        serializer = FarmSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        farm = services.create_farm(owner=principal.user, **serializer.validated_data)
        shown = farm_with_role(principal=principal, farm_id=farm.pk)
        return Response(FarmSerializer(shown).data, status=status.HTTP_201_CREATED)


class FarmDetail(APIView):
    """One farm."""

    @extend_schema(
        operation_id="farms_retrieve",
        summary="One farm",
        tags=["farms"],
        responses={200: FarmSerializer},
    )
    def get(self, request: Request, farm_id: int) -> Response:
        """Show it."""
        farm = farm_with_role(principal=principal_of(request), farm_id=farm_id)
        return Response(FarmSerializer(farm).data)

    @extend_schema(
        operation_id="farms_update",
        summary="Replace a farm's name and time zone",
        tags=["farms"],
        request=FarmSerializer,
        responses={200: FarmSerializer},
        examples=[FARM_EXAMPLE],
    )
    def put(self, request: Request, farm_id: int) -> Response:
        """Replace name and time zone."""
        return self._change(request, farm_id, is_partial=False)

    @extend_schema(
        operation_id="farms_partial_update",
        summary="Change a farm's name or time zone",
        tags=["farms"],
        request=FarmSerializer,
        responses={200: FarmSerializer},
    )
    def patch(self, request: Request, farm_id: int) -> Response:
        """Change name or time zone."""
        return self._change(request, farm_id, is_partial=True)

    @extend_schema(
        operation_id="farms_destroy",
        summary="Delete a farm",
        description="With its fields, scenes, numbers and files. Needs an owner and the scope "
        "`admin`.",
        tags=["farms"],
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    def delete(self, request: Request, farm_id: int) -> Response:
        """Delete it with all that belongs to it."""
        principal = principal_of(request)
        farm = visible_farm(principal=principal, farm_id=farm_id)
        principal.require_scope(Scope.ADMIN)
        require_role(principal=principal, farm=farm, at_least=Role.OWNER)
        services.delete_farm(farm=farm, store=object_store())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _change(self, request: Request, farm_id: int, *, is_partial: bool) -> Response:
        principal = principal_of(request)
        farm = farm_with_role(principal=principal, farm_id=farm_id)
        require_role(principal=principal, farm=farm, at_least=Role.MANAGER)
        serializer = FarmSerializer(farm, data=request.data, partial=is_partial)
        serializer.is_valid(raise_exception=True)
        services.change_farm(farm=farm, **serializer.validated_data)
        return Response(FarmSerializer(farm).data)


@extend_schema_view(
    get=extend_schema(
        operation_id="farm_members_list", summary="Who may do what on a farm", tags=["farms"]
    ),
)
class FarmMemberList(generics.ListAPIView[Membership]):
    """Members of a farm."""

    serializer_class = MemberSerializer

    def get_queryset(self) -> QuerySet[Membership]:
        """Return the members of the farm in the address."""
        if getattr(self, "swagger_fake_view", False):
            return Membership.objects.none()
        principal = principal_of(self.request)
        return members_of(farm=visible_farm(principal=principal, farm_id=self.kwargs["farm_id"]))

    @extend_schema(
        operation_id="farm_members_create",
        summary="Add a member",
        description="By user name. Needs an owner and the scope `admin`.",
        tags=["farms"],
        request=MemberSerializer,
        responses={201: MemberSerializer},
        examples=[MEMBER_EXAMPLE],
    )
    @may_raise(ConflictError)
    def post(self, request: Request, farm_id: int) -> Response:
        """Add a member."""
        farm = _administered_farm(request, farm_id)
        serializer = MemberSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        membership = services.add_member(
            farm=farm,
            username=serializer.validated_data["user"]["username"],
            role=Role(serializer.validated_data["role"]),
        )
        return Response(MemberSerializer(membership).data, status=status.HTTP_201_CREATED)


class FarmMemberDetail(APIView):
    """One member of a farm."""

    @extend_schema(
        operation_id="farm_members_retrieve",
        summary="One member",
        tags=["farms"],
        responses={200: MemberSerializer},
    )
    def get(self, request: Request, farm_id: int, user_id: int) -> Response:
        """Show the member."""
        farm = visible_farm(principal=principal_of(request), farm_id=farm_id)
        membership = generics.get_object_or_404(members_of(farm=farm), user__id=user_id)
        return Response(MemberSerializer(membership).data)

    @extend_schema(
        operation_id="farm_members_partial_update",
        summary="Change a member's role",
        description="Needs an owner and the scope `admin`. The last owner stays owner.",
        tags=["farms"],
        request=MemberRoleSerializer,
        responses={200: MemberSerializer},
    )
    @may_raise(ConflictError)
    def patch(self, request: Request, farm_id: int, user_id: int) -> Response:
        """Change the role."""
        farm = _administered_farm(request, farm_id)
        serializer = MemberRoleSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        membership = services.change_member(
            farm=farm, user_id=user_id, role=Role(serializer.validated_data["role"])
        )
        return Response(MemberSerializer(membership).data)

    @extend_schema(
        operation_id="farm_members_destroy",
        summary="Remove a member",
        description="Needs an owner, or the member's own wish to leave, and the scope `admin`.",
        tags=["farms"],
        responses={204: OpenApiResponse(description="Removed.")},
    )
    @may_raise(ConflictError)
    def delete(self, request: Request, farm_id: int, user_id: int) -> Response:
        """Remove the member."""
        principal = principal_of(request)
        if user_id == principal.user.pk:
            farm = visible_farm(principal=principal, farm_id=farm_id)
            principal.require_scope(Scope.ADMIN)
        else:
            farm = _administered_farm(request, farm_id)
        services.remove_member(farm=farm, user_id=user_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _administered_farm(request: Request, farm_id: int) -> Farm:
    """Find a farm whose members the request may change; a foreign one is a 404 before all else."""
    principal = principal_of(request)
    farm = visible_farm(principal=principal, farm_id=farm_id)
    principal.require_scope(Scope.ADMIN)
    require_role(principal=principal, farm=farm, at_least=Role.OWNER)
    return farm
