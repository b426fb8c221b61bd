"""Jobs as JSON."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from farm.jobs.models import Job


class JobSerializer(serializers.ModelSerializer[Job]):
    """How a job stands; read-only."""

    progress_share = serializers.SerializerMethodField(
        help_text="How much is done, 0 to 1; null while it is not known."
    )

    class Meta:
        """What is shown."""

        model = Job
        fields: ClassVar = [
            "id",
            "farm",
            "kind",
            "subject_id",
            "state",
            "progress_done",
            "progress_total",
            "progress_share",
            "progress_note",
            "attempts",
            "max_attempts",
            "run_after",
            "is_cancel_requested",
            "error_code",
            "error_detail",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_progress_share(self, job: Job) -> float | None:
        """Share of the work that is done."""
        if not job.progress_total:
            return None
        return min(1.0, job.progress_done / job.progress_total)
