"""What the documents say is proven, is a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def names() -> set[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("test_*.py"))
    return {node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_list_of_invariants_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/reference/invariants.md").read_text(encoding="utf-8")))
    assert len(named) > 30
    assert named <= names(), named - names()
