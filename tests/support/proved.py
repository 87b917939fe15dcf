"""Writes docs/proof.md: what `make prove` has run at full size, when each proof was run last and on which commit.

A run of some proofs replaces their rows and leaves the others; a proof that is gone takes its row with it.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import proof

ROOT = Path(__file__).resolve().parents[2]
HEAD = """# What was proved

Every proof at its full size, as `make prove` last ran it. That command writes this page; a row changes when its proof
is run again. A commit with a plus had changes that were not committed.

| proof | size | figure | seconds | commit | on |
|---|---|---|---|---|---|
"""
_ROW = re.compile(r"^\| `(?P<file>[^`]+)` (?P<name>[^|]+) \|.*\|$")

Key = tuple[str, str]


@dataclass
class Proof:
    """One test function, all its parameters together."""

    cases: int = 0
    seconds: float = 0.0
    failed: bool = False
    size: str = ""
    figure: str = ""

    def row(self, key: Key, commit: str, machine: str) -> str:
        """Its line of the table."""
        size = self.size or (f"{self.cases} cases" if self.cases > 1 else "one case")
        figure = "**failed**" if self.failed else self.figure or "holds"
        cells = (f"`{key[0]}` {key[1]}", size, figure, f"{self.seconds:.1f}", commit, machine)
        return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


class Proofs:
    """Gathers what ran, from this process or from those that xdist started."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.found: dict[Key, Proof] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a phase of a proof; what it said comes with the phase that ran it."""
        said: Any = dict(report.user_properties).get("proof")
        if not isinstance(said, Mapping):
            return
        one = self.found.setdefault(key_of(report.nodeid), Proof())
        one.seconds += report.duration
        one.failed |= report.failed
        one.cases += report.when == "call"
        one.size, one.figure = said.get("size") or one.size, said.get("figure") or one.figure

    def pytest_sessionfinish(self) -> None:
        """Write the page, unless nothing of it ran."""
        if self.found:
            old = self.page.read_text(encoding="utf-8") if self.page.exists() else ""
            self.page.write_text(page(old, self.found, commit=commit(), machine=machine()), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the table is written."""
    parser.addoption("--proof-page", type=Path, default=ROOT / "docs" / "proof.md")


def pytest_configure(config: pytest.Config) -> None:
    """Only at full size, and once however many processes run it."""
    if proof.PROVE and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Proofs(config.getoption("--proof-page")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give the report of a proof what it said of itself: reports travel between processes."""
    report = yield
    if item.get_closest_marker("full") is not None:
        said = {"size": examples_of(item), **proof.told()} if report.when == "call" else {}
        # the list of the item is shared by its three reports
        report.user_properties = [*(each for each in report.user_properties if each[0] != "proof"), ("proof", said)]
    return report


def examples_of(item: pytest.Item) -> str:
    """The size of a property."""
    settings: Any = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
    return "" if settings is None else f"{settings.max_examples:,} examples"


def key_of(nodeid: str) -> Key:
    """The file below tests/ and the sentence of a test, its parameters apart."""
    path, _, name = nodeid.partition("::")
    name = name.partition("[")[0].rpartition("::")[2]
    return path.removeprefix("tests/"), name.removeprefix("test_").replace("_", " ")


def page(old: str, found: Mapping[Key, Proof], *, commit: str, machine: str, tests: Path = ROOT / "tests") -> str:
    """The whole page: the rows of `old` whose tests are still there, and those of `found` in their place."""
    rows = {key: line for key, line in _rows(old.splitlines()) if _stands(key, tests)}
    rows |= {key: one.row(key, commit, machine) for key, one in found.items()}
    return HEAD + "".join(f"{rows[key]}\n" for key in sorted(rows))


def _rows(lines: Iterable[str]) -> Iterable[tuple[Key, str]]:
    for line in lines:
        if match := _ROW.match(line):
            yield (match["file"], match["name"]), line


def _stands(key: Key, tests: Path) -> bool:
    path = tests / key[0]
    return path.is_file() and f"def test_{key[1].replace(' ', '_')}(" in path.read_text(encoding="utf-8")


def commit() -> str:
    """The commit that was run, with a plus where files differ from it."""
    short, changed = _git("rev-parse", "--short", "HEAD"), _git("status", "--porcelain", "--untracked-files=no")
    return f"{short or 'unknown'}{'+' if changed else ''}"


def machine() -> str:
    """On what, without naming it."""
    return f"{os.cpu_count()} processors, Python {platform.python_version()}"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
