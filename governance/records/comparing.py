"""Facts: what was recorded held against what was stated, and in a form in which nothing unprintable is kept."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from governance.policy.facts import Compare, Fact, Result, Show, compare
from governance.policy.identifiers import Listed
from governance.policy.money import Money
from governance.records.bindings import PARAMETERS, Binding, FactSpec
from governance.records.protocol import Json
from governance.records.reading import hidden, is_hidden, kept
from governance.records.resolve import resolve, text_of

_SINGLE = (Compare.EQUALS, Compare.ONE_OF)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,19})\.[0-9]{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stated:
    """What the agent sent: contract-parsed parameters and claims, the run's subject, and sealed values by name."""

    parameters: Mapping[str, object]
    claims: Mapping[str, object]
    subject: str | None = None
    sealed: Mapping[str, object] = field(default_factory=dict, repr=False)

    def of(self, spec: FactSpec) -> object:
        """What is stated about a fact; None if nothing is."""
        if spec.rule.compare is Compare.OWNER_IS_SUBJECT:
            return self.subject
        kind, _, name = (spec.rule.claim or "").partition(".")
        if kind == PARAMETERS:
            return self.sealed.get(name, self.parameters.get(name))
        return self.claims.get(name)

    def is_sealed(self, spec: FactSpec) -> bool:
        """Whether what is stated about a fact must not be kept beside it."""
        kind, _, name = (spec.rule.claim or "").partition(".")
        return kind == PARAMETERS and name in self.sealed


@dataclass(frozen=True, slots=True)
class Found:
    """The record with its joins under the names that expressions start with, and the values derived from it."""

    document: Mapping[str, Json]
    read_at: dt.datetime
    values: Mapping[str, Json | Money]
    version: str = ""


def facts_of(binding: Binding, stated: Stated, found: Found) -> Iterator[Fact]:
    """Every fact of the binding as it was found, in the order of the binding."""
    too_old = is_too_old(binding, found)
    for spec in binding.facts:
        # A claim about another record than this one: this one says nothing about it.
        recorded = None if _about_another(binding, spec, stated, found) else _recorded(spec, found)
        claimed = stated.of(spec)
        result = compare(spec.rule, _comparable(claimed, recorded), recorded)
        if spec.may_be_new and result is Result.DIFFERS:
            result = Result.UNVERIFIABLE
        # what was true once says neither that a claim is right nor that it is wrong
        result = Result.STALE if too_old else result
        yield _fact(binding, spec, stated, result, found.read_at, found.version, recorded)


def facts_without(binding: Binding, stated: Stated, result: Result, at: dt.datetime) -> Iterator[Fact]:
    """Every fact of the binding when there is no record to hold it against."""
    for spec in binding.facts:
        yield _fact(binding, spec, stated, result, at, "", None)


def is_too_old(binding: Binding, found: Found) -> bool:
    """Whether the record was brought up to date longer ago than the binding believes it, by the record system's clock.

    A record that does not say when, or names no moment with its zone, or one as far ahead, is too old as well.
    """
    if binding.as_of is None:
        return False
    said = resolve(binding.as_of.at, found.document)
    try:
        at = dt.datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        return True
    return abs(found.read_at - at) > dt.timedelta(seconds=binding.as_of.within)


def source_of(binding: Binding, tables: Sequence[str]) -> str:
    """Where something was read: the connector and the tables, at most 80 characters.

    What is counted in the parameters alone was read nowhere.
    """
    return f"{binding.connector}:{'+'.join(tables)}"[:80] if tables else "the request"


def _recorded(spec: FactSpec, found: Found) -> Json | Money:
    """The value of the fact; several are one list, of which every part must be there."""
    values = [found.values.get(name) for name in spec.values]
    if len(values) == 1:
        return _each(values[0]) if spec.rule.compare in _SINGLE else values[0]
    flat: list[Json] = []
    for value in values:
        if value is None or isinstance(value, Money):
            return None
        flat.extend(value if isinstance(value, list) else [value])
    return flat


def _each(value: Json | Money) -> Json | Money:
    """Where one value is compared, a list stands for its element if all of them are the same."""
    if isinstance(value, list) and value and all(element == value[0] for element in value):
        return value[0]
    return value


def _about_another(binding: Binding, spec: FactSpec, stated: Stated, found: Found) -> bool:
    """Whether this fact's claim is made about a record that the agent names differently from the one it acts on."""
    claim = spec.rule.claim or ""
    if binding.target is None or not claim.startswith("claims.") or claim == f"claims.{binding.target}":
        return False
    target = stated.claims.get(binding.target)
    asked = [text_of(found.document.get(column)) for column in binding.keys]
    return target is not None and text_of(cast(Json, target)) not in asked


def _comparable(claimed: object, recorded: object) -> object:
    """A claimed decimal as a number where the record has one, so that 4.00 meets 4."""
    if isinstance(recorded, int | Decimal) and isinstance(claimed, str) and _DECIMAL.fullmatch(claimed):
        return Decimal(claimed).normalize()
    return claimed


def _fact(
    binding: Binding, spec: FactSpec, stated: Stated, result: Result, at: dt.datetime, version: str, recorded: object
) -> Fact:
    rule, stated_value = spec.rule, stated.of(spec)
    words = Listed.joined(binding.words[name] for name in spec.values)
    left = kept(recorded, rule.show, words)
    claimed = hidden(stated_value) if stated.is_sealed(spec) else kept(stated_value, rule.show, None)
    # What is not kept cannot be shown: the page then says whether it matches.
    shown_whole = not (is_hidden(left) or is_hidden(claimed)) or rule.show is Show.INITIALS
    return Fact(
        name=rule.name,
        claimed=claimed,
        recorded=left,
        result=result,
        required=rule.required or (spec.if_claimed and stated_value is not None),
        material=rule.material,
        show=rule.show if shown_whole else Show.MATCH,
        source=source_of(binding, binding.tables[rule.name]),
        version=version,
        read_at=at,
        label=spec.label,
    )
