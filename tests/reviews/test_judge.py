"""Verdicts: what an approval rests on, whose it may be, and that it takes effect when its hold ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from governance import catalogue, enrol, halt, mandates, register
from governance.authenticate import Credential, hash_key
from governance.locks import database_now
from governance.models import Action, Agent, Budget, Grant, LedgerEntry, Reservation
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews import judge, leave, verify
from reviews.grounds import missing_ground, unhex
from reviews.intake import Ask, ask
from reviews.models import Escalation, Verdict
from tests.cast import BY
from tests.reviews.scene import BINDING, REFUND, Scene, backdate, bench, entries, live, overdue, snapshot_digest, stated


def problem_of(scene: Scene, case: Escalation, *, reviewer: str = "ada", **digests: str) -> Problem:
    with pytest.raises(Problem) as problem:
        scene.approve(case, getattr(scene.cast, reviewer), **digests)
    assert not Verdict.objects.exists()
    assert not Grant.objects.exists()
    return problem.value


def test_an_approval_is_a_verdict_a_grant_and_one_entry(scene: Scene) -> None:
    verdict = scene.approve(scene.case())
    case, grant = verdict.escalation, Grant.objects.get()
    assert (case.state, case.action.state) == ("approved", "escalated")
    case.refresh_from_db()
    assert case.closed_at == case.taken_until == verdict.decided_at, "who decided gives the case back"
    assert (grant.issued_by, grant.verdict_id, bytes(grant.digest)) == ("human", verdict.pk, bytes(case.action.digest))
    assert verdict.final_at - verdict.decided_at == timedelta(seconds=5)
    assert grant.not_before == verdict.final_at
    assert grant.expires_at - grant.not_before == timedelta(hours=1)
    said = entries("verdict_given")
    assert [(one["verdict"], one["grant"], one["approve"]) for one in said] == [(verdict.pk, str(grant.pk), True)]
    assert said[0]["snapshot_digest"] == snapshot_digest(case)
    assert said[0]["action_digest"] == bytes(case.action.digest).hex()


def test_the_entry_of_an_approval_says_all_of_it(scene: Scene) -> None:
    case = scene.take(scene.case())
    backdate("update governance_instance set policy_revision = 7")
    verdict = scene.approve(case)
    assert entries("verdict_given") == [
        {
            "escalation": str(case.pk),
            "action": str(case.action_id),
            "verdict": verdict.pk,
            "approve": True,
            "reason": "",
            "action_digest": case.action.digest.hex(),
            "snapshot_digest": snapshot_digest(case),
            "consent_digest": bytes(verdict.consent_digest).hex(),
            "rank": 1,
            "policy_revision": 7,
            "final_at": verdict.final_at.isoformat(),
            "grant": str(Grant.objects.get().pk),
            "budgets": 2,
        }
    ]
    assert LedgerEntry.objects.get(kind="verdict_given").actor == "user:ada"


def test_an_approval_at_high_risk_is_to_be_picked_up_within_a_quarter_of_an_hour(scene: Scene) -> None:
    grant = scene.approved("600.00", scene.cast.grace)
    assert grant.expires_at - grant.not_before == timedelta(minutes=15)


def test_a_reject_has_a_preset_reason_and_refuses_the_action(scene: Scene) -> None:
    case = scene.take(scene.case())
    verdict = judge.reject(case.pk, reviewer=scene.cast.ada, reason="wrong_subject")
    case = Escalation.objects.get()
    assert (case.state, case.action.state, verdict.reject_reason) == ("rejected", "refused", "wrong_subject")
    assert entries("verdict_given")[0]["reason"] == "wrong_subject"
    assert not Grant.objects.exists()


def test_a_reject_needs_nothing_read(scene: Scene) -> None:
    """Whoever took it was killed before the record was read."""
    assert bytes(_rejected(_unread(scene), scene).snapshot_digest) == b""


def test_what_was_not_read_is_approved_by_nobody(scene: Scene) -> None:
    case = _unread(scene)
    for said in ("", "00" * 32):
        with pytest.raises(Problem) as problem:
            judge.approve(
                case.pk,
                reviewer=scene.cast.ada,
                action_digest=case.action.digest.hex(),
                snapshot_digest=said,
                consent=stated(case)["consent"],
            )
        assert problem.value.code is Code.FACTS_CHANGED
    assert missing_ground(case) == "The record has not been read yet."


def _unread(scene: Scene) -> Escalation:
    case = scene.case()
    backdate(
        "update reviews_escalation set taken_by_id = %s, taken_until = clock_timestamp() + interval '1 minute'"
        " where id = %s",
        scene.cast.ada.pk,
        case.pk,
    )
    return case


@pytest.mark.parametrize("reason", ["", "because", "Facts differ", "not_needed "])
def test_a_reason_that_is_not_preset_rejects_nothing(scene: Scene, reason: str) -> None:
    case = scene.take(scene.case())
    with pytest.raises(Problem) as problem:
        judge.reject(case.pk, reviewer=scene.cast.ada, reason=reason)
    assert problem.value.code is Code.INVALID
    assert Escalation.objects.get().state == "open"


def test_nothing_is_decided_without_taking_the_case(scene: Scene) -> None:
    case = scene.case()
    verify.verify(case.pk)
    for verb in (_rejected, _plain):
        with pytest.raises(Problem) as problem:
            verb(case, scene)
        assert problem.value.code is Code.NOT_TAKEN


def _rejected(case: Escalation, scene: Scene) -> Verdict:
    return judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")


def _plain(case: Escalation, scene: Scene) -> Verdict:
    case.refresh_from_db()
    return judge.approve(case.pk, reviewer=scene.cast.ada, **stated(case))


def test_nothing_is_decided_after_the_lease_ran_out(scene: Scene) -> None:
    case = scene.take(scene.case())
    backdate("update reviews_escalation set taken_until = clock_timestamp() where id = %s", case.pk)
    with pytest.raises(Problem) as problem:
        _plain(case, scene)
    assert problem.value.code is Code.NOT_TAKEN


def test_who_lost_the_lease_to_another_is_told_so(scene: Scene) -> None:
    case = scene.take(scene.case())
    backdate("update reviews_escalation set taken_until = clock_timestamp() where id = %s", case.pk)
    scene.take(case, scene.cast.grace)
    with pytest.raises(Problem) as problem:
        _plain(case, scene)
    assert problem.value.code is Code.TAKEN_BY_ANOTHER


def test_a_loser_is_told_who_decided_what(scene: Scene) -> None:
    case = scene.case()
    scene.approve(case)
    with pytest.raises(Problem) as problem:
        judge.reject(case.pk, reviewer=scene.cast.grace, reason="not_needed")
    assert problem.value.code is Code.ALREADY_DECIDED
    assert (problem.value.extra["decided_by"], problem.value.extra["verdict"]) == ("ada", "approved")


def test_a_deadline_that_passed_while_deciding_rejects(scene: Scene) -> None:
    case = scene.take(scene.case())
    overdue(case)
    with pytest.raises(Problem) as problem:
        _plain(case, scene)
    assert problem.value.code is Code.CASE_EXPIRED


# -- what an approval states ----------------------------------------------------------------------


@pytest.mark.parametrize("field", ["action_digest", "snapshot_digest", "consent"])
@pytest.mark.parametrize("said", ["", "00", "00" * 32, "zz" * 32, "é" * 64, "00" * 33])
def test_any_digest_but_the_stored_one_is_facts_changed(scene: Scene, field: str, said: str) -> None:
    assert problem_of(scene, scene.case(), **{field: said}).code is Code.FACTS_CHANGED


@pytest.mark.parametrize("spelled", ["{0} ", " {0}", "{0}00", "{1}"])
def test_a_digest_has_one_length(scene: Scene, spelled: str) -> None:
    case = scene.take(scene.case())
    seen = case.action.digest.hex()
    said = spelled.format(seen, " ".join(seen[place : place + 2] for place in range(0, 64, 2)))
    assert problem_of(scene, case, action_digest=said).code is Code.FACTS_CHANGED


@pytest.mark.parametrize("text", [" " * 64, "00 " * 21 + " ", "é" * 64, "٣" * 64, "00" * 31, ""])
def test_what_is_not_thirty_two_bytes_in_hex_is_nothing(text: str) -> None:
    assert unhex(text) == b""


def test_facts_read_again_since_the_page_was_shown_are_facts_changed(scene: Scene) -> None:
    case = scene.take(scene.case())
    seen = snapshot_digest(case)
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    verify.verify(case.pk)
    assert problem_of(scene, case, snapshot_digest=seen).code is Code.FACTS_CHANGED


def test_facts_read_again_and_found_the_same_change_nothing(scene: Scene) -> None:
    case = scene.take(scene.case())
    seen = snapshot_digest(case)
    verify.verify(case.pk)
    assert scene.approve(case, snapshot_digest=seen).approve


def test_a_snapshot_whose_rows_no_longer_give_its_digest_is_not_approvable(scene: Scene) -> None:
    case = scene.take(scene.case())
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into governance_fact (snapshot_id, position, name, claimed, recorded, result, required,"
            " material, show, source, version, read_at) select snapshot_id, 9, 'vip', claimed, recorded, result,"
            " required, material, show, source, version, read_at"
            " from governance_fact where snapshot_id = %s limit 1",
            [case.snapshot_id],
        )
    problem = problem_of(scene, case)
    assert (problem.code, problem.detail) == (Code.NOT_APPROVABLE, "What is stored of the record is not what was read.")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("set customer_id = 'c-2'", "The system of record differs: owner."),
        ("set customer_id = null", "The system of record does not have: owner."),
        ("set status = 'open'", "The system of record differs: state."),
        ("set paid = 479.99", "The system of record differs: paid."),
        ("set paid = null", "The system of record does not have: paid."),
        ("set record_id = 'gone'", "The record does not exist."),
    ],
)
def test_a_required_fact_that_does_not_agree_disables_approval_and_says_why(
    scene: Scene, change: str, sentence: str
) -> None:
    scene.sql(f"update shop.orders {change} where record_id = 'W1'")
    problem = problem_of(scene, scene.case(), reviewer="grace")
    assert (problem.code, problem.detail) == (Code.NOT_APPROVABLE, sentence)


def test_an_amount_off_by_a_cent_is_not_approvable(scene: Scene) -> None:
    scene.sql("update shop.orders set paid = 480.00 where record_id = 'W1'")
    assert scene.approve(scene.case("480.00")).approve
    with pytest.raises(Problem) as problem:
        scene.approve(scene.case("480.01"))
    assert problem.value.code is Code.NOT_APPROVABLE


def test_a_claim_that_contradicts_the_record_is_not_approvable(scene: Scene) -> None:
    problem = problem_of(scene, scene.case(claims={"status": "cancelled"}))
    assert (problem.code, problem.detail) == (Code.NOT_APPROVABLE, "The system of record differs: status.")


def test_a_source_that_is_down_can_be_rejected_and_not_approved(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    case = scene.case()
    problem = problem_of(scene, case)
    assert problem.detail == "The system of record could not be reached: nothing was verified."
    assert judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_verified").reject_reason == "not_verified"


def test_an_unbound_type_is_approved_by_nobody(scene: Scene) -> None:
    answer = ask(Credential(hash_key(scene.cast.refunder_key)), bench("600.00", number=901))
    case = Escalation.objects.get(pk=answer.body["escalation"]["id"])
    problem = problem_of(scene, case, reviewer="grace")
    assert (problem.code, problem.detail) == (Code.NOT_APPROVABLE, "No record is bound: nothing was verified.")


# -- whose it may be ------------------------------------------------------------------------------


def test_a_mandate_ends_at_its_money_limit(scene: Scene) -> None:
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, max_risk=Risk.HIGH, by=BY)
    problem = problem_of(scene, scene.case("500.01"))
    assert (problem.code, problem.detail) == (Code.OUTSIDE_MANDATE, "Your mandate ends at $500.00; this is $500.01.")
    assert scene.approve(scene.case("500.00", order="W2")).approve


def test_a_mandate_ends_at_its_risk(scene: Scene) -> None:
    problem = problem_of(scene, scene.case("600.00"))
    assert problem.detail == "Your mandate ends at medium risk; this is high."


def test_a_mandate_ends_at_its_rank(scene: Scene) -> None:
    case = scene.case()
    backdate("update reviews_escalation set rank = 2 where id = %s", case.pk)
    assert problem_of(scene, case).detail == "This case needs rank 2; yours is 1."
    assert scene.approve(_free(case), scene.cast.grace).rank == 3


def _free(case: Escalation) -> Escalation:
    backdate("update reviews_escalation set taken_until = clock_timestamp() where id = %s", case.pk)
    return case


def test_a_mandate_names_the_action_types_it_is_for(scene: Scene) -> None:
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, action_types=[scene.cast.refund], by=BY)
    assert problem_of(scene, scene.case()).detail == "Your mandate does not name this action type."
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, action_types=[scene.refund], by=BY)
    assert scene.approve(scene.case(order="W2")).approve


def test_an_expired_mandate_reaches_nothing(scene: Scene) -> None:
    soon = database_now() + timedelta(milliseconds=500)
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, expires_at=soon, by=BY)
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(0.5)")
    assert problem_of(scene, scene.case()).detail == "Your mandate has expired."


def test_a_reviewer_without_a_mandate_rejects_and_approves_nothing(scene: Scene) -> None:
    mandates.revoke_mandate(scene.cast.ada, by=BY)
    case = scene.case()
    assert problem_of(scene, case).detail == "You have no mandate."
    assert judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed").rank == 0


@pytest.mark.parametrize("change", [{"groups": []}, {"active": False}])
def test_who_left_the_group_or_was_switched_off_after_taking_decides_nothing(
    scene: Scene, change: dict[str, Any]
) -> None:
    case = scene.take(scene.case())
    enrol.change_person(scene.cast.ada, by=BY, **change)
    for verb in (_rejected, _plain):
        with pytest.raises(Problem) as problem:
            verb(case, scene)
        assert problem.value.code is Code.FORBIDDEN


def test_who_became_answerable_for_the_agent_after_taking_decides_nothing(scene: Scene) -> None:
    case = scene.take(scene.case())
    register.change_agent(Agent.objects.get(pk=scene.cast.refunder.pk), owner=scene.cast.ada, by=BY)
    with pytest.raises(Problem) as problem:
        _plain(case, scene)
    assert problem.value.code is Code.OWN_AGENT


def test_an_unknown_amount_of_a_money_type_needs_rank_three(scene: Scene) -> None:
    """The amount stands in the record and is not in the reference currency."""
    document = {**REFUND, "amount": "paid", "key": "shop.refund"}
    document["caps"] = [cap for cap in document["caps"] if not cap.get("hard")]
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    scene.sql("update shop.orders set currency = 'EUR' where record_id = 'W1'")
    facts = [fact for fact in BINDING["facts"] if fact["name"] != "paid"]
    catalogue.save_binding({**BINDING, "facts": facts, "sentence": "Refund."}, by=BY)
    mandates.set_mandate(scene.cast.ada, rank=2, money_limit=10**9, max_risk=Risk.HIGH, by=BY)
    case = scene.case()
    assert problem_of(scene, case).detail == "The amount is not known; that needs rank 3."
    assert scene.approve(_free(case), scene.cast.grace).approve


def test_a_mandate_is_held_against_the_amount_of_the_record_where_the_type_says_so(scene: Scene) -> None:
    document = {**REFUND, "amount": "paid", "key": "shop.refund"}
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, max_risk=Risk.HIGH, by=BY)
    assert problem_of(scene, scene.case()).detail == "Your mandate ends at $500.00; this is $900.00."


@pytest.mark.parametrize(("owner", "counted"), [("'c-1'", "c-1"), ("null", "?")])
@pytest.mark.parametrize("subject", [None, "c-7"])
def test_an_approval_counts_for_whom_the_record_names_and_never_for_whom_the_agent_named(
    scene: Scene, subject: str | None, owner: str, counted: str
) -> None:
    facts = [fact for fact in BINDING["facts"] if fact["name"] != "owner"]
    catalogue.save_binding({**BINDING, "facts": facts}, by=BY)
    scene.sql(f"update shop.orders set customer_id = {owner} where record_id = 'W1'")
    scene.approve(scene.case(subject=subject))
    assert f"entity:subject={counted}|shop.refund|money|86400" in Reservation.objects.get().budgets


# -- halts and budgets ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["enterprise", "domain", "project", "agent", "action_type"])
def test_under_a_halt_approve_is_refused_and_reject_works(scene: Scene, target: str) -> None:
    keys = {"enterprise": "acme", "domain": "service", "project": "refunds", "action_type": "shop.refund"}
    case = scene.case()
    halt.halt(target, keys.get(target, str(scene.cast.refunder.pk)), reason="test", by=BY)
    assert problem_of(scene, case).code is Code.HALTED
    assert judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed").approve is False


def test_an_approval_reserves_in_the_rows_the_machine_uses(scene: Scene) -> None:
    scene.approve(scene.case())
    held = Reservation.objects.get()
    keys = ["enterprise:acme|shop.refund|money|86400", "entity:subject=c-1|shop.refund|money|86400"]
    assert sorted(held.budgets) == keys
    assert (held.amounts, live("%shop.refund%")) == ([48_000, 48_000], 96_000)


def test_a_person_passes_an_autonomy_cap(scene: Scene) -> None:
    scene.approve(_over_cap(scene))
    assert live("entity:subject=c-1%") == 144_000


def test_nobody_passes_a_hard_cap(scene: Scene) -> None:
    for order in ("W1", "W2", "W3", "W4"):
        scene.approve(scene.case(order=order))
    case = scene.case(order="W5")
    with pytest.raises(Problem) as problem:
        scene.approve(case, scene.cast.grace)
    assert problem.value.code is Code.NOT_APPROVABLE
    assert problem.value.detail == "It would pass a hard cap, which no approval passes."
    assert live("enterprise:%shop.refund%") == 192_000
    assert scene.approve(scene.case("80.00", order="W6")).approve


def test_the_case_of_a_cap_says_anew_when_the_window_frees(scene: Scene) -> None:
    case = _over_cap(scene)
    backdate("update reviews_escalation set cap_frees_at = clock_timestamp() where id = %s", case.pk)
    before = database_now()
    scene.approve(case)
    frees_at = Escalation.objects.get(pk=case.pk).cap_frees_at
    assert frees_at is not None
    assert timedelta(hours=23) < frees_at - before <= timedelta(hours=25)


def test_a_withdrawn_approval_frees_its_cap_as_early_as_before(scene: Scene) -> None:
    case = _over_cap(scene)
    before = case.cap_frees_at
    assert before is not None
    backdate("update reviews_escalation set cap_frees_at = cap_frees_at + interval '9 hours' where id = %s", case.pk)
    judge.withdraw(scene.approve(case).pk, reviewer=scene.cast.ada)
    case.refresh_from_db()
    assert case.cap_frees_at is not None
    assert abs(case.cap_frees_at - before) <= timedelta(hours=1)


def _over_cap(scene: Scene) -> Escalation:
    """Two refunds of 480 approved, and a third whose case is the one of the cap."""
    for _ in range(2):
        scene.approve(scene.case())
    case = scene.case()
    assert case.cap_key == "entity:subject=c-1|shop.refund|money"
    return case


def test_further_actions_over_the_cap_are_counted_and_summed_in_the_closing_entry(scene: Scene) -> None:
    case = _over_cap(scene)
    for _ in range(3):
        with pytest.raises(Problem) as problem:
            scene.ask()
        assert problem.value.code is Code.CAP_EXHAUSTED
    scene.take(case)
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="over_limit")
    assert entries("verdict_given")[-1]["cap_exhausted"] == {"count": 3, "amount": 144_000}


# -- the hold -------------------------------------------------------------------------------------


def test_a_verdict_withdrawn_in_its_hold_never_was(scene: Scene) -> None:
    verdict = scene.approve(scene.case())
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    case, grant = Escalation.objects.get(), Grant.objects.get()
    assert (case.state, case.closed_at, case.taken_by) == ("open", None, scene.cast.ada)
    assert case.taken_until is not None
    assert case.taken_until > database_now()
    assert grant.voided_at is not None
    assert live("%shop.refund%") == 0
    assert Reservation.objects.get().released_at is not None
    assert entries("verdict_withdrawn") == [
        {"escalation": str(case.pk), "action": str(case.action_id), "verdict": verdict.pk, "released": True}
    ]


def test_a_verdict_taken_back_voids_its_own_grant_and_no_other(scene: Scene) -> None:
    other, grant = scene.approved(order="W2"), scene.approved()
    judge.withdraw(grant.verdict_id or 0, reviewer=scene.cast.ada)
    assert Grant.objects.filter(voided_at=None).get() == other
    assert Reservation.objects.filter(released_at=None).get().action_id == other.action_id


def test_a_reject_withdrawn_in_its_hold_opens_the_case_again(scene: Scene) -> None:
    case = scene.take(scene.case())
    verdict = judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    case.refresh_from_db()
    assert (case.state, Action.objects.get(pk=case.action_id).state) == ("open", "escalated")
    assert "released" not in entries("verdict_withdrawn")[0]


def test_a_case_withdrawn_by_who_is_away_by_then_is_anybodys(scene: Scene) -> None:
    case = scene.take(scene.case())
    verdict = judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    leave.leave(reviewer=scene.cast.ada, begins=database_now(), ends=database_now() + timedelta(hours=1))
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    case.refresh_from_db()
    assert (case.state, case.taken_by, case.taken_until) == ("open", None, None)
    assert scene.take(case, scene.cast.grace).taken_by == scene.cast.grace


def test_an_approval_after_a_withdrawn_one_reserves_anew(scene: Scene) -> None:
    case = scene.case()
    judge.withdraw(scene.approve(case).pk, reviewer=scene.cast.ada)
    second = scene.approve(case)
    assert Verdict.objects.filter(withdrawn_at=None).get() == second
    assert Grant.objects.filter(voided_at=None).get().verdict_id == second.pk
    assert live("entity:subject=c-1%") == 48_000
    assert Reservation.objects.get().released_at is None


def test_a_released_reservation_is_given_back_once_and_never_below_zero(scene: Scene) -> None:
    verdict = scene.approve(scene.case())
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    with connection.cursor() as cursor:
        cursor.execute("select placet_release(%s)", [verdict.escalation.action_id])
        assert cursor.fetchone() == (False,)
    assert all(min(budget.slots) == 0 for budget in Budget.objects.all())


@pytest.mark.parametrize(("turned", "left"), [(60, 0), (61, 48_000)])
def test_a_reservation_that_left_the_window_is_not_given_back_to_a_stranger(
    scene: Scene, turned: int, left: int
) -> None:
    """In its last slot it is given back; once the ring has come round, another one may stand in that place."""
    verdict = scene.approve(scene.case())
    with connection.cursor() as cursor:
        cursor.execute("update governance_budget set head = head + %s where key like 'entity:subject=c-1%%'", [turned])
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    ring = Budget.objects.get(key__startswith="entity:subject=c-1")
    assert sum(ring.slots) == left


def test_only_who_gave_a_verdict_withdraws_it_and_only_once(scene: Scene) -> None:
    verdict = scene.approve(scene.case())
    with pytest.raises(Problem) as problem:
        judge.withdraw(verdict.pk, reviewer=scene.cast.grace)
    assert problem.value.code is Code.FORBIDDEN
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    with pytest.raises(Problem) as problem:
        judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    assert problem.value.code is Code.WRONG_STATE


def test_after_the_hold_a_verdict_is_final(scene: Scene, no_hold: None) -> None:
    verdict = scene.approve(scene.case())
    with pytest.raises(Problem) as problem:
        judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    assert problem.value.code is Code.HOLD_OVER
    assert Grant.objects.get().voided_at is None


def test_the_database_too_holds_a_verdict_final(scene: Scene, no_hold: None) -> None:
    verdict = scene.approve(scene.case())
    with pytest.raises(DatabaseError, match="final"), transaction.atomic():
        Verdict.objects.filter(pk=verdict.pk).update(withdrawn_at=database_now())


def test_a_verdict_that_does_not_exist_is_not_found(scene: Scene) -> None:
    with pytest.raises(Problem) as problem:
        judge.withdraw(404, reviewer=scene.cast.ada)
    assert (problem.value.code, problem.value.detail) == (Code.NOT_FOUND, "This verdict does not exist.")


def test_a_reopened_case_gives_the_cap_to_the_case_that_took_it(scene: Scene) -> None:
    """While the reject was on hold its window freed and another action opened a case for the same cap."""
    case = _over_cap(scene)
    scene.take(case)
    verdict = judge.reject(case.pk, reviewer=scene.cast.ada, reason="over_limit")
    backdate("update reviews_escalation set cap_frees_at = clock_timestamp() where id = %s", case.pk)
    follower = scene.case()
    assert follower.cap_key is not None
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    case.refresh_from_db()
    assert (case.state, case.cap_key) == ("open", None)


# -- notices --------------------------------------------------------------------------------------


def _notice(scene: Scene) -> Escalation:
    document = {
        "key": "notice",
        "class": "draft",
        "risk": "low",
        "parameters": {"reason": {"type": "enum", "values": ["out_of_scope"]}},
        "evidence": ["contract"],
    }
    catalogue.save_action_type(document, domain=None, by=BY)
    request = Ask(
        action_type="notice",
        parameters={"reason": "out_of_scope"},
        claims={},
        run="run-notice",
        subject=None,
        body_hash=b"n" * 32,
        idempotency_key="notice-1",
        agent_reason="out_of_scope",
    )
    answer = ask(Credential(hash_key(scene.cast.refunder_key)), request)
    return Escalation.objects.get(pk=answer.body["escalation"]["id"])


def test_a_notice_is_acknowledged_and_never_granted(scene: Scene) -> None:
    case = _notice(scene)
    assert problem_of(scene, case).detail == "A notice is acknowledged, never approved."
    judge.acknowledge(case.pk, reviewer=scene.cast.ada)
    case.refresh_from_db()
    assert (case.state, Action.objects.get(pk=case.action_id).state) == ("acknowledged", "not_executed")
    assert entries("case_acknowledged") == [{"escalation": str(case.pk), "action": str(case.action_id)}]


def test_a_case_that_needs_a_verdict_is_not_acknowledged(scene: Scene) -> None:
    case = scene.take(scene.case())
    with pytest.raises(Problem) as problem:
        judge.acknowledge(case.pk, reviewer=scene.cast.ada)
    assert problem.value.code is Code.WRONG_STATE
