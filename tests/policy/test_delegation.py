"""A chain of agents: whatever is in it, nobody below stands above anybody above, and who joins it only takes away."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from governance.policy.ceilings import Limiter, LimiterKind
from governance.policy.decision import Inputs, Outcome, decide
from governance.policy.reasons import Reason
from governance.policy.tiers import Level, Risk, Tier
from tests.policy import strategies as some
from tests.policy.build import committed, inputs
from tests.policy.prove import examples

OUTCOMES = [Outcome.REFUSE, Outcome.ESCALATE, Outcome.EXECUTE]


@dataclass(frozen=True)
class Link:
    """One agent of a chain: its own tier with its ceilings, and its level; None holds no permission."""

    tier: Tier
    level: Level | None


links = st.builds(
    Link,
    tier=some.mostly(Tier.COMMIT, some.tiers, times=2),
    level=some.mostly(Level.L3, st.none() | st.sampled_from(Level), times=3),
)


def acting(made: Inputs, link: Link, above: list[Link]) -> Inputs:
    """The same request by this agent, below those."""
    own = tuple(limiter for limiter in made.limiters if limiter.kind not in (LimiterKind.ANCESTOR, LimiterKind.AGENT))
    ancestors = tuple(Limiter(LimiterKind.ANCESTOR, f"A{place}", each.tier) for place, each in enumerate(above))
    return dataclasses.replace(
        made,
        limiters=(*own, *ancestors, Limiter(LimiterKind.AGENT, "Drafter", link.tier)),
        level=link.level,
        ancestors_permitted=all(each.level is not None for each in above),
        above=tuple((f"A{place}", each.level) for place, each in enumerate(above) if each.level is not None),
    )


@given(some.every_input, st.lists(links, min_size=2, max_size=8))
@examples(100)
def test_nobody_in_a_chain_stands_above_anybody_above_it(made: Inputs, chain: list[Link]) -> None:
    decisions = [decide(acting(made, link, chain[:place])) for place, link in enumerate(chain)]
    for place, lower in enumerate(decisions):
        for upper in decisions[:place]:
            assert lower.effective <= upper.effective
            assert OUTCOMES.index(lower.outcome) <= OUTCOMES.index(upper.outcome)


@given(some.every_input, links, st.lists(links, max_size=6), links, st.integers(0, 6))
@examples(150)
def test_another_ancestor_only_takes_away(made: Inputs, own: Link, above: list[Link], more: Link, place: int) -> None:
    before = decide(acting(made, own, above))
    after = decide(acting(made, own, [*above[:place], more, *above[place:]]))
    assert after.effective <= before.effective
    assert OUTCOMES.index(after.outcome) <= OUTCOMES.index(before.outcome)


def test_what_an_agent_above_has_not_earned_is_not_earned_for_it() -> None:
    decision = decide(inputs(above=(("Lead", Level.L1),)))
    assert (decision.outcome, decision.effective) == (Outcome.ESCALATE, Tier.PROPOSE)
    assert decision.bound_by == "level of ancestor Lead: PROPOSE"
    assert [given.code for given in decision.reasons] == [Reason.ANCESTOR_LEVEL]
    assert (
        decision.reasons[0].sentence
        == "The agent above, Lead, has earned PROPOSE at this risk; this action needs EXECUTE."
    )


def test_what_it_has_earned_is_read_at_the_risk_of_this_action() -> None:
    assert decide(inputs(above=(("Lead", Level.L1),), base_risk=Risk.LOW)).outcome is Outcome.EXECUTE
    assert decide(committed(above=(("Lead", Level.L3),))).outcome is Outcome.EXECUTE
    assert decide(committed(above=(("Lead", Level.L2),))).outcome is Outcome.ESCALATE


def test_a_delegation_that_ended_refuses_whatever_the_tiers_are() -> None:
    decision = decide(committed(ticket_stands=False))
    assert (decision.outcome, decision.effective) == (Outcome.REFUSE, Tier.HALT)
    assert decision.bound_by == "delegation: not in force"
    assert [given.code for given in decision.reasons] == [Reason.DELEGATION_ENDED]
