"""Bindings: which record an action type is about, what is read from it, and what that is compared with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from governance.policy.facts import FactRule
from governance.policy.identifiers import Listed
from governance.records.beside import NOTHING_BESIDE, Beside
from governance.records.grammar import Lookup, Path, Value, paths

SLOT = re.compile(r"\{([a-z0-9_.]+)\}", re.ASCII)

PARAMETERS = "parameters"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A key that is the same for every action, such as the only account of a single-account system."""

    literal: str


KeySource = Path | Lookup | Fixed


@dataclass(frozen=True, slots=True)
class Source:
    """A table and how its rows are found: each key column with where its value comes from."""

    table: str
    by: Mapping[str, KeySource]
    many: bool = False

    def paths(self) -> Iterator[Path]:
        """Every path that finding the rows reads."""
        for source in self.by.values():
            if not isinstance(source, Fixed):
                yield from paths(source)


@dataclass(frozen=True, slots=True)
class BoundValue:
    """A derived value. With a currency, or a path to one, it is money."""

    of: Value
    money: bool = False
    currency: str | Path = ""

    def paths(self) -> Iterator[Path]:
        """Every path that the value reads."""
        yield from paths(self.of)
        if isinstance(self.currency, Path):
            yield self.currency


@dataclass(frozen=True, slots=True)
class AsOf:
    """Where a record says when it was last brought up to date, and for how many seconds after that it is believed."""

    at: Path
    within: int


@dataclass(frozen=True, slots=True)
class FactSpec:
    """A fact rule with what only the reading of it needs.

    `values` are joined into one list when there are several. `if_claimed` makes it required only when something is
    claimed. `may_be_new`: the claim may be a new value, so that a difference proves nothing either way. `pattern` is a
    closed form of identifiers that may be printed. `soft`: the highest rank may approve, with a reason, although this
    required fact does not agree.
    """

    rule: FactRule
    values: tuple[str, ...]
    label: str
    if_claimed: bool = False
    may_be_new: bool = False
    pattern: re.Pattern[str] | None = None
    soft: bool = False

    @property
    def listed(self) -> Listed:
        """What may be printed because the council listed it."""
        patterns = () if self.pattern is None else (self.pattern,)
        return Listed(frozenset(str(word) for word in self.rule.options), patterns)


@dataclass(frozen=True)
class Binding:
    """One parsed binding. What a reading asks of it again and again is computed once.

    `joins` are in the order in which they can be read. `target` is the claim in which the agent names the record it
    speaks about. `subject_from` names the recorded tool whose answer gives the subject of a replayed run. Without
    `as_of` what is read is as old as its reading. What creates a record has none yet: all it is held against is joined.
    """

    action_type: str
    connector: str
    record: Source | None
    target: str | None
    joins: Mapping[str, Source]
    subject: Path | None
    subject_from: str
    version: Path | None
    values: Mapping[str, BoundValue]
    facts: tuple[FactSpec, ...]
    sentence: str
    beside: Beside = NOTHING_BESIDE
    as_of: AsOf | None = None

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """The names in the sentence that a reading fills: values, and `parameters.` with a name."""
        return tuple(dict.fromkeys(SLOT.findall(self.sentence)))

    @cached_property
    def words(self) -> Mapping[str, Listed]:
        """By value, what of it may be printed: all that any fact about it lists."""
        return {name: Listed.joined(spec.listed for spec in self.facts if name in spec.values) for name in self.values}

    @cached_property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """By fact, the tables that its values come from."""
        found: dict[str, tuple[str, ...]] = {}
        for spec in self.facts:
            roots = {path.root for name in spec.values for path in self.values[name].paths()} - {PARAMETERS}
            read = [self.joins.get(root, self.record) for root in roots]
            found[spec.rule.name] = tuple(sorted({source.table for source in read if source is not None}))
        return found

    @cached_property
    def read_from(self) -> tuple[str, ...]:
        """The table of the record; where there is none yet, those that it is held against."""
        return (self.record.table,) if self.record is not None else tuple(join.table for join in self.joins.values())

    @cached_property
    def keys(self) -> Mapping[str, KeySource]:
        """How the record is found."""
        return self.record.by if self.record is not None else {}

    def paths(self) -> Iterator[Path]:
        """Every path that a reading follows."""
        for source in (self.record, *self.joins.values()):
            yield from source.paths() if source is not None else ()
        for value in self.values.values():
            yield from value.paths()
        yield from self.beside.paths()
        yield from (path for path in (self.subject, self.version) if path is not None)
        if self.as_of is not None:
            yield self.as_of.at

    @cached_property
    def columns(self) -> frozenset[str]:
        """Columns of the record that a reading needs: nothing else is ever fetched."""
        roots = {path.root for path in self.paths()} - {PARAMETERS} - set(self.joins)
        return frozenset(roots | set(self.keys))

    @cached_property
    def join_columns(self) -> Mapping[str, frozenset[str]]:
        """By join, the columns that a reading needs of it."""
        return {
            name: frozenset(join.by).union(*(names_read(path) for path in self.paths() if path.root == name))
            for name, join in self.joins.items()
        }

    def parameters(self) -> frozenset[str]:
        """Names of the parameters that a reading uses."""
        named = {path.steps[1].name for path in self.paths() if path.root == PARAMETERS and len(path.steps) > 1}
        named |= {slot.removeprefix("parameters.") for slot in self.slots if slot.startswith("parameters.")}
        return frozenset(named | self._claimed("parameters.") | self.beside.parameters())

    def claims(self) -> frozenset[str]:
        """Names of the claims that a reading compares."""
        return self._claimed("claims.") | ({self.target} if self.target else frozenset())

    def _claimed(self, kind: str) -> frozenset[str]:
        claims = [spec.rule.claim for spec in self.facts if spec.rule.claim is not None]
        return frozenset(claim.removeprefix(kind) for claim in claims if claim.startswith(kind))


def names_read(path: Path) -> frozenset[str]:
    """The columns of a joined table that a path reads: its second step, and the column of a condition on the rows."""
    names = {path.steps[1].name} if len(path.steps) > 1 else set()
    if path.where is not None and len(path.steps) == 2:
        names.add(path.where.column)
    return frozenset(names)
