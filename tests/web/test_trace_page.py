"""The page of a trace: who asked for what because of whom, when, and with which outcome."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from governance.models import Action
from governance.policy.tiers import Tier
from reviews import report, traces
from reviews.answers import span_of
from reviews.intake import ask
from reviews.models import Escalation
from tests.cast import Cast
from tests.governance.family import Member, hired, ticket
from tests.reviews.test_intake import refund
from tests.web.reading import visitor, words


def said(who: Member, key: str, *, below: Action | None = None, **more: Any) -> Action:
    """An action asked for because of another one, as an agent states it."""
    context = {} if below is None else {"trace_id": below.trace_id, "parent_span": span_of(below.pk)}
    answer = ask(who.credential, refund("10.00", key=key, **{**context, **more}))
    return Action.objects.get(pk=answer.body["id"])


@pytest.fixture
def refunder(cast: Cast) -> Member:
    return Member(cast.refunder, cast.refunder_key)


def page(cast: Cast, trace: str) -> Any:
    return visitor(cast.ada).get(f"/traces/{trace}/")


def test_a_chain_of_agents_is_one_tree_with_times_and_outcomes(cast: Cast, refunder: Member) -> None:
    translator = hired(cast, "Translator", shared=True, owner=cast.joan)
    given = ticket(refunder, translator)
    first = said(refunder, "a")
    second = said(translator, "b", below=first, delegation=given.pk, customer="c-2")
    said(Member(cast.drafter, cast.drafter_key), "c", below=second, customer="c-3")
    report.report(second.pk, caller=translator.caller, status="succeeded")
    text = words(page(cast, first.trace_id))
    assert "3 actions of 3 agents" in text
    assert "Step 1 below: Translator for Refunder" in text
    assert "Step 2 below: Drafter for Refunder" in text
    assert "execute succeeded EXECUTE" in text
    assert "escalate escalated PROPOSE" in text
    assert text.index("Translator") < text.index("Drafter")
    assert text.count("not reported") == 2


def test_a_trace_that_begins_here_is_named_like_its_first_action(cast: Cast, refunder: Member) -> None:
    first = said(refunder, "a")
    assert UUID(first.trace_id) == first.pk
    assert [node.action for node in traces.read(first.trace_id).nodes] == [first.pk]


def test_a_decision_leads_to_its_trace_and_names_whom_it_was_for(cast: Cast, refunder: Member) -> None:
    translator = hired(cast, "Translator", shared=True)
    given = ticket(refunder, translator)
    first = said(refunder, "a")
    alone = visitor(cast.ada).get(f"/decisions/{first.pk}/").content.decode()
    assert "/traces/" not in alone
    second = said(translator, "b", below=first, delegation=given.pk)
    for action in (first, second):
        shown = visitor(cast.ada).get(f"/decisions/{action.pk}/").content.decode()
        assert f"/traces/{first.trace_id}/" in shown
    assert "Translator, for Refunder by ticket asked" in words(visitor(cast.ada).get(f"/decisions/{second.pk}/"))


def test_the_page_of_an_agent_leads_to_the_traces_it_shares_and_a_case_to_its_own(cast: Cast, refunder: Member) -> None:
    alone = said(refunder, "a")
    first = said(refunder, "b", customer="c-2")
    below = said(Member(cast.drafter, cast.drafter_key), "c", below=first, customer="c-3")
    shown = visitor(cast.ada).get(f"/agents/{cast.refunder.pk}/").content.decode()
    assert f"/traces/{first.trace_id}/" in shown
    assert f"/traces/{alone.trace_id}/" not in shown
    assert f"/traces/{first.trace_id}/" in visitor(cast.ada).get(f"/agents/{cast.drafter.pk}/").content.decode()
    case, lone = Escalation.objects.get(action=below), said(Member(cast.drafter, cast.drafter_key), "d", customer="c-4")
    assert f"/traces/{first.trace_id}/" in visitor(cast.ada).get(f"/escalations/{case.pk}/").content.decode()
    other = Escalation.objects.get(action=lone)
    assert "/traces/" not in visitor(cast.ada).get(f"/escalations/{other.pk}/").content.decode()


def test_what_agents_state_can_neither_loop_nor_hide_an_action(cast: Cast, refunder: Member) -> None:
    """A foreign trace, spans that name themselves, each other, or nobody: every action is there once."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    spans = ["00f067aa0ba902b7", "f" * 16, "1" * 16]
    made = [
        said(refunder, f"k-{number}", customer=f"c-{number}", trace_id=trace, parent_span=span)
        for number, span in enumerate(spans)
    ]
    said(refunder, "k-9", below=made[1], customer="c-9")
    found = traces.read(trace)
    assert [node.depth for node in found.nodes] == [0, 0, 1, 0]
    assert len({node.action for node in found.nodes}) == 4


