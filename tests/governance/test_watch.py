"""Who may report the health of what, and that nobody reports on what they use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import pytest

from governance import catalogue, permit, register
from governance.authenticate import Caller
from governance.models import Agent, AgentState, LedgerEntry, ToolReading, ToolSignal, Watch
from governance.policy.tiers import Level
from governance.problems import Code, Problem
from governance.signals import Answered, Outcome, take_signal
from governance.watch import end_watch, set_watch, subjects
from tests.cast import BENCH_REFUND, BY, Cast
from tests.reviews.scene import entries
from tests.support.fixtures import Committed


@pytest.fixture
def gateway(cast: Cast) -> Agent:
    """A gateway that uses nothing."""
    return register.register_agent(name="Gateway", owner=cast.joan, project=cast.refunds, by=BY)


def refused(act: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as raised:
        act()
    return raised.value


def test_a_watch_is_set_changed_and_ended_with_one_entry_each(cast: Cast, gateway: Agent) -> None:
    watch = set_watch(gateway, "refund_api", heartbeat_seconds=60, by=cast.mary)
    set_watch(gateway, "refund_api", heartbeat_seconds=60, by=cast.mary)
    assert set_watch(gateway, "refund_api", by=cast.mary).pk == watch.pk
    assert [(entry["from"], entry["to"]) for entry in entries("watch_set")] == [(None, 60), (60, None)]
    end_watch(watch, by=cast.joan)
    assert entries("watch_ended") == [{"watch": watch.pk, "agent": str(gateway.pk), "tool": "refund_api"}]
    assert refused(lambda: end_watch(watch, by=cast.joan)).code is Code.WRONG_STATE


@pytest.mark.parametrize("who", ["ada", "edith", "mallory", "sudo"])
def test_only_the_council_says_who_watches(cast: Cast, gateway: Agent, who: str) -> None:
    watch = set_watch(gateway, "refund_api", by=BY)
    person = getattr(cast, who)
    assert refused(lambda: set_watch(gateway, "connector:records", by=person)).code is Code.FORBIDDEN
    assert refused(lambda: end_watch(watch, by=person)).code is Code.FORBIDDEN
    assert Watch.objects.count() == 1


def test_what_can_be_watched_is_what_the_catalogue_needs(cast: Cast, gateway: Agent) -> None:
    assert {"refund_api", "connector:records"} <= set(subjects())
    for tool in ("nothing", "connector:nothing", "records", ""):
        assert [at for at, _ in refused(partial(set_watch, gateway, tool, by=BY)).fields] == ["/tool"]


@pytest.mark.parametrize("seconds", [-1, 0, 9, 86_401])
def test_an_impossible_heartbeat_is_refused(cast: Cast, gateway: Agent, seconds: int) -> None:
    problem = refused(lambda: set_watch(gateway, "refund_api", heartbeat_seconds=seconds, by=BY))
    assert [at for at, _ in problem.fields] == ["/heartbeat_seconds"]


def test_a_retired_agent_watches_nothing(cast: Cast, gateway: Agent) -> None:
    register.change_agent(gateway, state=AgentState.RETIRED, by=BY)
    assert refused(lambda: set_watch(gateway, "refund_api", by=BY)).code is Code.WRONG_STATE


@pytest.mark.parametrize("tool", ["refund_api", "connector:records"])
@pytest.mark.parametrize("who", ["refunder", "drafter"])
def test_no_agent_watches_what_it_uses(cast: Cast, who: str, tool: str) -> None:
    problem = refused(lambda: set_watch(getattr(cast, who), tool, by=BY))
    assert (problem.code, "watch" in problem.detail or "reports" in problem.detail) == (Code.WRONG_STATE, True)
    assert not Watch.objects.exists()


def test_no_agent_watches_what_one_above_or_below_it_uses(cast: Cast, gateway: Agent) -> None:
    below = register.register_agent(name="Below", owner=cast.joan, project=cast.refunds, parent=cast.drafter, by=BY)
    assert refused(lambda: set_watch(below, "refund_api", by=BY)).code is Code.WRONG_STATE
    child = register.register_agent(name="Child", owner=cast.joan, project=cast.refunds, parent=gateway, by=BY)
    permit.set_level(child, cast.refund, level=Level.L0, by=BY)
    assert refused(lambda: set_watch(gateway, "refund_api", by=BY)).code is Code.WRONG_STATE


@pytest.mark.parametrize("watched", ["refund_api", "connector:records"])
def test_no_watcher_is_permitted_what_it_watches(cast: Cast, gateway: Agent, watched: str) -> None:
    set_watch(gateway, watched, by=BY)
    used, free = (cast.refund, cast.cancel) if watched == "refund_api" else (cast.cancel, cast.refund)
    before = LedgerEntry.objects.count()
    assert refused(lambda: permit.set_level(gateway, used, level=Level.L0, by=BY)).code is Code.WRONG_STATE
    assert LedgerEntry.objects.count() == before
    permit.set_level(gateway, free, level=Level.L0, by=BY)


def test_no_edit_of_the_catalogue_makes_a_watcher_a_user(cast: Cast, gateway: Agent) -> None:
    other = {**BENCH_REFUND, "key": "bench.other", "tool": "other_api"}
    permit.set_level(gateway, catalogue.save_action_type(other, domain=cast.service, by=BY), level=Level.L0, by=BY)
    set_watch(gateway, "refund_api", by=BY)
    moved: Any = {**other, "tool": "refund_api"}
    edit = refused(lambda: catalogue.save_action_type(moved, domain=cast.service, by=BY))
    assert edit.code is Code.WRONG_STATE
    set_watch(gateway, "connector:records", by=BY)
    binding = {
        "action_type": "bench.other",
        "connector": "records",
        "record": {"table": "shop.orders", "by": {"record_id": "order"}},
        "values": {"state": "status"},
        "facts": [{"name": "state", "value": "state", "compare": "one_of", "options": ["delivered"]}],
    }
    assert refused(lambda: catalogue.save_binding(binding, by=BY)).code is Code.WRONG_STATE


def test_a_watch_and_its_signals_are_governed(committed: Committed, committed_cast: Cast) -> None:
    """No watch without an entry, no signal that is changed, and no direct way round the independence of evidence."""
    gateway = register.register_agent(name="Gateway", owner=committed_cast.joan, project=committed_cast.refunds, by=BY)
    row = "insert into governance_watch (agent_id, tool, set_at) values (%s, %s, now())"
    with committed.connect(role="owner") as owner:
        for agent, state in ((gateway.pk, "PL011"), (committed_cast.refunder.pk, "PL020")):
            with pytest.raises(psycopg.Error) as raised:
                owner.execute(row.encode(), [agent, "refund_api"])
            assert raised.value.sqlstate == state
        with pytest.raises(psycopg.Error) as changed:
            owner.execute(b"update governance_toolsignal set good = good where false")
        assert changed.value.sqlstate == "PL010"
    assert not ToolSignal.objects.exists()


def test_a_watcher_that_came_to_use_the_tool_is_not_heard(committed: Committed, committed_cast: Cast) -> None:
    """The guard of the database does not let it happen; where it was off, the call looks again."""
    cast = committed_cast
    gateway = register.register_agent(name="Gateway", owner=cast.joan, project=cast.refunds, by=BY)
    set_watch(gateway, "refund_api", by=BY)
    send = partial(
        take_signal,
        caller=Caller(gateway.pk, gateway.name, b""),
        tool="refund_api",
        outcomes=[Outcome(Answered.UP)],
        body_hash=b"x",
    )
    send(idempotency_key="one")
    with committed.connect(role="owner") as owner:
        owner.execute(b"alter table governance_permission disable trigger independent")
    permit.set_level(gateway, cast.refund, level=Level.L0, by=BY)
    assert refused(lambda: send(idempotency_key="two")).code is Code.FORBIDDEN
    assert ToolReading.objects.count() == 1
