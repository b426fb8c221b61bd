"""Background work as rows: what is to be done, by whom it is held, how far it is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class JobKind(models.TextChoices):
    """What can be done in the background."""

    INGEST_SCENE = "ingest_scene", "read a scene"
    RECOMPUTE_FIELD = "recompute_field", "compute a field anew"
    REFRESH_WEATHER = "refresh_weather", "fetch a farm's weather"


class JobState(models.TextChoices):
    """Life of a job. QUEUED and RUNNING are open, the rest are ends."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "succeeded"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


OPEN = (JobState.QUEUED, JobState.RUNNING)


class Job(models.Model):
    """The truth about one piece of background work. May run twice; its effect happens once."""

    farm = models.ForeignKey("farm.Farm", on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=24, choices=JobKind.choices)
    subject_id = models.BigIntegerField()  # id of what the kind works on, such as the scene
    state = models.CharField(max_length=12, choices=JobState.choices, default=JobState.QUEUED)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)  # 0: not known yet
    progress_note = models.CharField(max_length=200, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    run_after = models.DateTimeField(null=True, blank=True)  # back-off; null: at once
    leased_by = models.CharField(max_length=64, blank=True, default="")  # names one run, not a host
    leased_until = models.DateTimeField(null=True, blank=True)
    is_cancel_requested = models.BooleanField(default=False)
    error_code = models.CharField(max_length=48, blank=True, default="")
    error_detail = models.TextField(blank=True, default="")
    idempotency_key = models.CharField(max_length=120)
    requested_by = models.ForeignKey(
        "farm.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A farm's idempotency key names one job."""

        app_label = "farm"
        ordering: ClassVar = ["-created_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["state", "run_after"]),
            models.Index(fields=["kind", "subject_id"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["farm", "idempotency_key"], name="one_job_per_idempotency_key"
            ),
        ]

    def __str__(self) -> str:
        """Kind and state."""
        return f"{self.kind} {self.pk} ({self.state})"
