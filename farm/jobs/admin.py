"""Jobs in the admin: to look at, to cancel, to run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages

from farm.errors import ConflictError
from farm.jobs.models import Job
from farm.jobs.services import cancel_job, retry_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(Job)
class JobAdmin(admin.ModelAdmin[Job]):
    """A job is made by the use cases and changed by its runs, never by hand."""

    list_display = (
        "id",
        "kind",
        "subject_id",
        "farm",
        "state",
        "progress",
        "attempts",
        "created_at",
        "finished_at",
        "error_code",
    )
    list_filter = ("state", "kind", "farm", "error_code")
    list_select_related = ("farm",)
    search_fields = ("=id", "=subject_id", "idempotency_key", "error_detail")
    date_hierarchy = "created_at"
    actions = ("run_again", "cancel")

    @admin.display(description="progress")
    def progress(self, job: Job) -> str:
        """Done of total, and where it is."""
        if not job.progress_total:
            return job.progress_note
        return f"{job.progress_done} of {job.progress_total} {job.progress_note}"

    @admin.action(description="Run the selected jobs again", permissions=["change"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Queue failed and cancelled jobs again."""
        self._each(request, queryset, retry_job, "queued again")

    @admin.action(description="Cancel the selected jobs", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Cancel waiting and running jobs."""
        self._each(request, queryset, cancel_job, "cancelled")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: use cases make jobs."""
        del request
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Job | None = None) -> list[str]:
        """Show everything and let nothing be typed over."""
        del request, obj
        return [field.name for field in Job._meta.fields]

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Job],
        do: Callable[..., Job],
        done: str,
    ) -> None:
        count = 0
        for job in queryset:
            try:
                do(job=job)
            except ConflictError as error:
                self.message_user(request, error.detail, messages.WARNING)
            else:
                count += 1
        if count:
            self.message_user(request, f"{count} jobs {done}.", messages.SUCCESS)
