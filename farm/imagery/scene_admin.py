"""Scenes in the admin: what was sent, how it was judged, and reading it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages

from farm.imagery.ingest_requests import request_ingest
from farm.imagery.models import Scene, SceneAsset
from farm.imagery.scene_details import MAX_OFFSET, MAX_SCALE, MIN_SCALE
from farm.imagery.scene_services import change_scene, delete_scene, scenes_naming_files_of
from farm.imagery.storage import object_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet
    from django.http import HttpRequest

    # Django's admin classes are generic in the stubs alone.
    SceneModelForm = forms.ModelForm[Scene]
else:
    SceneModelForm = forms.ModelForm

# An operator may set these; everything else was measured or read.
EDITABLE = ("name", "scale_override", "offset_override")


class SceneForm(SceneModelForm):
    """What an operator may set, within the bounds of the API."""

    scale_override = forms.FloatField(required=False, min_value=MIN_SCALE, max_value=MAX_SCALE)
    offset_override = forms.FloatField(required=False, min_value=-MAX_OFFSET, max_value=MAX_OFFSET)

    class Meta:
        """The columns."""

        model = Scene
        fields: ClassVar = list(EDITABLE)


class SceneAssetInline(admin.TabularInline[SceneAsset, Scene]):
    """The bands of a scene; read-only."""

    model = SceneAsset
    extra = 0
    can_delete = False
    fields = ("role", "name", "object_key", "url", "band_number", "pixel_size", "data_type")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Scene | None = None) -> bool:
        """Refuse: bands come with the files."""
        del request, obj
        return False


@admin.register(Scene)
class SceneAdmin(admin.ModelAdmin[Scene]):
    """A scene is sent through the API; here it is looked at, corrected and read again."""

    form = SceneForm
    list_display = (
        "name",
        "farm",
        "platform",
        "acquired_at",
        "state",
        "radiometry_verdict",
        "radiometry_source",
        "is_simulated",
    )
    list_filter = ("state", "radiometry_verdict", "platform", "is_simulated", "farm")
    list_select_related = ("farm",)
    search_fields = ("name", "=id", "content_sha256")
    date_hierarchy = "acquired_at"
    inlines = (SceneAssetInline,)
    actions = ("read_again",)

    @admin.action(description="Read the selected scenes again", permissions=["change"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[Scene]) -> None:
        """Ask for a job per scene."""
        user = request.user if request.user.is_authenticated else None
        for scene in queryset.select_related("farm"):
            request_ingest(scene=scene, requested_by=user)
        self.message_user(request, "Jobs were requested.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a scene comes with its files."""
        del request
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Scene | None = None) -> list[str]:
        """Let only name and overrides be typed."""
        del request, obj
        return [field.name for field in Scene._meta.fields if field.name not in EDITABLE]

    def save_model(
        self, request: HttpRequest, obj: Scene, form: SceneModelForm, change: bool
    ) -> None:
        """Change by the same use case as the API, so that an override has the scene read again."""
        del change
        user = request.user if request.user.is_authenticated else None
        scene = Scene.objects.select_related("farm").get(pk=obj.pk)
        changed = {name: form.cleaned_data[name] for name in form.changed_data if name in EDITABLE}
        if changed and change_scene(scene=scene, requested_by=user, **changed):
            self.message_user(request, "The scene is read again.", messages.INFO)

    def get_deleted_objects(
        self, objs: Sequence[Scene] | QuerySet[Scene], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Protect scenes whose files others name, as the use case does."""
        listed, counts, lacking, protected = super().get_deleted_objects(objs, request)
        chosen = list(objs)
        for scene in chosen:
            others = (other for other in scenes_naming_files_of(scene) if other not in chosen)
            protected += [f"{other}, which names files of {scene}" for other in others]
        return listed, counts, lacking, protected

    def delete_model(self, request: HttpRequest, obj: Scene) -> None:
        """Delete the files too."""
        del request
        delete_scene(scene=obj, store=object_store())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Scene]) -> None:
        """Delete the files of each too."""
        del request
        # Whoever names files of another came later and goes first.
        for scene in queryset.order_by("-pk"):
            delete_scene(scene=scene, store=object_store())
