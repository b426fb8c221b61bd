"""REST view of statistics over outlines that are no fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from farm.accounts.models import Scope
from farm.accounts.principal import principal_of
from farm.clients.ndvi import NdviClient, ndvi_client
from farm.errors import ConflictError, NotFoundError
from farm.farms.selectors import visible_farm
from farm.http_schema import ASKS_SERVICE, may_raise
from farm.imagery import index_schemas as schemas
from farm.imagery.catalogue import index_named
from farm.imagery.index_clock import Clocked
from farm.imagery.index_csv import TableView, columns_of
from farm.imagery.index_queries import SpanQuery, span, zone_of
from farm.imagery.last_answers import answered
from farm.imagery.statistics import (
    MAX_OUTLINES,
    MAX_SCENES,
    ChosenScenes,
    outlines_of,
    scene_of,
    scenes_of_farm,
    summarize_scenes,
)
from farm.imagery.statistics_answer import STATISTICS_TABLE, statistics_answer, statistics_rows
from orchestrator.parsers import MAX_OUTLINES_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rest_framework.request import Request

    from farm.imagery.statistics import SentOutline

EXAMPLE = OpenApiExample(
    "An outline in the newest scene of June",
    value={
        "index": "ndvi",
        "farm": 1,
        "from": "2024-06-01",
        "to": "2024-06-30",
        "max_scenes": 1,
        "outlines": {
            "type": "Polygon",
            "coordinates": [
                [[3.0, 51.0], [3.002, 51.0], [3.002, 51.001], [3.0, 51.001], [3.0, 51.0]]
            ],
        },
    },
    request_only=True,
)


class StatisticsRequest(SpanQuery):
    """What to compute over which outlines."""

    index = serializers.CharField(max_length=32, help_text="Id of an index of the catalogue.")
    outlines = serializers.JSONField(
        help_text=f"GeoJSON FeatureCollection, Feature, Polygon or MultiPolygon in WGS 84; "
        f"1 to {MAX_OUTLINES} outlines."
    )
    scene = serializers.IntegerField(required=False, min_value=1, help_text="Id of a scene; or:")
    farm = serializers.IntegerField(
        required=False, min_value=1, help_text="Id of a farm whose newest scenes are taken."
    )
    max_scenes = serializers.IntegerField(
        default=1,
        min_value=1,
        max_value=MAX_SCENES,
        help_text="With a farm: at most so many; scenes of one day count as one.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for a scene or a farm, and for a span only with a farm.

        Raises:
            ValidationError: Neither or both were given, or a span with a scene.
        """
        if ("scene" in attrs) == ("farm" in attrs):
            msg = "Give either a scene, or a farm whose newest scenes are taken."
            raise serializers.ValidationError({"scene": [msg]})
        if "scene" in attrs and ("from" in attrs or "to" in attrs):
            msg = "A span of time goes with a farm, not with one scene."
            raise serializers.ValidationError({"from": [msg]})
        return attrs


class StatisticsView(Clocked, TableView):
    """Statistics over ad-hoc outlines."""

    # Nothing is changed by it, so that whoever may read may ask.
    required_scope = Scope.READ
    max_json_bytes = MAX_OUTLINES_BYTES

    @extend_schema(
        tags=["statistics"],
        summary="Statistics over ad-hoc outlines",
        description=(
            "Computes an index over outlines that are no fields, straight from the scenes; "
            "no observation is written. It changes nothing, so the scope `read` and any role on "
            "the farm suffice. Formula, mask and weights are those of the fields' numbers. Each "
            "outline comes once a day: where no scene of the day shows it whole, several are put "
            "together (`is_mosaic`, `scene_ids`), the best first. Scenes that lack a band of the "
            "index are named in `skipped`."
        ),
        parameters=[schemas.FORMAT],
        request=StatisticsRequest,
        responses={
            (200, "application/json"): schemas.StatisticsSchema,
            (200, "text/csv"): schemas.TEXT,
        },
        examples=[EXAMPLE],
    )
    @may_raise(NotFoundError, ConflictError, *ASKS_SERVICE)
    def post(self, request: Request) -> Response:
        """Choose the scenes, compute, answer."""
        serializer = StatisticsRequest(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        index = index_named(wanted["index"])
        chosen = self.scenes(request, wanted=wanted)
        outlines = outlines_of(wanted["outlines"])
        scenes = chosen(outlines)

        def compute() -> dict[str, Any]:
            found, skipped = summarize_scenes(
                days=scenes.days, index=index, outlines=outlines, ndvi=self.ndvi()
            )
            return statistics_answer(
                index=index,
                outlines=outlines,
                found=found,
                skipped=skipped,
                left_out_count=scenes.left_out_count,
                now=self.now(),
            )

        answer = answered(
            "statistics",
            {name: str(value) for name, value in wanted.items() if name != "outlines"},
            [[sent.id, sent.outline.sha256] for sent in outlines],
            scenes=[scene for day in scenes.days for scene in day],
            compute=compute,
            now=self.now(),
        )
        said = {"computed_at": answer.computed_at, "stale": answer.is_stale}
        return Response(answer.body | said)

    def scenes(
        self, request: Request, *, wanted: Mapping[str, Any]
    ) -> Callable[[list[SentOutline]], ChosenScenes]:
        """Check what the principal may see first; which scenes reach the outlines comes after."""
        principal = principal_of(request)
        if "scene" in wanted:
            scene = scene_of(principal=principal, scene_id=wanted["scene"])
            return lambda _: ChosenScenes(days=[[scene]], left_out_count=0)
        farm = visible_farm(principal=principal, farm_id=wanted["farm"])
        start, end = span(wanted, zone=zone_of(farm))
        return lambda outlines: scenes_of_farm(
            farm=farm, outlines=outlines, start=start, end=end, max_scenes=wanted["max_scenes"]
        )

    def ndvi(self) -> NdviClient:
        """Return the client of the NDVI service."""
        return ndvi_client()

    def table(self, data: Any) -> Mapping[str, Sequence[Any]]:
        """Return a row for each scene and outline."""
        return columns_of(statistics_rows(data), STATISTICS_TABLE)

    def file_stem(self) -> str:
        """Name the file."""
        return "statistics"
