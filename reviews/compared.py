"""READ what was compared and what would run: the lines of a facts table and the parameters of an action."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.policy.facts import Result, Show, falls_short
from reviews import rows
from reviews.shown import Lens, Pieces, both_sides, label, pieces


@dataclass(frozen=True, slots=True)
class FactLine:
    """One row of the facts table. `source` is empty where it is the table's own; `mark` is the result as every page
    says it, which tells an agreement of unequal values from one of equal values.
    """

    name: str
    label: str
    claimed: Pieces
    recorded: Pieces
    result: str
    mark: str
    required: bool
    source: str
    read_at: dt.datetime

    @property
    def said(self) -> str:
        """The result as a verdict covers it: whether it was required is part of it."""
        return f"{self.mark}, required" if self.required else self.mark


@dataclass(frozen=True, slots=True)
class FactTable:
    """The facts of one reading, and where most of them come from."""

    lines: tuple[FactLine, ...]
    source: str
    read_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that would be executed."""

    label: str
    value: Pieces


# Nothing was claimed and nothing had to be: no cause for anybody to look twice.
NOT_CLAIMED = "not claimed"
# The record is as it must be, and nobody claimed anything that it could agree with.
FITS = "in order"
# Less is claimed than the record has, which is all that was asked of it.
COVERED = "covered"
_FACTS = """
  select name, claimed, recorded, result, required, show, source, read_at
  from governance_fact where snapshot_id = %s order by position
"""
_ORDER = {Result.DIFFERS.value: 0, Result.AGREES.value: 2, NOT_CLAIMED: 3}


def table(snapshot: int | None, binding: Mapping[str, Any] | None, lens: Lens) -> FactTable | None:
    """What differs first, then what is not known, what agrees, what nobody claimed; else in the binding's order."""
    return tabled([] if snapshot is None else rows.fetch(_FACTS, [snapshot]), binding, lens)


def tabled(facts: Sequence[rows.Row], binding: Mapping[str, Any] | None, lens: Lens) -> FactTable | None:
    """The same for facts as they are stored; None where there are none."""
    if not facts:
        return None
    (source, read_at), _ = Counter((fact["source"], fact["read_at"]) for fact in facts).most_common(1)[0]
    labels = labels_of(binding)
    found = [_line(fact, labels, lens, (source, read_at)) for fact in facts]
    return FactTable(tuple(sorted(found, key=lambda line: _ORDER.get(line.result, 1))), source, read_at)


def labels_of(binding: Mapping[str, Any] | None) -> dict[str, str]:
    """What the council calls each fact, by its name."""
    return {rule["name"]: rule.get("label") or label(rule["name"]) for rule in (binding or {}).get("facts", [])}


def labelled(sentence: str, labels: Mapping[str, str]) -> str:
    """A sentence that ends in the name of a fact, with what its row in the table is called."""
    start, colon, name = sentence.removesuffix(".").rpartition(": ")
    called = labels.get(name.replace(" ", "_"))
    return f"{start}{colon}{called}." if called else sentence


def parameters(values: Mapping[str, Any], lens: Lens) -> tuple[Parameter, ...]:
    """What would be executed: typed values as their form allows, sealed text by its length."""
    return tuple(Parameter(label(name), pieces(value, lens)) for name, value in values.items())


def _line(fact: rows.Row, labels: Mapping[str, str], lens: Lens, common: tuple[str, dt.datetime]) -> FactLine:
    shown = both_sides(fact["claimed"], fact["recorded"], fact["result"], fact["show"], lens)
    return FactLine(
        name=fact["name"],
        label=labels.get(fact["name"], label(fact["name"])),
        claimed=shown.claimed,
        recorded=shown.recorded,
        result=(result := _result(fact)),
        mark=mark_of(result, claimed=fact["claimed"] is not None, less=_less(fact)),
        required=fact["required"],
        source="" if (fact["source"], fact["read_at"]) == common else fact["source"],
        read_at=fact["read_at"],
    )


def _result(fact: rows.Row) -> str:
    spared = fact["result"] == Result.UNVERIFIABLE and fact["claimed"] is None and not fact["required"]
    return NOT_CLAIMED if spared else fact["result"]


def _less(fact: rows.Row) -> bool:
    # said of the two values themselves: the binding may compare otherwise since they were read
    return fact["show"] != Show.MATCH and falls_short(fact["claimed"], fact["recorded"])


def mark_of(result: str, *, claimed: bool, less: bool) -> str:
    """A result in the word that every page has for it; `less`: less is claimed than is recorded."""
    if result != Result.AGREES:
        return result
    if not claimed:
        return FITS
    return COVERED if less else result
