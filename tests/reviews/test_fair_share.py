"""A fair share of the queue: nobody fills it, and whoever tries loses what the machine let them do by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from governance import catalogue
from governance.latches import CASES
from governance.locks import database_now
from governance.models import Action, Standing
from governance.policy.tiers import Tier
from governance.problems import Problem
from reviews import rows, withdraw
from reviews.explained import Again, again
from reviews.models import Alert, Escalation
from reviews.standings import standings
from tests.cast import BY
from tests.reviews.racers import race_to_the_end
from tests.reviews.scene import Scene, entries, overdue
from tests.reviews.test_standing import passes
from tests.support.proof import PROVE

WRITERS = 64


@pytest.fixture
def four(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line may have four cases open, also in processes of their own; a customer as many as they like."""
    settings.PLACET_OPEN_CASES_PER_LINE = 4
    monkeypatch.setenv("PLACET_OPEN_CASES_PER_LINE", "4")


@pytest.fixture
def two_each(settings: Any) -> None:
    """A customer may have two cases open."""
    settings.PLACET_OPEN_CASES_PER_ENTITY = 2


def fill(scene: Scene, count: int = 4, **more: Any) -> list[UUID]:
    """As many cases, each of another customer; the actions."""
    return [UUID(scene.ask(order=f"W{number + 1}", **more).body["id"]) for number in range(count)]


def full(scene: Scene, **more: Any) -> Problem:
    """What somebody is told who asks for one case too many."""
    with pytest.raises(Problem) as refused:
        scene.ask(**{"order": "W50", **more})
    assert (refused.value.code.value, refused.value.status, refused.value.retry_after) == ("too_many_cases", 429, 60)
    return refused.value


def test_one_case_more_than_the_line_may_have_is_refused_and_nothing_of_it_is_written(
    committed_scene: Scene, four: None
) -> None:
    scene = committed_scene
    fill(scene)
    before = Action.objects.count()
    assert "as many open cases as they may" in full(scene, idempotency_key="late").detail
    assert (Action.objects.count(), Escalation.objects.count()) == (before, 4)
    # the key was used for nothing: once there is room it is asked with again
    for case in Escalation.objects.all()[:3]:
        overdue(case)
    assert scene.ask(order="W50", idempotency_key="late").body["outcome"] == "escalate"


def test_a_dry_run_says_that_the_line_is_full_and_costs_nobody_anything(committed_scene: Scene, four: None) -> None:
    scene = committed_scene
    fill(scene, 3)
    assert scene.ask(order="W4", run="same", dry_run=True).body["outcome"] == "escalate"
    scene.ask(order="W4", run="same")
    tried = full(scene, dry_run=True)
    assert not Standing.objects.exists()
    assert tried.detail == full(scene).detail
    assert scene.ask(order="W4", run="same", dry_run=True).body["outcome"] == "escalate", "it joins its case"
    # whoever filled the queue opens nothing before it is down to half
    overdue(Escalation.objects.all()[0])
    full(scene, dry_run=True)


def test_a_dry_run_knows_the_quota_of_a_customer(committed_scene: Scene, two_each: None) -> None:
    scene = committed_scene
    scene.ask("480.00", order="W1")
    scene.ask("470.00", order="W1")
    tried, real = (full(scene, amount="460.00", order="W1", dry_run=each) for each in (True, False))
    assert tried.detail == real.detail
    assert scene.ask("460.00", order="W2", dry_run=True).body["outcome"] == "escalate"


def test_a_sub_agent_draws_on_the_quota_of_its_line(committed_scene: Scene, four: None) -> None:
    scene = committed_scene
    fill(scene, 3)
    scene.ask(order="W10", key=scene.cast.drafter_key)
    assert {each.line_id for each in Escalation.objects.all()} == {scene.cast.refunder.pk}
    full(scene, key=scene.cast.drafter_key)
    # the standing falls of whoever filled it, whoever asked last
    assert Standing.objects.get(latch=CASES).agent == scene.cast.refunder
    assert entries("queue_filled")[-1]["agent"] == str(scene.cast.refunder.pk)


def test_what_joins_an_open_case_costs_nothing_and_frees_nobody(committed_scene: Scene, four: None) -> None:
    scene = committed_scene
    fill(scene, 3)
    scene.ask(order="W4", run="same")
    assert scene.ask(order="W4", run="same").body["escalation"]["joined"] is True
    full(scene)
    # a repeat opens no case, so it says nothing of how many are open
    assert scene.ask(order="W4", run="same").body["escalation"]["joined"] is True
    assert Standing.objects.get(latch=CASES).in_episode


