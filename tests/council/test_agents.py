from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User

from governance.authenticate import KEY, Credential, hash_key, identify
from governance.models import Agent, AgentKey, LedgerEntry, Permission
from governance.policy.tiers import Level, Tier
from governance.record import Event
from tests.cast import Cast
from tests.council.conftest import Desk, errors
from tests.governance.asking import entries
from tests.governance.family import caller_of, ticket

_PACE = {"requests_per_minute": 600}


def new_agent(cast: Cast, **changes: object) -> dict[str, object]:
    return {"name": "Helper", "owner": cast.mary.pk, "project": cast.refunds.pk, "max_tier": 2, **_PACE, **changes}


def test_an_agent_is_registered_at_propose_through_the_verb(cast: Cast, desk: Desk) -> None:
    form = desk.open("governance/agent/add/").context["adminform"].form
    assert form["max_tier"].value() == Tier.PROPOSE
    assert "state" not in form.fields
    assert desk.send("governance/agent/add/", new_agent(cast)).status_code == 302
    entry = entries(Event.AGENT_REGISTERED)[-1]
    assert (entry["name"], entry["widening"], entry["actor"]) == ("Helper", False, "user:mary")


def test_starting_higher_in_the_form_is_ledgered_as_a_widening(cast: Cast, desk: Desk) -> None:
    assert desk.send("governance/agent/add/", new_agent(cast, max_tier=3)).status_code == 302
    assert entries(Event.AGENT_REGISTERED)[-1]["widening"] is True


def test_a_sub_agent_above_its_parent_comes_back_as_an_error(cast: Cast, desk: Desk) -> None:
    answer = desk.send("governance/agent/add/", new_agent(cast, parent=cast.drafter.pk, max_tier=3))
    assert "cannot stand above its parent" in errors(answer)
    assert not Agent.objects.filter(name="Helper").exists()


def test_lowering_an_agent_in_the_form_lowers_its_sub_agents(cast: Cast, desk: Desk) -> None:
    answer = desk.save(f"governance/agent/{cast.refunder.pk}/change/", max_tier=1)
    assert answer.status_code == 302
    assert Agent.objects.get(pk=cast.drafter.pk).max_tier == Tier.OBSERVE


def test_a_refused_change_leaves_what_was_typed_on_the_page(cast: Cast, desk: Desk) -> None:
    answer = desk.save(f"governance/agent/{cast.drafter.pk}/change/", name="Refunder.", max_tier=4)
    assert "cannot stand above its parent" in errors(answer)
    assert answer.context["adminform"].form["name"].value() == "Refunder."
    assert Agent.objects.get(pk=cast.drafter.pk).name == "Drafter"


def test_a_name_with_markup_or_a_letter_from_elsewhere_is_refused(cast: Cast, desk: Desk) -> None:
    for name in ("<b>Helper</b>", "Helper\u202e", "H\u0435lper"):
        assert "A name has" in errors(desk.send("governance/agent/add/", new_agent(cast, name=name)))


def test_the_council_says_how_often_an_agent_may_ask(cast: Cast, desk: Desk) -> None:
    assert desk.save(f"governance/agent/{cast.drafter.pk}/change/", requests_per_minute=30).status_code == 302
    assert Agent.objects.get(pk=cast.drafter.pk).requests_per_minute == 30
    entry = entries(Event.AGENT_CHANGED)[-1]
    assert (entry["changes"], entry["widening"]) == ({"requests_per_minute": [60_000, 30]}, False)
    answer = desk.save(f"governance/agent/{cast.drafter.pk}/change/", requests_per_minute=60_001)
    assert "1 to 60,000 times a minute" in errors(answer)


def test_a_key_is_shown_once_and_never_again(cast: Cast, desk: Desk) -> None:
    answer = desk.send("governance/agentkey/add/", {"agent": cast.drafter.pk, "expires_at_0": "", "expires_at_1": ""})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    found = KEY.search(answer.content.decode())
    assert found is not None
    caller = identify(Credential(hash_key(found[0])))
    assert caller is not None
    assert caller.name == "Drafter"
    kept = [page.content.decode() for page in (desk.open("governance/agentkey/"), desk.open("governance/agent/"))]
    kept += [morsel.value for morsel in desk.browser.cookies.values()]
    kept += [bytes(entry.body).decode() for entry in LedgerEntry.objects.all()]
    row = AgentKey.objects.latest("pk")
    kept += [desk.open(f"governance/agentkey/{row.pk}/change/").content.decode()]
    secret = found[0].split("_", 2)[2]
    assert not any(secret in text for text in kept)
    assert bytes(row.digest).hex() not in "".join(kept)


