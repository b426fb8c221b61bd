"""Add up what cargo test and pytest counted and print one line; fail when a suite left no count."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

_CARGO_RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;", re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Outcomes of a suite, each a count of tests."""

    passed: int
    failed: int
    skipped: int

    def __add__(self, other: Totals) -> Totals:
        """Sum of two suites."""
        return Totals(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
        )

    def __str__(self) -> str:
        """As a plain line: what passed and what failed, then what did not run."""
        line = f"{self.passed} passed, {self.failed} failed"
        return f"{line}, {self.skipped} skipped" if self.skipped else line


def cargo_totals(output: str) -> Totals | None:
    """Sum the `test result:` lines of `cargo test`; None without any, as after a build error."""
    results = [tuple(map(int, found)) for found in _CARGO_RESULT.findall(output)]
    if not results:
        return None
    passed, failed, ignored = (sum(column) for column in zip(*results, strict=True))
    return Totals(passed=passed, failed=failed, skipped=ignored)


def pytest_totals(junit: Path) -> Totals | None:
    """Read the counters of a JUnit file; None when pytest did not come as far as to write one."""
    if not junit.exists():
        return None
    # Our own pytest has just written it.
    suites = ElementTree.parse(junit).getroot().iter("testsuite")  # noqa: S314
    total = Totals(passed=0, failed=0, skipped=0)
    for suite in suites:
        count, skipped = int(suite.attrib["tests"]), int(suite.attrib["skipped"])
        failed = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
        total += Totals(passed=count - failed - skipped, failed=failed, skipped=skipped)
    return total


def main(rust_output: str, junit: str) -> int:
    """Print each suite and the sum; 1 when something failed or a suite did not run."""
    suites = {
        "Rust": cargo_totals(Path(rust_output).read_text()),
        "Python": pytest_totals(Path(junit)),
    }
    total = Totals(passed=0, failed=0, skipped=0)
    for name, counted in suites.items():
        print(f"{name + ':':8} {counted if counted is not None else 'did not run'}")
        total += counted or Totals(passed=0, failed=0, skipped=0)
    if None in suites.values():
        print("A suite did not run; see above.")
        return 1
    print(total)
    return int(total.failed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
