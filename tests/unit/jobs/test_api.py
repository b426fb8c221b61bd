"""Jobs over HTTP: members see those of their farms, agronomists change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from farm.farms.models import Farm, Membership, Role
from farm.jobs.models import Job, JobState

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from farm.accounts.models import User


@pytest.fixture
def _agronomist(farm: Farm, user: User) -> None:
    Membership.objects.create(farm=farm, user=user, role=Role.AGRONOMIST)


@pytest.fixture
def _viewer(farm: Farm, other_user: User) -> None:
    Membership.objects.create(farm=farm, user=other_user, role=Role.VIEWER)


@pytest.mark.usefixtures("_agronomist")
def test_a_job_tells_how_far_it_is(api_client: APIClient, job: Job) -> None:
    Job.objects.update(progress_done=3, progress_total=12, progress_note="computing fields")

    answer = api_client.get(reverse("job-detail", args=[job.pk])).json()

    assert answer["progress_share"] == 0.25
    assert answer["progress_note"] == "computing fields"
    assert answer["state"] == "queued"


@pytest.mark.usefixtures("_agronomist")
def test_progress_that_is_not_known_is_null(api_client: APIClient, job: Job) -> None:
    answer = api_client.get(reverse("job-detail", args=[job.pk])).json()

    assert answer["progress_share"] is None


@pytest.mark.parametrize("name", ["job-detail", "job-cancel", "job-retry"])
def test_a_foreign_job_is_a_404(api_client: APIClient, job: Job, name: str) -> None:
    method = api_client.get if name == "job-detail" else api_client.post

    answer = method(reverse(name, args=[job.pk]))

    assert answer.status_code == 404
    assert answer.json()["detail"] == f"There is no job {job.pk}."


def test_a_list_has_only_jobs_of_ones_farms(
    api_client: APIClient, job: Job, farm: Farm, user: User
) -> None:
    assert api_client.get(reverse("job-list")).json()["count"] == 0

    Membership.objects.create(farm=farm, user=user, role=Role.VIEWER)

    assert api_client.get(reverse("job-list")).json()["results"][0]["id"] == job.pk


@pytest.mark.usefixtures("_agronomist")
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=queued", 1),
        ("state=running&state=queued", 1),
        ("state=failed", 0),
        ("kind=ingest_scene", 1),
        ("subject_id=7", 1),
        ("subject_id=8", 0),
        ("mine=true", 0),
        ("mine=false", 1),
    ],
)
def test_a_list_can_be_narrowed(api_client: APIClient, job: Job, query: str, count: int) -> None:
    assert api_client.get(f"{reverse('job-list')}?{query}").json()["count"] == count


@pytest.mark.usefixtures("_agronomist")
def test_cancel_and_retry(api_client: APIClient, job: Job) -> None:
    cancelled = api_client.post(reverse("job-cancel", args=[job.pk]))
    again = api_client.post(reverse("job-retry", args=[job.pk]))

    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (again.status_code, again.json()["state"]) == (200, "queued")


@pytest.mark.usefixtures("_agronomist")
def test_what_has_ended_cannot_be_cancelled(api_client: APIClient, job: Job) -> None:
    Job.objects.update(state=JobState.SUCCEEDED)

    answer = api_client.post(reverse("job-cancel", args=[job.pk]))

    assert answer.status_code == 409
    assert answer.json()["reason"] == "JOB_ENDED"


@pytest.mark.usefixtures("_viewer")
def test_a_viewer_looks_and_does_not_touch(other_client: APIClient, job: Job) -> None:
    assert other_client.get(reverse("job-detail", args=[job.pk])).status_code == 200
    assert other_client.post(reverse("job-cancel", args=[job.pk])).status_code == 403


def test_a_stranger_is_asked_who_he_is(anonymous_client: APIClient, job: Job) -> None:
    assert anonymous_client.get(reverse("job-list")).status_code == 401


@pytest.mark.usefixtures("_agronomist")
def test_a_job_that_succeeded_is_not_tried_again(api_client: APIClient, job: Job) -> None:
    Job.objects.update(state=JobState.SUCCEEDED)

    answer = api_client.post(reverse("job-retry", args=[job.pk]))

    assert (answer.status_code, answer.json()["reason"]) == (409, "JOB_ALREADY_SUCCEEDED")


@pytest.mark.usefixtures("_agronomist")
def test_a_misspelt_parameter_does_not_widen_the_list(api_client: APIClient, job: Job) -> None:
    answer = api_client.get(reverse("job-list"), {"stat": "failed"})

    assert answer.status_code == 422
    assert "state" in answer.json()["errors"]["stat"][0]
