"""The worker's sweeper, and when a batch worker has nothing more to wait for."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from farm.imagery.storage import FolderStore
from farm.jobs import worker
from farm.jobs.models import Job, JobState
from farm.jobs.worker import BATCH_PATIENCE_S, Sweeper

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper


def test_a_sweep_gives_lost_jobs_back_and_tidies(
    job: Job, settings: SettingsWrapper, tmp_path: Path
) -> None:
    settings.STORE_ROOT = tmp_path
    FolderStore(tmp_path).put("incoming/fresh/a.tif", [b"x"], max_bytes=1)
    DBTaskResult.objects.all().delete()

    Sweeper().sweep_once()

    assert DBTaskResult.objects.count() == 1
    assert (tmp_path / "incoming" / "fresh" / "a.tif").exists()


@pytest.mark.django_db
def test_a_database_that_is_away_for_a_moment_does_not_end_the_sweeper(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(**_: object) -> int:
        msg = "database is locked"
        raise OperationalError(msg)

    monkeypatch.setattr(worker, "sweep", locked)

    with caplog.at_level(logging.WARNING, logger="furrow.jobs"):
        Sweeper().sweep_once()

    assert "the next one follows" in caplog.text


@pytest.mark.parametrize(
    ("state", "wait_s", "expected"),
    [
        (JobState.QUEUED, 0, True),
        (JobState.QUEUED, 30, True),
        (JobState.QUEUED, BATCH_PATIENCE_S + 60, False),
        (JobState.RUNNING, 0, True),
        (JobState.SUCCEEDED, 0, False),
        (JobState.FAILED, 0, False),
    ],
)
def test_a_batch_waits_for_what_comes_soon(
    job: Job, state: JobState, wait_s: float, expected: bool
) -> None:
    Job.objects.update(state=state, run_after=timezone.now() + timedelta(seconds=wait_s))

    assert worker._more_comes() is expected
