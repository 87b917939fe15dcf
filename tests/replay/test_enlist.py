from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from governance import catalogue, genesis, locks, permit
from governance.models import ActionType, Agent, AgentKey, Binding, LedgerEntry, Permission, Scope
from governance.policy.tiers import Level, Tier
from reviews.replay import enlist, run
from reviews.replay.folder import FolderError, read_folder
from reviews.replay.types import DEFAULT_CAPS, cap_document
from tests.cast import BY
from tests.replay.recorded import TOOLS, call, folder
from tests.support.fixtures import Committed

CAPS = [cap_document(each) for each in DEFAULT_CAPS]


def enlisted(at: Path, *calls: object) -> dict[str, Agent]:
    recorded = read_folder(folder(at, list(calls) or [call()]))  # type: ignore[arg-type]
    return enlist.enlist(recorded, enlist.describe_tools(recorded, caps=CAPS))


def rows() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in (Agent, Permission, ActionType, Scope, LedgerEntry)}


@pytest.fixture
def demo(db: None) -> None:
    genesis.genesis(demo=True, ceiling=Tier.EXECUTE)


@pytest.fixture
def real(db: None) -> None:
    genesis.genesis(ceiling=Tier.COMMIT)


@pytest.mark.usefixtures("demo")
def test_on_a_demo_instance_recorded_agents_stand_at_l2_under_execute(tmp_path: Path) -> None:
    agent = enlisted(tmp_path)["shop2/refunder"]
    assert (agent.name, agent.max_tier, agent.project.ceiling) == ("shop2 refunder", Tier.EXECUTE, Tier.EXECUTE)
    assert [each.level for each in agent.permissions.all()] == [Level.L2]
    document = ActionType.objects.get(key="shop2.refund").document
    assert (document["risk"], document["thresholds"], document["risk_reason"]) == (
        "medium", {"amount": "500.00"}, "replay",
    )  # fmt: skip
    assert document["caps"] == CAPS


@pytest.mark.usefixtures("real")
def test_elsewhere_recorded_agents_only_propose(tmp_path: Path) -> None:
    agent = enlisted(tmp_path)["shop2/refunder"]
    assert (agent.max_tier, agent.project.ceiling) == (Tier.PROPOSE, Tier.PROPOSE)
    assert [each.level for each in agent.permissions.all()] == [Level.L0]
    document = ActionType.objects.get(key="shop2.refund").document
    assert document["risk"] == "high"
    assert "caps" not in document


@pytest.mark.usefixtures("demo")
def test_enlisting_twice_changes_nothing(tmp_path: Path) -> None:
    enlisted(tmp_path)
    before = rows()
    enlisted(tmp_path)
    assert rows() == before


@pytest.mark.usefixtures("demo")
def test_a_level_that_people_lowered_is_not_raised_again(tmp_path: Path) -> None:
    agent = enlisted(tmp_path)["shop2/refunder"]
    permit.set_level(agent, ActionType.objects.get(key="shop2.refund"), level=Level.L0, by=BY)
    enlisted(tmp_path)
    assert agent.permissions.get().level == Level.L0


@pytest.mark.usefixtures("demo")
def test_a_type_that_the_council_wrote_is_not_written_over(tmp_path: Path) -> None:
    document = {"key": "shop2.refund", "class": "act", "risk": "high", "parameters": {"order_id": {"type": "id"}}}
    catalogue.save_action_type(document, domain=None, by=BY)
    enlisted(tmp_path)
    assert ActionType.objects.get(key="shop2.refund").document == document


@pytest.mark.usefixtures("demo")
def test_tools_that_our_catalogue_binds_are_taken_from_it(tmp_path: Path) -> None:
    recorded = call(
        domain="retail", tool="cancel_pending_order", arguments={"order_id": "#W1", "reason": "no longer needed"}
    )
    enlisted(tmp_path, recorded)
    assert Binding.objects.filter(action_type__key="retail.cancel_pending_order").exists()
    assert ActionType.objects.get(key="retail.cancel_pending_order").document["risk_reason"] != "replay"


@pytest.mark.usefixtures("demo")
def test_agents_whose_names_would_be_one_stay_two(tmp_path: Path) -> None:
    agents = enlisted(tmp_path, call(agent="a/b"), call(1, agent="A b"), call(2, agent="???"))
    assert len({agent.name.casefold() for agent in agents.values()}) == 3


@pytest.mark.usefixtures("demo")
def test_keys_live_for_one_run(tmp_path: Path) -> None:
    agents = enlisted(tmp_path)
    keys = enlist.issue_keys(agents)
    assert AgentKey.objects.filter(revoked_at=None).count() == 1
    enlist.revoke_keys(keys.values())
    assert not AgentKey.objects.filter(revoked_at=None).exists()


@pytest.mark.django_db
def test_before_genesis_there_is_a_sentence() -> None:
    with pytest.raises(FolderError, match="genesis first"):
        enlist.is_demo()


def test_two_replays_at_once_register_one_after_the_other(committed: Committed, tmp_path: Path) -> None:
    """A demo may still play its own part of the recorded runs when somebody replays them all."""
    genesis.genesis(demo=True, ceiling=Tier.EXECUTE)
    recorded = read_folder(
        folder(tmp_path, [call(number, tool=f"tool_{number}") for number in range(6)], tools=many(6))
    )
    plan = run.Plan(path=tmp_path, url="", caps=CAPS)
    together = threading.Barrier(2)

    def replay(_: int) -> int:
        together.wait()
        try:
            with locks.one_at_a_time(locks.ENLISTING):
                return len(run.prepare(recorded, plan, lambda said: None)[0])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(replay, range(2))) == [6, 6]
    assert Agent.objects.count() == 1
    assert ActionType.objects.filter(key__startswith="shop2.").count() == 6


def many(count: int) -> dict[str, Any]:
    return {"shop2": {f"tool_{number}": TOOLS["shop2"]["refund"] for number in range(count)}}
