"""Fields in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin

from farm.errors import InvalidInputError
from farm.fields import services
from farm.fields.models import Field
from farm.fields.preview import outline_svg
from farm.fields.selectors import neighbourhood_of
from farm.geo import geojson_of_wkb, outline_of_geojson, refuse_swapped_axes

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from farm.accounts.models import User

    # Django's admin classes are generic in the stubs alone.
    FieldModelAdmin = admin.ModelAdmin[Field]
    FieldModelForm = forms.ModelForm[Field]
else:
    FieldModelAdmin, FieldModelForm = admin.ModelAdmin, forms.ModelForm


class FieldForm(FieldModelForm):
    """A field whose outline is written as GeoJSON."""

    outline = forms.JSONField(
        help_text="GeoJSON Polygon or MultiPolygon, WGS 84, longitude first.",
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField"}),
    )

    class Meta:
        """Columns that are typed in; the rest is computed."""

        model = Field
        fields: ClassVar = ["farm", "name", "crop", "external_id"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the present outline."""
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["outline"].initial = geojson_of_wkb(self.instance.outline_wkb)

    def clean(self) -> dict[str, Any]:
        """Check the outline in words."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        geometry = cleaned.get("outline")
        farm = self.instance.farm if self.instance.pk else cleaned.get("farm")
        if geometry is None or farm is None:
            return cleaned
        try:
            outline = outline_of_geojson(geometry)
            near = neighbourhood_of(farm=farm, except_field=self.instance)
            refuse_swapped_axes(outline=outline, neighbourhood=near)
        except InvalidInputError as error:
            self.add_error("outline", error.detail)
        else:
            cleaned["measured_outline"] = outline
        return cleaned


@admin.register(Field)
class FieldAdmin(FieldModelAdmin):
    """Fields with what was measured, and a picture of the outline."""

    form = FieldForm
    list_display = ("name", "id", "farm", "crop", "external_id", "area", "updated_at")
    list_filter: ClassVar = ["crop", "farm"]
    list_select_related = ("farm",)
    search_fields: ClassVar = ["name", "external_id", "crop", "farm__name"]
    autocomplete_fields: ClassVar = ["farm"]
    readonly_fields: ClassVar = [
        "picture",
        "area",
        "perimeter",
        "centroid",
        "bounding_box",
        "outline_sha256",
        "created_at",
        "updated_at",
    ]
    fields: ClassVar = ["farm", "name", "crop", "external_id", "outline", *readonly_fields]
    list_per_page = 50

    def save_model(self, request: HttpRequest, obj: Field, form: FieldForm, change: bool) -> None:
        """Save with the measures of the outline, and have numbers made for a new one."""
        outline = form.cleaned_data["measured_outline"]
        is_new_outline = obj.outline_sha256 != outline.sha256
        services.set_outline(obj, outline)
        super().save_model(request, obj, form, change)
        if is_new_outline:
            # Whoever comes to the admin is signed in.
            services.request_numbers(
                farm=obj.farm, fields=[obj], requested_by=cast("User", request.user)
            )

    def delete_model(self, request: HttpRequest, obj: Field) -> None:
        """Delete by the same use case as the API, which stops the field's jobs."""
        del request
        services.delete_field(field=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Field]) -> None:
        """Delete each by the same use case."""
        del request
        for field in queryset:
            services.delete_field(field=field)

    def get_readonly_fields(self, request: HttpRequest, obj: Field | None = None) -> list[str]:
        """Keep a field on its farm: what was seen of it comes from that farm's scenes."""
        return [*self.readonly_fields, *(["farm"] if obj else [])]

    @admin.display(description="outline as drawn")
    def picture(self, field: Field) -> SafeString | str:
        """Draw the outline."""
        return outline_svg(field.outline_wkb) if field.pk else "–"

    @admin.display(description="area", ordering="area_m2")
    def area(self, field: Field) -> str:
        """Hectares."""
        return f"{field.area_m2 / 10_000:.4f} ha" if field.pk else "–"

    @admin.display(description="perimeter")
    def perimeter(self, field: Field) -> str:
        """Metres."""
        return f"{field.perimeter_m:,.1f} m" if field.pk else "–"

    @admin.display(description="centroid (lon, lat)")
    def centroid(self, field: Field) -> str:
        """Degrees."""
        return f"{field.centroid_lon:.6f}, {field.centroid_lat:.6f}" if field.pk else "–"

    @admin.display(description="bounding box (W, S, E, N)")
    def bounding_box(self, field: Field) -> str:
        """Degrees."""
        if not field.pk:
            return "–"
        return ", ".join(f"{x:.6f}" for x in (field.west, field.south, field.east, field.north))
