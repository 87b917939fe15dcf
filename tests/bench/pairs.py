"""Two loads that differ in one thing, measured in turn: what that thing costs."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

import psycopg

from tests.bench.load import Burst, Target, saturate

_LOCK = "perform pg_advisory_xact_lock_shared(7);"


@dataclass(frozen=True)
class Pair:
    """`with_it` against `without`, over this many connections; `goal` is the least share of throughput that is left.

    `around` is entered for the loads of `without` alone.
    """

    name: str
    with_it: Target
    without: Target
    connections: int
    goal: float
    around: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass
class Measured:
    """The loads of one pair, one of each for every repetition."""

    pair: Pair
    with_it: list[Burst] = field(default_factory=list)
    without: list[Burst] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Throughput with it as a share of that without, the median over repetitions."""
        both = zip(self.with_it, self.without, strict=True)
        return statistics.median(one.per_second / other.per_second for one, other in both)

    @property
    def bad(self) -> int:
        """Answers of a wrong status."""
        return sum(each.bad for each in (*self.with_it, *self.without))


def compare(pairs: Sequence[Pair], *, seconds: float, repetitions: int) -> list[Measured]:
    """Load both sides of every pair in turn; each repetition begins with the other side."""
    measured = [Measured(pair) for pair in pairs]
    for each in measured:
        for target in (each.pair.with_it, each.pair.without):
            # the answers of a cap that fills up change in their first moments
            saturate(target, connections=4, seconds=1)
    for repetition in range(repetitions):
        for each in measured:
            for load in (_without, _with) if repetition % 2 else (_with, _without):
                load(each, seconds)
    return measured


def _with(measured: Measured, seconds: float) -> None:
    pair = measured.pair
    measured.with_it.append(saturate(pair.with_it, connections=pair.connections, seconds=seconds))


def _without(measured: Measured, seconds: float) -> None:
    pair = measured.pair
    with pair.around():
        measured.without.append(saturate(pair.without, connections=pair.connections, seconds=seconds))


def lockless(owner: str) -> Callable[[], AbstractContextManager[None]]:
    """A database whose decisions commit without the shared authority lock, for as long as the block lasts."""

    @contextmanager
    def without_lock() -> Iterator[None]:
        with psycopg.connect(owner, autocommit=True) as connection:
            row = connection.execute("select pg_get_functiondef('placet_commit'::regproc)").fetchone()
            definition: str = row[0] if row else ""
            if _LOCK not in definition:
                raise RuntimeError("The committing function takes its lock in other words now.")
            connection.execute(definition.replace(_LOCK, "").encode())
            try:
                yield
            finally:
                connection.execute(definition.encode())

    return without_lock
