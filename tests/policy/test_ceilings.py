"""The lowest limiter binds; a child never stands above its parent."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.ceilings import Limiter, LimiterKind, clamp, held, lowest, rank, refuses
from governance.policy.tiers import Tier
from tests.policy.prove import examples

maybe_tiers = st.none() | st.sampled_from(Tier)
limiters = st.builds(Limiter, kind=st.sampled_from(LimiterKind), name=st.text(max_size=3), tier=maybe_tiers)


def test_the_fixed_order_is_from_the_top_down() -> None:
    words = (
        "enterprise, domain, project, ancestor, level of ancestor, agent, recovery, level, standing, evidence, policy"
    )
    assert ", ".join(LimiterKind) == words
    assert [rank(Limiter(kind, "", None)) for kind in LimiterKind] == list(range(len(LimiterKind)))


def test_a_tie_is_named_by_the_fixed_order() -> None:
    agent = Limiter(LimiterKind.AGENT, "Refunder", Tier.PROPOSE)
    project = Limiter(LimiterKind.PROJECT, "refunds", Tier.PROPOSE)
    assert lowest([agent, project]) is project
    assert lowest([Limiter(LimiterKind.DOMAIN, "shop", Tier.EXECUTE), agent]) is agent


def test_two_of_one_kind_are_named_as_given() -> None:
    first, second = (Limiter(LimiterKind.ANCESTOR, name, Tier.PROPOSE) for name in ("Refunder", "Drafter"))
    assert lowest([first, second]) is first
    assert lowest([second, first]) is second


def test_an_unknown_tier_counts_as_propose() -> None:
    unknown = Limiter(LimiterKind.PROJECT, "refunds", None)
    assert lowest([unknown, Limiter(LimiterKind.DOMAIN, "shop", Tier.EXECUTE)]) is unknown
    assert lowest([unknown, Limiter(LimiterKind.AGENT, "Refunder", Tier.OBSERVE)]).name == "Refunder"
    assert held(4) is Tier.PROPOSE  # type: ignore[arg-type]
    assert held(True) is Tier.PROPOSE  # type: ignore[arg-type]


def test_no_limiter_at_all_is_not_no_limit() -> None:
    assert held(lowest([]).tier) is Tier.PROPOSE


@given(st.lists(limiters, max_size=8), limiters)
@examples(80)
def test_one_more_limiter_never_raises_what_binds(chain: list[Limiter], more: Limiter) -> None:
    if chain:
        assert held(lowest([*chain, more]).tier) <= held(lowest(chain).tier)
    assert held(lowest([*chain, more]).tier) <= held(more.tier)


@given(st.lists(maybe_tiers, min_size=2, max_size=8))
@examples(80)
def test_clamped_down_a_chain_nobody_stands_above_any_parent(chain: list[Tier | None]) -> None:
    stands = [held(chain[0])]
    for tier in chain[1:]:
        stands.append(clamp(tier, stands[-1]))
    assert stands == sorted(stands, reverse=True)


def test_a_parent_refuses_what_is_higher_and_what_is_not_a_tier() -> None:
    for parent, new in product(Tier, Tier):
        assert refuses(parent, new) is (new > parent)
        assert clamp(new, parent) is min(new, parent)
    for parent in (*Tier, None):
        assert refuses(parent, None)
    assert refuses(None, Tier.EXECUTE)
    assert not refuses(None, Tier.PROPOSE)


@pytest.mark.parametrize("new", [2, "PROPOSE", True, 2.0])
def test_a_number_is_not_a_tier(new: object) -> None:
    assert refuses(Tier.COMMIT, new)  # type: ignore[arg-type]
