"""Addresses of jobs, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from farm.jobs import api

urlpatterns = [
    path("jobs/", api.JobList.as_view(), name="job-list"),
    path("jobs/<int:job_id>/", api.JobDetail.as_view(), name="job-detail"),
    path("jobs/<int:job_id>/cancel/", api.JobCancel.as_view(), name="job-cancel"),
    path("jobs/<int:job_id>/retry/", api.JobRetry.as_view(), name="job-retry"),
]
