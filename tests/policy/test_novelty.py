"""Novelty: a plain rule over what an agent has handled, with a stated warm-up."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.decision import Outcome, decide
from governance.policy.evidence import Kind, Signal
from governance.policy.novelty import AMOUNTS, Novel, NovelKind, NoveltyRule, furthest, novelties
from governance.policy.reasons import Reason
from tests.policy.build import GREEN, inputs
from tests.policy.prove import examples

RULE = NoveltyRule(("payee",), warm_up=20)
USUAL = tuple(range(10_00, 30_00, 1_00))


def new(
    *, handled: int = 20, amounts: tuple[int, ...] = USUAL, unseen: tuple[str, ...] = (), amount: int | None = 20_00
) -> list[NovelKind]:
    found = novelties(RULE, handled=handled, amounts=amounts, unseen=unseen, amount=amount, money=True)
    return [each.kind for each in found]


def test_what_is_like_what_was_handled_is_not_new() -> None:
    assert new() == []


@pytest.mark.parametrize("handled", [0, 1, 19])
def test_under_the_warm_up_everything_is_new(handled: int) -> None:
    found = novelties(RULE, handled=handled, amounts=USUAL[:handled], unseen=(), amount=20_00, money=True)
    kind = NovelKind.WARMING_UP if handled else NovelKind.FIRST
    assert found == (Novel(kind, figure=handled, bound=20),)


def test_a_type_that_moves_money_warms_up_on_known_amounts() -> None:
    assert new(handled=30, amounts=USUAL[:5]) == [NovelKind.WARMING_UP]
    assert novelties(RULE, handled=30, amounts=(), unseen=(), amount=None, money=False) == ()


def test_a_long_warm_up_needs_no_more_amounts_than_are_kept() -> None:
    long = NoveltyRule(warm_up=1_000)
    kept = (10_00,) * AMOUNTS
    assert novelties(long, handled=1_000, amounts=kept, unseen=(), amount=10_00, money=True) == ()
    assert [each.kind for each in novelties(long, handled=999, amounts=kept, unseen=(), amount=10_00, money=True)] == [
        NovelKind.WARMING_UP
    ]


def test_what_was_handled_without_a_known_amount_is_not_the_first_of_its_kind() -> None:
    (found,) = novelties(RULE, handled=50, amounts=(), unseen=(), amount=10_00, money=True)
    assert found == Novel(NovelKind.WARMING_UP, figure=0, bound=20)


def test_a_value_never_handled_is_new_and_only_where_the_rule_asks() -> None:
    assert new(unseen=("payee",)) == [NovelKind.VALUE]
    assert new(unseen=("branch",)) == []
    assert new(handled=3, amounts=USUAL[:3], unseen=("payee",)) == [NovelKind.WARMING_UP, NovelKind.VALUE]


def test_an_amount_is_new_beyond_the_outer_fence_and_beyond_what_was_handled() -> None:
    assert furthest(USUAL) == 24_00 + 3 * 10_00
    assert new(amount=54_00) == []
    assert new(amount=54_01) == [NovelKind.AMOUNT]
    once = (*USUAL[:-1], 99_00)
    assert new(amounts=once, amount=99_00) == [], "as much was handled before"
    assert new(amounts=once, amount=99_01) == [NovelKind.AMOUNT]


def test_of_equal_amounts_any_more_is_new() -> None:
    assert new(amounts=(480_00,) * 20, amount=480_00) == []
    assert new(amounts=(480_00,) * 20, amount=480_01) == [NovelKind.AMOUNT]


def test_without_a_history_there_is_no_fence() -> None:
    assert furthest(()) is None


@given(st.lists(st.integers(0, 10**15), min_size=4, max_size=AMOUNTS))
@examples(200)
def test_the_fence_is_never_below_what_was_handled_nor_the_textbook_quartiles_far_off(amounts: list[int]) -> None:
    ordered, count = sorted(amounts), len(amounts)
    most = furthest(amounts)
    assert most is not None
    assert most >= ordered[-1]
    lower = min(value for value in ordered if sum(each <= value for each in ordered) * 4 >= count)
    upper = min(value for value in ordered if sum(each <= value for each in ordered) * 4 >= 3 * count)
    assert most == max(upper + 3 * (upper - lower), ordered[-1])
    assert lower <= statistics.median_high(ordered) <= upper


NOVEL = {
    Reason.FIRST_OF_KIND: Novel(NovelKind.FIRST, figure=0, bound=20),
    Reason.WARMING_UP: Novel(NovelKind.WARMING_UP, figure=3, bound=20),
    Reason.NOVEL_VALUE: Novel(NovelKind.VALUE, "payee_id"),
    Reason.NOVEL_AMOUNT: Novel(NovelKind.AMOUNT, figure=900_00, bound=540_00),
}
SENTENCES = {
    Reason.FIRST_OF_KIND: "The agent has not handled any action of this kind before.",
    Reason.WARMING_UP: "Of such actions the agent has handled 3; under 20 every one is new to it.",
    Reason.NOVEL_VALUE: "The agent has not handled this value before: payee id.",
    Reason.NOVEL_AMOUNT: "The amount $900.00 is beyond what is familiar to this agent: $540.00 at most.",
}


@pytest.mark.parametrize("reason", NOVEL)
def test_each_novelty_asks_for_a_person_with_its_own_sentence(reason: Reason) -> None:
    required = frozenset({Kind.NOVELTY})
    signals = {**GREEN, Kind.NOVELTY: Signal.AMBER}
    made = inputs(novel=(NOVEL[reason],), novelty=Signal.AMBER, required_evidence=required, signals=signals)
    decision = decide(made)
    assert decision.outcome is Outcome.ESCALATE
    assert [(given.code, given.sentence) for given in decision.reasons if given.code not in LIMITS] == [
        (reason, SENTENCES[reason])
    ]


LIMITS = {Reason.LEVEL_TOO_LOW}


def test_novelty_only_ever_lowers_and_what_was_not_read_is_unknown() -> None:
    required = frozenset({Kind.NOVELTY})
    assert decide(inputs(required_evidence=required)).outcome is Outcome.ESCALATE
    assert decide(inputs(novel=(NOVEL[Reason.NOVEL_VALUE],))).outcome is Outcome.ESCALATE
    unread = decide(inputs(novelty=Signal.UNKNOWN))
    assert Reason.NOVELTY in [given.code for given in unread.reasons]
