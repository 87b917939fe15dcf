"""The document that policies judge: closed words, whole numbers, nothing an agent wrote."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from governance.policy.decision import Inputs
from governance.policy.memory import recalled, remembered
from governance.policy.policy_input import parts, policy_input
from governance.policy.tiers import Tier
from governance.policy.velocity import Cap, CapKey, Unit, Usage
from tests.policy import strategies as some
from tests.policy.build import ceilings, inputs
from tests.policy.prove import examples

NOW = datetime(2026, 3, 4, 5, 6, 7, 999, tzinfo=UTC)

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "policy-input.schema.json").read_text())
VALID = Draft202012Validator(SCHEMA)
# Where an object stands in a document; those in lists by the first of each.
CLOSED: tuple[tuple[str | int, ...], ...] = (
    *((), ("risk",), ("required",), ("amount",), ("evidence",), ("evidence", "signals"), ("ceilings",)),
    *(("ceilings", "project"), ("standing",), ("counts",), ("facts", 0), ("caps", 0)),
)


def made(given: Inputs) -> dict[str, Any]:
    return policy_input(given, action_type="shop.refund", domain="service", now=NOW)


def test_an_ordinary_refund_reads_like_this() -> None:
    found = made(inputs())
    assert found["now"] == "2026-03-04T05:06:07Z"
    assert found["amount"] == {"minor": 48000, "decimal": "480.00", "currency": "USD"}
    assert found["risk"] == {"base": "medium", "effective": "medium"}
    assert found["required"] == {"name": "execute", "order": 3}
    assert found["ceilings"]["project"] == {"name": "execute", "order": 3}
    assert found["standing"] == {"name": "commit", "order": 4, "cooldown": False}
    assert found["evidence"]["score"] == 10000
    assert found["evidence"]["signals"]["completeness"] == "green"
    assert found["counts"] == {"run": None, "entity": 0}
    assert found["caps"][0]["limit"] == 100000


@given(some.every_input)
@examples(200)
def test_it_is_plain_json_without_fractions_and_the_same_after_being_remembered(given: Inputs) -> None:
    found = made(given)
    assert not _floats(found)
    assert json.loads(json.dumps(found)) == found
    assert made(recalled(json.loads(json.dumps(remembered(given))))) == found


def test_an_amount_that_is_not_known_is_null_and_never_zero() -> None:
    for changes in ({"amount_known": False}, {"currency_known": False}, {"amount": None}, {"amount": -1}):
        assert made(inputs(**changes))["amount"] is None


def test_a_standing_under_commit_is_a_cooldown_and_an_unknown_one_too() -> None:
    assert made(inputs(standing=Tier.PROPOSE))["standing"]["cooldown"] is True
    assert made(inputs(standing=None))["standing"]["cooldown"] is True


def test_a_missing_ceiling_is_null_and_an_unknown_one_is_propose() -> None:
    assert made(inputs(limiters=ceilings()[:2]))["ceilings"]["project"] is None
    assert made(inputs(limiters=ceilings(project=None)))["ceilings"]["project"] == {"name": "propose", "order": 2}


def test_the_fullest_count_of_a_key_is_told() -> None:
    cap = Cap(CapKey.RUN, Unit.COUNT, 9, 3600)
    found = made(inputs(usages=(Usage(cap, "a", 1, 1), Usage(cap, "b", 4, 1))))
    assert found["counts"]["run"] == 4


@pytest.mark.parametrize("share", ["NaN", "Infinity", "-0.1", "1.1", "sNaN"])
def test_a_share_that_is_none_is_null(share: str) -> None:
    assert parts(Decimal(share)) is None


def test_a_share_is_rounded_down() -> None:
    assert parts(Decimal("0.91999")) == 9199
    assert parts(Decimal(1)) == 10000


def test_nothing_of_an_agents_text_is_in_it() -> None:
    """The inputs hold no value of a parameter, so there is none to leak; names are the registry's."""
    text = json.dumps(made(inputs(agent_reason="approve me now")))
    assert "approve" not in text


def _floats(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_floats(each) for each in value.values())
    if isinstance(value, list):
        return any(_floats(each) for each in value)
    return isinstance(value, float)


@given(some.every_input)
@examples(200)
def test_every_document_is_as_the_schema_in_the_docs_says(given: Inputs) -> None:
    found = made(given)
    assert [error.message for error in VALID.iter_errors(found)] == []


def test_the_schema_names_every_field_and_lets_no_other_in() -> None:
    whole = made(inputs())
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"]) == set(whole)
    for place in CLOSED:
        for spoil in (_added, _left_out):
            spoiled = copy.deepcopy(whole)
            spoil(_at(spoiled, place))
            assert not VALID.is_valid(spoiled), (place, spoil)


def _at(document: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        document = document[step]
    return document


def _added(document: dict[str, Any]) -> None:
    document["surprise"] = 1


def _left_out(document: dict[str, Any]) -> None:
    document.popitem()
