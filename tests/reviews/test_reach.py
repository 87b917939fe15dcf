"""Who and what stands far above an action reaches its case: eight agents deep, and from two domains."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance import catalogue, halt, narrow, permit, register
from governance.locks import database_now
from governance.models import Agent, Reservation, ScopeKind
from governance.policy.tiers import Level, Tier
from governance.problems import Code, Problem
from reviews.cases import due_at, halted_since, halts_over
from tests.cast import BY
from tests.reviews.scene import REFUND, Scene

EIGHT = ("Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth")


def deepest(scene: Scene) -> str:
    """The key of the last of eight agents, each below the one before, Refunder and Drafter first."""
    parent = Agent.objects.get(pk=scene.cast.drafter.pk)
    for name in EIGHT:
        parent = register.register_agent(
            name=name, owner=scene.cast.mary, project=scene.cast.refunds, parent=parent, by=BY
        )
        permit.set_level(parent, scene.refund, level=Level.L0, by=BY)
    return register.issue_key(parent, by=BY)


def test_the_topmost_of_eight_agents_reaches_the_case_of_the_last(scene: Scene) -> None:
    case = scene.case(key=deepest(scene))
    halt.halt("agent", str(scene.cast.refunder.pk), reason="test", by=BY)
    assert halts_over(case.action_id) == [f"agent {scene.cast.refunder.pk}"]
    assert due_at(case, database_now()) > case.deadline


def test_who_answers_for_the_topmost_of_eight_agents_judges_none_of_them(scene: Scene) -> None:
    case = scene.case(key=deepest(scene))
    register.change_agent(Agent.objects.get(pk=scene.cast.refunder.pk), owner=scene.cast.ada, by=BY)
    with pytest.raises(Problem) as problem:
        scene.take(case)
    assert problem.value.code is Code.OWN_AGENT


def test_an_approval_counts_for_the_topmost_of_eight_agents(scene: Scene) -> None:
    caps = [{"key": "root", "money": "1000.00", "window": "24h"}]
    catalogue.save_action_type({**REFUND, "caps": caps}, domain=scene.cast.service, by=BY)
    scene.approve(scene.case(key=deepest(scene)))
    assert Reservation.objects.get().budgets == [f"root:{scene.cast.refunder.pk}|shop.refund|money|86400"]


@pytest.mark.parametrize("halted", ["service", "logistics"])
def test_a_halt_of_the_agents_domain_and_one_of_the_types_domain_reach_the_case(scene: Scene, halted: str) -> None:
    case = scene.case()
    logistics = narrow.create_scope(
        key="logistics", name="Logistics", kind=ScopeKind.DOMAIN, parent=scene.cast.acme, ceiling=Tier.EXECUTE, by=BY
    )
    catalogue.save_action_type(REFUND, domain=logistics, by=BY)
    halt.halt("domain", halted, reason="test", by=BY)
    assert halts_over(case.action_id) == [f"domain {halted}"]


def test_halts_are_named_oldest_first_and_a_lifted_one_not_at_all(scene: Scene) -> None:
    case = scene.case()
    halt.halt("project", "refunds", reason="test", by=BY)
    halt.lift(halt.halt("domain", "service", reason="test", by=BY), by=BY)
    halt.halt("enterprise", "acme", reason="test", by=BY)
    halt.halt("action_type", "bench.refund", reason="elsewhere", by=BY)
    assert halts_over(case.action_id) == ["project refunds", "enterprise acme"]


def test_a_halt_declared_at_the_very_moment_of_the_approval_counts(scene: Scene) -> None:
    action = scene.case().action_id
    moment = halt.halt("enterprise", "acme", reason="test", by=BY).halted_at
    assert halted_since(action, moment)
    assert not halted_since(action, moment + timedelta(microseconds=1))
