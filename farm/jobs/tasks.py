"""The one task of the task backend: run a job."""

from __future__ import annotations

from django_tasks import task


@task()
def run_job(job_id: int) -> str:
    """Run a job if it is due; its row says what became of it.

    Args:
        job_id: The job.

    Returns:
        State of the job after the run, or `not due`.
    """
    from farm.jobs.runner import run  # the runner is of no use to those who only enqueue

    return run(job_id=job_id)
