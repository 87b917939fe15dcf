"""The sizes of the house, printed: a mirror, not a fence."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

BASE = Path(__file__).resolve().parent.parent.parent
CODE = ("config", "governance", "reviews")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(folders: Iterable[str]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((BASE / folder).rglob("*.py")):
            if "migrations" not in path.parts and path.stat().st_size:
                yield path


def lines(path: Path) -> int:
    """Lines that are neither blank nor a comment."""
    text = path.read_text(encoding="utf-8").splitlines()
    return sum(1 for line in text if line.strip() and not line.strip().startswith("#"))


def functions(path: Path) -> Iterator[tuple[int, Function]]:
    """Each function with its length in lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, node


def tenth(values: list[int]) -> int:
    """The value that nine tenths do not exceed."""
    return sorted(values)[max(0, -(-len(values) * 9 // 10) - 1)]


def _spread(values: list[int]) -> str:
    return f"median {median(values):3.0f}   p90 {tenth(values):3}   max {max(values):3}"


def report() -> str:
    code, tests = list(modules(CODE)), list(modules(["tests"]))
    sizes = [len(path.read_text(encoding="utf-8").splitlines()) for path in code]
    found = [(size, node, path) for path in code for size, node in functions(path)]
    lengths = [size for size, _, _ in found]
    untyped = sum(1 for _, node, _ in found if node.returns is None)
    ratio = sum(map(lines, tests)) / sum(map(lines, code))
    rows = [
        f"modules   {len(code):5}   {_spread(sizes)}   (median <= 80, max <= 300)",
        f"functions {len(found):5}   {_spread(lengths)}   (p90 <= 30), {untyped} without a return type (0)",
        f"test / code lines {ratio:.2f} (>= 1.4)",
    ]
    long = [f"  {size:4} lines  {path.relative_to(BASE)}" for size, path in zip(sizes, code, strict=True) if size > 300]
    wide = [f"  {size:4} lines  {path.relative_to(BASE)}:{node.name}" for size, node, path in found if size > 45]
    return "\n".join([*rows, *long, *wide])


if __name__ == "__main__":
    sys.stdout.write(report() + "\n")
