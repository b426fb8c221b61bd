"""Weather in the admin: where it comes from, how it stands, and what decisions ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.timesince import timesince

from farm.errors import FarmError, InvalidInputError
from farm.jobs.models import JobKind
from farm.jobs.services import request_job
from farm.weather import profiles
from farm.weather.admin_rows import ReadOnlyAdmin
from farm.weather.models import (
    CropProfile,
    DecisionProfile,
    FieldIrrigation,
    FieldWater,
    ProviderHost,
    SoilProfile,
    WeatherFeed,
    WeatherPlace,
)
from farm.weather.places import set_position

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

    from farm.accounts.models import User

    CheckedModelForm = forms.ModelForm[Model]
    CheckedModelAdmin = admin.ModelAdmin[Any]
else:
    CheckedModelForm = forms.ModelForm
    CheckedModelAdmin = admin.ModelAdmin

REFUSED = "furrow.weather.refused"  # marks a request whose change was not made; no header can
SHOWN_ERROR = 80  # characters in a list


class CheckedForm(CheckedModelForm):
    """Refuses in the form what a save would refuse."""

    def clean(self) -> dict[str, Any] | None:
        """Check the row as a whole, once its columns are sound."""
        cleaned = super().clean()
        if not self.errors:
            row = self._meta.model(**{**_given(self.instance), **(cleaned or {})})
            try:
                profiles.check(row)
            except InvalidInputError as error:
                raise forms.ValidationError(error.detail) from error
        return cleaned


class CheckedAdmin(CheckedModelAdmin):
    """Rows that people edit and that are checked as a whole."""

    form = CheckedForm


@admin.register(DecisionProfile)
class DecisionProfileAdmin(CheckedAdmin):
    """Thresholds, everybody's or a farm's own."""

    list_display = ("name", "kind", "farm", "is_default", "min_hours", "source")
    list_filter = ("kind", "is_default", "farm")
    list_select_related = ("farm",)
    search_fields = ("name", "source")


@admin.register(CropProfile)
class CropProfileAdmin(CheckedAdmin):
    """Crops."""

    list_display = ("name", "stage_days", "basal_coefficients", "max_root_depth_m", "source")
    search_fields = ("name", "source")


@admin.register(SoilProfile)
class SoilProfileAdmin(CheckedAdmin):
    """Soils."""

    list_display = ("name", "field_capacity_m3_m3", "wilting_point_m3_m3", "source")
    search_fields = ("name", "source")


@admin.register(FieldWater)
class FieldWaterAdmin(CheckedAdmin):
    """What fields' water balances stand on."""

    list_display = ("field", "crop", "soil", "planted_on", "uses_ndvi", "updated_at")
    list_filter = ("crop", "soil", "field__farm")
    list_select_related = ("field", "crop", "soil")
    raw_id_fields = ("field",)


@admin.register(FieldIrrigation)
class FieldIrrigationAdmin(ReadOnlyAdmin[FieldIrrigation]):
    """Water that fields were given, newest first; the API takes it."""

    list_display = ("field", "day", "depth_mm", "wetted_share", "efficiency_share", "created_at")
    list_filter = ("field__farm",)
    list_select_related = ("field",)
    ordering = ("-day", "field_id", "id")


class FeedInline(admin.TabularInline[WeatherFeed, WeatherPlace]):
    """A place's feeds; read-only."""

    model = WeatherFeed
    extra = 0
    can_delete = False
    fields: ClassVar[tuple[str, ...]] = (
        "provider", "product", "due_at", "succeeded_at", "failures", "error_detail",
        "covered_from", "covered_to",
    )  # fmt: skip
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: WeatherPlace | None = None) -> bool:
        """Refuse: settings make feeds."""
        del request, obj
        return False


