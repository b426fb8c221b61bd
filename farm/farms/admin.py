"""Farms and memberships in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Count

from farm.farms.models import Farm, Membership
from farm.farms.services import delete_farm
from farm.farms.time_zones import check_time_zone
from farm.imagery.storage import object_store

if TYPE_CHECKING:
    from django.db.models import Field as Column
    from django.db.models import QuerySet
    from django.forms import Field as FormField
    from django.http import HttpRequest

    # Django's admin classes are generic in the stubs alone.
    FarmModelAdmin = admin.ModelAdmin[Farm]
    MembershipModelAdmin = admin.ModelAdmin[Membership]
    MembershipTable = admin.TabularInline[Membership, Farm]
else:
    FarmModelAdmin = MembershipModelAdmin = admin.ModelAdmin
    MembershipTable = admin.TabularInline


class MembershipInline(MembershipTable):
    """Members on the farm's page."""

    model = Membership
    extra = 0
    autocomplete_fields: ClassVar = ["user"]
    readonly_fields: ClassVar = ["created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Fetch the people with their roles, not one by one."""
        return super().get_queryset(request).select_related("user", "farm")


@admin.register(Farm)
class FarmAdmin(FarmModelAdmin):
    """Farms with their members."""

    list_display = ("name", "id", "time_zone", "is_demo", "field_count", "created_at")
    list_filter: ClassVar = ["is_demo", "created_at"]
    search_fields: ClassVar = ["name"]
    readonly_fields: ClassVar = ["created_at", "updated_at"]
    inlines: ClassVar = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Farm]:
        """Count fields in the same query."""
        return super().get_queryset(request).annotate(fields_counted=Count("fields"))

    def formfield_for_dbfield(
        self, db_field: Column[Any, Any], request: HttpRequest, **options: Any
    ) -> FormField | None:
        """Take only time zones that the API takes."""
        field: FormField | None = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None and db_field.name == "time_zone":
            field.validators.append(check_time_zone)
        return field

    def delete_model(self, request: HttpRequest, obj: Farm) -> None:
        """Delete the files too."""
        delete_farm(farm=obj, store=object_store())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Farm]) -> None:
        """Delete the files of each too."""
        for farm in queryset:
            delete_farm(farm=farm, store=object_store())

    @admin.display(description="fields", ordering="fields_counted")
    def field_count(self, farm: Farm) -> int:
        """Number of fields."""
        return int(getattr(farm, "fields_counted", 0))


@admin.register(Membership)
class MembershipAdmin(MembershipModelAdmin):
    """Who may do what where."""

    list_display = ("user", "farm", "role", "created_at")
    list_filter: ClassVar = ["role"]
    list_select_related = ("user", "farm")
    search_fields: ClassVar = ["user__username", "farm__name"]
    autocomplete_fields: ClassVar = ["user", "farm"]
    readonly_fields: ClassVar = ["created_at"]
