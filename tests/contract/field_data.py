"""Real fields and reference values beside the repository, for tests that can use them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FIELDS = Path(__file__).parents[2].parent / "shared/data/fields"


def field_data(name: str) -> Any:
    path = FIELDS / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is absent; CI needs it")
        pytest.skip(f"shared/data/fields/{name} is absent")
    return json.loads(path.read_text())