@admin.register(WeatherPlace)
class WeatherPlaceAdmin(admin.ModelAdmin[WeatherPlace]):
    """Where weather is kept of. Setting the position of a farm's place holds it there."""

    list_display = ("__str__", "longitude", "latitude", "elevation_m", "time_zone", "used_at")
    list_filter = ("is_position_set", "farm")
    list_select_related = ("farm",)
    fields = (
        "farm", "longitude", "latitude", "elevation_m", "elevation_source", "time_zone",
        "is_position_set", "used_at",
    )  # fmt: skip
    inlines = (FeedInline,)
    actions = ("fetch_now",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: WeatherPlace | None = None
    ) -> tuple[str, ...]:
        """Let only a farm's position and elevation be typed over; the rest follows from them."""
        del request
        fixed = ("farm", "elevation_source", "time_zone", "is_position_set", "used_at")
        if obj is not None and obj.farm_id is None:
            return (*fixed, "longitude", "latitude", "elevation_m")
        return fixed

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: fields and questions make places."""
        del request
        return False

    def save_model(
        self, request: HttpRequest, obj: WeatherPlace, form: forms.ModelForm[Any], change: bool
    ) -> None:
        """Move the farm's place as the API does."""
        del change
        if obj.farm is None or not form.changed_data:
            return
        try:
            set_position(
                farm=obj.farm,
                longitude=obj.longitude,
                latitude=obj.latitude,
                elevation_m=obj.elevation_m,
            )
        except InvalidInputError as error:
            request.META[REFUSED] = "1"
            self.message_user(request, error.detail, messages.ERROR)

    def log_change(self, request: HttpRequest, obj: WeatherPlace, message: Any) -> Any:
        """Log what was changed, and nothing that was refused."""
        return None if _was_refused(request) else super().log_change(request, obj, message)

    def response_change(self, request: HttpRequest, obj: WeatherPlace) -> HttpResponse:
        """Show the page again where the position was refused."""
        if _was_refused(request):
            return HttpResponseRedirect(request.path)
        return super().response_change(request, obj)

    @admin.action(description="Fetch the weather of the selected places now")
    def fetch_now(self, request: HttpRequest, queryset: QuerySet[WeatherPlace]) -> None:
        """Ask for a job for each farm among them."""
        _fetch(self, request, list(queryset.select_related("farm")))


@admin.register(WeatherFeed)
class WeatherFeedAdmin(ReadOnlyAdmin[WeatherFeed]):
    """How each product of each provider stands."""

    list_display = (
        "place", "provider", "product", "state", "due_at", "error", "age",
    )  # fmt: skip
    list_filter = ("provider", "product", "error_code")
    list_select_related = ("place", "place__farm")
    search_fields = ("place__farm__name", "error_detail")
    actions = ("fetch_now",)

    @admin.display(description="state")
    def state(self, feed: WeatherFeed) -> str:
        """What it is doing."""
        if feed.leased_until is not None and feed.leased_until > timezone.now():
            return "being fetched"
        if feed.failures:
            return "failed once" if feed.failures == 1 else f"failed {feed.failures} times"
        if feed.succeeded_at is None:
            return "not yet fetched"
        return "good" if feed.due_at else "on demand"

    @admin.display(description="error", ordering="error_code")
    def error(self, feed: WeatherFeed) -> str:
        """What went wrong last, as much as a column holds; the row's page has all of it."""
        return Truncator(feed.error_detail or feed.error_code).chars(SHOWN_ERROR) or "–"

    @admin.display(description="age")
    def age(self, feed: WeatherFeed) -> str:
        """Time since it last brought data."""
        return timesince(feed.succeeded_at) if feed.succeeded_at else "–"

    @admin.action(description="Fetch the selected feeds' farms now")
    def fetch_now(self, request: HttpRequest, queryset: QuerySet[WeatherFeed]) -> None:
        """Ask for a job for each farm among them."""
        feeds = queryset.select_related("place__farm")
        _fetch(self, request, list({feed.place_id: feed.place for feed in feeds}.values()))


@admin.register(ProviderHost)
class ProviderHostAdmin(ReadOnlyAdmin[ProviderHost]):
    """Breakers and buckets of providers' hosts."""

    list_display = (
        "name", "breaker", "failures", "open_until", "tokens", "succeeded_at", "failed_at",
        "error_detail",
    )  # fmt: skip
    actions = ("close_breaker",)

    @admin.display(description="breaker")
    def breaker(self, host: ProviderHost) -> str:
        """Whether requests go."""
        if host.open_until is None:
            return "closed"
        return "open" if host.open_until > timezone.now() else "half open"

    @admin.action(description="Close the breakers of the selected hosts")
    def close_breaker(self, request: HttpRequest, queryset: QuerySet[ProviderHost]) -> None:
        """Let the next request go, whatever was before."""
        count = queryset.update(
            failures=0, open_until=None, probed_until=None, error_code="", error_detail=""
        )
        self.message_user(request, f"{count} breakers closed.", messages.SUCCESS)


def _was_refused(request: HttpRequest) -> bool:
    return bool(request.META.get(REFUSED))


def _fetch(page: admin.ModelAdmin[Any], request: HttpRequest, places: list[WeatherPlace]) -> None:
    user: User = request.user  # type: ignore[assignment]
    asked = 0
    for place in places:
        if place.farm is None:
            continue
        try:
            request_job(
                farm=place.farm,
                kind=JobKind.REFRESH_WEATHER,
                subject_id=place.farm.pk,
                requested_by=user,
            )
        except FarmError as error:
            page.message_user(request, error.detail, messages.WARNING)
        else:
            asked += 1
    page.message_user(request, f"{asked} farms' weather is being fetched.", messages.SUCCESS)


def _given(row: Model) -> dict[str, Any]:
    return {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields
            if not field.is_relation}  # fmt: skip
