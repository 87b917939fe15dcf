"""An agent registers another below itself: as low as a new agent starts, under its own name, and not without end."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from governance import gather, halt, permit, register, sub_agents
from governance.authenticate import Credential, hash_key, identify
from governance.models import Agent, AgentKey, AgentState, LedgerEntry, Permission
from governance.policy.tiers import Level, Tier
from governance.problems import Code
from governance.record import Event
from governance.sub_agents import Registered, register_sub_agent
from tests.cast import BY, Cast, cast
from tests.governance.asking import entries, refused
from tests.governance.family import Member, caller_of, hired

__all__ = ["cast"]


def registered(cast: Cast, name: str = "drafter", *, key: str = "r-1", by: str = "", **more: object) -> Registered:
    given = {"action_types": ("bench.refund",), "request_hash": b"\x01" * 32, **more}
    caller = caller_of(by or cast.refunder_key)
    return register_sub_agent(caller=caller, name=name, request_key=key, **given)  # type: ignore[arg-type]


def test_a_sub_agent_starts_at_propose_and_l0_below_its_parent(cast: Cast) -> None:
    found = registered(cast, fingerprint="drafter-7")
    agent = Agent.objects.get(pk=found.agent.pk)
    assert (agent.name, agent.parent, agent.owner, agent.project) == (
        "Refunder.drafter", cast.refunder, cast.mary, cast.refunds,
    )  # fmt: skip
    assert (agent.max_tier, agent.state, agent.fingerprint, agent.shared) == (2, "active", "drafter-7", False)
    held = Permission.objects.get(agent=agent)
    assert (held.action_type, held.level) == (cast.refund, Level.L0)
    assert found.key is not None
    known = identify(Credential(hash_key(found.key)))
    assert known is not None
    assert known.agent == agent.pk


def test_it_never_starts_above_a_parent_that_only_observes(cast: Cast) -> None:
    register.change_agent(cast.refunder, max_tier=Tier.OBSERVE, by=BY)
    assert registered(cast).agent.max_tier == Tier.OBSERVE


def test_the_ledger_says_who_registered_whom_and_never_the_key(cast: Cast) -> None:
    before = LedgerEntry.objects.count()
    found = registered(cast)
    assert LedgerEntry.objects.count() == before + 1
    entry = entries(Event.AGENT_REGISTERED)[-1]
    assert (entry["actor"], entry["agent"]) == (f"agent:{cast.refunder.pk}", str(found.agent.pk))
    assert (entry["parent"], entry["action_types"]) == (str(cast.refunder.pk), ["bench.refund"])
    assert found.key is not None
    assert found.key.split("_", 2)[2] not in str(entry)
    assert entry["prefix"] == found.key.split("_")[1]


def test_the_key_is_given_once_and_a_twin_gets_the_same_agent(cast: Cast) -> None:
    first = registered(cast)
    assert first.key is not None
    assert gather.call(Credential(hash_key(first.key))) is not None
    again = registered(cast)
    assert (again.agent, again.action_types) == (first.agent, ("bench.refund",))
    assert (first.key is None, again.key) == (False, None)
    assert AgentKey.objects.filter(agent=first.agent).count() == 1


def test_a_twin_in_flight_is_told_to_ask_again_and_not_that_the_key_is_in_use(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = registered(cast)
    looks = iter([None])  # before the locks the twin saw no such agent, behind them it does
    look = sub_agents._unused
    monkeypatch.setattr(sub_agents, "_unused", lambda keys, agent: next(looks, look(keys, agent)))
    with refused(Code.IDEMPOTENCY_IN_FLIGHT) as told:
        registered(cast)
    assert told.value.retry_after == 1
    assert first.key is not None
    assert identify(Credential(hash_key(first.key))) is not None
    assert registered(cast).key is not None


def test_an_answer_that_was_lost_costs_no_agent_its_key(cast: Cast) -> None:
    lost, again = registered(cast), registered(cast)
    assert (again.agent, again.action_types) == (lost.agent, lost.action_types)
    assert lost.key is not None
    assert again.key is not None
    assert gather.call(Credential(hash_key(lost.key))) is None, "of two keys for one request the first is void"
    entry = entries(Event.KEY_ISSUED)[-1]
    assert (entry["agent"], entry["replaces"]) == (str(lost.agent.pk), AgentKey.objects.get(prefix=lost.key[4:12]).pk)
    assert again.key.split("_", 2)[2] not in str(entry)
    assert again.expires_at == lost.expires_at
    own = gather.call(Credential(hash_key(again.key)))
    assert own is not None
    assert registered(cast).key is None, "it was used: nobody gets another one"
    assert gather.call(Credential(hash_key(again.key))) == own


def test_nobody_repeats_a_request_for_the_key_of_an_agent_that_was_stopped_or_given_another(cast: Cast) -> None:
    found = registered(cast)
    other = register.issue_key(found.agent, by=BY)
    assert registered(cast).key is None
    register.revoke_key(AgentKey.objects.get(prefix=other[4:12]), by=BY)
    register.change_agent(found.agent, state=AgentState.SUSPENDED, by=BY)
    assert registered(cast).key is None
    register.change_agent(found.agent, state=AgentState.ACTIVE, by=BY)
    halt.halt("project", "refunds", reason="a test", by=BY)
    with refused(Code.HALTED):
        registered(cast)


def test_another_body_under_the_same_key_is_refused(cast: Cast) -> None:
    registered(cast)
    with refused(Code.IDEMPOTENCY_BODY_CHANGED):
        registered(cast, "other", request_hash=b"\x02" * 32)


def test_nobody_gives_a_permission_that_it_does_not_hold(cast: Cast) -> None:
    with refused(Code.FORBIDDEN) as caught:
        registered(cast, action_types=("bench.refund", "notice", "no.such.type"))
    assert [pointer for pointer, _ in caught.value.fields] == ["/action_types/1", "/action_types/2"]
    assert not Agent.objects.filter(name="Refunder.drafter").exists()


def test_a_key_that_is_given_on_ends_with_the_one_that_gave_it(cast: Cast) -> None:
    own = AgentKey.objects.get(agent=cast.refunder)
    found = registered(cast)
    assert own.expires_at is not None
    assert found.expires_at == own.expires_at
    short = register.issue_key(cast.refunder, by=BY, expires_at=own.created_at + dt.timedelta(hours=1))
    assert registered(cast, "second", key="r-2", by=short).expires_at == own.created_at + dt.timedelta(hours=1)


@pytest.mark.parametrize("name", ["Drafter", "two words", "-first", "", "x" * 33, "é", "a.b"])
def test_a_name_is_one_plain_word(cast: Cast, name: str) -> None:
    with refused(Code.INVALID):
        registered(cast, name)


def test_a_name_is_taken_once_below_one_parent(cast: Cast) -> None:
    registered(cast)
    with refused(Code.INVALID):
        registered(cast, key="r-2")


def test_who_is_suspended_or_halted_or_below_such_an_agent_registers_nobody(cast: Cast) -> None:
    stopped = halt.halt("project", "refunds", reason="a test", by=BY)
    with refused(Code.HALTED):
        registered(cast)
    halt.lift(stopped, by=BY)
    halt.halt("agent", str(cast.refunder.pk), reason="a test", by=BY)
    with refused(Code.HALTED):
        registered(cast, by=cast.drafter_key, action_types=())
    register.change_agent(cast.refunder, state=AgentState.SUSPENDED, by=BY)
    for key in (cast.refunder_key, cast.drafter_key):
        with refused(Code.FORBIDDEN):
            registered(cast, by=key, action_types=())


def test_below_one_root_there_are_sixty_four_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few stand for many. Drafter is the first; who is retired makes room; a grandchild counts as well."""
    monkeypatch.setattr(sub_agents, "MOST_BELOW", 3)
    first = registered(cast, "one", key="r-1")
    assert first.key is not None
    registered(cast, "two", key="r-2", by=first.key, action_types=())
    for key in (cast.refunder_key, first.key, cast.drafter_key):
        with refused(Code.FORBIDDEN):
            registered(cast, "three", key="r-3", by=key, action_types=())
    register.change_agent(cast.drafter, state=AgentState.RETIRED, by=BY)
    registered(cast, "three", key="r-3")


def test_the_eighth_of_a_chain_registers_nobody(cast: Cast) -> None:
    last = Member(cast.drafter, cast.drafter_key)
    for number in range(3, 9):
        last = hired(cast, f"Link {number}", parent=last.agent, tier=Tier.PROPOSE)
    with refused(Code.ABOVE_PARENT):
        registered(cast, by=last.key, action_types=())


def test_a_sub_agent_is_registered_under_the_lock_of_chains(cast: Cast) -> None:
    registered(cast)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where locktype = 'advisory' and objid = 8 and granted")
        assert cursor.fetchone()[0] >= 1


def test_a_permission_taken_from_the_parent_stops_the_child(cast: Cast) -> None:
    registered(cast)
    permit.revoke(Permission.objects.get(agent=cast.refunder, action_type=cast.refund), by=BY)
    with refused(Code.FORBIDDEN):
        registered(cast, "second", key="r-2")
