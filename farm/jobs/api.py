"""Jobs over HTTP: look, cancel, try again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics
from rest_framework.response import Response
from rest_framework.views import APIView

from farm.accounts.principal import principal_of
from farm.errors import ConflictError
from farm.farms.access import require_role
from farm.farms.models import Role
from farm.http_schema import may_raise
from farm.jobs.models import Job, JobKind, JobState
from farm.jobs.selectors import visible_job, visible_jobs
from farm.jobs.serializers import JobSerializer
from farm.jobs.services import cancel_job, retry_job
from orchestrator.filters import RowIdFilter

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request


class JobFilter(django_filters.FilterSet):
    """Which jobs to list."""

    farm = RowIdFilter(field_name="farm_id")
    state = django_filters.MultipleChoiceFilter(choices=JobState.choices)
    kind = django_filters.ChoiceFilter(choices=JobKind.choices)
    subject_id = RowIdFilter()
    mine = django_filters.BooleanFilter(
        method="filter_mine", help_text="Only those that the asking user requested."
    )

    class Meta:
        """All filters are declared above."""

        model = Job
        fields: ClassVar[list[str]] = []

    def filter_mine(self, queryset: QuerySet[Job], name: str, value: bool) -> QuerySet[Job]:
        """Keep the jobs that the asking user requested."""
        del name
        if not value or self.request is None:
            return queryset
        return queryset.filter(requested_by=self.request.user.pk)


@extend_schema_view(
    get=extend_schema(operation_id="jobs_list", summary="Jobs of your farms", tags=["jobs"])
)
class JobList(generics.ListAPIView[Job]):
    """Jobs of the farms that the user may see, latest first."""

    serializer_class = JobSerializer
    filterset_class = JobFilter
    queryset = Job.objects.none()

    def get_queryset(self) -> QuerySet[Job]:
        """Start from what the principal may see."""
        return visible_jobs(principal=principal_of(self.request))


class JobDetail(APIView):
    """One job with its progress."""

    @extend_schema(
        operation_id="jobs_retrieve",
        summary="One job with its progress",
        tags=["jobs"],
        responses=JobSerializer,
    )
    def get(self, request: Request, job_id: int) -> Response:
        """Return how the job stands."""
        job = visible_job(principal=principal_of(request), job_id=job_id)
        return Response(JobSerializer(job).data)


class JobCancel(APIView):
    """Stops a job."""

    @extend_schema(
        operation_id="jobs_cancel",
        summary="Stop a job",
        tags=["jobs"],
        request=None,
        responses=JobSerializer,
    )
    @may_raise(ConflictError)
    def post(self, request: Request, job_id: int) -> Response:
        """Cancel at once where it waits, at the next checkpoint where it runs."""
        job = _job_to_change(request, job_id)
        return Response(JobSerializer(cancel_job(job=job)).data)


class JobRetry(APIView):
    """Runs a failed or cancelled job once more."""

    @extend_schema(
        operation_id="jobs_retry",
        summary="Run a job once more",
        tags=["jobs"],
        request=None,
        responses=JobSerializer,
    )
    @may_raise(ConflictError)
    def post(self, request: Request, job_id: int) -> Response:
        """Queue it again with all its attempts."""
        job = _job_to_change(request, job_id)
        return Response(JobSerializer(retry_job(job=job)).data)


def _job_to_change(request: Request, job_id: int) -> Job:
    principal = principal_of(request)
    job = visible_job(principal=principal, job_id=job_id)
    require_role(principal=principal, farm=job.farm, at_least=Role.AGRONOMIST)
    return job
