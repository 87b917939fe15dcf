"""Small bundles for tests, and an engine whose workers end with the test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import governance
from governance.bundle_files import program, read_folder, spec_in
from governance.engines.children import Children
from governance.engines.protocol import Program
from governance.policy.bundles import bundle_digest

REFUNDS = Path(governance.__file__).parent / "bundles" / "refunds"

MANIFEST = """
name: {name}
version: {version}
governs:
  action_types: [{types}]
  domains: [{domains}]
reasons:
  because: The rule says so.
rules:
  - {{id: only, enforcement: {enforcement}, package: p}}
"""
TEST = "package p_test\n\nimport data.p\n\ntest_it_answers if p.tier\n"
ANSWER = 'package p\n\ntier := "{tier}"\n\nreasons contains "because" if "{tier}" != "commit"\n'


def files(
    tier: str = "propose",
    *,
    name: str = "tests",
    version: int = 1,
    enforcement: str = "hard_mandatory",
    types: str = "bench.refund",
    domains: str = "",
    rego: str | None = None,
) -> dict[str, str]:
    """A bundle of one rule that always answers the same, or of the given rules."""
    manifest = MANIFEST.format(name=name, version=version, enforcement=enforcement, types=types, domains=domains)
    return {"bundle.yaml": manifest, "p.rego": rego or ANSWER.format(tier=tier), "p_test.rego": TEST}


def rules(text: str, package: str = "p") -> Program:
    """A program of one module and one rule, whatever is in it."""
    return Program(hashlib.sha256(text.encode()).hexdigest(), "tests", (("p.rego", text),), (("only", package),))


def refunds() -> Program:
    """The example bundle as engines take it."""
    stored: dict[str, Any] = read_folder(REFUNDS)
    return program(stored, spec_in(stored), bundle_digest(stored))


@pytest.fixture
def children() -> Iterator[Children]:
    engine = Children()
    yield engine
    engine.close()
