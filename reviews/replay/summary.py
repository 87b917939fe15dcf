"""What a replay came to, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from reviews.replay.send import Answered

OUTCOMES = (
    "execute",
    "escalate",
    "refuse",
    "cap_exhausted",
    "too_many_cases",
    "rejected",
    "server_error",
    "unanswered",
)


@dataclass(slots=True)
class Summary:
    """Counts of answers by agent and by tool.

    `mismatches` are facts of the `actions` answered here that differ from what was claimed.
    """

    wanted: int
    by_agent: dict[str, Counter[str]] = field(default_factory=dict)
    by_tool: dict[str, Counter[str]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    actions: set[str] = field(default_factory=set)
    mismatches: int = 0

    def add(self, answered: Answered) -> None:
        """Count one answer."""
        self.outcomes[answered.outcome] += 1
        self.by_agent.setdefault(answered.posting.agent, Counter())[answered.outcome] += 1
        self.by_tool.setdefault(answered.posting.tool, Counter())[answered.outcome] += 1
        self.reasons.update(answered.reasons)
        if answered.action:
            self.actions.add(answered.action)
        if answered.status:
            self.seconds.append(answered.seconds)

    @property
    def answered(self) -> int:
        """Requests that got an answer of any kind but a server error."""
        return self.outcomes.total() - self.outcomes["unanswered"] - self.outcomes["server_error"]

    @property
    def sound(self) -> bool:
        """Every write was answered, and none by a server error."""
        return self.answered == self.wanted

    def document(self) -> dict[str, Any]:
        """The summary as JSON. Latencies in milliseconds."""
        return {
            "writes": self.wanted,
            "answered": self.answered,
            "server_errors": self.outcomes["server_error"],
            "unanswered": self.outcomes["unanswered"],
            "cap_exhausted": self.outcomes["cap_exhausted"],
            "mismatches": self.mismatches,
            "outcomes": {name: self.outcomes[name] for name in OUTCOMES},
            "reasons": dict(self.reasons.most_common()),
            "latency_ms": {"p50": _ms(self.seconds, 50), "p95": _ms(self.seconds, 95)},
            "seconds": round(self.elapsed, 1),
            "agents": {name: dict(self.by_agent[name]) for name in sorted(self.by_agent)},
            "tools": {name: dict(self.by_tool[name]) for name in sorted(self.by_tool)},
        }

    def tables(self) -> list[Table]:
        """The summary for a terminal."""
        return [_table("agent", self.by_agent), _table("tool", self.by_tool)]

    def sentence(self) -> str:
        """The summary in one line."""
        return (
            f"{self.answered} of {self.wanted} writes answered in {self.elapsed:.1f} s "
            f"(p50 {_ms(self.seconds, 50)} ms, p95 {_ms(self.seconds, 95)} ms); "
            f"{self.outcomes['execute']} executed, {self.outcomes['escalate']} cases, "
            f"{self.outcomes['cap_exhausted']} over an exhausted cap, {self.mismatches} facts differ, "
            f"{self.outcomes['server_error']} server errors."
        )


def percentile(values: Sequence[float], share: int) -> float:
    """The smallest value that at least `share` percent do not exceed; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def _ms(seconds: Sequence[float], share: int) -> float:
    return round(percentile(seconds, share) * 1000, 1)


def _table(what: str, rows: dict[str, Counter[str]]) -> Table:
    shown = [name for name in OUTCOMES if any(counts[name] for counts in rows.values())]
    table = Table(what, *shown)
    for name in sorted(rows):
        table.add_row(name, *(str(rows[name][outcome] or "") for outcome in shown))
    return table
