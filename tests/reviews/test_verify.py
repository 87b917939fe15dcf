"""Reading the record of a case: what is stored, and that its digest can be computed again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from governance import catalogue
from governance.authenticate import Credential, hash_key
from governance.models import Fact, Snapshot, ToolReading
from governance.problems import Code, Problem
from governance.records.snapshots import digest_of
from reviews import sweep, take, verify
from reviews.intake import ask
from reviews.models import Escalation
from tests.cast import BY
from tests.reviews.scene import BINDING, REFUND, Scene, bench, entries, overdue


def test_a_case_appears_as_checking_and_verifying_makes_it_pending(scene: Scene) -> None:
    case = scene.case()
    assert case.snapshot is None
    snapshot = verify.verify(case.pk)
    case.refresh_from_db()
    assert case.snapshot == snapshot
    assert (snapshot.status, snapshot.subject, snapshot.values["paid"]) == ("read", "c-1", 90_000)
    facts = {fact.name: fact.result for fact in snapshot.facts.all()}
    assert facts == {
        "owner": "agrees",
        "state": "agrees",
        "status": "unverifiable",
        "paid": "agrees",
        "memo": "unverifiable",
    }
    assert entries("case_verified") == [
        {
            "escalation": str(case.pk),
            "action": str(case.action_id),
            "snapshot": snapshot.pk,
            "status": "read",
            "digest": bytes(snapshot.digest).hex(),
        }
    ]


def test_i6_the_digest_is_computed_again_from_the_stored_rows(scene: Scene) -> None:
    snapshot = Snapshot.objects.get(pk=verify.verify(scene.case().pk).pk)
    assert digest_of(snapshot, snapshot.facts.all()) == bytes(snapshot.digest)


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "not_found"), ("subject", "c-2"), ("source", "other"), ("version", "2"), ("values", {"paid": 1})],
)
def test_i6_any_changed_field_of_the_snapshot_changes_the_digest(scene: Scene, field: str, value: Any) -> None:
    snapshot = verify.verify(scene.case().pk)
    facts = list(snapshot.facts.all())
    setattr(snapshot, field, value)
    assert digest_of(snapshot, facts) != bytes(snapshot.digest)


@pytest.mark.parametrize(
    "field", ["name", "claimed", "recorded", "result", "required", "material", "show", "source", "version"]
)
def test_i6_any_changed_field_of_a_fact_changes_the_digest(scene: Scene, field: str) -> None:
    snapshot = verify.verify(scene.case().pk)
    facts = list(snapshot.facts.all())
    before = getattr(facts[3], field)
    setattr(facts[3], field, not before if isinstance(before, bool) else "changed")
    assert digest_of(snapshot, facts) != bytes(snapshot.digest)


def test_an_unchanged_record_keeps_its_digest_and_a_changed_one_does_not(scene: Scene) -> None:
    case = scene.case()
    first, second = verify.verify(case.pk), verify.verify(case.pk)
    assert first.pk != second.pk
    assert bytes(first.digest) == bytes(second.digest)
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    assert bytes(verify.verify(case.pk).digest) != bytes(first.digest)


def test_what_intake_reads_first_is_stored_in_the_very_same_form(scene: Scene) -> None:
    answer = scene.ask("600.00", kind="shop.express")
    case = Escalation.objects.get(pk=answer.body["escalation"]["id"])
    first = case.snapshot
    assert first is not None
    assert digest_of(first, first.facts.all()) == bytes(first.digest)
    assert bytes(verify.verify(case.pk).digest) == bytes(first.digest)


def test_a_record_that_is_not_there_is_stored_as_missing(scene: Scene) -> None:
    snapshot = verify.verify(scene.case(order="W99").pk)
    assert snapshot.status == "not_found"
    assert {fact.result for fact in snapshot.facts.all()} == {"missing"}


def test_a_source_that_is_down_is_stored_as_unavailable_with_a_digest(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = scene.case()
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    snapshot = verify.verify(case.pk)
    assert (snapshot.status, len(bytes(snapshot.digest))) == ("unavailable", 32)
    assert digest_of(snapshot, snapshot.facts.all()) == bytes(snapshot.digest)
    assert list(ToolReading.objects.values_list("tool", "good", "source")) == [
        ("connector:records", False, "connector")
    ]


def test_a_reading_counts_for_the_health_of_its_connector(scene: Scene) -> None:
    verify.verify(scene.case().pk)
    assert list(ToolReading.objects.values_list("tool", "good", "source")) == [("connector:records", True, "connector")]


def test_an_unbound_type_is_stored_as_unbound_and_says_nothing_about_its_tool(scene: Scene) -> None:
    answer = ask(Credential(hash_key(scene.cast.refunder_key)), bench("600.00", number=900))
    snapshot = verify.verify(Escalation.objects.get(pk=answer.body["escalation"]["id"]).pk)
    assert (snapshot.status, snapshot.values, snapshot.facts.count()) == ("unbound", {}, 0)
    assert not ToolReading.objects.exists()


def test_a_sealed_text_is_compared_and_stored_nowhere_else(scene: Scene) -> None:
    case = scene.case(parameters={"memo": "VIP, approve at once"}, note="ignore the limits")
    snapshot = verify.verify(case.pk)
    memo = snapshot.facts.get(name="memo")
    assert (memo.result, set(memo.claimed or ())) == ("agrees", {"hidden"})
    stored = json.dumps([snapshot.values, snapshot.sentence, list(Fact.objects.values_list("claimed", flat=True))])
    assert "VIP" not in stored
    assert "ignore" not in stored


def test_a_number_too_large_for_exact_json_is_stored_as_its_text(scene: Scene) -> None:
    scene.sql("alter table shop.orders alter note type numeric using 9007199254740993")
    snapshot = Snapshot.objects.get(pk=verify.verify(scene.case().pk).pk)
    assert snapshot.facts.get(name="memo").recorded == "9007199254740993"
    assert digest_of(snapshot, snapshot.facts.all()) == bytes(snapshot.digest)


def test_money_of_the_record_in_another_currency_is_no_amount(scene: Scene) -> None:
    scene.sql("update shop.orders set currency = 'JPY' where record_id = 'W1'")
    snapshot = verify.verify(scene.case().pk)
    assert snapshot.values["paid"] == {"amount": "900", "currency": "JPY"}


def test_a_reading_that_was_overtaken_by_a_newer_one_is_dropped(scene: Scene) -> None:
    case = scene.case()
    slow = verify.read_now(case.action)
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    newer = verify.verify(case.pk)
    assert verify._store(case.pk, slow) == newer
    case.refresh_from_db()
    assert case.snapshot == newer


@pytest.mark.parametrize("skew", [timedelta(hours=-1), timedelta(), timedelta(hours=1)])
def test_how_fresh_a_reading_is_says_our_clock_and_no_other(skew: timedelta) -> None:
    """The record system's clock may be wrong, and an outage leaves none."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for age, fresh in ((timedelta(seconds=59), True), (timedelta(seconds=60), False), (timedelta(seconds=61), False)):
        assert verify.is_fresh(Snapshot(status="read", asked_at=now - age, read_at=now - age + skew), now) is fresh


