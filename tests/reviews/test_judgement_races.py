"""Races of judgement on PostgreSQL with real processes. What holds them is also taken out once."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from governance import enrol, halt, mandates
from governance.locks import database_now
from governance.models import Action, ActionType, Budget, DayKey, Execution, Grant, LedgerEntry, ToolReading
from governance.problems import Code, Problem
from reviews import commit, leave, report, verify
from reviews.models import Absence, Draw, Drawable, Escalation, Verdict
from reviews.sample import draw_due, selected_on
from tests.cast import BY
from tests.reviews.racers import race_to_the_end, racing, wait_for
from tests.reviews.scene import Scene, entries, live, stated
from tests.support.fixtures import Committed
from tests.support.proof import PROVE, tell

pytestmark = pytest.mark.full

GRANTS = 1000 if PROVE else 5
CASES = 200 if PROVE else 8
PULLS = 200 if PROVE else 10
LOST = 1000 if PROVE else 8
LOADED = 200 if PROVE else 6


def wide(scene: Scene) -> Scene:
    """The scene with so many orders that no cap is met: each case has a customer of its own."""
    scene.sql(
        "insert into shop.orders select 'W' || n, 'c-' || n, 'delivered', 'USD', 900, ''"
        " from generate_series(61, 2000) n"
    )
    return scene


def prepared(scene: Scene, count: int, amount: str = "1.00") -> list[Escalation]:
    """Cases that were read, in order."""
    cases = [scene.case(amount, order=f"W{number}") for number in range(1, count + 1)]
    for case in cases:
        verify.verify(case.pk)
    return list(Escalation.objects.filter(pk__in=[case.pk for case in cases]).order_by("opened_at"))


def statements(cases: list[Escalation]) -> list[list[str]]:
    return [[str(case.pk), *map(str, stated(case).values())] for case in cases]


# -- one grant, one use ---------------------------------------------------------------------------


@pytest.mark.parametrize("issued_by", ["human", "machine"])
def test_i4_fifty_redeemers_of_one_grant_use_it_once(
    committed_scene: Scene, no_hold: None, issued_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # fifty thousand redemptions take longer than the minute that a grant of the machine lives
    monkeypatch.setattr(commit, "GRANT_SECONDS", 3600)
    scene = wide(committed_scene)
    if issued_by == "human":
        grants = [scene.approved("1.00", order=f"W{number}") for number in range(1, GRANTS + 1)]
    else:
        grants = [Grant.objects.get(action=scene.running("1.00")) for _ in range(GRANTS)]
    terms = {"grants": [str(each.pk) for each in grants], "digests": [bytes(each.digest).hex() for each in grants]}
    key = scene.cast.refunder_key
    with racing("redeemers", processes=2, threads=25, key=key, **terms) as outcomes:
        wait_for(lambda: not Grant.objects.filter(redeemed_at=None).exists())
    assert {outcomes[f"redeemed {turn}"] for turn in range(GRANTS)} == {1}
    assert outcomes["grant_used"] > GRANTS
    assert set(outcomes) - {f"redeemed {turn}" for turn in range(GRANTS)} <= {"grant_used", "finished"}
    assert len(entries("grant_redeemed")) == GRANTS
    tell(size=f"{GRANTS:,} grants of each issuer, 50 redeemers", figure="each used once")


# -- one case, one verdict ------------------------------------------------------------------------


def test_i3_everybody_decides_at_once_and_each_case_has_one_outcome(committed_scene: Scene) -> None:
    scene = wide(committed_scene)
    cases = prepared(scene, CASES)
    mandates.set_mandate(scene.cast.grace, rank=3, money_limit=10**9, by=BY)
    terms = {"names": ["ada", "grace"], "cases": [str(case.pk) for case in cases], "key": scene.cast.refunder_key}
    with racing("judges", processes=2, threads=5, **terms) as outcomes:
        wait_for(lambda: not Escalation.objects.filter(state="open").exists())
    won = [what for what in outcomes if what.split()[0] in _WINS]
    assert {outcomes[what] for what in won} == {1}
    assert len({what.split()[1] for what in won}) == len(won)
    assert len(won) == Verdict.objects.count() == len(entries("verdict_given"))
    approved = [what for what in won if what.startswith("approve")]
    assert len(approved) == Grant.objects.count() == Verdict.objects.filter(approve=True).count()
    withdrawn = Escalation.objects.filter(state="withdrawn").count()
    assert withdrawn == len(entries("action_withdrawn")) == Action.objects.filter(state="withdrawn").count()
    assert Escalation.objects.filter(state__in=["approved", "rejected", "withdrawn"]).count() == CASES
    tell(size=f"{CASES} cases, 10 deciders each", figure="one outcome each")


_WINS = ("approve", "reject", "leave")


def test_every_loser_is_told_who_decided(committed_scene: Scene) -> None:
    scene = wide(committed_scene)
    cases = prepared(scene, CASES)
    terms = {"names": ["ada"], "cases": [str(case.pk) for case in cases], "key": scene.cast.refunder_key}
    with racing("judges", processes=2, threads=4, **terms) as outcomes:
        wait_for(lambda: not Escalation.objects.filter(state="open").exists())
    losers = {what for what in outcomes if what.split()[0] not in (*_WINS, "withdrawn", "finished")}
    assert "already_decided ada" in losers
    assert losers <= {"already_decided ada", "case_closed", "wrong_state"}
    tell(size=f"{CASES} cases", figure="each loser is told who decided")


# -- one case, one holder -------------------------------------------------------------------------


def holders(case: Escalation) -> list[str]:
    """Whoever took a case from somebody, or gave what they did not have, when its entries are told in their order."""
    wrong: list[str] = []
    holder, kinds = "", ("case_taken", "case_released", "case_handed_on", "case_skipped", "verdict_given")
    for entry in LedgerEntry.objects.filter(kind__in=kinds).order_by("seq"):
        body, who = json.loads(bytes(entry.body)), entry.actor.removeprefix("user:")
        if str(case.pk) not in (body.get("escalation"), *body.get("escalations", ())):
            continue
        gives = entry.kind != "case_taken"
        if holder not in (who, "") or (gives and entry.kind != "case_skipped" and holder != who):
            wrong.append(f"{entry.kind} by {who} while {holder or 'nobody'} has it")
        holder = body.get("to", "") if gives else who
    return wrong


def test_whoever_hands_on_takes_skips_or_decides_at_once_has_the_case_or_is_refused(committed_scene: Scene) -> None:
    scene = wide(committed_scene)
    cases = prepared(scene, 3)
    for person in (scene.cast.ada, scene.cast.grace):
        mandates.set_mandate(person, rank=3, money_limit=10**9, by=BY)
    terms = {"names": ["ada", "grace"], "cases": [str(case.pk) for case in cases], "most": 200 if PROVE else 25}
    outcomes = race_to_the_end("handers", processes=2, threads=4, **terms)
    assert outcomes["take"] > 0
    assert outcomes["over"] + outcomes["up"] + outcomes["skip"] > 0
    assert [wrong for case in cases for wrong in holders(case)] == []


# -- authority at the moment of the verdict -------------------------------------------------------


def goes(person: User) -> None:
    """Away from now on, however often whoever takes cases keeps them waiting."""
    while True:
        now = database_now()
        try:
            leave.leave(reviewer=person, begins=now, ends=now + timedelta(hours=1))
            return
        except Problem as problem:
            if problem.code is not Code.UNAVAILABLE:
                raise


def set_mandate(ada: User, **more: Any) -> None:
    mandates.set_mandate(ada, rank=1, money_limit=500_00, by=BY, **more)


# What Ada loses and gets back, and what she does not do meanwhile.
LOSSES: dict[str, tuple[Callable[[User], object], Callable[[User], object], tuple[str, ...]]] = {
    "her mandate": (
        lambda ada: mandates.revoke_mandate(ada, by=BY),
        lambda ada: set_mandate(ada),
        ("verdict_given",),
    ),
    "her group": (
        lambda ada: enrol.change_person(ada, groups=[], by=BY),
        lambda ada: enrol.change_person(ada, groups=["reviewer"], by=BY),
        ("verdict_given", "case_taken"),
    ),
    "her account": (
        lambda ada: enrol.change_person(ada, active=False, by=BY),
        lambda ada: enrol.change_person(ada, active=True, by=BY),
        ("verdict_given", "case_taken"),
    ),
    "her qualification": (
        lambda ada: set_mandate(ada, action_types={ActionType.objects.get(key="shop.express"): None}),
        lambda ada: set_mandate(ada),
        ("verdict_given",),
    ),
    "her time": (
        goes,
        lambda ada: leave.come_back(Absence.objects.get(ended_at=None).pk, reviewer=ada),
        ("verdict_given",),
    ),
}


def done_without_authority(kinds: tuple[str, ...]) -> int:
    """Entries of Ada's written while she had lost it. Entries are stamped under the lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with said as (
              select seq, at, kind, convert_from(body, 'UTF8')::jsonb as body from governance_ledgerentry
              where kind in ('mandate_set', 'mandate_revoked', 'person_changed', 'absence_set', 'absence_ended')
            ), turn as (
              select at, lead(at, 1, 'infinity') over (order by seq) as until,
                kind in ('mandate_revoked', 'absence_set') or body->'active'->>1 = 'false'
                or kind = 'mandate_set' and body->'to'->'action_types' = '["shop.express"]'
                or kind = 'person_changed' and not body->'groups'->1 ? 'reviewer' as lost
              from said where 'ada' in (body->>'reviewer', body->>'person', body->>'of')
            )
            select count(*) from governance_ledgerentry e join turn t on e.at > t.at and e.at < t.until
            where t.lost and e.kind = any(%s) and e.actor = 'user:ada'
            """,
            [list(kinds)],
        )
        return int(cursor.fetchone()[0])


def demoted_while_approving(scene: Scene, what: str, *, guarded: bool) -> tuple[Counter[str], int]:
    """Ada takes, approves and withdraws as fast as she can, and loses her authority again and again."""
    lose, regain, kinds = LOSSES[what]
    cases = [str(case.pk) for case in prepared(wide(scene), CASES)]
    with racing("hurried", processes=2, threads=2, name="ada", cases=cases, guarded=guarded, pause=0.01) as outcomes:
        for _ in range(LOST):
            lose(scene.cast.ada)
            time.sleep(0.05)
            given, patience = Verdict.objects.count(), time.monotonic() + 2
            regain(scene.cast.ada)
            # a busy machine needs its time before there is something to interrupt
            while Verdict.objects.count() == given and time.monotonic() < patience:
                time.sleep(0.01)
    return outcomes, done_without_authority(kinds)


def backdate_all(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute(sql)
        cursor.execute("insert into governance_ledgerentry (kind, actor, body) values ('test', 'system:tests', '{}')")
        cursor.execute("commit")


@pytest.mark.parametrize("what", LOSSES)
def test_i15_nothing_is_approved_nor_taken_after_its_reviewer_lost_authority(committed_scene: Scene, what: str) -> None:
    outcomes, wrong = demoted_while_approving(committed_scene, what, guarded=True)
    assert Verdict.objects.count() > LOST // 3
    assert set(outcomes) & {"forbidden", "outside_mandate", "not_taken"}
    assert wrong == 0
    tell(size=f"{LOST:,} losses of each kind of authority", figure="0 verdicts or cases taken without it")


def test_without_holding_authority_a_demoted_approver_slips_through(
    committed: Committed, committed_scene: Scene
) -> None:
    with committed.connect(role="owner") as owner:
        # whoever takes her cases away would wait for the case that she decides, and so hold the race up too
        owner.execute("alter table governance_mandate disable trigger mandate_ended")
    *_, wrong = demoted_while_approving(committed_scene, "her mandate", guarded=False)
    assert wrong > 0


def approved_beyond_load(scene: Scene, *, guarded: bool) -> int:
    """Ada approves in many windows at once; her load rises one by one. How often she gave more verdicts than that."""
    said = statements([scene.take(case) for case in prepared(wide(scene), LOADED + 20)])
    set_mandate(scene.cast.ada, per_hour=1)
    terms = {"name": "ada", "cases": said, "guarded": guarded, "pause": 0.02, "again": True}
    passed = 0
    with racing("approvers", processes=8 if PROVE else 2, threads=1 if PROVE else 4, **terms):
        for load in range(1, LOADED + 1):
            set_mandate(scene.cast.ada, per_hour=load)
            wait_for(lambda load=load: Verdict.objects.count() >= load, more=0.05)  # type: ignore[misc]
            passed += Verdict.objects.count() > load
    return passed


def test_who_approves_in_many_windows_at_once_gives_no_verdict_beyond_their_load(committed_scene: Scene) -> None:
    assert approved_beyond_load(committed_scene, guarded=True) == 0
    tell(size=f"8 windows at once, a load of 1 to {LOADED}", figure="0 verdicts beyond it")


def test_without_holding_the_mandate_verdicts_pass_the_load(committed_scene: Scene) -> None:
    assert approved_beyond_load(committed_scene, guarded=False) > 0


def test_i5_no_approved_action_starts_after_a_halt_has_committed(committed_scene: Scene, no_hold: None) -> None:
    scene = wide(committed_scene)
    count = 2 * PULLS
    grants = [scene.approved("1.00", order=f"W{number}") for number in range(1, count + 1)]
    terms = {"grants": [str(each.pk) for each in grants], "digests": [bytes(each.digest).hex() for each in grants]}
    key = scene.cast.refunder_key
    with racing("redeemers", processes=2, threads=3, key=key, pause=0.1, **terms) as outcomes:
        wait_for(lambda: Grant.objects.filter(redeemed_at__isnull=False).count() >= 3, more=0)
        halt.halt("agent", str(scene.cast.refunder.pk), reason="race", by=BY)
        wait_for(lambda: not Grant.objects.filter(redeemed_at=None, voided_at=None).exists())
    redeemed = sum(outcomes[f"redeemed {turn}"] for turn in range(count))
    assert 0 < redeemed < count
    assert Escalation.objects.filter(opened_by="redeem").count() == count - redeemed
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from governance_ledgerentry e, governance_ledgerentry h"
            " where e.kind = 'grant_redeemed' and h.kind = 'halted' and e.at > h.at"
        )
        assert cursor.fetchone() == (0,)


# -- budgets --------------------------------------------------------------------------------------


def test_i2_people_who_approve_at_once_never_pass_a_hard_cap_together(committed_scene: Scene) -> None:
    """Twelve refunds of 480 under a hard cap of 2,000 of the enterprise: four are approved."""
    scene = committed_scene
    cases = prepared(scene, 12, "480.00")
    for case in cases:
        scene.take(case)
    terms = {"name": "ada", "cases": statements(cases), "pause": 0.01}
    with racing("approvers", processes=2, threads=4, **terms) as outcomes:
        wait_for(lambda: Verdict.objects.count() >= 4, more=1.0)
    assert Verdict.objects.filter(approve=True).count() == Grant.objects.count() == 4
    assert outcomes["not_approvable"] > 0
    assert live("enterprise:acme|shop.refund|money|86400") == 192_000
    assert Budget.objects.filter(key__startswith="entity:subject").count() == 4


# -- sweeps ---------------------------------------------------------------------------------------


def test_many_sweeps_at_once_close_everything_once(committed_scene: Scene) -> None:
    scene = wide(committed_scene)
    cases = [scene.case("1.00", order=f"W{number}") for number in range(1, 31)]
    actions = [scene.running("1.00") for _ in range(30)]
    backdate_all("update reviews_escalation set deadline = clock_timestamp()")
    backdate_all("update governance_action set report_by = clock_timestamp() where state = 'executing'")
    cases_open = Escalation.objects.filter(state="open")
    still_running = Action.objects.filter(state="executing")
    with racing("sweepers", processes=2, threads=4, rounds=200):
        # in this order: only what still runs can fill the queue of draws again
        wait_for(lambda: not any(rows.exists() for rows in (cases_open, still_running, Drawable.objects.all())))
    assert len(entries("case_expired")) == len(cases)
    assert len(entries("action_abandoned")) == Execution.objects.count() == ToolReading.objects.count() == len(actions)
    considered = sum(entry["considered"] for entry in entries("actions_drawn"))
    assert considered <= len(actions)
    assert set(Draw.objects.values_list("action_id", flat=True)) == selected_on(database_now().date())


def test_a_late_commit_is_drawn_all_the_same(committed_scene: Scene) -> None:
    """An action closed by a transaction that commits after others were drawn is looked at when it appears."""
    scene = committed_scene
    late, early = scene.running(), scene.running()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute(
            "insert into governance_execution (action_id, status, record_version, reported_at)"
            " values (%s, 'succeeded', '', clock_timestamp())",
            [late.pk],
        )
        cursor.execute("insert into governance_ledgerentry (kind, actor, body) values ('test', 'system:tests', '{}')")
        report.report(early.pk, caller=scene.refunder, status="succeeded")
        draw_due()
        assert not Drawable.objects.exists()
        cursor.execute("commit")
    other.close()
    assert Drawable.objects.get().action_id == late.pk
    draw_due()
    assert set(Draw.objects.values_list("action_id", flat=True)) == selected_on(database_now().date())


def test_the_same_action_reported_by_everybody_is_closed_once(committed_scene: Scene) -> None:
    scene = committed_scene
    actions = [scene.running("1.00") for _ in range(10)]
    key = scene.cast.refunder_key
    with racing("reporters", processes=2, threads=5, key=key, actions=[str(each.pk) for each in actions]) as outcomes:
        wait_for(lambda: Execution.objects.count() == 10)
    assert {outcomes[f"reported {turn}"] for turn in range(10)} == {1}
    assert len(entries("action_reported")) == ToolReading.objects.count() == 10


def test_everybody_gets_the_same_day_key_and_it_is_committed_to_once(committed_scene: Scene) -> None:
    days = [(database_now() + timedelta(days=number)).date().isoformat() for number in range(1, 9)]
    with racing("key_makers", processes=2, threads=4, days=days) as outcomes:
        wait_for(lambda: DayKey.objects.count() >= 8)
    seen = {what.partition(":")[0]: what for what in outcomes if ":" in what}
    assert len([what for what in outcomes if ":" in what]) == len(seen) == 8
    assert len([entry for entry in entries("day_key_committed") if entry["day"] in days]) == 8
