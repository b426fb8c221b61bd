"""The job that fetches a farm's weather, and what asks for it on time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from farm.errors import ConflictError, NotFoundError
from farm.farms.models import Farm
from farm.jobs.lease import JobStoppedError
from farm.jobs.models import OPEN, Job, JobKind
from farm.jobs.services import request_job
from farm.weather.feeds import due_farm_ids, ensure_feeds
from farm.weather.places import place_of_farm, settle
from farm.weather.refresh import Collaborators, collaborators, refresh_feed
from farm.weather.refresh_providers import providers_for

if TYPE_CHECKING:
    from datetime import datetime

    from farm.jobs.lease import JobRun
    from farm.weather.refresh import Refreshed

# Jobs asked for in one sweep at most; the next sweep follows in seconds.
MOST_AT_ONCE = 20
# Farms that are looked through for a place they do not have yet.
MOST_NEW_PLACES = 50
# An hourly job is of no interest after that; other kinds are kept.
KEPT_JOBS = timedelta(days=3)
MOST_PRUNED = 1_000


class RefreshFailedError(ConflictError):
    """No provider gave a farm any weather; what each said stands on its feed."""

    code = "weather_refresh_failed"


class RefreshWeather:
    """Fetches a farm's weather; the job's subject is the farm."""

    def __init__(self, tools: Collaborators | None = None) -> None:
        """Use the configured collaborators unless told otherwise."""
        self._tools = tools or collaborators()

    def run(self, run: JobRun) -> None:
        """Fetch what is due; all of it where a person asked.

        Raises:
            NotFoundError: The farm was deleted, or has no field.
            RefreshFailedError: A person asked and no provider answered.
            JobStoppedError: The run was asked to stop.
            ServiceUnavailableError: furrow-weather does not answer; the job waits for it.
        """
        now = timezone.now()
        farm = Farm.objects.filter(pk=run.job.subject_id).first()
        place = place_of_farm(farm=farm) if farm is not None else None
        if place is None:
            msg = f"The farm {run.job.subject_id} was deleted, or has no field and no position."
            raise NotFoundError(msg, reason="FARM_WITHOUT_PLACE")
        settle(place)
        providers = {one.key: one for one in providers_for(place)}
        feeds = ensure_feeds(place=place, providers=tuple(providers.values()), now=now)
        is_asked = run.job.requested_by_id is not None
        due = [feed for feed in feeds if is_asked or feed.due_at is None or feed.due_at <= now]
        # The forecast first: it is what people look at.
        due.sort(key=lambda feed: feed.product, reverse=True)
        done: list[Refreshed] = []
        for number, feed in enumerate(due):
            run.progress(number, len(due), f"{feed.provider}, {feed.product}")
            feed.place = place
            done.append(
                refresh_feed(
                    feed=feed,
                    provider=providers[feed.provider],
                    now=timezone.now(),  # the one before may have taken minutes
                    tools=self._tools,
                    is_cancelled=run.should_stop,
                )
            )
            if run.should_stop():
                raise JobStoppedError
        failed = [one for one in done if one.error is not None]
        run.progress(len(due), len(due), _note(done))
        if is_asked and failed and len(failed) == len(done):
            raise RefreshFailedError(failed[0].error.detail if failed[0].error else "")

    def give_up(self, job: Job, detail: str) -> None:
        """Do nothing: the feeds say what is wrong."""


def schedule_due(*, now: datetime) -> int:
    """Ask for jobs of farms whose weather is due.

    Returns:
        Number of jobs asked for.
    """
    ids = due_farm_ids(now=now, limit=MOST_AT_ONCE)
    if not ids:
        return 0
    open_jobs = Job.objects.filter(kind=JobKind.REFRESH_WEATHER, subject_id__in=ids, state__in=OPEN)
    busy = set(open_jobs.values_list("subject_id", flat=True))
    asked = 0
    for farm in Farm.objects.filter(pk__in=[pk for pk in ids if pk not in busy]):
        request_job(farm=farm, kind=JobKind.REFRESH_WEATHER, subject_id=farm.pk, requested_by=None)
        asked += 1
    return asked


def begin_with_new_farms(*, now: datetime) -> int:
    """Give farms with fields a place and feeds, where they have none yet.

    Returns:
        Number of farms that got feeds.
    """
    begun = 0
    without = Farm.objects.filter(weather_place=None, fields__isnull=False).distinct()
    idle = Farm.objects.filter(weather_place__isnull=False, weather_place__feeds=None)
    for farm in [*without[:MOST_NEW_PLACES], *idle[:MOST_NEW_PLACES]]:
        place = place_of_farm(farm=farm)
        if place is not None and ensure_feeds(place=place, providers=providers_for(place), now=now):
            begun += 1
    return begun


def prune_jobs(*, now: datetime) -> int:
    """Delete ended jobs of this kind that nobody asked for and that are older than three days."""
    ended = Job.objects.filter(
        kind=JobKind.REFRESH_WEATHER, requested_by=None, finished_at__lt=now - KEPT_JOBS
    ).exclude(state__in=OPEN)
    doomed = list(ended.values_list("pk", flat=True)[:MOST_PRUNED])
    for first in range(0, len(doomed), 500):
        Job.objects.filter(pk__in=doomed[first : first + 500]).delete()
    return len(doomed)


def _note(done: list[Refreshed]) -> str:
    good = sum(one.error is None for one in done)
    words = f"{good} of {len(done)} feeds"
    details = [f"{one.feed.provider}: {one.error.detail}" for one in done if one.error is not None]
    return f"{words}; {details[0]}" if details else words
