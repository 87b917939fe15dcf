"""What an engine of policies is asked and answers, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

# What a decision waits for all of its policies together.
BUDGET_SECONDS = 0.05
# Starting a worker and loading what governs, once in a process for each activation; no rule runs in this time.
LOAD_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Program:
    """One bundle as engines take it: its digest in hex, its files of rules, and (id, package) of the rules to ask."""

    digest: str
    name: str
    modules: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """What one rule answered, unread: `tier` and `reasons` as JSON values, or a `failure` as a closed word."""

    digest: str
    rule: str
    tier: Any
    reasons: Any
    failure: str


class Engine(Protocol):
    """Evaluates rules. Never raises for what a rule does, and never takes longer than it is given."""

    def evaluate(self, programs: Sequence[Program], document: str, *, seconds: float) -> list[Raw]:
        """The answer of every rule of every program to the input (JSON), in that order."""
        ...

    def prepare(self, programs: Sequence[Program], *, seconds: float) -> None:
        """Load what will be asked, so that the first decision does not wait for it."""
        ...


def all_failed(programs: Sequence[Program], failure: str) -> list[Raw]:
    """Every rule failed in the same way."""
    return [Raw(each.digest, rule, None, None, failure) for each in programs for rule, _ in each.rules]


class NoEngine:
    """Where no engine is installed: every rule fails, so that nothing governed is above PROPOSE."""

    def evaluate(self, programs: Sequence[Program], document: str, *, seconds: float) -> list[Raw]:
        """Every rule failed."""
        return all_failed(programs, "engine_missing")

    def prepare(self, programs: Sequence[Program], *, seconds: float) -> None:
        """Nothing to prepare."""
