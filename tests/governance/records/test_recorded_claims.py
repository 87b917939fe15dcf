"""Every claim set made from the recorded retail writes: what was altered is flagged, nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from governance.policy.facts import Result
from governance.records.postgresql import PostgresConnector
from governance.records.reading import Status
from tests.governance.records.support import Database, entry, named, read, usd

# The fact that each claim is compared in.
FACTS = {
    "target_id": "order",
    "customer_id": "customer",
    "status": "status",
    "amount": "amount",
    "payment_method_id": "method_claimed",
}
FLAGGED = {Result.DIFFERS, Result.MISSING}


def flags(connector: PostgresConnector, row: Mapping[str, Any]) -> dict[str, bool]:
    """Which claims of a recorded set a reading flags."""
    key = f"retail.{row['tool']}"
    spec, _ = entry(key)
    claims = {name: row["claims"][name] for name in spec.claims.fields}
    claims["amount"] = usd(f"{claims['amount']:.2f}")
    reading = read(key, connector, row["arguments"], claims, subject=row["claims"]["customer_id"])
    facts = named(reading)
    assert reading.status is Status.OK
    assert all(fact.result in FLAGGED | {Result.AGREES} for fact in (facts[name] for name in FACTS.values()))
    return {claim: facts[name].result in FLAGGED for claim, name in FACTS.items()}


@pytest.mark.usefixtures("replayed")
def test_of_642_claim_sets_every_altered_field_is_flagged_and_no_unaltered_one(
    connector: PostgresConnector, claim_sets: list[dict[str, Any]]
) -> None:
    wrong = []
    for row in claim_sets:
        expected = {claim: truth != "match" for claim, truth in row["truth"].items()}
        if flags(connector, row) != expected:
            wrong.append(row["claim_id"])
    assert len(claim_sets) == 642
    assert wrong == []


@pytest.mark.usefixtures("replayed")
def test_an_unaltered_set_agrees_with_the_record_in_every_fact_of_its_claims(
    connector: PostgresConnector, claim_sets: list[dict[str, Any]]
) -> None:
    unaltered = [row for row in claim_sets if row["altered_field"] is None]
    assert len(unaltered) == 214
    assert not any(any(flags(connector, row).values()) for row in unaltered)


@pytest.mark.usefixtures("replayed")
def test_a_set_with_another_customer_is_not_the_subjects(
    connector: PostgresConnector, claim_sets: list[dict[str, Any]], database: Database
) -> None:
    for row in claim_sets:
        if row["altered_field"] != "customer_id":
            continue
        reading = read(f"retail.{row['tool']}", connector, row["arguments"], subject=row["claims"]["customer_id"])
        assert named(reading)["owner"].result is Result.DIFFERS
        assert reading.subject not in (None, row["claims"]["customer_id"])
