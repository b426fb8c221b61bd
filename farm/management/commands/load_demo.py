"""``manage.py load_demo``: the simulated demo farm with its people, loaded once."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from farm.accounts.services import ensure_user
from farm.clients.ndvi import ndvi_client
from farm.demo.folder import read_folder
from farm.demo.generate import DEFAULT_DATES, generate_demo
from farm.demo.loading import load_folder
from farm.demo.logins import ADMIN, OWNER, VIEWER, kept_logins
from farm.demo.weather import prepare_weather
from farm.errors import FarmError
from farm.farms.models import Farm, Membership, Role
from farm.farms.services import add_member, create_farm
from farm.imagery.storage import object_store
from farm.jobs.models import Job, JobKind, JobState

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from farm.accounts.models import User

NAME = "Simulated demo farm"
LOOK_EVERY_S = 0.5


class Command(BaseCommand):
    """Needs both services and the job worker; what is there already stays as it is."""

    help = "Make the demo farm, its people and its simulated scenes, unless they are there already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare how long to wait for the numbers."""
        parser.add_argument(
            "--wait",
            type=float,
            default=300.0,
            help="Seconds to wait for the worker to compute the numbers (default: %(default)s).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing, then wait for the numbers."""
        del args
        try:
            farm, owner = self._farm_and_people()
            if farm.scenes.count() < DEFAULT_DATES:
                self._load_scenes(farm, owner)
            if prepare_weather(farm=farm, now=timezone.now()):
                self.stdout.write("  demo farm    simulated weather, crops and soils are there")
        except FarmError as error:
            raise CommandError(error.detail) from error
        self._wait_for_numbers(farm, within_s=options["wait"])

    def _farm_and_people(self) -> tuple[Farm, User]:
        passwords = kept_logins(settings.DATA_DIR / "demo-logins.txt")
        owner = ensure_user(username=OWNER, password=passwords[OWNER])
        viewer = ensure_user(username=VIEWER, password=passwords[VIEWER])
        ensure_user(username=ADMIN, password=passwords[ADMIN], is_staff=True, is_superuser=True)
        farm = Farm.objects.filter(is_demo=True, memberships__user=owner).first()
        if farm is None:
            farm = create_farm(owner=owner, name=NAME, is_demo=True)
        if not Membership.objects.filter(farm=farm, user=viewer).exists():
            add_member(farm=farm, username=VIEWER, role=Role.VIEWER)
        return farm, owner

    def _load_scenes(self, farm: Farm, owner: User) -> None:
        folder = settings.DATA_DIR / "simulated"
        self.stdout.write("  demo farm    simulating scenes")
        try:
            generate_demo(out=folder)
            loaded = load_folder(
                farm=farm,
                contents=read_folder(folder),
                requested_by=owner,
                ndvi=ndvi_client(),
                store=object_store(),
            )
        finally:
            # The store has its own copy.
            shutil.rmtree(folder, ignore_errors=True)
        for name, why in loaded.refused:
            self.stdout.write(f"  demo farm    refused {name}: {why}")
        self.stdout.write(
            f"  demo farm    {loaded.field_count} fields, {len(loaded.scenes)} simulated scenes"
        )

    def _wait_for_numbers(self, farm: Farm, *, within_s: float) -> None:
        jobs = Job.objects.filter(farm=farm).exclude(kind=JobKind.REFRESH_WEATHER)
        open_states = (JobState.QUEUED, JobState.RUNNING)
        left = before = jobs.filter(state__in=open_states).count()
        deadline = time.monotonic() + within_s
        while left and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
            left = jobs.filter(state__in=open_states).count()
            if left != before:
                self.stdout.write(f"  demo farm    {left} scenes left to compute")
                before = left
        if left:
            self.stdout.write("  demo farm    the worker goes on computing in the background")
        failed = jobs.filter(state=JobState.FAILED).count()
        if failed:
            self.stdout.write(
                f"  demo farm    {failed} scenes could not be computed; see the admin"
            )
