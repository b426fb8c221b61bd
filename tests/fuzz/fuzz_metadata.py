"""Fuzzes the readers of STAC items and product XML with atheris; ``docs/testing.md`` tells how.

``python tests/fuzz/fuzz_metadata.py stac_items|safe_xml <options and folders of libFuzzer>``
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import atheris  # no dependency of the project: only this program needs it

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Run the target that the first argument names."""
    target = sys.argv.pop(1)
    sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
    os.environ["FURROW_DATA_DIR"] = tempfile.mkdtemp(prefix="furrow-fuzz-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "orchestrator.settings"
    # Setting up Django imports the readers, so it stands inside too.
    with atheris.instrument_imports(include=["farm.imagery", "defusedxml", "metadata_checks"]):
        import django

        django.setup()
        import metadata_checks

    checks = {
        "stac_items": metadata_checks.check_stac_item,
        "safe_xml": metadata_checks.check_safe_xml,
    }
    atheris.Setup(sys.argv, checks[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
