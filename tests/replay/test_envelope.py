from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from governance.policy.action_types import ActionTypeSpec, parse_action_type
from governance.records.bindings import Binding
from governance.records.parse import parse_binding
from reviews.replay.envelope import Described, claims_in, fitted, parameters, posting, run_of, subject_of
from reviews.replay.folder import Call
from reviews.replay.infer import infer

TYPE: dict[str, Any] = {
    "key": "shop2.refund",
    "class": "act",
    "risk": "high",
    "parameters": {
        "order_id": {"type": "id"},
        "item_ids": {"type": "list", "of": "id", "max": 9, "required": False},
        "amount": {"type": "money"},
        "weight": {"type": "decimal", "required": False},
    },
    "claims": {"order": {"type": "id"}, "amount": {"type": "money"}},
}
BOUND: dict[str, Any] = {
    "action_type": "shop2.refund",
    "connector": "records",
    "record": {"table": "shop2.orders", "by": {"record_id": "order_id"}, "target": "order"},
    "subject": "customer_id",
    "subject_from": "find_customer_*",
    "values": {"order": "record_id"},
    "facts": [{"name": "order", "value": "order", "claim": "claims.order", "compare": "equals"}],
}


def described(*, bound: bool = True) -> Described:
    spec, binding = parse_action_type(TYPE), parse_binding(BOUND)
    assert isinstance(spec, ActionTypeSpec)
    assert isinstance(binding, Binding)
    return Described("shop2.refund", spec, binding if bound else None, {})


def recorded(**changes: Any) -> Call:
    given: dict[str, Any] = {
        "agent": "a",
        "session": "s1",
        "seq": 3,
        "domain": "shop2",
        "tool": "refund",
        "arguments": {"order_id": "A-1", "amount": Decimal("4.0")},
        "is_write": True,
        "note": "I refund this.",
        "observation": "refunded",
    }
    return Call(**{**given, **changes})


def asked(call: Call, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"claims": {}, "before": (), **changes}
    return dict(posting(call, described(), **given).body)


def test_a_write_becomes_a_request_of_its_agent() -> None:
    found = posting(recorded(), described(), claims={}, before=())
    assert (found.agent, found.tool, found.key, found.call) == ("a", "shop2.refund", "s1:3", "actions")
    assert found.body == {
        "action_type": "shop2.refund",
        "parameters": {"order_id": "A-1", "amount": {"amount": "4.00", "currency": "USD"}},
        "run": "s1",
        "note": "I refund this.",
    }


def test_values_are_spelled_as_the_contract_wants_them_and_otherwise_left() -> None:
    contract = described().spec.contract
    assert fitted(contract, "item_ids", "I-1") == ["I-1"]
    assert fitted(contract, "amount", Decimal("98.7")) == {"amount": "98.70", "currency": "USD"}
    assert fitted(contract, "amount", "AMOUNT_HERE") == "AMOUNT_HERE"
    assert fitted(contract, "weight", Decimal("1.50")) == "1.5"
    assert fitted(contract, "unknown", [Decimal("0.5"), {"a": None}]) == ["0.5", {"a": None}]
    assert fitted(contract, "amount", None) is None


def office(**fields: Any) -> Described:
    """A type of the council's whose contract has these fields."""
    spec = parse_action_type({**{key: part for key, part in TYPE.items() if key != "amount"}, "parameters": fields})
    assert isinstance(spec, ActionTypeSpec)
    return Described("office.act", spec, None, {})


def test_what_ran_as_recorded_is_spelled_as_a_narrow_contract_asks() -> None:
    contract = office(
        to={"type": "list", "of": {"type": "email"}, "max": 9},
        files={"type": "list", "of": {"type": "text"}, "max": 9},
        other={"type": "email", "nullable": True},
        email={"type": "email"},
        number={"type": "integer"},
    ).spec.contract
    assert fitted(contract, "to", "a@b.example, c@d.example") == ["a@b.example", "c@d.example"]
    assert fitted(contract, "to", ["a@b.example, c@d.example"]) == ["a@b.example, c@d.example"]
    assert fitted(contract, "email", "a@b.example, c@d.example") == "a@b.example, c@d.example"
    assert fitted(contract, "files", [{"type": "file", "id": Decimal("1.5")}]) == ['{"id": "1.5", "type": "file"}']
    assert (fitted(contract, "other", ""), fitted(contract, "email", "")) == (None, "")
    assert fitted(contract, "number", Decimal("7.0")) == 7
    assert fitted(contract, "number", Decimal("7.5")) == "7.5"


def test_an_argument_given_by_its_place_has_the_name_of_the_only_field() -> None:
    nameless = recorded(arguments={"_value": "00000009"})
    assert parameters(nameless, office(customer_id={"type": "id"})) == {"customer_id": "00000009"}
    two = office(customer_id={"type": "id"}, other={"type": "id"})
    assert parameters(nameless, two) == {"_value": "00000009"}


def test_inferred_parameters_are_written_by_their_shapes() -> None:
    shapes = infer([{"_Order": "A1"}, {"_Order": ["A2"]}])
    found = posting(
        recorded(arguments={"_Order": "A1"}), Described("k", described().spec, None, shapes), claims={}, before=()
    )
    assert found.body["parameters"] == {"order": ["A1"]}


def test_claims_get_the_names_of_the_type_and_what_it_does_not_know_is_left_out() -> None:
    claims = {"target_id": "A-1", "target_type": "order", "amount": Decimal("4.0"), "mood": "good"}
    assert claims_in(described(), claims) == {"order": "A-1", "amount": {"amount": "4.00", "currency": "USD"}}


def test_the_subject_is_the_last_identifier_that_was_looked_up() -> None:
    before = [
        recorded(tool="find_customer_by_mail", observation="c-1"),
        recorded(tool="find_customer_by_name", observation=" c-2 \n"),
        recorded(tool="find_customer_by_name", observation="Error: not found"),
        recorded(tool="read_order", observation="c-9"),
    ]
    assert subject_of(described().binding, before) == "c-2"
    assert asked(recorded(), before=before)["subject"] == "c-2"


def test_without_a_binding_or_a_look_up_there_is_no_subject() -> None:
    assert subject_of(None, [recorded(tool="find_customer_by_mail", observation="c-1")]) is None
    assert "subject" not in asked(recorded())


@pytest.mark.parametrize("session", ["s" * 129, "a session", "größe"])
def test_names_that_cannot_be_keys_or_runs_are_hashed(session: str) -> None:
    found = posting(recorded(session=session), described(), claims={}, before=())
    assert len(found.key) == len(run_of(session)) == 65
    assert found.body["run"].isascii()
    assert found.body["run"].isalnum()


def test_a_note_is_cut_and_can_be_stored() -> None:
    note = asked(recorded(note="\x00\ud800" + "x" * 9_000))["note"]
    assert len(note) <= 4_000
    assert note.encode()
    assert "\x00" not in note
    assert "note" not in asked(recorded(note=""))


@pytest.mark.parametrize(
    ("observation", "succeeded"),
    [
        ("refunded", True),
        ("", True),
        ("Error: order not found", False),
        ("error", False),
        ("Email not found.", False),
        ("The amount is invalid here", False),
        ("Erroneous orders were refunded", True),
        ("done\nError: second line", True),
    ],
)
def test_the_observation_says_whether_it_succeeded(observation: str, succeeded: bool) -> None:
    found = posting(recorded(observation=observation), described(), claims={}, before=())
    assert found.succeeded is succeeded
