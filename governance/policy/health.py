"""Health of a tool or of a connector: one rule over what each source says of it.

A source is everything that is heard of a tool in one way: the execution reports of all agents, the readings of a
connector, or the signals of one watcher. Each has a window of its own, so that none can push another's readings out:
its newest 20 readings, of those the ones that are not older than 7 days. The rule for one source, first match wins:

1. Figures that cannot be: UNKNOWN.
2. Fewer than 5 readings: the source says nothing.
3. Less than 50 % good: RED; UNKNOWN once it has been silent for 10 minutes, so that people can approve what tries the
   tool again.
4. At least 95 % good and at most 20 % bad or slow: GREEN.
5. Else AMBER.

The health is the worst that a source says (RED, UNKNOWN, AMBER, GREEN); UNKNOWN when none says anything, and at least
UNKNOWN while the heartbeat of a watcher is overdue. A bad reading counts as a slow one too: a tool that fails is never
healthier than one that answers late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from governance.policy.evidence import Signal, worst

READINGS = 20
READINGS_NEEDED = 5
WINDOW_DAYS = 7
SILENT_SECONDS = 600
GOOD_PERCENT = 95
FAILING_PERCENT = 50
SLOW_PERCENT = 20
# A connector has 3 seconds to answer; half of that is slow.
CONNECTOR_SLOW_MS = 1500
# What a connector is called where tools and connectors stand side by side: no tool has a colon in its name.
CONNECTOR = "connector:"


@dataclass(frozen=True, slots=True)
class Source:
    """What one source says: of its `total` newest readings `good` were good and `slow` were bad or slow.

    `age` is the seconds since its newest reading. `overdue`: the heartbeat it promised did not come.
    """

    good: int
    total: int
    slow: int
    age: int
    overdue: bool = False


def subject_of(connector: str) -> str:
    """What a connector is called among tools."""
    return f"{CONNECTOR}{connector}"


def tool_health(sources: Iterable[Source]) -> Signal:
    """Health of a tool or connector from all its sources, by the rule of this module."""
    said: list[Signal] = []
    for source in sources:
        signal = source_health(source)
        said += [] if signal is None else [signal]
        said += [] if source.overdue is False else [Signal.UNKNOWN]
    return worst(said)


def source_health(source: Source) -> Signal | None:
    """What one source says, its heartbeat aside; None while it has too few readings to say anything."""
    if not _possible(source):
        return Signal.UNKNOWN
    if source.total < READINGS_NEEDED:
        return None
    if source.good * 100 < source.total * FAILING_PERCENT:
        return Signal.RED if source.age <= SILENT_SECONDS else Signal.UNKNOWN
    good = source.good * 100 >= source.total * GOOD_PERCENT
    return Signal.GREEN if good and source.slow * 100 <= source.total * SLOW_PERCENT else Signal.AMBER


def _possible(source: Source) -> bool:
    figures = (source.good, source.total, source.slow, source.age)
    if any(type(figure) is not int or figure < 0 for figure in figures):
        return False
    return source.good <= source.total <= READINGS and source.total - source.good <= source.slow <= source.total
