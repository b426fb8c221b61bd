"""The admin of observations: to be read, never to be edited, because numbers come from pixels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.html import format_html, format_html_join

from farm.imagery.models import Observation, SceneState
from farm.imagery.observation_quality import is_partial, usable_share

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    # Django's admin classes are generic in the stubs alone.
    ObservationModelAdmin = admin.ModelAdmin[Observation]
else:
    ObservationModelAdmin = admin.ModelAdmin


@admin.register(Observation)
class ObservationAdmin(ObservationModelAdmin):
    """What was seen, with its receipt."""

    list_display = (
        "field",
        "index",
        "acquired_at",
        "mean",
        "median",
        "usable",
        "whole",
        "is_mosaic",
        "published",
        "scene",
    )
    list_filter = ("index", "is_mosaic", "scene__platform", "scene__state", "field__farm")
    list_select_related = ("field", "scene")
    search_fields = ("field__name", "scene__name")
    date_hierarchy = "acquired_at"
    ordering = ("-acquired_at", "-id")
    show_full_result_count = False  # counting every number of every field would cost the page
    exclude = ("receipt", "histogram")
    readonly_fields = ("usable", "whole", "histogram_words", "receipt_table")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: ingest makes observations."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Observation | None = None) -> bool:
        """Never: a number that was typed in has no receipt."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Observation]:
        """Leave the long columns out of the list; the page of one loads them."""
        looks = super().get_queryset(request).defer("histogram", "field__outline_wkb")
        return looks.prefetch_related("parts__scene")

    @admin.display(description="rests on")
    def usable(self, look: Observation) -> str:
        """Share of the outline that has a value."""
        return f"{usable_share(look):.0%}"

    @admin.display(description="whole field", boolean=True)
    def whole(self, look: Observation) -> bool:
        """Whether (nearly) all of the field has a value."""
        return not is_partial(look)

    @admin.display(description="published", boolean=True)
    def published(self, look: Observation) -> bool:
        """Whether the API shows it; not while a scene of it is held or read anew."""
        return all(scene.state == SceneState.READY for scene in look.scenes)

    @admin.display(description="histogram")
    def histogram_words(self, look: Observation) -> str:
        """Effective pixels per bin, the empty ends cut off."""
        bins = look.histogram
        filled = [place for place, pixels in enumerate(bins) if pixels]
        if not filled:
            return "–"
        first, last = filled[0], filled[-1]
        words = ", ".join(f"{pixels:.1f}" for pixels in bins[first : last + 1])
        return f"bins {first + 1} to {last + 1} of {len(bins)}: {words}"

    @admin.display(description="receipt")
    def receipt_table(self, look: Observation) -> SafeString:
        """How the number came about, a line for each part."""
        return format_html(
            "<table>{}</table>",
            format_html_join(
                "",
                '<tr><th style="text-align:left;vertical-align:top">{}</th>'
                '<td><pre style="margin:0;white-space:pre-wrap">{}</pre></td></tr>',
                ((key.replace("_", " "), _words(value)) for key, value in look.receipt.items()),
            ),
        )


def _words(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
