"""The council asks what the rule would answer if something stood otherwise; nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from governance import catalogue, narrow, permit, register, rule_on
from governance.engines import chosen
from governance.engines.children import Children
from governance.models import Permission
from governance.models.agents import AgentState
from governance.policy.decision import decide
from governance.policy.evidence import Kind, Signal
from governance.policy.tiers import Level, Tier
from reviews import whatif
from tests.cast import BENCH_REFUND, BY, Cast
from tests.governance.policies.rego import children
from tests.governance.policies.test_policies import active
from tests.governance.policies.test_policy_command import LIMIT
from tests.reviews.rails import railed
from tests.reviews.scene import Scene
from tests.web.reading import visitor, words

__all__ = ["children"]


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
        ({"agent": "00000000-0000-4000-8000-000000000000"}, "agent", "There is no such active agent"),
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


def test_it_says_who_would_get_the_case_by_the_rule_of_the_case_page(scene: Scene) -> None:
    cast = scene.cast
    over = {"amount": "600.00", "level": "L2"}
    then, _, now = words(asked(cast, "shop.express", **over)).partition("As it stands The answer is")
    assert "grace 3 yes ada 1 no: The risk is beyond their mandate." in then
    assert "Who would get this case" not in now, "it would be none"
    register.change_agent(cast.refunder, owner=cast.grace, by=BY)
    document = {**scene.express.document, "four_eyes": {"stages": [{"rank": 2}, {"rank": 3}]}}
    catalogue.save_action_type(document, domain=cast.service, by=BY)
    text = words(asked(cast, "shop.express", **over))
    assert "ada 1 no: Their rank is too low. grace 3 no: They answer for this agent." in text, text


def test_an_agent_without_a_key_is_asked_about_like_any_other(cast: Cast) -> None:
    before = words(asked(cast))
    for key in (*cast.refunder.keys.all(), *cast.drafter.keys.all()):
        register.revoke_key(key, by=BY)
    assert words(asked(cast)) == before
    assert "Drafter Refunder" in words(visitor(cast.mary).get("/what-if/"))


def test_what_a_type_requires_to_know_of_its_agent_is_supposed_in_one_field_each(cast: Cast) -> None:
    document = {**BENCH_REFUND, "key": "bench.merge", "family": "bench.merge"}
    document |= {"evidence": ["contract", "novelty", "error_rate", "uncertainty"]}
    merge = catalogue.save_action_type(document, domain=cast.service, by=BY)
    permit.set_level(cast.refunder, merge, level=Level.L2, by=BY)
    known = {"novelty": "green", "error_rate": "green"}
    for changes, answer in (
        ({"novelty": "green"}, "The reviewed error rate of this agent must be within its limit."),
        (known, "The answer is execute"),
        ({**known, "signal_uncertainty": "amber"}, "The agent must be certain of it."),
    ):
        then, _, now = words(asked(cast, "bench.merge", **changes)).partition("As it stands The answer is")
        assert answer in then.partition("As supposed")[2]
        assert now.startswith(" escalate")
    assert 'name="signal_error_rate"' not in asked(cast, "bench.merge").content.decode()


def test_an_agent_that_is_not_active_is_not_asked_about(cast: Cast) -> None:
    register.change_agent(cast.refunder, state=AgentState.RETIRED, by=BY)
    assert asked(cast).status_code == 422
    assert "Refunder" not in words(visitor(cast.mary).get("/what-if/"))
    register.change_agent(cast.drafter, state=AgentState.SUSPENDED, by=BY)
    assert "No agent is active." in words(visitor(cast.mary).get("/what-if/"))


def test_no_page_shows_a_key(cast: Cast) -> None:
    source = asked(cast).content.decode()
    for key in cast.refunder.keys.all():
        assert key.prefix not in source
        assert bytes(key.digest).hex() not in source


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"standing": "PROPOSE"}, "The standing of this agent for this action type must be EXECUTE."),
        ({"policy": "PROPOSE"}, "Policy must allow EXECUTE."),
        ({"policy_answers": "unavailable"}, "The policy that governs this action type must answer again."),
        ({"facts": "differ"}, "The fact record must agree."),
        ({"facts": "unreachable"}, "The fact record must agree."),
        ({"novelty": "amber"}, "The input must be like what this agent has handled before."),
        ({"error_rate": "unknown"}, "The reviewed error rate of this agent must be within its limit."),
        ({"currency": "without a rate"}, "The amount must have a rate in the reference currency."),
    ],
    ids=str,
)
def test_every_circumstance_can_be_supposed(cast: Cast, changes: dict[str, str], answer: str) -> None:
    then, _, now = words(asked(cast, **changes)).partition("As it stands The answer is")
    assert answer in then
    assert answer not in now


def test_the_facts_of_the_binding_are_supposed_by_their_names(scene: Scene) -> None:
    assert "As supposed The answer is execute" in words(asked(scene.cast, "shop.refund", facts="agree"))
    differs = words(asked(scene.cast, "shop.express", facts="differ"))
    assert "The fact paid must agree." in differs
    assert "As supposed The answer is escalate" in differs


def test_a_stated_confidence_is_supposed(cast: Cast) -> None:
    catalogue.save_action_type({**BENCH_REFUND, "confidence": "0.9"}, domain=cast.service, by=BY)
    assert "As supposed The answer is execute" in words(asked(cast, confidence="0.95"))
    assert "The agent must state a confidence of at least 0.9." in words(asked(cast, confidence="0.5"))
    assert asked(cast, confidence="much").status_code == 422


def test_the_guardrail_is_supposed_with_its_policy_and_its_count(cast: Cast) -> None:
    assert "in the guardrail's window" not in words(asked(cast))
    railed(cast, thresholds={"amount": "150.00"})
    granted = words(asked(cast, policy_grants="grants"))
    assert "As supposed The answer is execute at high risk" in granted
    full = words(asked(cast, policy_grants="grants", guardrail_used="3"))
    assert "The guardrail of 3 grants in 24 hours must have room again" in full
    assert "Grants in the guardrail's window" in full
    assert "A policy that covers this action type must grant it." in words(asked(cast))


def test_policy_is_asked_of_what_is_supposed_unless_its_answer_is(
    cast: Cast, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen, "engine", lambda: children)
    monkeypatch.setattr(rule_on, "BUDGET_SECONDS", 5.0)
    active(cast, rego=LIMIT)
    told = words(asked(cast, amount="30.00"))
    assert "As supposed The answer is execute" in told
    assert "As it stands The answer is escalate at medium risk, bound by policy tests v1: PROPOSE" in told
    assert "As supposed The answer is execute" in words(asked(cast, policy="EXECUTE"))
    assert "bound by policy tests v1: PROPOSE" in words(asked(cast, amount="30.01")).partition("As it stands")[0]


def test_nothing_is_stored(cast: Cast) -> None:
    def written() -> list[tuple[int, int, int]]:
        with connection.cursor() as cursor:
            cursor.execute("select relid, n_tup_ins, n_tup_upd + n_tup_del from pg_stat_xact_user_tables order by 1")
            return [each for each in cursor.fetchall() if each[0] not in sessions]

    with connection.cursor() as cursor:
        cursor.execute("select 'governance_session'::regclass::oid::bigint, 'auth_user'::regclass::oid::bigint")
        sessions = {*cursor.fetchone()}
    before = written()
    asked(cast, level="L0", ceiling_0="OBSERVE", amount="10.00", standing="PROPOSE", facts="differ", novelty="red")
    assert written() == before
    assert cast.refunder.permissions.get(action_type=cast.refund).level == Level.L2


@pytest.mark.parametrize("kind", ["bench.refund", "shop.refund"])
def test_supposing_what_stands_changes_nothing(scene: Scene, kind: str) -> None:
    stands = whatif.present(scene.cast.refunder.pk, kind)
    assert whatif.changed(stands, whatif.standing(stands)) == stands.inputs


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