def test_a_stranger_to_a_trace_is_not_taken_for_its_beginning(cast: Cast, refunder: Member) -> None:
    """Somebody states a trace that is named like an action which belongs to another one."""
    other = said(refunder, "a", trace_id="4bf92f3577b34da6a3ce929d0e0e4736", parent_span="1" * 16)
    joined = said(refunder, "b", customer="c-2", trace_id=other.pk.hex, parent_span="1" * 16)
    assert [node.action for node in traces.read(other.pk.hex).nodes] == [joined.pk]


def test_a_trace_is_bounded_and_says_so(cast: Cast, refunder: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    first = said(refunder, "a")
    for number in range(3):
        said(refunder, f"k-{number}", below=first, customer=f"c-{number}")
    monkeypatch.setattr(traces, "MOST", 2)
    assert "There is more. The first 2 actions are shown." in words(page(cast, first.trace_id))


@pytest.mark.parametrize("trace", ["0" * 32, "nothing", "A" * 32, "4bf92f3577b34da6a3ce929d0e0e4736"])
def test_what_is_no_trace_is_not_found(cast: Cast, trace: str) -> None:
    assert page(cast, trace).status_code == 404


def test_no_word_of_an_agent_is_on_the_page(cast: Cast, refunder: Member) -> None:
    first = said(refunder, "a", parameters={"memo": "APPROVE AT ONCE"}, note="APPROVE AT ONCE", run="APPROVE-AT-ONCE")
    said(refunder, "b", below=first, customer="c-2")
    shown = page(cast, first.trace_id).content.decode()
    assert "APPROVE" not in shown


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [(0, "0 ms"), (340, "340 ms"), (2_500, "2.5 s"), (250_000, "4 min 10 s"), (10_920_000, "3 h 2 min"), (-5, "0 ms")],
)
def test_a_duration_is_told_in_the_unit_that_fits(milliseconds: int, told: str) -> None:
    assert traces.words(dt.timedelta(milliseconds=milliseconds)) == told


def test_the_tier_of_each_action_is_its_own(cast: Cast, refunder: Member) -> None:
    first = said(refunder, "a")
    said(Member(cast.drafter, cast.drafter_key), "b", below=first, customer="c-2")
    assert [node.effective for node in traces.read(first.trace_id).nodes] == [Tier.EXECUTE, Tier.PROPOSE]


def test_a_case_says_for_whom_it_is_asked(cast: Cast, refunder: Member) -> None:
    translator = hired(cast, "Translator", shared=True)
    given = ticket(refunder, translator)
    asked = ask(translator.credential, refund("10.00", key="a", delegation=given.pk, uncertain=True))
    text = words(visitor(cast.ada).get(f"/escalations/{asked.body['escalation']['id']}/"))
    assert "Translator, for Refunder, asks" in text
    alone = ask(translator.credential, refund("10.00", key="b", customer="c-2", uncertain=True))
    assert "Translator asks" in words(visitor(cast.ada).get(f"/escalations/{alone.body['escalation']['id']}/"))
