"""REST views of where a farm's weather is of, where it comes from, and what decisions ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from farm.accounts.principal import principal_of
from farm.errors import ConflictError, InvalidInputError
from farm.farms.access import require_role
from farm.farms.models import Role
from farm.farms.selectors import visible_farm
from farm.http_schema import may_raise
from farm.imagery.index_clock import Clocked
from farm.jobs.models import JobKind
from farm.jobs.serializers import JobSerializer
from farm.jobs.services import request_job
from farm.weather.api_feed_states import feed_states
from farm.weather.api_questions import known_place
from farm.weather.parameters import NoQuery, parsed
from farm.weather.places import set_position, zone_of
from farm.weather.profile_selectors import profiles_for
from farm.weather.schemas import FeedListSchema, ProfileListSchema
from farm.weather.serializers import FeedSerializer, LocationSerializer, ProfileSerializer

if TYPE_CHECKING:
    from rest_framework.request import Request

    from farm.farms.models import Farm
    from farm.weather.models import WeatherPlace

LOCATION = OpenApiExample(
    "A station's mast",
    value={"longitude": 4.7012, "latitude": 50.8801, "elevation_m": 34.0},
    request_only=True,
)


class FarmLocationView(APIView):
    """Where a farm's weather is of."""

    @extend_schema(
        tags=["farm weather"],
        summary="Where a farm's weather is of",
        description="The middle of the farm's fields, unless somebody set it.",
        responses=LocationSerializer,
    )
    @may_raise(ConflictError, InvalidInputError)
    def get(self, request: Request, farm_id: int) -> Response:
        """Show it."""
        farm = visible_farm(principal=principal_of(request), farm_id=farm_id)
        parsed(NoQuery, request)
        return Response(_location(known_place(farm)))

    @extend_schema(
        tags=["farm weather"],
        summary="Set where a farm's weather is of",
        description="Needs a manager. Providers' weather of a place more than 5 km away is dropped "
        "and fetched anew; a station's hours stay. Without an elevation the provider's is taken.",
        request=LocationSerializer,
        responses=LocationSerializer,
        examples=[LOCATION],
    )
    def put(self, request: Request, farm_id: int) -> Response:
        """Replace position and elevation."""
        farm = self._managed(request, farm_id)
        serializer = LocationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said: dict[str, Any] = {"elevation_m": None, **serializer.validated_data}
        return Response(_location(_moved(farm, said)))

    @extend_schema(
        tags=["farm weather"],
        summary="Change where a farm's weather is of",
        description="What is left out stays as it is. Needs a manager.",
        request=LocationSerializer,
        responses=LocationSerializer,
    )
    @may_raise(ConflictError)
    def patch(self, request: Request, farm_id: int) -> Response:
        """Change what is given."""
        farm = self._managed(request, farm_id)
        serializer = LocationSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        if not said:
            return Response(_location(known_place(farm)))
        if {"longitude", "latitude"} - set(said):
            place = known_place(farm)
            known = {"longitude": place.longitude, "latitude": place.latitude}
        else:
            known = {}
        return Response(_location(_moved(farm, known | said)))

    def _managed(self, request: Request, farm_id: int) -> Farm:
        principal = principal_of(request)
        farm = visible_farm(principal=principal, farm_id=farm_id)
        require_role(principal=principal, farm=farm, at_least=Role.MANAGER)
        return farm


class FarmFeedsView(Clocked, APIView):
    """Where a farm's weather comes from."""

    @extend_schema(
        tags=["farm weather"],
        summary="How a farm's sources of weather stand",
        description="Each product of each provider: when it was asked, when it answered, what went "
        "wrong, and when it is asked again. Whom the data are to be credited to stands beside it.",
        responses=FeedListSchema,
    )
    @may_raise(ConflictError, InvalidInputError)
    def get(self, request: Request, farm_id: int) -> Response:
        """List them."""
        farm = visible_farm(principal=principal_of(request), farm_id=farm_id)
        parsed(NoQuery, request)
        feeds = feed_states(place=known_place(farm), now=self.now())
        return Response({"feeds": FeedSerializer(feeds, many=True).data})


class FarmRefreshView(APIView):
    """Fetches a farm's weather now."""

    @extend_schema(
        tags=["farm weather"],
        summary="Fetch a farm's weather now",
        description="Gives the job to watch. With `Idempotency-Key` the same request sent again "
        "gives the same job. Needs an agronomist.",
        request=None,
        parameters=[
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=False)
        ],
        responses={202: JobSerializer},
    )
    @may_raise(ConflictError)
    def post(self, request: Request, farm_id: int) -> Response:
        """Ask for the job."""
        principal = principal_of(request)
        farm = visible_farm(principal=principal, farm_id=farm_id)
        require_role(principal=principal, farm=farm, at_least=Role.AGRONOMIST)
        known_place(farm)
        job = request_job(
            farm=farm,
            kind=JobKind.REFRESH_WEATHER,
            subject_id=farm.pk,
            requested_by=principal.user,
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class FarmProfilesView(APIView):
    """The thresholds that apply on a farm."""

    @extend_schema(
        tags=["farm weather"],
        summary="Thresholds of decisions that apply on a farm",
        description="The farm's own, and everybody's where the farm has none of the same kind and "
        "name. They are edited in the admin.",
        responses=ProfileListSchema,
    )
    @may_raise(InvalidInputError)
    def get(self, request: Request, farm_id: int) -> Response:
        """List them."""
        farm = visible_farm(principal=principal_of(request), farm_id=farm_id)
        parsed(NoQuery, request)
        return Response({"profiles": ProfileSerializer(profiles_for(farm=farm), many=True).data})


def _moved(farm: Farm, said: dict[str, Any]) -> WeatherPlace:
    place = set_position(farm=farm, **said)
    if "elevation_m" in said and said["elevation_m"] is None and place.elevation_m is not None:
        place.elevation_m, place.elevation_source = None, ""
        place.save(update_fields=["elevation_m", "elevation_source"])
    return place


def _location(place: WeatherPlace) -> dict[str, Any]:
    return {**LocationSerializer(place).data, "time_zone": zone_of(place)}
