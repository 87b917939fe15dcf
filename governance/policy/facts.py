"""Facts from the system of record and how they are compared with what an agent claims."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter

from governance.policy.money import Money, parse_money

MAX_DEPTH = 8
MAX_DIGITS = 40

Canonical = str | tuple[object, ...]


class Compare(StrEnum):
    """How a recorded value is held against a claim."""

    EQUALS = "equals"
    ONE_OF = "one_of"
    SUBSET = "subset"
    MONEY_EQUALS = "money_equals"
    COVERS = "covers"
    EXISTS = "exists"
    OWNER_IS_SUBJECT = "owner_is_subject"


class Show(StrEnum):
    """How a fact may appear on a reviewer's page."""

    VALUE = "value"
    MATCH = "match"
    INITIALS = "initials"
    TYPED = "typed"


class Result(StrEnum):
    """What the comparison found."""

    AGREES = "agrees"
    DIFFERS = "differs"
    MISSING = "missing"
    UNREACHABLE = "unreachable"
    STALE = "stale"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True, slots=True)
class FactRule:
    """One line of a binding: which value of the record is compared with which claim, and how.

    `claim` None means that nothing is claimed about it; `options` are the allowed values of ONE_OF.
    """

    name: str
    value: str
    claim: str | None
    compare: Compare
    required: bool = False
    material: bool = False
    show: Show = Show.MATCH
    options: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class FactSummary:
    """What a decision needs of a fact: its registry name, the result, and whether an agent's claim was compared.

    `less`: it agrees, and pages say that less is claimed than the record has.
    """

    name: str
    result: Result
    required: bool
    claimed: bool = False
    less: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A value fetched from the system of record beside what was claimed, with source, version and time of reading."""

    name: str
    claimed: object
    recorded: object
    result: Result
    required: bool
    material: bool
    show: Show
    source: str
    version: str
    read_at: dt.datetime | None
    label: str = ""

    def summary(self) -> FactSummary:
        """The part of it that a decision reads."""
        # where a page shows no value, it does not say either how two values differ
        told = self.result is Result.AGREES and self.show is not Show.MATCH
        less = told and falls_short(self.claimed, self.recorded)
        return FactSummary(self.name, self.result, self.required, self.claimed is not None, less)


_PAGE_ORDER: dict[Result, int] = {Result.DIFFERS: 0, Result.AGREES: 2}


def in_page_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Facts as pages list them: what differs, what is not known, what agrees; otherwise as given."""
    return tuple(sorted(facts, key=lambda fact: _PAGE_ORDER.get(fact.result, 1)))


def compare(rule: FactRule, claimed: object, recorded: object) -> Result:
    """Hold a recorded value against a claim; None means "not in the record" and "not stated".

    Total. A rule that needs a claim and gets none is UNVERIFIABLE: silence never agrees.
    """
    if recorded is None:
        return Result.MISSING
    if rule.compare is Compare.EXISTS:
        return Result.AGREES
    if rule.compare is Compare.ONE_OF:
        return _one_of(rule, claimed, recorded)
    if claimed is None:
        return Result.UNVERIFIABLE
    if rule.compare in (Compare.EQUALS, Compare.OWNER_IS_SUBJECT):
        return _result(_same(claimed, recorded))
    if rule.compare is Compare.MONEY_EQUALS:
        return _result(_same_money(claimed, recorded))
    if rule.compare is Compare.COVERS:
        return _result(_covered(claimed, recorded))
    if rule.compare is Compare.SUBSET:
        return _result(_within(claimed, recorded))
    return Result.UNVERIFIABLE


def _result(same: bool | None) -> Result:
    if same is None:
        return Result.UNVERIFIABLE
    return Result.AGREES if same else Result.DIFFERS


def _one_of(rule: FactRule, claimed: object, recorded: object) -> Result:
    """The recorded value is one of the options and, where something is claimed, it is the claimed one."""
    allowed = _result(_contains(rule.options, recorded))
    if rule.claim is None or allowed is not Result.AGREES:
        return allowed
    return Result.UNVERIFIABLE if claimed is None else _result(_same(claimed, recorded))


def _same(claimed: object, recorded: object) -> bool | None:
    """Equality of canonical forms; None when either side has none."""
    left, right = _canonical(claimed), _canonical(recorded)
    return None if left is None or right is None else left == right


def _same_money(claimed: object, recorded: object) -> bool | None:
    left, right = _money(claimed), _money(recorded)
    return None if left is None or right is None else left == right


def _covered(claimed: object, recorded: object) -> bool | None:
    """The recorded amount is at least the claimed one; amounts of two currencies cannot be held against each other."""
    left, right = _money(claimed), _money(recorded)
    if left is None or right is None or left.currency != right.currency:
        return None
    return left.minor <= right.minor


def falls_short(claimed: object, recorded: object) -> bool:
    """Whether less is claimed than is recorded, and part of it: a lower amount, or some of its elements. Total."""
    covered = _covered(claimed, recorded)
    if covered is not None:
        return covered and not _same_money(claimed, recorded)
    left, right = _elements(claimed), _elements(recorded)
    if left is None or right is None:
        return False
    return len(left) < len(right) and _within(claimed, recorded) is True


def _money(value: object) -> Money | None:
    try:
        return value if isinstance(value, Money) else parse_money(value)
    except ValueError:
        return None


def _within(claimed: object, recorded: object) -> bool | None:
    """Every claimed element is recorded, as often as it is claimed: one recorded item cannot prove two."""
    left, right = _elements(claimed), _elements(recorded)
    if left is None or right is None:
        return None
    return all(left.count(element) <= right.count(element) for element in set(left))


def _contains(options: Sequence[object], value: object) -> bool | None:
    canonical = _canonical(value)
    return None if canonical is None else any(_canonical(option) == canonical for option in options)


def _elements(value: object) -> list[Canonical] | None:
    values = list(value) if isinstance(value, list | tuple) else [value]
    canonical = [part for part in map(_canonical, values) if part is not None]
    return canonical if len(canonical) == len(values) else None


def _canonical(value: object, depth: int = 0) -> Canonical | None:
    """One form per value, so that the number 7 in a column meets "7" in a claim; None for what has no exact form.

    Floats have none: 0.1 is not a recorded value of anything that is compared here. Nor has what is nested too deeply.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**MAX_DIGITS else None
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() and abs(value.adjusted()) < MAX_DIGITS else None
    if isinstance(value, dt.date):
        return _moment(value)
    if isinstance(value, Money):
        return f"{value.minor} {value.currency}"
    return _canonical_container(value, depth + 1) if depth < MAX_DEPTH else None


def _moment(value: dt.date) -> str:
    """A day, or a moment in UTC where its zone is known, as claims write them."""
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        return value.isoformat()
    try:
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return value.isoformat()


def _canonical_container(value: object, depth: int) -> Canonical | None:
    """Lists in their order and objects by sorted key: tuples, so that no text can pass for a list."""
    if isinstance(value, list | tuple):
        parts = [_canonical(part, depth) for part in value]
        return None if None in parts else ("list", *parts)
    if isinstance(value, dict):
        pairs = [(str(key), _canonical(part, depth)) for key, part in value.items()]
        return None if any(part is None for _, part in pairs) else ("object", *sorted(pairs, key=itemgetter(0)))
    return None
