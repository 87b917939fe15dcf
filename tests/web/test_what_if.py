"""The council asks what the rule would answer if something stood otherwise; nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from governance import narrow, permit, register
from governance.models import Action, Budget, Decision, LedgerEntry, Permission
from governance.policy.decision import decide
from governance.policy.evidence import Kind, Signal
from governance.policy.tiers import Level, Tier
from reviews import whatif
from tests.cast import BY, Cast
from tests.reviews.scene import Scene
from tests.web.reading import visitor, words


def asked(cast: Cast, kind: str = "bench.refund", who: Any = None, **changes: str) -> Any:
    sent = {"agent": str(cast.refunder.pk), "type": kind, **changes}
    return visitor(who or cast.mary).get("/what-if/", sent)


def test_the_form_begins_with_agents_and_types(cast: Cast) -> None:
    response = visitor(cast.mary).get("/what-if/")
    assert response.status_code == 200
    assert "Drafter Refunder" in words(response)
    assert "As supposed" not in words(response)


def test_it_is_filled_with_what_stands(cast: Cast) -> None:
    response = asked(cast)
    source, text = response.content.decode(), words(response)
    assert 'name="amount" value="500.00"' in source
    assert '<option value="L2" selected>' in source
    assert "Project Refunds" in text
    assert text.count("The answer is execute at medium risk, bound by project Refunds: ceiling EXECUTE") == 2


def test_a_lower_ceiling_is_answered_beside_the_present(cast: Cast) -> None:
    narrow.set_ceiling(cast.refunds, ceiling=Tier.PROPOSE, by=BY)
    text = words(asked(cast, ceiling_2="EXECUTE"))
    then, _, now = text.partition("As it stands The answer is")
    assert "The answer is execute" in then
    assert now.startswith(" escalate")
    assert "The ceiling of project Refunds must be EXECUTE." in now


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"amount": "500.01"}, "The amount must be at most $500.00."),
        ({"amount": ""}, "The amount must be known, and at most $500.00."),
        ({"level": "L1"}, "The agent must hold level L2 for this action type."),
        ({"level": "none"}, "The agent must hold a permission for this action type, at level L2."),
        ({"signal_contract": "red"}, "The evidence of contract must be green."),
        ({"ceiling_0": "PROPOSE"}, "The ceiling of enterprise Acme must be EXECUTE."),
        ({"ceiling_3": "OBSERVE"}, "The agent Refunder must be allowed to reach EXECUTE."),
    ],
    ids=str,
)
def test_what_is_supposed_says_what_would_have_to_change(cast: Cast, changes: dict[str, str], answer: str) -> None:
    then, _, now = words(asked(cast, **changes)).partition("As it stands The answer is")
    assert answer in then
    assert answer not in now


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        ({"amount": "much"}, "amount", "An amount of money has plain digits"),
        ({"amount": "-1.00"}, "amount", "An amount of money has plain digits"),
        ({"level": "L9"}, "level", "Choose one of the listed words."),
        ({"ceiling_1": "HALT"}, "ceiling_1", "Choose one of the listed words."),
        ({"signal_velocity": "pink"}, "signal_velocity", "Choose one of the listed words."),
        ({"type": "no.such"}, "type", "There is no such action type."),
        ({"agent": "Refunder"}, "agent", "Choose an agent."),
        ({"agent": "00000000-0000-4000-8000-000000000000"}, "agent", "There is no such agent with a key that lives"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_at_its_field(cast: Cast, changes: dict[str, str], name: str, sentence: str) -> None:
    response = visitor(cast.mary).get("/what-if/", {"agent": str(cast.refunder.pk), "type": "bench.refund"} | changes)
    source = response.content.decode()
    assert response.status_code == 422
    assert f'aria-describedby="{name}-error"' in source
    assert sentence in words(response)
    assert "As supposed" not in words(response)


def test_an_agent_without_a_live_key_could_not_ask(cast: Cast) -> None:
    register.revoke_key(cast.refunder.keys.get(), by=BY)
    assert asked(cast).status_code == 422
    assert "Refunder" not in words(visitor(cast.mary).get("/what-if/"))
    register.revoke_key(cast.drafter.keys.get(), by=BY)
    assert "No agent has a live key." in words(visitor(cast.mary).get("/what-if/"))


def test_nothing_is_stored(cast: Cast) -> None:
    models = (Action, Decision, Budget, LedgerEntry, Permission)
    before = [model._default_manager.count() for model in models]
    asked(cast, level="L0", ceiling_0="OBSERVE", amount="10.00")
    assert [model._default_manager.count() for model in models] == before
    assert cast.refunder.permissions.get(action_type=cast.refund).level == Level.L2


@pytest.mark.parametrize("kind", ["bench.refund", "shop.refund"])
def test_supposing_what_stands_changes_nothing(scene: Scene, kind: str) -> None:
    stands = whatif.present(scene.cast.refunder.pk, kind)
    assert whatif.changed(stands.inputs, whatif.standing(stands)) == stands.inputs


def test_what_stands_is_answered_as_the_agent_is(scene: Scene) -> None:
    told = decide(whatif.present(scene.cast.refunder.pk, "shop.refund").inputs)
    answer = scene.ask("500.00").body
    assert (answer["outcome"], answer["bound_by"]) == (told.outcome.value, told.bound_by)
    permit.revoke(Permission.objects.get(agent=scene.cast.refunder, action_type=scene.refund), by=BY)
    told = decide(whatif.present(scene.cast.refunder.pk, "shop.refund").inputs)
    assert (told.outcome.value, told.effective) == ("refuse", Tier.HALT)


def test_complete_facts_are_supposed_to_be_read_first_and_agree(scene: Scene) -> None:
    stands = whatif.present(scene.cast.refunder.pk, "shop.refund")
    assert stands.signals[Kind.COMPLETENESS] is Signal.UNKNOWN
    text = words(asked(scene.cast, "shop.refund", signal_completeness="green"))
    assert "As supposed The answer is execute" in text


def test_only_the_council_asks(cast: Cast) -> None:
    for person in (cast.ada, cast.edith, cast.mallory):
        assert asked(cast, who=person).status_code == 403
    assert asked(cast, who=cast.joan).status_code == 200


def test_the_tree_leads_the_council_here(cast: Cast) -> None:
    assert 'href="/what-if/"' in visitor(cast.mary).get("/authority/").content.decode()
    assert 'href="/what-if/"' not in visitor(cast.edith).get("/authority/").content.decode()
