"""The vocabulary of the project: every word is there, explained, and sets itself up."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORDS = ("up", "demo", "test", "check", "fmt", "gen", "bench", "bench-scrape", "setup", "clean")


def test_make_alone_explains_every_word() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    for word in WORDS:
        assert re.search(rf"^  make {word}\s+\S", shown, re.M), word


@pytest.mark.parametrize("word", [word for word in WORDS if word != "clean"])
def test_a_word_sets_up_what_it_needs(word: str) -> None:
    plan = subprocess.run(
        ["make", "--dry-run", word], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert "deploy/setup.sh python" in plan


def test_the_user_s_own_folder_reaches_the_demo() -> None:
    plan = subprocess.run(
        ["make", "--dry-run", "demo", "DATA=/some/where else"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "deploy/demo.py --data '/some/where else'" in plan
