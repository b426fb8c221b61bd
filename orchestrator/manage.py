"""The console script ``furrow-manage``: Django's commands with this project's settings."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command that stands on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    execute_from_command_line(sys.argv)
