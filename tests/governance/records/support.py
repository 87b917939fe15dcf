"""What the tests of records share: databases, catalogue entries by key, and readings without ceremony."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from governance import documents
from governance.policy.action_types import ActionTypeSpec, parse_action_type
from governance.policy.contracts import Parsed
from governance.policy.facts import Fact
from governance.records.bindings import Binding
from governance.records.evaluate import evaluate
from governance.records.fit import misfits
from governance.records.parse import parse_binding
from governance.records.protocol import Connector
from governance.records.reading import Reading

CATALOGUES = Path(__file__).parents[3] / "governance" / "catalogues"


@dataclass(frozen=True)
class Database:
    """Addresses of one database of records by role."""

    owner_url: str
    reader_url: str
    admin_url: str

    @property
    def reader(self) -> str:
        return urlsplit(self.reader_url).username or ""

    def run(self, *statements: str) -> None:
        """As the owner, each statement committed."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@cache
def entry(key: str) -> tuple[ActionTypeSpec, Binding]:
    """A committed catalogue entry that is bound, parsed and fitting."""
    for path in sorted(CATALOGUES.glob("*.yaml")):
        content = documents.load(path.read_text(encoding="utf-8"))
        specs = {each["key"]: parse_action_type(each) for each in content["action_types"]}
        bindings = {each["action_type"]: parse_binding(each) for each in content["bindings"]}
        if key in specs and key in bindings:
            spec, binding = specs[key], bindings[key]
            assert isinstance(spec, ActionTypeSpec), spec
            assert isinstance(binding, Binding), binding
            assert not misfits(spec, binding)
            return spec, binding
    raise AssertionError(f"{key} is in no catalogue, or not bound")


def bound(document: Mapping[str, Any]) -> Binding:
    """A binding of a test, which must be sound."""
    found = parse_binding(document)
    assert isinstance(found, Binding), [str(problem) for problem in found]
    return found


def read(
    key: str,
    connector: Connector,
    parameters: Mapping[str, Any],
    claims: Mapping[str, Any] | None = None,
    subject: str | None = None,
) -> Reading:
    """A reading for a catalogue type, its contract applied as the API does."""
    spec, binding = entry(key)
    stated, claimed = spec.contract.parse(dict(parameters)), spec.claims.parse(dict(claims or {}))
    assert isinstance(stated, Parsed), stated
    assert isinstance(claimed, Parsed), claimed
    return evaluate(
        binding, connector, parameters=stated.values, claims=claimed.values, subject=subject, sealed=stated.sealed
    )


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def named(reading: Reading) -> dict[str, Fact]:
    """The facts of a reading by name."""
    return {fact.name: fact for fact in reading.facts}
