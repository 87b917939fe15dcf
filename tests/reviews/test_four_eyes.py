"""Four eyes: two distinct people, the second blind to the first, and no grant before the last of them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.test import Client

from governance import actors, catalogue, enrol, mandates
from governance.models import Grant, Reservation
from governance.problems import Code, Problem
from reviews import candidates, cases, deadlines, desk, handover, history, judge, redeem, sweep, take, verify
from reviews.ability import ability
from reviews.models import Escalation, Verdict
from reviews.notify import audience
from reviews.practise import waive_practice
from tests.cast import BY
from tests.reviews.racers import racing, wait_for
from tests.reviews.scene import REFUND, Scene, backdate, entries, overdue, snapshot_digest
from tests.support.proof import PROVE
from tests.web.reading import visitor, words

CASES = 200 if PROVE else 6
FOUR = {"stages": [{"rank": 1}, {"rank": 2}]}


@pytest.fixture
def eyes(scene: Scene) -> Scene:
    """The shop where a refund needs a peer and a manager."""
    catalogue.save_action_type({**REFUND, "four_eyes": FOUR}, domain=scene.cast.service, by=BY)
    return scene


def peer(name: str = "barbara", rank: int = 1) -> User:
    """One more reviewer, who may approve what Ada may."""
    found = enrol.enrol(name, groups=[actors.REVIEWER], by=BY)
    waive_practice(found, by=BY)
    mandates.set_mandate(found, rank=rank, money_limit=500_00, by=BY)
    return found


def code_of(scene: Scene, case: Escalation, reviewer: User) -> Code:
    with pytest.raises(Problem) as problem:
        scene.approve(case, reviewer)
    return problem.value.code


def test_the_first_approval_only_advances_the_stage_and_the_last_issues_the_grant(eyes: Scene, no_hold: None) -> None:
    case, cast = eyes.case(), eyes.cast
    first = eyes.approve(case, cast.ada)
    case.refresh_from_db()
    assert (case.state, case.closed_at, first.closes, first.stage, first.stages) == ("open", None, False, 1, 2)
    assert not Grant.objects.exists()
    assert not Reservation.objects.exists()
    last = eyes.approve(case, cast.grace)
    case.refresh_from_db()
    grant = Grant.objects.get()
    assert (case.state, last.closes, last.stage, last.stages) == ("approved", True, 2, 2)
    assert grant.verdict_id == last.pk
    said = entries("verdict_given")
    assert [(one["verdict"], one["stage"], one["stages"], one.get("grant")) for one in said] == [
        (first.pk, 1, 2, None),
        (last.pk, 2, 2, str(grant.pk)),
    ]
    assert eyes.redeem(grant).redeemed_at is not None


def test_the_manager_may_come_first_and_two_peers_are_no_manager(eyes: Scene, no_hold: None) -> None:
    one, two = eyes.case(order="W1"), eyes.case(order="W2")
    eyes.approve(one, eyes.cast.grace)
    assert eyes.approve(one, eyes.cast.ada).closes
    eyes.approve(two, eyes.cast.ada)
    assert code_of(eyes, two, peer()) is Code.OUTSIDE_MANDATE
    assert Grant.objects.count() == 1


def test_one_person_is_never_two(eyes: Scene, no_hold: None) -> None:
    case = eyes.case()
    first = eyes.approve(case, eyes.cast.grace)
    for verb in (
        lambda: take.take(case.pk, reviewer=eyes.cast.grace),
        lambda: judge.reject(case.pk, reviewer=eyes.cast.grace, reason="not_needed"),
        lambda: eyes.approve(case, eyes.cast.grace),
    ):
        with pytest.raises(Problem) as problem:
            verb()
        assert problem.value.code is Code.TAKEN_PART
    assert candidates.next_case(viewer=eyes.cast.grace.pk) is None
    assert candidates.next_case(viewer=eyes.cast.ada.pk) == case.pk
    assert audience.judges(case, most=9) == [eyes.cast.ada.pk], "nor is the first told of it again"
    twice: dict[str, Any] = {
        field.attname: getattr(first, field.attname) for field in Verdict._meta.concrete_fields if not field.primary_key
    }
    for more in ({"stage": 2, "closes": True}, {"reviewer_id": eyes.cast.ada.pk}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Verdict.objects.create(**{**twice, **more})


def test_the_database_gives_no_grant_before_the_last_approval(eyes: Scene, no_hold: None) -> None:
    eyes.approve(one := eyes.case(order="W1"), eyes.cast.ada)
    eyes.approve(one, eyes.cast.grace)
    grant = Grant.objects.get()
    first = eyes.approve(eyes.case(order="W2"), eyes.cast.ada)
    forged = {field.attname: getattr(grant, field.attname) for field in Grant._meta.concrete_fields}
    del forged["id"]
    own = {"verdict_id": first.pk, "action_id": first.escalation.action_id, "digest": first.action_digest}
    with pytest.raises(DatabaseError, match="lacks an approval"), transaction.atomic():
        Grant.objects.create(**{**forged, **own})


def test_the_second_does_not_learn_of_the_first(eyes: Scene, no_hold: None, client: Client) -> None:
    case, grace = eyes.case(), eyes.cast.grace
    other = eyes.case(order="W2")
    verify.verify(case.pk)
    client.force_login(grace)

    def seen(path: str) -> str:
        # what grows old by itself is left out, and marks: they are others when anybody takes a case
        text = client.get(path).content.decode()
        text = text[text.index("<main") : text.index("</main")]
        return re.sub(
            r'just now|[0-9]+ (?:s|min|h)(?: ago)?\b|seen=[0-9a-f]+|[0-9a-f]{16}(?=.")|token" value="[^"]*"', "", text
        )

    before = {path: seen(path) for path in (f"/escalations/{case.pk}/", "/queue/")}
    eyes.approve(case, eyes.cast.ada)
    for path, page in before.items():
        assert seen(path) == page, path
    ada = re.compile(r"\bada\b")  # an id may have these letters among its digits
    assert not ada.search(seen(f"/escalations/{other.pk}/"))
    agent, kind = case.action.agent_id, case.action_type_id
    assert not history.read(agent=agent, action_type=kind, besides=other.pk).verdicts
    eyes.take(other, eyes.cast.ada)
    assert not ada.search(seen("/queue/") + seen(f"/escalations/{other.pk}/"))
    with pytest.raises(Problem) as problem:
        eyes.take(other, grace)
    assert (problem.value.code, problem.value.extra) == (Code.TAKEN_BY_ANOTHER, {})
    assert "ada" not in problem.value.detail
    eyes.approve(case, grace)
    after = seen(f"/escalations/{case.pk}/")
    assert "ada" in after[after.index("Approved before by") :][:80]


def test_however_many_sessions_approve_at_once_two_people_did_and_one_grant_is_given(committed_scene: Scene) -> None:
    scene = committed_scene
    catalogue.save_action_type({**REFUND, "four_eyes": FOUR}, domain=scene.cast.service, by=BY)
    mandates.set_mandate(scene.cast.grace, rank=3, money_limit=10**9, by=BY)
    cases = [scene.case("1.00", order=f"W{number}") for number in range(1, CASES + 1)]
    terms = {"names": ["ada", "grace"], "cases": [str(case.pk) for case in cases]}
    with racing("pairs", processes=2, threads=4, **terms) as outcomes:
        wait_for(lambda: not Escalation.objects.filter(state="open").exists())
    for turn, case in enumerate(cases):
        assert (outcomes[f"approve {turn} ada"], outcomes[f"approve {turn} grace"]) == (1, 1)
        verdicts = case.verdicts.order_by("decided_at")
        assert [verdict.closes for verdict in verdicts] == [False, True]
        assert Grant.objects.get(action=case.action_id).verdict_id == verdicts[1].pk
    others = {what for what in outcomes if not what.startswith("approve ")}
    assert others <= {"taken_part", "already_decided", "finished"}
    assert len(entries("verdict_given")) == 2 * CASES


def test_one_reject_ends_it(eyes: Scene, no_hold: None) -> None:
    case = eyes.case()
    eyes.approve(case, eyes.cast.ada)
    eyes.take(case, eyes.cast.grace)
    verdict = judge.reject(case.pk, reviewer=eyes.cast.grace, reason="facts_differ")
    case.refresh_from_db()
    assert (case.state, verdict.closes) == ("rejected", True)
    assert not Grant.objects.exists()


def test_the_first_withdraws_in_the_hold_and_the_second_waits_for_its_end(eyes: Scene) -> None:
    case, (ada, grace) = eyes.case(), (eyes.cast.ada, eyes.cast.grace)
    first = eyes.approve(case, ada)
    assert first.final_at - first.decided_at == timedelta(seconds=5)
    with pytest.raises(Problem) as problem:
        eyes.take(case, grace)
    assert problem.value.code is Code.TAKEN_BY_ANOTHER
    # also when the lease ended by itself, as that of somebody who was switched off
    backdate("update reviews_escalation set taken_by_id = null, taken_until = null where id = %s", case.pk)
    with pytest.raises(Problem) as problem:
        eyes.take(case, grace)
    assert problem.value.code is Code.TAKEN_BY_ANOTHER
    judge.withdraw(first.pk, reviewer=ada)
    case.refresh_from_db()
    assert (case.state, case.taken_by) == ("open", ada)
    assert not eyes.approve(case, ada).closes


def test_the_last_withdraws_in_the_hold_and_the_first_approval_stays(
    eyes: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, grace = eyes.case(), eyes.cast.grace
    with monkeypatch.context() as patched:
        patched.setattr(judge, "hold_seconds", lambda spec: 0)
        eyes.approve(case, eyes.cast.ada)
    last = eyes.approve(case, grace)
    judge.withdraw(last.pk, reviewer=grace)
    case.refresh_from_db()
    assert case.state == "open"
    assert Grant.objects.get().voided_at is not None
    assert eyes.approve(case, grace).closes


def test_an_approval_of_other_facts_or_of_a_demoted_person_counts_no_more(eyes: Scene, no_hold: None) -> None:
    changed, demoted, (ada, grace) = eyes.case(order="W1"), eyes.case(order="W2"), (eyes.cast.ada, eyes.cast.grace)
    old = eyes.approve(changed, ada)
    eyes.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    verify.verify(changed.pk)
    fresh = eyes.approve(changed, grace)
    assert (fresh.closes, fresh.stage, fresh.stages) == (False, 1, 2)
    assert eyes.approve(changed, ada).closes, "who saw the old facts may say what they think of the new ones"
    old.refresh_from_db()
    assert old.set_aside_at is not None
    assert entries("verdict_given")[1]["set_aside"] == [old.pk]

    eyes.approve(demoted, ada)
    mandates.set_mandate(ada, rank=1, money_limit=1, by=BY)
    assert not eyes.approve(demoted, grace).closes
    assert eyes.approve(demoted, peer()).closes


@pytest.mark.parametrize("who", ["ada", "grace"])
def test_redemption_reads_the_authority_of_all_who_approved(eyes: Scene, no_hold: None, who: str) -> None:
    case = eyes.case()
    eyes.approve(case, eyes.cast.ada)
    eyes.approve(case, eyes.cast.grace)
    mandates.revoke_mandate(getattr(eyes.cast, who), by=BY)
    with pytest.raises(Problem) as problem:
        eyes.redeem(Grant.objects.get())
    assert problem.value.code is Code.GRANT_VOID
    fresh = Escalation.objects.get(pk=problem.value.extra["escalation"])
    assert not fresh.verdicts.exists(), "a new case begins with nobody's approval"


def test_a_type_that_wants_more_people_since_is_not_satisfied_by_one(scene: Scene, no_hold: None) -> None:
    grant = scene.approved()
    catalogue.save_action_type({**REFUND, "four_eyes": FOUR}, domain=scene.cast.service, by=BY)
    with pytest.raises(Problem) as problem:
        redeem.redeem(grant.pk, caller=scene.refunder, digest=bytes(grant.digest).hex())
    assert problem.value.code is Code.GRANT_VOID


def test_a_smaller_amount_needs_one_person(scene: Scene) -> None:
    from_400 = {**FOUR, "from": "400.00"}
    catalogue.save_action_type({**REFUND, "four_eyes": from_400}, domain=scene.cast.service, by=BY)
    assert scene.approve(scene.case("399.99", order="W1")).closes
    assert not scene.approve(scene.case("400.00", order="W2")).closes


def test_a_half_approved_case_expires_as_any_other(eyes: Scene, no_hold: None) -> None:
    case = eyes.case()
    first = eyes.approve(case, eyes.cast.ada)
    overdue(case)
    assert sweep.expire_due() == 1
    with pytest.raises(Problem) as problem:
        judge.withdraw(first.pk, reviewer=eyes.cast.ada)
    assert problem.value.code is Code.CASE_CLOSED


def test_the_page_of_the_first_says_that_another_person_decides_as_well(
    eyes: Scene, no_hold: None, client: Client
) -> None:
    case = eyes.case()
    eyes.take(case)
    client.force_login(eyes.cast.ada)
    page = client.get(f"/escalations/{case.pk}/").content.decode()
    assert "2 people must approve this" in page
    assert ability(case.pk, eyes.cast.ada).people == 2
    eyes.approve(case)
    page = client.get(f"/escalations/{case.pk}/").content.decode()
    assert "Another person must approve it as well" in page
    assert 'id="take"' not in page


def test_a_verdict_that_waits_is_fixed_but_for_being_set_aside_once(eyes: Scene, no_hold: None) -> None:
    first = eyes.approve(eyes.case(), eyes.cast.ada)
    for change in ("closes = true", "stage = 2, stages = 3", "withdrawn_at = now()", "snapshot_digest = 'x'"):
        with pytest.raises(DatabaseError, match="a verdict is final"), transaction.atomic():
            backdate(f"update reviews_verdict set {change} where id = %s", first.pk)
    backdate("update reviews_verdict set set_aside_at = now() where id = %s", first.pk)
    with pytest.raises(DatabaseError, match="a verdict is final"), transaction.atomic():
        backdate("update reviews_verdict set set_aside_at = null where id = %s", first.pk)
    assert snapshot_digest(first.escalation) == bytes(first.snapshot_digest).hex()


def test_the_desk_of_the_first_says_that_the_next_is_waited_for(eyes: Scene, no_hold: None) -> None:
    case = eyes.case()
    eyes.approve(case, eyes.cast.ada)
    (past,) = desk.verdicts(eyes.cast.ada.pk).past
    assert past.after is desk.After.NEXT
    assert "waits for the next approver" in words(visitor(eyes.cast.ada).get("/"))
    eyes.approve(case, eyes.cast.grace)
    for who in (eyes.cast.ada, eyes.cast.grace):
        assert [each.after for each in desk.verdicts(who.pk).past] == [desk.After.WAITING]


def test_a_rank_that_rises_leaves_the_approvals_that_were_given_below_it(eyes: Scene, no_hold: None) -> None:
    """Else escalating a case, so that it is decided in time, would undo what was decided of it."""
    raised, handed = eyes.case(order="W1"), eyes.case(order="W2")
    for case in (raised, handed):
        eyes.approve(case, eyes.cast.ada)
    with transaction.atomic():
        deadlines.raise_rank(cases.locked(raised.pk), by="system:test")
    manager = peer(rank=2)
    eyes.take(handed, manager)
    handover.hand_up(handed.pk, reviewer=manager, reason="needs_authority")
    for case in (raised, handed):
        assert eyes.approve(case, eyes.cast.grace).closes
        assert Verdict.objects.get(escalation=case, reviewer=eyes.cast.ada).set_aside_at is None
    assert eyes.redeem(Grant.objects.get(action=handed.action)).redeemed_at is not None


@pytest.mark.parametrize("verb", ["hand_over", "hand_up", "skip"])
def test_in_the_hold_the_first_does_not_choose_the_second(eyes: Scene, verb: str) -> None:
    """Else they pick who looks after them, and taking their approval back takes the case from under that person."""
    case, ada = eyes.case(), eyes.cast.ada
    first = eyes.approve(case, ada)
    verbs: dict[str, Any] = {
        "hand_over": lambda: handover.hand_over(case.pk, reviewer=ada, to="grace", reason="interrupted"),
        "hand_up": lambda: handover.hand_up(case.pk, reviewer=ada, reason="needs_authority"),
        "skip": lambda: handover.skip(case.pk, reviewer=ada, reason="interrupted"),
    }
    with pytest.raises(Problem) as problem:
        verbs[verb]()
    assert problem.value.code is Code.TAKEN_PART
    case.refresh_from_db()
    assert (case.taken_by, case.taken_until, case.rank) == (ada, first.final_at, 1)
