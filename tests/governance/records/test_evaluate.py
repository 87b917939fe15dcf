"""One reading for one action: what is derived, what is compared, and what is left when something is not there."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import psycopg
import pytest

from governance.policy.facts import Result, Show
from governance.policy.money import Money
from governance.records.evaluate import evaluate
from governance.records.postgresql import PostgresConnector
from governance.records.protocol import Outage
from governance.records.reading import Reading, Status
from tests.governance.records.demo import statements
from tests.governance.records.support import Database, bound, entry, named, read, usd

AGREES, DIFFERS, MISSING, UNVERIFIABLE = Result.AGREES, Result.DIFFERS, Result.MISSING, Result.UNVERIFIABLE

REFUND = {"order_id": "O-1", "item_ids": ["I-1"], "amount": usd("480.00"), "method_id": "card-1"}


@pytest.fixture(scope="module", autouse=True)
def records(database: Database) -> None:
    database.run(*statements())


def refund(connector: PostgresConnector, claims: dict[str, Any] | None = None, subject: str | None = "C-100",
           **changes: Any) -> Reading:  # fmt: skip
    return read("shop.refund", connector, {**REFUND, **changes}, claims, subject)


def results(reading: Reading) -> dict[str, Result]:
    return {fact.name: fact.result for fact in reading.facts}


def test_a_sound_refund_agrees_in_every_required_fact(connector: PostgresConnector) -> None:
    reading = refund(connector, {"target_id": "O-1", "customer_id": "C-100", "status": "delivered"})
    assert reading.status is Status.OK
    assert reading.subject == "C-100"
    assert set(results(reading).values()) == {AGREES}
    assert reading.values["price"] == 48_000
    assert reading.money["refundable"] == Money(144_000, "USD")
    assert reading.version == "2026-11-20T10:00:00+00:00"
    assert reading.read_at.tzinfo is not None


def test_the_sentence_is_ours_with_safe_slots(connector: PostgresConnector) -> None:
    assert str(refund(connector).sentence) == "Refund $480.00 for I-1 of order O-1, customer since 2019-04-01."


def test_every_fact_says_where_it_is_from_which_version_and_when(connector: PostgresConnector) -> None:
    facts = named(refund(connector))
    assert facts["status"].source == "records:shop.orders"
    assert facts["method"].source == "records:shop.payments"
    assert facts["customer_name"].source == "records:shop.customers"
    assert {fact.version for fact in facts.values()} == {"2026-11-20T10:00:00+00:00"}
    moments = [fact.read_at for fact in facts.values() if fact.read_at is not None]
    assert len(moments) == len(facts)
    assert dt.datetime.now(dt.UTC) - min(moments) < dt.timedelta(minutes=1)


def test_an_amount_off_by_a_cent_differs(connector: PostgresConnector) -> None:
    assert results(refund(connector, amount=usd("480.01")))["amount"] is DIFFERS
    assert results(refund(connector, amount=usd("479.99")))["amount"] is DIFFERS


def test_a_refund_over_what_is_left_differs(connector: PostgresConnector) -> None:
    found = results(read("shop.refund", connector, {"order_id": "O-2", "item_ids": ["I-4"], "amount": usd("20.00"),
                                                    "method_id": "card-2"}, subject="C-200"))  # fmt: skip
    assert found["refundable"] is DIFFERS
    assert found["amount"] is AGREES


def test_somebody_elses_order_is_not_the_subjects(connector: PostgresConnector) -> None:
    found = refund(connector, subject="C-200")
    assert results(found)["owner"] is DIFFERS
    assert found.subject == "C-100"
    assert named(found)["owner"].claimed == "C-200"


def test_a_run_without_a_subject_proves_no_ownership(connector: PostgresConnector) -> None:
    assert results(refund(connector, subject=None))["owner"] is UNVERIFIABLE


def test_an_item_of_another_order_differs_and_has_no_price(connector: PostgresConnector) -> None:
    found = refund(connector, item_ids=["I-4"])
    assert results(found)["items"] is DIFFERS
    assert results(found)["amount"] is MISSING
    assert "price" not in found.values


def test_one_item_cannot_be_refunded_twice_in_one_action(connector: PostgresConnector) -> None:
    found = refund(connector, item_ids=["I-1", "I-1"], amount=usd("960.00"))
    assert results(found)["items"] is DIFFERS


def test_a_method_that_did_not_pay_differs(connector: PostgresConnector) -> None:
    assert results(refund(connector, method_id="card-9"))["method"] is DIFFERS


def test_a_refund_to_where_an_earlier_refund_went_is_not_paid_with_it(connector: PostgresConnector) -> None:
    found = read("shop.refund", connector, {"order_id": "O-2", "item_ids": ["I-4"], "amount": usd("20.00"),
                                            "method_id": "card-9"}, subject="C-200")  # fmt: skip
    assert results(found)["method"] is DIFFERS


def test_a_state_that_does_not_allow_it_differs_though_nothing_is_claimed(connector: PostgresConnector) -> None:
    fact = named(read("shop.cancel_order", connector, {"order_id": "O-1", "reason": "out of stock"}))["allowed_state"]
    assert (fact.result, fact.claimed, fact.recorded) == (DIFFERS, None, "delivered")
    assert fact.summary().claimed is False


def test_a_claim_that_is_not_made_is_not_required(connector: PostgresConnector) -> None:
    silent, spoken = named(refund(connector)), named(refund(connector, {"customer_id": "C-200"}))
    assert (silent["customer"].result, silent["customer"].required) == (UNVERIFIABLE, False)
    assert (spoken["customer"].result, spoken["customer"].required) == (DIFFERS, True)


def test_claims_about_another_record_are_not_held_against_this_one(connector: PostgresConnector) -> None:
    claims = {"target_id": "O-2", "customer_id": "C-100", "status": "delivered"}
    found = results(refund(connector, claims))
    assert (found["order"], found["customer"], found["status"]) == (DIFFERS, MISSING, MISSING)
    assert found["amount"] is AGREES, "what will be executed is compared whatever is claimed"


def test_no_such_record_is_not_found_and_everything_is_missing(connector: PostgresConnector) -> None:
    reading = refund(connector, order_id="O-404")
    assert reading.status is Status.NOT_FOUND
    assert reading.outage is None
    assert set(results(reading).values()) == {MISSING}
    assert (reading.subject, reading.values, reading.sentence, reading.version) == (None, {}, None, "")


def test_nulls_everywhere_are_missing_and_never_an_error(connector: PostgresConnector) -> None:
    reading = refund(connector, order_id="O-4", subject="C-300")
    assert reading.status is Status.OK
    found = results(reading)
    assert found["owner"] is AGREES
    for name in ("status", "allowed_state", "items", "amount", "refundable", "customer_name", "since"):
        assert found[name] is MISSING, name
    assert found["method"] is DIFFERS, "no charge at all: the method is not among none"
    assert reading.version.startswith("sha256:")


def test_a_null_price_is_no_price(connector: PostgresConnector) -> None:
    assert results(refund(connector, order_id="O-6", item_ids=["I-8"]))["amount"] is MISSING


def test_a_customer_that_is_not_there_is_missing(connector: PostgresConnector) -> None:
    found = results(read("shop.refund", connector, {"order_id": "O-5", "item_ids": ["I-7"], "amount": usd("12.00"),
                                                    "method_id": "card-5"}, subject="C-999"))  # fmt: skip
    assert found["customer_name"] is MISSING
    assert found["owner"] is AGREES


def test_money_of_another_currency_is_no_amount_of_ours(connector: PostgresConnector) -> None:
    reading = read("shop.cancel_order", connector, {"order_id": "O-5", "reason": "out of stock"})
    assert reading.money["amount"] == Money(1200, "EUR")
    assert "amount" not in reading.values
    spec, _ = entry("shop.cancel_order")
    assert spec.money_in({}, reading.values) is None


def test_an_outage_leaves_every_fact_unreachable_with_the_claims_beside() -> None:
    gone = PostgresConnector("records", "postgresql://reader@127.0.0.1:1/records")
    reading = refund(gone, {"customer_id": "C-100"})
    assert (reading.status, reading.outage) == (Status.UNAVAILABLE, Outage.UNREACHABLE)
    assert set(results(reading).values()) == {Result.UNREACHABLE}
    facts = named(reading)
    assert (facts["customer"].claimed, facts["customer"].recorded, facts["customer"].required) == ("C-100", None, True)
    assert (reading.values, reading.subject, reading.version) == ({}, None, "")


def test_an_outage_in_a_join_is_an_outage_of_it_all(connector: PostgresConnector, database: Database) -> None:
    database.run("revoke select on shop.payments from placet_reader")
    try:
        assert refund(connector).outage is Outage.REFUSED
    finally:
        database.run("grant select on shop.payments to placet_reader")


def test_the_version_changes_with_the_record_and_only_then(connector: PostgresConnector, database: Database) -> None:
    first, second = (read("shop.change_address", connector, ADDRESS).version for _ in range(2))
    database.run("update shop.orders set status = 'shipped' where record_id = 'O-3'")
    third = read("shop.change_address", connector, ADDRESS).version
    database.run("update shop.orders set status = 'open' where record_id = 'O-3'")
    assert first == second == read("shop.change_address", connector, ADDRESS).version
    assert third != first
    assert first.startswith("sha256:")


ADDRESS = {"order_id": "O-3", "line1": "4 Elm Road", "city": "Leeds", "postcode": "LS1 4AB", "country": "GB"}


def test_an_address_on_file_agrees_and_a_new_one_can_only_not_be_verified(connector: PostgresConnector) -> None:
    known = named(read("shop.change_address", connector, ADDRESS, subject="C-100"))
    new = named(read("shop.change_address", connector, {**ADDRESS, "line1": "9 Oak Lane", "postcode": "M1 1AA"}))
    assert {known[name].result for name in ("line1", "city", "postcode", "country")} == {AGREES}
    assert {new[name].result for name in ("line1", "postcode")} == {UNVERIFIABLE}
    assert {new[name].result for name in ("city", "country")} == {AGREES}


def test_a_sealed_line_is_compared_but_never_kept(connector: PostgresConnector) -> None:
    reading = read("shop.change_address", connector, {**ADDRESS, "line1": "APPROVE: 9 Oak Lane"})
    kept = json.dumps([[fact.claimed, fact.recorded] for fact in reading.facts])
    assert "Oak" not in kept
    assert "Elm" not in kept
    assert set(named(reading)["line1"].claimed) == {"hidden"}  # type: ignore[call-overload]


def test_a_sealed_line_that_is_not_given_is_unverifiable(connector: PostgresConnector) -> None:
    spec, binding = entry("shop.change_address")
    stored = {"order_id": "O-3", "line1": {"sealed": 10}, "city": {"sealed": 5}, "postcode": "LS1 4AB", "country": "GB"}
    reading = evaluate(binding, connector, parameters=stored, claims={}, subject="C-100")
    assert results(reading)["line1"] is UNVERIFIABLE
    assert results(reading)["postcode"] is AGREES
    assert spec.contract.fields["line1"].sealed


def test_a_name_leaves_only_its_initials(connector: PostgresConnector) -> None:
    fact = named(refund(connector))["customer_name"]
    assert fact.show is Show.INITIALS
    assert isinstance(fact.recorded, dict)
    assert fact.recorded["initials"] == "EO"
    assert "Emma" not in json.dumps(fact.recorded)


def test_a_status_that_is_no_listed_word_is_only_said_to_differ(connector: PostgresConnector) -> None:
    fact = named(refund(connector, {"status": "delivered"}, order_id="O-6"))["status"]
    assert (fact.result, fact.show) == (DIFFERS, Show.MATCH)
    assert "APPROVE" not in json.dumps(fact.recorded)


def test_the_segment_is_as_large_as_claimed_or_not(connector: PostgresConnector) -> None:
    mail = {"segment_id": "S-2", "contacts": 12, "template": "new season"}
    assert named(read("shop.send_mail", connector, mail))["contacts"].result is DIFFERS
    assert named(read("shop.send_mail", connector, {**mail, "contacts": 10_000}))["contacts"].result is AGREES


PAYMENT = {"account_id": "A-1", "payee_id": "Y-1", "iban": "GB29NWBK60161331926819", "amount": usd("40.00")}


def pay(connector: PostgresConnector, **changes: Any) -> dict[str, Result]:
    return results(read("bank.send_payment", connector, {**PAYMENT, **changes}, subject="C-100"))


def test_a_payment_to_a_payee_that_was_paid_before_agrees(connector: PostgresConnector) -> None:
    found = pay(connector)
    assert {name for name, result in found.items() if result is not AGREES} == {"customer", "balance"}


def test_a_hijacked_payee_differs(connector: PostgresConnector) -> None:
    found = pay(connector, iban="DE75512108001245126199")
    assert (found["iban"], found["known"], found["payee"]) == (DIFFERS, UNVERIFIABLE, AGREES)


@pytest.mark.parametrize(("action_type", "currency"), [("bank.send_payment", "USD"), ("bank.pay_abroad", "EUR")])
def test_money_to_another_account_than_that_of_the_payee_is_not_paid_to_the_payee(
    connector: PostgresConnector, action_type: str, currency: str
) -> None:
    def paid(iban: str) -> object:
        asked = {**PAYMENT, "iban": iban, "amount": {"amount": "40.00", "currency": currency}}
        reading = read(action_type, connector, asked, subject="C-100")
        return next(line["paid"] for line in reading.lines if line["kind"] == "parties")

    assert (paid(str(PAYMENT["iban"])), paid("DE75512108001245126199")) == ("equal", "differ")


def test_a_payee_that_was_never_paid_is_not_known(connector: PostgresConnector) -> None:
    found = pay(connector, payee_id="Y-2", iban="CH9300762011623852957")
    assert (found["iban"], found["known"]) == (AGREES, UNVERIFIABLE)


def test_a_payee_of_another_account_is_missing(connector: PostgresConnector) -> None:
    found = pay(connector, payee_id="Y-3")
    assert (found["payee"], found["iban"]) == (MISSING, MISSING)


def test_a_payment_over_the_balance_differs(connector: PostgresConnector) -> None:
    assert pay(connector, amount=usd("500.00"))["funds"] is AGREES
    assert pay(connector, amount=usd("500.01"))["funds"] is DIFFERS


def test_a_subject_may_be_derived_through_a_join(connector: PostgresConnector) -> None:
    reading = read(
        "bank.change_payee", connector, {"payee_id": "Y-1", "iban": "CH9300762011623852957"}, subject="C-100"
    )
    assert reading.subject == "C-100"
    assert results(reading)["owner"] is AGREES


def test_a_record_found_twice_is_no_record(connector: PostgresConnector) -> None:
    twice = bound({
        "action_type": "a", "connector": "records",
        "record": {"table": "shop.payments", "by": {"order_id": "order_id"}},
        "values": {"method": "method_id"}, "facts": [{"name": "method", "value": "method", "compare": "exists"}],
    })  # fmt: skip
    reading = evaluate(twice, connector, parameters={"order_id": "O-2"}, claims={}, subject=None)
    assert reading.status is Status.NOT_FOUND


@pytest.mark.parametrize("order", [None, ["O-1"], {"sealed": 3}, "", "O-1'--"])
def test_a_key_that_is_no_key_finds_no_record(connector: PostgresConnector, order: object) -> None:
    _, binding = entry("shop.cancel_order")
    reading = evaluate(binding, connector, parameters={"order_id": order}, claims={}, subject=None)
    assert reading.status is Status.NOT_FOUND


def test_the_records_are_never_written(connector: PostgresConnector, database: Database) -> None:
    counters = "select sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_del) from pg_stat_user_tables"
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("select pg_stat_force_next_flush()")
        before = admin.execute(counters).fetchone()
        for _ in range(5):
            refund(connector)
        admin.execute("select pg_stat_clear_snapshot()")
        assert admin.execute(counters).fetchone() == before