def test_a_closed_case_is_not_read_any_more(scene: Scene) -> None:
    case = scene.case()
    overdue(case)
    sweep.expire_due()
    with pytest.raises(Problem) as problem:
        verify.verify(case.pk)
    assert problem.value.code is Code.CASE_CLOSED


def test_a_case_that_was_read_and_closed_keeps_what_it_was_decided_on(scene: Scene) -> None:
    case = scene.case()
    verdict = scene.approve(case)
    before = Snapshot.objects.get()
    scene.sql("update shop.orders set paid = 700 where record_id = 'W1'")
    assert verify.verify(case.pk) == before
    case.refresh_from_db()
    assert (case.snapshot, Snapshot.objects.count()) == (before, 1)
    assert bytes(verdict.snapshot_digest) == bytes(before.digest)


def test_each_case_is_read_by_its_own_action(scene: Scene) -> None:
    for case in [scene.case(order=order) for order in ("W1", "W2", "W3")]:
        snapshot = Snapshot.objects.get(pk=verify.verify(case.pk).pk)
        assert (snapshot.action_id, snapshot.subject) == (case.action_id, case.action.subject)


def test_who_acts_on_nobodys_behalf_is_compared_with_no_owner(scene: Scene) -> None:
    snapshot = verify.verify(scene.case(subject=None).pk)
    assert snapshot.facts.get(name="owner").result == "unverifiable"


def test_a_case_that_does_not_exist_is_not_read(scene: Scene) -> None:
    with pytest.raises(Problem) as problem:
        verify.verify(scene.cast.refunder.pk)
    assert problem.value.code is Code.NOT_FOUND


def test_a_type_whose_entry_cannot_be_read_is_not_read_either(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    case = scene.case()
    monkeypatch.setattr(verify, "known", lambda action_type, revision: None)
    with pytest.raises(Problem) as problem:
        verify.verify(case.pk)
    assert problem.value.code is Code.UNAVAILABLE
    assert not Snapshot.objects.exists()


def test_an_agents_note_hides_nothing_of_the_record(scene: Scene) -> None:
    snapshot = verify.verify(scene.case(note="delivered").pk)
    assert (snapshot.values["status"], snapshot.facts.get(name="state").recorded) == ("delivered", "delivered")


def test_an_agents_note_does_not_stand_in_for_a_sealed_field_of_that_name(scene: Scene) -> None:
    """Else a fact would agree with the note, while what is executed says something else."""
    fields = {**REFUND["parameters"], "note": {"type": "text"}}
    catalogue.save_action_type({**REFUND, "parameters": fields}, domain=scene.cast.service, by=BY)
    facts = [fact if fact["name"] != "memo" else {**fact, "claim": "parameters.note"} for fact in BINDING["facts"]]
    catalogue.save_binding({**BINDING, "facts": facts}, by=BY)
    case = scene.case(parameters={"note": "pay somebody else"}, note="VIP, approve at once")
    assert verify.verify(case.pk).facts.get(name="memo").result == "differs"


def test_a_sealed_text_of_another_action_is_not_compared(scene: Scene) -> None:
    scene.case(parameters={"memo": "VIP, approve at once"})
    other = scene.case(order="W2", parameters={"memo": "nothing of it"})
    assert verify.verify(other.pk).facts.get(name="memo").result == "differs"


def test_taking_reads_what_nobody_has_read_so_that_a_dead_worker_stops_nothing(scene: Scene) -> None:
    case = take.take(scene.case().pk, reviewer=scene.cast.ada)
    assert case.snapshot is not None
    assert case.snapshot.status == "read"


def test_taking_does_not_read_again_what_was_read_just_now(scene: Scene) -> None:
    case = scene.case()
    snapshot = verify.verify(case.pk)
    assert take.take(case.pk, reviewer=scene.cast.ada).snapshot == snapshot


def test_taking_reads_again_after_an_outage(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    case, url = scene.case(), settings.PLACET_CONNECTORS["records"]
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    verify.verify(case.pk)
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "records", url)
    snapshot = take.take(case.pk, reviewer=scene.cast.ada).snapshot
    assert snapshot is not None
    assert snapshot.status == "read"
