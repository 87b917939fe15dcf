"""The page of halts: what is stopped, how far it has reached what was running, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from governance import catalogue, halt, mandates
from governance.enrol import enrol
from governance.models import Action, Halt
from governance.problems import Code, Problem
from reviews import checkpoint, commit, halts, sweep
from reviews.halts import Reach
from reviews.redeem import redeem
from reviews.report import report
from tests.cast import BENCH_REFUND, BY
from tests.reviews.scene import Scene, backdate
from tests.web.reading import said, visitor, words

TARGETS = ("enterprise", "domain", "project", "agent", "action_type")


@pytest.fixture
def leased(scene: Scene) -> Scene:
    catalogue.save_action_type({**BENCH_REFUND, "checkpoint": "60s"}, domain=scene.cast.service, by=BY)
    return scene


def halted(scene: Scene, target: str = "agent") -> Halt:
    keys = dict(zip(TARGETS, ("acme", "service", "refunds", str(scene.cast.refunder.pk), "bench.refund"), strict=True))
    return halt.halt(target, keys[target], reason="odd refunds", by=scene.cast.mary)


def late(action: Action) -> None:
    sql = "update governance_action set lease_until = clock_timestamp() - interval '6 seconds' where id = %s"
    backdate(sql, action.pk)


def reaches(row: Halt) -> dict[Any, Reach]:
    return {each.action: each.reach for each in halts.read(row.pk).flights}


@pytest.mark.parametrize("target", TARGETS)
def test_what_runs_has_not_been_told_until_its_checkpoint(leased: Scene, target: str) -> None:
    action = leased.running()
    row = halted(leased, target)
    assert reaches(row) == {action.pk: Reach.REQUESTED}
    checkpoint.checkpoint(action.pk, caller=leased.refunder)
    assert reaches(row) == {action.pk: Reach.CONFIRMED}
    (flight,) = halts.read(row.pk).flights
    assert (flight.stop, flight.state, flight.agent) == ("halted", "executing", "Refunder")


def test_a_report_confirms_too_and_an_overdue_one_is_unreachable(leased: Scene) -> None:
    reported, silent, swept, before = (leased.running() for _ in range(4))
    report(before.pk, caller=leased.refunder, status="succeeded")
    row = halted(leased)
    report(reported.pk, caller=leased.refunder, status="failed")
    late(swept)
    sweep.abandon_overdue()
    late(silent)
    assert reaches(row) == {
        reported.pk: Reach.CONFIRMED,
        silent.pk: Reach.UNREACHABLE,
        swept.pk: Reach.UNREACHABLE,
    }
    counts = halts.read(row.pk).halt.counts
    assert counts is not None
    assert (counts.requested, counts.confirmed, counts.unreachable) == (0, 1, 2)


def test_without_a_lease_the_overdue_report_makes_it_unreachable(scene: Scene) -> None:
    action = scene.running()
    row = halted(scene)
    assert reaches(row) == {action.pk: Reach.REQUESTED}
    backdate("update governance_action set report_by = clock_timestamp() where id = %s", action.pk)
    assert reaches(row) == {action.pk: Reach.UNREACHABLE}


def test_what_began_after_a_halt_or_runs_elsewhere_is_not_its_matter(leased: Scene) -> None:
    elsewhere = leased.running()
    row = halt.halt("agent", str(leased.cast.drafter.pk), reason="one", by=BY)
    other = halt.halt("action_type", "shop.refund", reason="two", by=BY)
    assert (reaches(row), reaches(other)) == ({}, {})
    third = halted(leased)
    halt.lift(third, recovery=0, by=BY)
    leased.running()
    assert reaches(third) == {elsewhere.pk: Reach.REQUESTED}


def test_approvals_and_grants_that_nobody_used_are_void(leased: Scene, no_hold: None) -> None:
    leased.approved()
    used = leased.running()
    leased.running()
    grant = used.grants.get()
    redeem(grant.pk, caller=leased.refunder, digest=bytes(grant.digest).hex())
    counts = halts.read(halted(leased).pk).halt.counts
    assert counts is not None
    assert (counts.requested, counts.void) == (2, 2)


def test_a_grant_that_had_expired_before_is_not_what_the_halt_voids(
    leased: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "GRANT_SECONDS", 0.001)
    leased.running()
    counts = halts.read(halted(leased).pk).halt.counts
    assert counts is not None
    assert (counts.requested, counts.void) == (1, 0)


def test_the_list_is_bounded_and_says_how_many_more(leased: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halts, "MOST", 2)
    for _ in range(3):
        leased.running()
    told = halts.read(halted(leased).pk)
    assert (len(told.flights), told.more) == (2, 1)


def test_the_page_lists_halts_in_force_recovering_and_over(scene: Scene) -> None:
    halted(scene, "project")
    halt.lift(halted(scene), by=scene.cast.joan)
    halt.lift(halted(scene, "action_type"), recovery=0, by=BY)
    text = words(visitor(scene.cast.edith).get("/halts/"))
    assert "project Refunds odd refunds mary just now nothing" in text
    assert "agent Refunder odd refunds mary just now just now by joan PROPOSE until" in text
    assert "Over Halted Why Who When Lifted action type bench.refund" in text


def test_what_a_halt_reaches_is_what_each_action_says_it_is_under(leased: Scene) -> None:
    """Asked once for a halt, and from the side of one action: the same answer for every target."""
    action = leased.running()
    for target in TARGETS:
        row = halted(leased, target)
        with connection.cursor() as cursor:
            cursor.execute("select exists (select from placet_halts_over(%s) where id = %s)", [action.pk, row.pk])
            assert cursor.fetchone() == (True,)
        assert set(reaches(row)) == {action.pk}


def test_of_many_halts_only_the_newest_are_counted(leased: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    leased.running()
    halted(leased)
    counted = words(visitor(leased.cast.ada).get("/halts/"))
    assert "1 requested" in counted
    monkeypatch.setattr(halts, "COUNTED", 0)
    assert "on its page" in words(visitor(leased.cast.ada).get("/halts/"))


def test_nothing_halted_says_so(scene: Scene) -> None:
    assert "Nothing is halted." in words(visitor(scene.cast.ada).get("/halts/"))


def test_a_halt_takes_two_steps_and_leads_to_its_page(scene: Scene) -> None:
    scene.running()
    browser = visitor(scene.cast.ada)
    agent = f"/agents/{scene.cast.refunder.pk}/"
    assert f"/halts/new/?target=agent&amp;name={scene.cast.refunder.pk}" in browser.get(agent).content.decode()
    step = browser.get("/halts/new/", {"target": "agent", "name": "refunder"})
    assert "Halt agent Refunder" in words(step)
    assert Halt.objects.count() == 0
    sent = {"target": "agent", "name": str(scene.cast.refunder.pk), "reason": "odd refunds"}
    answer = browser.post("/halts/declare/", sent)
    row = Halt.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/halts/{row.pk}/")
    assert (row.halted_by, row.reason) == ("user:ada", "odd refunds")
    text = words(browser.get(f"/halts/{row.pk}/"))
    assert "In force." in text
    assert "Refund Refunder requested executing" in text
    assert "Lift it" not in text


@pytest.mark.parametrize(
    ("target", "name", "status"),
    [("agent", "nobody", 404), ("person", "ada", 422), ("project", "refunds", 403), ("", "", 422)],
)
def test_what_cannot_be_halted_is_said_before_and_at_the_halt(
    scene: Scene, target: str, name: str, status: int
) -> None:
    browser = visitor(scene.cast.ada)
    sent = {"target": target, "name": name, "reason": "x"}
    for answer in (browser.get("/halts/new/", sent), browser.post("/halts/declare/", sent)):
        assert answer.status_code == status
        assert said(answer)
    assert Halt.objects.count() == 0


def test_a_halt_without_a_reason_is_asked_again(scene: Scene) -> None:
    answer = visitor(scene.cast.ada).post("/halts/declare/", {"target": "agent", "name": "refunder", "reason": " "})
    assert answer.status_code == 422
    assert "Halt agent Refunder" in words(answer)


def test_only_who_may_halt_an_agent_gets_the_link(scene: Scene) -> None:
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=0, action_types=[scene.refund], by=scene.cast.mary)
    agent = scene.cast.drafter
    assert "Halt this agent" in words(visitor(scene.cast.ada).get(f"/agents/{agent.pk}/"))
    mandates.revoke_mandate(scene.cast.ada, by=scene.cast.mary)
    assert "Halt this agent" not in words(visitor(scene.cast.ada).get(f"/agents/{agent.pk}/"))


def test_the_council_lifts_with_a_chosen_recovery_and_may_end_it(scene: Scene) -> None:
    row = halted(scene)
    browser = visitor(scene.cast.joan)
    step = words(browser.get(f"/halts/{row.pk}/release/"))
    assert "Lift the halt of agent Refunder" in step
    assert "15 minutes" in step
    assert browser.post(f"/halts/{row.pk}/lift/", {"recovery": "7"}).status_code == 422
    assert browser.post(f"/halts/{row.pk}/lift/", {"recovery": "3600"}).status_code == 302
    row.refresh_from_db()
    assert (row.lifted_by, row.recovery_seconds) == ("user:joan", 3600)
    assert "Recovering. PROPOSE at most until" in words(browser.get(f"/halts/{row.pk}/"))
    again_link = f"/halts/new/?target=agent&amp;name={scene.cast.refunder.pk}"
    assert again_link in browser.get(f"/halts/{row.pk}/").content.decode()
    again = browser.post(f"/halts/{row.pk}/lift/", {"recovery": "900"})
    assert (again.status_code, said(again)) == (409, "This halt is lifted already.")
    ending = browser.get(f"/halts/{row.pk}/release/")
    assert "<title>End a recovery" in ending.content.decode()
    assert "End the recovery of agent Refunder" in words(ending)
    assert browser.post(f"/halts/{row.pk}/end-recovery/").status_code == 302
    assert "Over." in words(browser.get(f"/halts/{row.pk}/"))
    assert browser.post(f"/halts/{row.pk}/end-recovery/").status_code == 409


def test_only_the_council_lifts_on_the_page(scene: Scene) -> None:
    row = halted(scene)
    for person in (scene.cast.ada, scene.cast.edith, scene.cast.mallory):
        assert visitor(person).post(f"/halts/{row.pk}/lift/", {"recovery": "0"}).status_code == 403
    row.refresh_from_db()
    assert row.lifted_at is None


def test_an_operator_halts_anything_and_is_led_to_no_page_that_is_not_theirs(leased: Scene) -> None:
    action = leased.running()
    operator = enrol("olga", groups=["operator"], by=leased.cast.mary)
    browser = visitor(operator)
    browser.post("/halts/declare/", {"target": "enterprise", "name": "acme", "reason": "drill"})
    source = browser.get(f"/halts/{Halt.objects.get().pk}/").content.decode()
    assert f"/decisions/{action.pk}/" not in source
    assert f"/agents/{leased.cast.refunder.pk}/" in source


def test_a_halt_that_is_not_there_is_not_found(scene: Scene) -> None:
    browser = visitor(scene.cast.joan)
    for path in ("/halts/999/", "/halts/999/release/"):
        assert browser.get(path).status_code == 404
    assert browser.post("/halts/999/lift/", {"recovery": "0"}).status_code == 404
    with pytest.raises(Problem) as problem:
        halts.read(999)
    assert problem.value.code is Code.NOT_FOUND


def test_deceiving_letters_of_a_reason_are_refused_and_markup_is_text(scene: Scene) -> None:
    halt.halt("enterprise", "acme", reason="<b>drill</b>", by=scene.cast.mary)
    source = visitor(scene.cast.ada).get("/halts/").content.decode()
    assert "&lt;b&gt;drill" in source
    assert "<b>drill" not in source
