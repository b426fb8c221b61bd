"""``manage.py generate_demo``: write the simulated scenes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from farm.demo.generate import DEFAULT_DATES, DEFAULT_SEED, DEFAULT_SIZE_PX, generate_demo

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Write simulated Sentinel-2-like scenes of an invented farm into a folder."""

    help = "Write simulated Sentinel-2-like scenes of an invented farm into a folder."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare folder, number of dates, size and seed."""
        parser.add_argument("--out", type=Path, required=True, help="folder to write into")
        parser.add_argument("--dates", type=int, default=DEFAULT_DATES, help="acquisitions, 1–60")
        parser.add_argument(
            "--size", type=int, default=DEFAULT_SIZE_PX, help="side in 10 m pixels, even, 64–2048"
        )
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="start of chance")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, naming each scene as it is done."""
        try:
            truth = generate_demo(
                out=options["out"],
                seed=options["seed"],
                dates=options["dates"],
                size_px=options["size"],
                progress=self.stdout.write,
            )
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(truth)} simulated scenes lie in {options['out']}.")
