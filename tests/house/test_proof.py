"""The page of what was proved: rows of what ran are replaced, the others stay, and nothing names a machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.proved import HEAD, ROOT, Proof, key_of, page

RAN = """
import pytest
from hypothesis import given, settings, strategies as st
from tests.support.proof import tell

@pytest.mark.full
@settings(max_examples=30, database=None)
@given(st.integers())
def test_numbers_are_numbers(number):
    assert number == number

@pytest.mark.full
@pytest.mark.parametrize("side", [1, 2, 3])
def test_three_sides(side):
    tell(size="3 sides", figure="a | b")

@pytest.mark.full
def test_it_breaks():
    assert False

def test_it_is_no_proof():
    pass
"""


def run(folder: Path, *more: str) -> str:
    """The page that a run of these proofs writes."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    full: a proof\n")
    (folder / "test_ran.py").write_text(RAN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.proved", "-p", "no:cacheprovider"]
    command += ["-c", str(folder / "pytest.ini"), f"--proof-page={folder / 'proof.md'}", *more, str(folder)]
    # none of the other plugins has a part in it, and each takes its time to come up
    command += ["-p", "xdist"]
    environment = {**os.environ, "PLACET_PROVE": "1", "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False)
    return (folder / "proof.md").read_text()


def cells(text: str) -> dict[str, list[str]]:
    """The table by what was proved: size, figure, seconds, commit, machine."""
    rows = [line.strip("| ").split(" | ") for line in text.removeprefix(HEAD).splitlines()]
    return {row[0].partition("` ")[2]: row[1:] for row in rows}


def test_a_run_writes_each_proof_with_its_size_figure_seconds_and_commit(tmp_path: Path) -> None:
    text = run(tmp_path)
    found = cells(text)
    assert set(found) == {"numbers are numbers", "three sides", "it breaks"}
    assert found["numbers are numbers"][:2] == ["30 examples", "holds"]
    assert found["three sides"][:2] == ["3 sides", "a / b"]
    assert found["it breaks"][:2] == ["one case", "**failed**"]
    for row in found.values():
        assert re.fullmatch(r"\d+\.\d", row[2])
        assert re.fullmatch(r"[0-9a-f]{7,40}\+?|unknown\+?", row[3])
    assert os.uname().nodename not in text
    assert str(tmp_path) not in text


def test_proofs_of_several_processes_are_one_row(tmp_path: Path) -> None:
    assert cells(run(tmp_path, "-n", "2", "-k", "three"))["three sides"][:2] == ["3 sides", "a / b"]


def test_a_run_of_some_leaves_the_rows_of_the_others_and_drops_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_one_holds() -> None: ...\ndef test_two_holds() -> None: ...\n")
    one, two, gone = ("test_a.py", "one holds"), ("test_a.py", "two holds"), ("test_a.py", "three holds")
    first = page("", {one: Proof(1), two: Proof(2), gone: Proof(1)}, commit="aaaaaaa", machine="m", tests=tmp_path)
    again = page(first, {two: Proof(2, figure="0 over")}, commit="bbbbbbb", machine="m", tests=tmp_path)
    assert cells(again) == {
        "one holds": ["one case", "holds", "0.0", "aaaaaaa", "m"],
        "two holds": ["2 cases", "0 over", "0.0", "bbbbbbb", "m"],
    }


def test_a_proof_is_named_by_its_file_and_its_sentence() -> None:
    assert key_of("tests/policy/test_money.py::test_a_b[x::y]") == ("policy/test_money.py", "a b")
