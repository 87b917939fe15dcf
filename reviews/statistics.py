"""READ how often an agent was found wrong, as a weighted rate with a range that may be looked at any time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from governance.cursors import kept
from governance.models import ActionType, Agent
from governance.policy.interval import Interval, Stratum, interval, needed
from governance.policy.tiers import Risk

# In the order of the decisions, never of the reviews: bad actions may take longer to review. `floor` is the lowest
# probability so far, `settled` whether everything up to here has its finding.
_DRAWS = """
with drawn as (
  select split_part(d.cell, '|', 3) as kind, d.probability, f.sound,
    min(d.probability) over earlier as floor, bool_and(f.id is not null) over earlier as settled
  from reviews_draw d join governance_decision c on c.action_id = d.action_id
  left join reviews_finding f on f.draw_id = d.id
  where split_part(d.cell, '|', 1) = %s and split_part(d.cell, '|', 3) = any(%s)
    and c.decided_at > coalesce(%s::timestamptz, '-infinity')
  window earlier as (partition by split_part(d.cell, '|', 3) order by c.decided_at, d.action_id)
)
select kind, probability, floor, settled, count(*), count(sound), count(*) filter (where not sound)
  from drawn group by kind, probability, floor, settled
"""


# The error rate that an agent has to stay below, by the base risk of the type.
LIMITS = {Risk.LOW: 0.05, Risk.MEDIUM: 0.02, Risk.HIGH: 0.01}


@dataclass(frozen=True, slots=True)
class Rate:
    """`checked` of `drawn` actions have a finding, `wrong` of them unsound; all counts unweighted.

    `estimate` in [0, 1] weighs each finding by one over the probability of its draw; None without any.
    `range` holds the true rate of all auto-executed actions with 95 %, however often it is looked at and in
    whatever order the draws are reviewed: a pending one counts as either. `strata`: all draws, as if every pending one
    were sound.
    """

    drawn: int
    checked: int
    wrong: int
    estimate: float | None
    range: Interval
    strata: tuple[Stratum, ...] = ()

    @property
    def pending(self) -> int:
        """Draws that nobody has judged yet."""
        return self.drawn - self.checked


@dataclass(frozen=True, slots=True)
class _Counts:
    """Draws of one probability. `weight` in (0, 1] makes the rarely drawn count more."""

    probability: Decimal
    floor: Decimal
    settled: bool
    drawn: int
    checked: int
    wrong: int

    @property
    def weight(self) -> float:
        return float(self.floor / self.probability)


def error_rate(agent: Agent | UUID, action_type: ActionType | str) -> Rate:
    """The error rate of an agent for an action type (row or key), from the findings about its draws."""
    agent_id = agent if isinstance(agent, UUID) else agent.pk
    key = action_type if isinstance(action_type, str) else action_type.key
    return error_rates(agent_id, [key])[key]


def error_rates(agent: UUID, keys: Collection[str], *, since: datetime | None = None) -> dict[str, Rate]:
    """The same for several action types in one read: a rate for every key. `since`: of what was decided after it."""
    with kept() as cursor:
        cursor.execute(_DRAWS, [str(agent), list(keys), since])
        found = cursor.fetchall()
    return {key: _rate([_Counts(*row[1:]) for row in found if row[0] == key]) for key in keys}


def _rate(counts: list[_Counts]) -> Rate:
    return Rate(
        drawn=sum(each.drawn for each in counts),
        checked=sum(each.checked for each in counts),
        wrong=sum(each.wrong for each in counts),
        estimate=_estimate(counts),
        range=_range(counts),
        strata=tuple(Stratum(each.weight, each.drawn, each.wrong) for each in counts),
    )


def ready_after(rate: Rate, limit: float) -> int | None:
    """After how many further checks, all sound, the range ends below `limit`; those that wait are among them.

    0 when it does so already; None when no number that we look at would show it.
    """
    if rate.range.high <= limit:
        return 0
    more = needed(rate.strata, limit)
    return None if more is None else max(1, more + rate.pending)


def _estimate(counts: Iterable[_Counts]) -> float | None:
    checked = wrong = Decimal(0)
    for each in counts:
        checked += each.checked / each.probability
        wrong += each.wrong / each.probability
    return float(wrong / checked) if checked else None


def _range(counts: list[_Counts]) -> Interval:
    """What is left by the settled beginning of the sample, and by all of it whatever the pending turn out to be."""
    begun = interval(Stratum(each.weight, each.checked, each.wrong) for each in counts if each.settled)
    kind = interval(Stratum(each.weight, each.drawn, each.wrong) for each in counts)
    harsh = interval(Stratum(each.weight, each.drawn, each.drawn - each.checked + each.wrong) for each in counts)
    return begun.within(Interval(kind.low, harsh.high))