def test_a_customer_has_a_quota_that_costs_nobody_their_standing(committed_scene: Scene, two_each: None) -> None:
    scene = committed_scene
    scene.ask("480.00", order="W1")
    scene.ask("470.00", order="W1")
    assert "about this record" in full(scene, amount="460.00", order="W1").detail
    assert not Standing.objects.exists()
    assert scene.ask("460.00", order="W2").body["outcome"] == "escalate"


def test_who_fills_the_queue_acts_no_longer_by_itself_until_half_is_decided(committed_scene: Scene, four: None) -> None:
    scene = committed_scene
    assert scene.ask("20.00", kind="shop.express", order="W20").body["outcome"] == "execute"
    filled = fill(scene)
    full(scene)
    full(scene)
    row = Standing.objects.get(latch=CASES)
    assert (row.strikes, row.in_episode, row.why) == (1, True, "flooding")
    assert len(entries("queue_filled")) == 1, "one entry for one episode"
    assert Alert.objects.filter(kind="red", agent=scene.cast.refunder, owner=scene.cast.refunder.owner).count() == 1
    # what it could do by itself is a case now, and there is no room for it before half of them are decided
    full(scene, amount="20.00", kind="shop.express", order="W21")
    for action in filled[:2]:
        withdraw.withdraw(action, caller=scene.refunder)
    full(scene, amount="20.00", kind="shop.express", order="W21")
    withdraw.withdraw(filled[2], caller=scene.refunder)
    answer = scene.ask("20.00", kind="shop.express", order="W21").body
    assert (answer["outcome"], answer["bound_by"]) == ("escalate", "standing of this agent: PROPOSE")
    (reason,) = answer["reasons"]
    assert reason["code"] == "flooding"
    assert reason["sentence"] == (
        "It filled the queue: the standing of this agent is PROPOSE until its open cases are down to half;"
        " the action needs EXECUTE."
    )
    found, told = again(rows.fetch("select * from governance_decision where action_id = %s", [UUID(answer["id"])])[0])
    assert found is Again.SAME
    assert told is not None
    (change,) = told.changes
    assert change.endswith("rise to EXECUTE: its open cases must be down to half, and then 15 minutes pass.")
    # that it found room ended the episode; the wait of every red begins
    row.refresh_from_db()
    assert not row.in_episode
    (held,) = standings(scene.cast.refunder.pk, {}, database_now())
    assert (held.about, held.tier, held.why) == (
        "Open cases", Tier.PROPOSE, "It had as many open cases as its line may have.",
    )  # fmt: skip
    passes(row, timedelta(minutes=15, seconds=1))
    withdraw.withdraw(UUID(answer["id"]), caller=scene.refunder)
    assert scene.ask("20.00", kind="shop.express", order="W22").body["outcome"] == "execute"


def test_where_a_line_may_have_one_case_it_opens_the_next_when_that_is_decided(
    committed_scene: Scene, settings: Any
) -> None:
    settings.PLACET_OPEN_CASES_PER_LINE = 1
    (first,) = fill(committed_scene, 1)
    full(committed_scene)
    withdraw.withdraw(first, caller=committed_scene.refunder)
    assert committed_scene.ask(order="W2").body["outcome"] == "escalate"
    assert not Standing.objects.get(latch=CASES).in_episode


def test_a_case_whose_time_is_over_holds_no_place(committed_scene: Scene, four: None) -> None:
    scene = committed_scene
    fill(scene)
    for case in Escalation.objects.all():
        overdue(case)
    assert len(fill(scene, 4, amount="470.00")) == 4
    full(scene)


def test_64_writers_at_once_do_not_pass_the_quota(
    committed_scene: Scene, four: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = committed_scene.cast.refunder_key
    monkeypatch.setenv("PLACET_OPEN_CASES_PER_LINE", "20")
    each = 16 if PROVE else 1
    outcomes = race_to_the_end("flooders", processes=2, threads=WRITERS // 2, key=key, most=each)
    assert outcomes["opened"] == Escalation.objects.filter(state="open").count() == 20, outcomes
    assert outcomes["too_many_cases"] == WRITERS * each - 20
    assert len(entries("queue_filled")) == 1


def test_the_council_gives_one_type_less_room_than_the_line_has(committed_scene: Scene, four: None) -> None:
    scene = committed_scene
    catalogue.save_action_type({**scene.refund.document, "open_cases": 2}, domain=scene.cast.service, by=BY)
    first, _ = fill(scene, 2)
    assert "as many open cases of this type as they may" in full(scene).detail
    assert not Standing.objects.filter(in_episode=True).exists(), "the line is not full"
    scene.ask("600.00", kind="shop.express", order="W9")
    withdraw.withdraw(first, caller=scene.refunder)
    scene.ask(order="W10")
    assert Escalation.objects.filter(state="open").count() == 3