def test_a_key_is_issued_from_the_list_of_agents_too(cast: Cast, desk: Desk) -> None:
    answer = desk.act("governance/agent/", "issue_key", cast.drafter.pk)
    assert KEY.search(answer.content.decode())
    before = AgentKey.objects.count()
    both = desk.act("governance/agent/", "issue_key", cast.drafter.pk, cast.refunder.pk)
    assert both.status_code == 302
    assert AgentKey.objects.count() == before


def test_keys_are_revoked_from_their_list(cast: Cast, desk: Desk) -> None:
    key = cast.refunder.keys.get()
    assert desk.act("governance/agentkey/", "revoke", key.pk).status_code == 302
    assert identify(Credential(hash_key(cast.refunder_key))) is None
    assert entries(Event.KEY_REVOKED)[-1]["actor"] == "user:mary"


def test_a_level_is_set_and_taken_through_the_verb(cast: Cast, desk: Desk) -> None:
    held = Permission.objects.get(agent=cast.drafter, action_type=cast.refund)
    path = f"governance/permission/{held.pk}/change/"
    assert desk.save(path, level=1, agent=cast.refunder.pk).status_code == 302
    held.refresh_from_db()
    assert (held.level, held.agent) == (Level.L1, cast.drafter)
    assert entries(Event.PERMISSION_SET)[-1]["widening"] is True
    assert desk.act("governance/permission/", "revoke", held.pk).status_code == 302
    assert not Permission.objects.filter(pk=held.pk).exists()


def test_a_second_permission_for_the_same_pair_is_an_error_not_a_new_level(cast: Cast, desk: Desk) -> None:
    fields = {"agent": cast.drafter.pk, "action_type": cast.refund.pk, "level": 3}
    assert "already exists" in errors(desk.send("governance/permission/add/", fields))
    assert Permission.objects.get(agent=cast.drafter, action_type=cast.refund).level == Level.L0


def test_an_auditor_sees_no_action_and_may_send_none(cast: Cast, sign_in: Callable[[User], Desk]) -> None:
    desk = sign_in(cast.edith)
    assert "issue_key" not in desk.open("governance/agent/").content.decode()
    assert desk.act("governance/agent/", "issue_key", cast.drafter.pk).status_code == 403
    assert desk.act("governance/agentkey/", "revoke", cast.refunder.keys.get().pk).status_code == 403


def test_the_list_of_agents_costs_the_same_for_three_agents_and_for_thirty(cast: Cast, desk: Desk) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from governance.register import register_agent

    with CaptureQueriesContext(connection) as few:
        desk.open("governance/agent/")
    for number in range(27):
        register_agent(
            name=f"Agent {number}", owner=cast.mary, project=cast.refunds, parent=cast.refunder, by=cast.mary
        )
    with CaptureQueriesContext(connection) as many:
        desk.open("governance/agent/")
    assert len(many) <= len(few)


def test_delegations_are_seen_and_ended_by_the_council_and_given_by_nobody_here(cast: Cast, desk: Desk) -> None:
    given = ticket(caller_of(cast.refunder_key), cast.drafter)
    listed = desk.open("governance/ticket/").content.decode()
    assert "Refunder" in listed
    assert "bench.refund" in listed
    assert desk.act("governance/ticket/", "end", given.pk).status_code == 302
    assert entries(Event.DELEGATION_ENDED)[-1]["actor"] == "user:mary"
    given.refresh_from_db()
    assert given.revoked_at is not None


def test_sharing_an_agent_in_the_form_is_ledgered_as_a_widening(cast: Cast, desk: Desk) -> None:
    assert desk.save(f"governance/agent/{cast.drafter.pk}/change/", shared="on").status_code == 302
    entry = entries(Event.AGENT_CHANGED)[-1]
    assert (entry["changes"], entry["widening"]) == ({"shared": [False, True]}, True)


def test_the_council_lowers_a_level_by_one_at_the_desk(cast: Cast, desk: Desk) -> None:
    held = Permission.objects.get(agent=cast.refunder, action_type=cast.refund)
    chosen = {"action": "lower_to_l1", "_selected_action": [str(held.pk)]}
    told = ("Refunder is at L1 for bench.refund", "Refunder stands at L1 for bench.refund")
    for sentence in told:
        page = desk.browser.post("/council/governance/permission/", chosen, follow=True)
        assert sentence in page.content.decode()
        held.refresh_from_db()
        assert held.level == Level.L1, "sent twice it lowers once"
    refused = desk.save(f"governance/permission/{held.pk}/change/", level="2")
    assert "Reviews lowered this level" in errors(refused)
