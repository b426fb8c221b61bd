"""Reads of jobs: those of the farms that the principal may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.errors import NotFoundError
from farm.farms.selectors import visible_farms
from farm.jobs.models import Job

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from farm.accounts.principal import Principal


def visible_jobs(*, principal: Principal) -> QuerySet[Job]:
    """Jobs of the farms that the principal may see."""
    farms = visible_farms(principal=principal).values("pk")
    return Job.objects.filter(farm__in=farms).select_related("farm")


def visible_job(*, principal: Principal, job_id: int) -> Job:
    """One job.

    Raises:
        NotFoundError: There is none, or the principal may not see it; the answer is the same.
    """
    job = visible_jobs(principal=principal).filter(pk=job_id).first()
    if job is None:
        msg = f"There is no job {job_id}."
        raise NotFoundError(msg)
    return job
