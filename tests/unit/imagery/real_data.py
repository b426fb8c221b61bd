"""Where the real data lies, and what to do where it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "data"


def real_data(name: str) -> Path:
    """Return a folder of the real data; skip the test where it is absent, unless in CI."""
    folder = FOLDER / name
    if not folder.exists():
        message = f"The real data {name} is not here; it is looked for in ../shared/data."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder
