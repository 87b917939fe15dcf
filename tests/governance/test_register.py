from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from governance import locks, narrow, register
from governance.authenticate import Credential, hash_key, identify, new_key
from governance.models import Agent, AgentKey, AgentState, LedgerEntry, Scope, ScopeKind
from governance.policy.tiers import Tier
from governance.problems import Code
from governance.record import Event
from tests.cast import BY, Cast
from tests.governance.asking import entries, epoch, guarded, refused


def sub_agent(cast: Cast, name: str, parent: Agent, tier: Tier = Tier.PROPOSE) -> Agent:
    return register.register_agent(
        name=name, owner=cast.mary, project=cast.refunds, parent=parent, max_tier=tier, by=cast.mary
    )


def tiers(*agents: Agent) -> list[int]:
    return [Agent.objects.get(pk=agent.pk).max_tier for agent in agents]


def test_a_new_agent_starts_at_propose_without_key_and_without_permission(cast: Cast) -> None:
    agent = register.register_agent(name="Helper", owner=cast.mary, project=cast.refunds, by=cast.joan)
    assert (agent.max_tier, agent.state) == (Tier.PROPOSE, AgentState.ACTIVE)
    assert not agent.keys.exists()
    assert not agent.permissions.exists()
    entry = entries(Event.AGENT_REGISTERED)[-1]
    assert (entry["name"], entry["widening"], entry["actor"]) == ("Helper", False, "user:joan")


def test_starting_above_propose_is_ledgered_as_a_widening(cast: Cast) -> None:
    register.register_agent(name="Bold", owner=cast.mary, project=cast.refunds, max_tier=Tier.EXECUTE, by=cast.mary)
    entry = entries(Event.AGENT_REGISTERED)[-1]
    assert (entry["max_tier"], entry["widening"]) == (Tier.EXECUTE, True)


@pytest.mark.parametrize("who", ["ada", "edith", "mallory", "sudo"])
def test_only_the_council_registers_and_a_superuser_is_nobody(cast: Cast, who: str) -> None:
    with refused(Code.FORBIDDEN):
        register.register_agent(name="Mine", owner=cast.mary, project=cast.refunds, by=getattr(cast, who))
    with refused(Code.FORBIDDEN):
        register.change_agent(cast.drafter, max_tier=Tier.OBSERVE, by=getattr(cast, who))


def test_who_left_the_council_registers_nothing_more(cast: Cast) -> None:
    from governance.enrol import change_person

    change_person(cast.mary, active=False, by=cast.joan)
    with refused(Code.FORBIDDEN):
        register.register_agent(name="Mine", owner=cast.joan, project=cast.refunds, by=cast.mary)
    with refused(Code.FORBIDDEN):
        register.register_agent(name="Mine", owner=cast.joan, project=cast.refunds, by="user:mary")


@pytest.mark.parametrize("twin", ["refunder", "REFUNDER", "\uff32efunder", " Refunder "])
def test_a_name_is_taken_whatever_its_case_or_form(cast: Cast, twin: str) -> None:
    with refused(Code.INVALID):
        register.register_agent(name=twin, owner=cast.mary, project=cast.refunds, by=cast.mary)


@pytest.mark.parametrize("name", ["R\u0435funder", "Refunder\u202e", "<i>Refunder</i>", ""])
def test_a_name_that_could_mislead_a_reviewer_is_refused(cast: Cast, name: str) -> None:
    with refused(Code.INVALID) as problem:
        register.register_agent(name=name, owner=cast.mary, project=cast.refunds, by=cast.mary)
    assert problem.value.fields[0][0] == "/name"


@pytest.mark.parametrize("name", ["R\u0435funder", "Two  spaces", "Refunder\n", "refunder "])
def test_the_database_refuses_such_a_name_too(cast: Cast, name: str) -> None:
    with guarded("23514"):
        Agent.objects.filter(pk=cast.drafter.pk).update(name=name)


def test_the_database_refuses_a_twin_too(cast: Cast) -> None:
    with guarded("23505"):
        Agent.objects.filter(pk=cast.drafter.pk).update(name="REFUNDER")


def test_an_agent_belongs_to_a_project(cast: Cast) -> None:
    with refused(Code.INVALID):
        register.register_agent(name="Lost", owner=cast.mary, project=cast.service, by=cast.mary)


