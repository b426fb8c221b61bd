"""The last line of `make test` counts what ran and hides no suite that did not."""

from __future__ import annotations

from pathlib import Path

import pytest
from totals import Totals, cargo_totals, main, pytest_totals

CARGO = """
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s
test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s
"""
JUNIT = '<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>'


def test_every_cargo_suite_is_counted() -> None:
    assert cargo_totals(CARGO) == Totals(passed=15, failed=2, skipped=1)


def test_errors_of_pytest_count_as_failures(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(JUNIT)

    assert pytest_totals(tmp_path / "junit.xml") == Totals(passed=5, failed=2, skipped=2)


def test_the_last_line_is_the_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rust").write_text(CARGO)
    (tmp_path / "junit.xml").write_text(JUNIT)

    assert main(str(tmp_path / "rust"), str(tmp_path / "junit.xml")) == 1

    assert capsys.readouterr().out.splitlines()[-1] == "20 passed, 4 failed, 3 skipped"


def test_a_suite_that_did_not_run_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rust").write_text("error: could not compile")
    (tmp_path / "junit.xml").write_text(JUNIT)

    assert main(str(tmp_path / "rust"), str(tmp_path / "junit.xml")) == 1

    assert "passed" not in capsys.readouterr().out.splitlines()[-1]
