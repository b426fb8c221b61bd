"""Jobs in the admin: looked at, cancelled, run again, never typed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from farm.accounts.models import User
from farm.jobs.models import Job, JobState

if TYPE_CHECKING:
    from django.test import Client


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser(username="root", password="x" * 12))
    return client


def act(admin: Client, job: Job, action: str) -> str:
    answer = admin.post(
        reverse("admin:farm_job_changelist"),
        {"action": action, "_selected_action": [job.pk]},
        follow=True,
    )
    return answer.content.decode()


def test_the_list_shows_jobs_and_filters(admin: Client, job: Job) -> None:
    page = admin.get(reverse("admin:farm_job_changelist") + "?state=queued").content.decode()

    assert "read a scene" in page


def test_a_job_is_run_again(admin: Client, job: Job) -> None:
    Job.objects.update(state=JobState.FAILED)

    assert "1 jobs queued again" in act(admin, job, "run_again")

    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_a_job_is_cancelled(admin: Client, job: Job) -> None:
    act(admin, job, "cancel")

    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_what_cannot_be_done_is_said(admin: Client, job: Job) -> None:
    assert "only failed and cancelled jobs run again" in act(admin, job, "run_again")


def test_nothing_can_be_typed(admin: Client, job: Job) -> None:
    page = admin.get(reverse("admin:farm_job_change", args=[job.pk])).content.decode()

    assert 'name="state"' not in page
    assert admin.get(reverse("admin:farm_job_add")).status_code == 403