def test_a_sub_agent_cannot_stand_above_its_parent(cast: Cast) -> None:
    with refused(Code.ABOVE_PARENT) as problem:
        sub_agent(cast, "Climber", cast.refunder, Tier.COMMIT)
    assert problem.value.detail == "A sub-agent cannot stand above its parent."
    with refused(Code.ABOVE_PARENT):
        register.change_agent(cast.drafter, max_tier=Tier.COMMIT, by=cast.mary)


def test_neither_a_shell_nor_sql_lifts_a_sub_agent_above_its_parent(cast: Cast) -> None:
    with guarded("PL012"):
        Agent.objects.filter(pk=cast.drafter.pk).update(max_tier=Tier.COMMIT)
    with guarded("PL012"), connection.cursor() as cursor:
        cursor.execute("update governance_agent set max_tier = 4 where id = %s", [cast.drafter.pk])
    with guarded("PL012"), connection.cursor() as cursor:
        cursor.execute("update governance_agent set max_tier = 1 where id = %s", [cast.refunder.pk])


def test_lowering_an_agent_lowers_every_sub_agent_with_an_entry_each(cast: Cast) -> None:
    writer = sub_agent(cast, "Writer", cast.refunder, Tier.EXECUTE)
    clerk = sub_agent(cast, "Clerk", writer, Tier.EXECUTE)
    before = epoch()
    changed = register.change_agent(cast.refunder, max_tier=Tier.PROPOSE, by=cast.mary)
    assert [agent.name for agent in changed] == ["Refunder", "Writer", "Clerk"]
    assert tiers(cast.refunder, writer, clerk, cast.drafter) == [Tier.PROPOSE] * 4
    said = entries(Event.AGENT_CHANGED)
    assert [entry["agent"] for entry in said] == [str(agent.pk) for agent in (cast.refunder, writer, clerk)]
    assert said[1]["because"] == str(cast.refunder.pk)
    assert not any(entry["widening"] for entry in said)
    assert epoch() == before + 3


def test_raising_an_agent_again_raises_no_sub_agent(cast: Cast) -> None:
    writer = sub_agent(cast, "Writer", cast.refunder, Tier.EXECUTE)
    register.change_agent(cast.refunder, max_tier=Tier.OBSERVE, by=cast.mary)
    register.change_agent(cast.refunder, max_tier=Tier.EXECUTE, by=cast.mary)
    assert tiers(cast.refunder, writer, cast.drafter) == [Tier.EXECUTE, Tier.OBSERVE, Tier.OBSERVE]
    assert entries(Event.AGENT_CHANGED)[-1]["widening"] is True


def test_waking_moving_or_hastening_an_agent_is_a_widening_and_the_opposite_none(cast: Cast) -> None:
    """Who is moved leaves the halts and ceilings that stood above it."""
    other = narrow.create_scope(key="other", name="Other", kind=ScopeKind.PROJECT, parent=cast.service, by=BY)
    changes: list[tuple[dict[str, Any], bool]] = [
        ({"state": AgentState.SUSPENDED}, False),
        ({"state": AgentState.ACTIVE}, True),
        ({"project": other}, True),
        ({"requests_per_minute": 60}, False),
        ({"requests_per_minute": 61}, True),
        ({"name": "Renamed"}, False),
        ({"state": AgentState.RETIRED}, False),
    ]
    for change, widens in changes:
        register.change_agent(cast.refunder, by=cast.mary, **change)
        assert entries(Event.AGENT_CHANGED)[-1]["widening"] is widens, change


def test_a_chain_of_agents_has_no_ninth_link(cast: Cast) -> None:
    last = cast.refunder
    for number in range(7):
        last = sub_agent(cast, f"Link {number}", last)
    with refused(Code.ABOVE_PARENT):
        sub_agent(cast, "Link 8", last)


def test_a_chain_of_agents_has_no_cycle(cast: Cast) -> None:
    with guarded("PL012"):
        Agent.objects.filter(pk=cast.refunder.pk).update(parent=cast.drafter, max_tier=Tier.OBSERVE)


def test_a_retired_agent_stays_retired_and_gets_no_key(cast: Cast) -> None:
    register.change_agent(cast.drafter, state=AgentState.RETIRED, by=cast.mary)
    with refused(Code.WRONG_STATE):
        register.change_agent(cast.drafter, state=AgentState.ACTIVE, by=cast.mary)
    with refused(Code.WRONG_STATE):
        register.issue_key(cast.drafter, by=cast.mary)


