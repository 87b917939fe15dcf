"""The rule is pure: the standard library only, no clock, no input or output, no float of money."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from governance import policy

MODULES = sorted(Path(policy.__file__).parent.glob("*.py"))
CLOCKS_AND_CHANCE = {"time", "random", "secrets", "uuid", "os", "io", "socket", "subprocess", "threading", "pathlib"}
CALLS = {"open", "print", "input", "eval", "exec", "compile", "__import__", "globals", "now", "today", "utcnow"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_only_the_standard_library_and_policy_itself_are_imported(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            top = name.split(".")[0]
            assert name.startswith("governance.policy") or top in sys.stdlib_module_names, name
            assert top not in CLOCKS_AND_CHANCE, name


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_nothing_reads_a_clock_or_touches_the_world(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
            is_pattern = isinstance(receiver, ast.Name) and receiver.id == "re"
            assert name not in CALLS or is_pattern, (module.name, name, node.lineno)


def test_importing_the_rule_needs_no_framework() -> None:
    code = "import governance.policy.decision, sys; print(sorted(set(sys.modules) & {'django', 'pydantic', 'psycopg'}))"
    root = Path(policy.__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
