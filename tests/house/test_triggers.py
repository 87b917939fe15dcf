"""The list of triggers is whole, and each is provoked by the test that it names."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from governance.policy.reasons import Reason

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/triggers.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([a-z_]+)` \| .+ \| `(test_\w+)` \|$", PAGE, re.MULTILINE)


@functools.cache
def sources() -> dict[str, str]:
    """The text of every test with its decorators, by name; tests of one name together."""
    found: dict[str, str] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                found[node.name] = found.get(node.name, "") + "\n".join(lines[first - 1 : node.end_lineno])
    return found


def test_every_reason_to_ask_a_person_is_in_the_list_once() -> None:
    codes = [code for code, _ in ROWS]
    assert sorted(codes) == sorted(reason.value for reason in Reason if reason is not Reason.WITHIN_AUTHORITY)


@pytest.mark.parametrize(("code", "test"), ROWS)
def test_each_reason_is_named_by_the_test_that_provokes_it(code: str, test: str) -> None:
    assert test in sources(), "there is no such test"
    assert re.search(rf"Reason\.{code.upper()}\b|[\"']{code}[\"']", sources()[test])


def test_the_tests_named_below_the_list_are_there() -> None:
    assert set(re.findall(r"`(test_\w+)`", PAGE)) <= set(sources())