def test_suspending_an_agent_reaches_decisions_under_way(cast: Cast) -> None:
    before = epoch()
    register.change_agent(cast.drafter, state=AgentState.SUSPENDED, by=cast.mary)
    assert epoch() > before


def test_changing_nothing_is_not_a_change(cast: Cast) -> None:
    count = LedgerEntry.objects.count()
    assert register.change_agent(cast.drafter, name="Drafter", max_tier=Tier.PROPOSE, by=cast.mary) == []
    assert LedgerEntry.objects.count() == count


def test_the_ledger_says_what_changed_from_what_to_what(cast: Cast) -> None:
    other = Scope.objects.get(key="refunds")
    register.change_agent(cast.drafter, name="Writer", owner=cast.joan, project=other, by=cast.mary)
    assert entries(Event.AGENT_CHANGED)[-1]["changes"] == {"name": ["Drafter", "Writer"], "owner": ["mary", "joan"]}


def test_of_a_key_only_its_hash_is_stored_anywhere(cast: Cast) -> None:
    key = register.issue_key(cast.drafter, by=cast.mary)
    secret = key.split("_", 2)[2]
    row = AgentKey.objects.latest("pk")
    assert bytes(row.digest) == hash_key(key)
    assert secret not in str(AgentKey.objects.values().get(pk=row.pk))
    assert all(secret.encode() not in bytes(entry.body) for entry in LedgerEntry.objects.all())


def test_a_key_lives_for_a_year_unless_told_otherwise(cast: Cast) -> None:
    now = locks.database_now()
    register.issue_key(cast.drafter, by=cast.mary)
    expires_at = AgentKey.objects.latest("pk").expires_at
    assert expires_at is not None
    assert now + timedelta(days=364) < expires_at < now + timedelta(days=366)
    with refused(Code.INVALID):
        register.issue_key(cast.drafter, by=cast.mary, expires_at=now - timedelta(seconds=1))
    with refused(Code.INVALID):
        register.issue_key(cast.drafter, by=cast.mary, expires_at=now + timedelta(days=36_600))


def test_a_key_identifies_its_agent_until_it_expires_by_the_clock_of_the_database(cast: Cast) -> None:
    keys = AgentKey.objects.filter(agent=cast.refunder)
    credential = Credential(hash_key(cast.refunder_key))
    now = locks.database_now()
    endless, prefix, digest = new_key()
    AgentKey.objects.create(agent=cast.refunder, prefix=prefix, digest=digest, created_at=now)
    assert identify(Credential(hash_key(endless))) is not None
    for expires_at, known in ((now + timedelta(minutes=1), True), (now, False)):
        keys.update(expires_at=expires_at)
        assert (identify(credential) is not None) is known


def test_the_owner_answers_for_the_keys_of_an_agent_and_nobody_else_without_a_seat(cast: Cast) -> None:
    register.change_agent(cast.drafter, owner=cast.ada, by=cast.mary)
    drafter = Agent.objects.get(pk=cast.drafter.pk)
    register.issue_key(drafter, by=cast.ada)
    register.revoke_key(drafter.keys.latest("pk"), by=cast.ada)
    with refused(Code.FORBIDDEN):
        register.issue_key(drafter, by=cast.grace)
    with refused(Code.FORBIDDEN):
        register.issue_key(cast.refunder, by=cast.ada)
    with refused(Code.FORBIDDEN):
        register.revoke_key(cast.refunder.keys.latest("pk"), by=cast.sudo)


def test_a_revoked_key_identifies_nobody_and_never_comes_back(cast: Cast) -> None:
    key = cast.refunder.keys.get()
    before = epoch()
    assert identify(Credential(hash_key(cast.refunder_key))) is not None
    register.revoke_key(key, by=cast.mary)
    assert identify(Credential(hash_key(cast.refunder_key))) is None
    assert epoch() > before
    with refused(Code.WRONG_STATE):
        register.revoke_key(key, by=cast.mary)
    with guarded("PL016"):
        AgentKey.objects.filter(pk=key.pk).update(revoked_at=None)


def test_a_key_never_moves_to_another_agent(cast: Cast) -> None:
    with guarded("PL016"):
        AgentKey.objects.filter(agent=cast.drafter).update(agent=cast.refunder)


def test_a_fingerprint_has_plain_characters(cast: Cast) -> None:
    with refused(Code.INVALID):
        register.change_agent(cast.drafter, fingerprint="a|b", by=BY)
