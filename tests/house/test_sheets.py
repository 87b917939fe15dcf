"""Our sheets know neither left nor right, and nothing moves for whoever asked that nothing should."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.services.stack import BASE

SHEETS = sorted((BASE / "static" / "css").glob("*.css"))
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIDED = re.compile(r"[a-z-]*(?<![a-z])(?:left|right)(?![a-z])[a-z-]*")
_MOVES = re.compile(r"(?<![-\w])(?:transition|animation)(?:-[a-z]+)?\s*:(?!\s*none\b)|@keyframes")
_STILL = re.compile(r"@media \(prefers-reduced-motion: no-preference\) \{(?:[^{}]|\{[^{}]*\})*\}")


def sided(sheet: str) -> list[str]:
    """What a sheet says of left and right: in a language that is written leftwards it would be wrong."""
    return _SIDED.findall(_COMMENT.sub("", sheet))


def moving(sheet: str) -> list[str]:
    """What moves although somebody asked for less motion."""
    return _MOVES.findall(_STILL.sub("", _COMMENT.sub("", sheet)))


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_a_sheet_is_right_in_both_directions_of_writing(path: Path) -> None:
    assert sided(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_nothing_moves_unless_motion_is_welcome(path: Path) -> None:
    assert moving(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("sheet", "found"),
    [
        ("a { margin-left: 1px; }", ["margin-left"]),
        ("th { text-align: right; }", ["right"]),
        ("a { margin-inline-start: 1px; } /* left */ .copyright { top: 0; }", []),
    ],
)
def test_a_side_is_found(sheet: str, found: list[str]) -> None:
    assert sided(sheet) == found


def test_motion_is_found_outside_of_its_condition_alone() -> None:
    assert moving("a { transition: opacity 1s; }") == ["transition:"]
    assert moving("a { transition: none; }") == []
    assert moving("@media (prefers-reduced-motion: no-preference) { a { transition: opacity 1s; } }") == []
