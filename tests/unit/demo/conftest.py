"""One small simulated farm for all tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from farm.demo.generate import SceneTruth, generate_demo

SEED, DATES, SIZE_PX = 7, 12, 256


@dataclass(frozen=True, kw_only=True)
class Generated:
    folder: Path
    truth: tuple[SceneTruth, ...]


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    folder = tmp_path_factory.mktemp("simulated")
    truth = generate_demo(out=folder, seed=SEED, dates=DATES, size_px=SIZE_PX)
    return Generated(folder=folder, truth=truth)
