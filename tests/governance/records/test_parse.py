"""Binding documents: a closed form, and every mistake is told with its place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.documents import DocumentProblem
from governance.records.bindings import Binding
from governance.records.parse import parse_binding
from tests.governance.records.support import bound, entry
from tests.policy.prove import examples

DOCUMENT: dict[str, Any] = {
    "action_type": "shop.refund",
    "connector": "records",
    "record": {"table": "shop.orders", "by": {"record_id": "order_id"}, "target": "target_id"},
    "joins": {
        "customer": {"table": "shop.customers", "by": {"record_id": "customer_id"}},
        "account": {"table": "bank.accounts", "by": {"owner_id": "customer.record_id", "kind": {"literal": "current"}}},
        "charges": {"table": "shop.payments", "by": {"order_id": "record_id"}, "many": True},
    },
    "subject": "customer_id",
    "subject_from": "find_customer_*",
    "version": "updated_at",
    "values": {
        "status": "status",
        "price": {"money": "sum(items.price)", "currency": "currency"},
        "methods": "charges.method_id where kind = charge",
        "owner": "customer_id",
    },
    "facts": [
        {"name": "owner", "value": "owner", "compare": "owner_is_subject", "required": True},
        {"name": "state", "value": "status", "compare": "one_of", "options": ["open"], "show": "value"},
        {"name": "amount", "value": "price", "claim": "parameters.amount", "compare": "money_equals"},
        {
            "name": "method",
            "value": ["methods"],
            "claim": "claims.method",
            "compare": "subset",
            "required": "if_claimed",
        },
    ],
    "sentence": "Refund {price} of order {parameters.order_id}, which is {status}.",
}


def problems(document: object) -> dict[str, str]:
    found = parse_binding(document)
    return {each.path: each.detail for each in found} if isinstance(found, list) else {}


def changed(*path: str | int, to: object = None, drop: bool = False) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    inside: Any = document
    for key in path[:-1]:
        inside = inside[key]
    if drop:
        del inside[path[-1]]
    else:
        inside[path[-1]] = to
    return document


def test_a_sound_document_is_a_binding() -> None:
    binding = bound(DOCUMENT)
    assert binding.columns == {"record_id", "customer_id", "updated_at", "status", "items", "currency"}
    assert binding.join_columns["customer"] == {"record_id"}
    assert binding.join_columns["charges"] == {"order_id", "method_id", "kind"}
    assert binding.join_columns["account"] == {"owner_id", "kind"}
    assert binding.parameters() == {"order_id", "amount"}
    assert binding.claims() == {"target_id", "method"}
    assert binding.slots == ("price", "parameters.order_id", "status")


def test_joins_are_read_after_what_they_need_in_whatever_order_they_were_stored() -> None:
    reverse = changed("joins", to=dict(reversed(list(DOCUMENT["joins"].items()))))
    assert list(bound(reverse).joins) == list(bound(DOCUMENT).joins)
    names = list(bound(DOCUMENT).joins)
    assert names.index("customer") < names.index("account")


def test_a_stored_document_reads_the_same() -> None:
    assert bound(json.loads(json.dumps(DOCUMENT, sort_keys=True))) == bound(DOCUMENT)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (None, "binding"),
        ([], "binding"),
        (changed("connector", drop=True), "binding"),
        (changed("extra", to=1), "binding"),
        (changed("action_type", to="Shop Refund"), "binding.action_type"),
        (changed("connector", to="Records!"), "binding.connector"),
        (changed("connector", to="records; --"), "binding.connector"),
        (changed("record", to="shop.orders"), "binding.record"),
        (changed("record", "table", to="orders"), "binding.record.table"),
        (changed("record", "table", to='shop."orders"'), "binding.record.table"),
        (changed("record", "by", to={}), "binding.record.by"),
        (changed("record", "by", to={"Record Id": "order_id"}), "binding.record.by"),
        (changed("record", "by", "record_id", to="sum(items)"), "binding.record.by.record_id"),
        (changed("record", "by", "record_id", to={"literal": "a b; --"}), "binding.record.by.record_id.literal"),
        (changed("record", "by", "record_id", to={"value": "x"}), "binding.record.by.record_id"),
        (changed("record", "target", to="claims.target_id"), "binding.record.target"),
        (changed("joins", "customer", "by", to={}), "binding.joins.customer.by"),
        (changed("joins", "customer", "by", "record_id", to="sum(a.b)"), "binding.joins.customer.by.record_id"),
        (changed("joins", "customer", "by", "record_id", to="account.owner_id"), "binding.joins"),
        (changed("joins", "customer", "many", to="yes"), "binding.joins.customer.many"),
        (changed("joins", "parameters", to=DOCUMENT["joins"]["customer"]), "binding.joins"),
        (changed("joins", to={f"j{n}": DOCUMENT["joins"]["customer"] for n in range(5)}), "binding.joins"),
        (changed("subject", to="sum(a.b)"), "binding.subject"),
        (changed("subject", drop=True), "binding.subject"),
        (changed("subject_from", to="find_*_user"), "binding.subject_from"),
        (changed("version", to="lookup(a, b)"), "binding.version"),
        (changed("values", to=[]), "binding.values"),
        (changed("values", "Bad Name", to="status"), "binding.values"),
        (changed("values", "status", to="status; drop table x"), "binding.values.status"),
        (changed("values", "status", to="claims.status"), "binding"),
        (changed("values", "status", to="Status"), "binding"),
        (changed("values", "status", to="customer.Name"), "binding"),
        (changed("values", "price", to={"money": "sum(items.price)"}), "binding.values.price"),
        (changed("values", "price", "currency", to="USD or EUR"), "binding.values.price.currency"),
        (changed("values", "price", "money", to="1 + 1"), "binding.values.price.money"),
        (changed("facts", to={}), "binding.facts"),
        (changed("facts", 1, "name", to="owner"), "binding.facts"),
        (changed("facts", 0, "name", to="Owner!"), "binding.facts[0].name"),
        (changed("facts", 0, "value", to="nobody"), "binding.facts[0].value"),
        (changed("facts", 3, "value", to=["methods", "nobody"]), "binding.facts[3].value[1]"),
        (changed("facts", 3, "value", to=[]), "binding.facts[3].value"),
        (changed("facts", 1, "value", to=["status", "owner"]), "binding.facts[1]"),
        (changed("facts", 0, "compare", to="like"), "binding.facts[0].compare"),
        (changed("facts", 0, "claim", to="claims.owner"), "binding.facts[0]"),
        (changed("facts", 2, "claim", to="amount"), "binding.facts[2].claim"),
        (changed("facts", 2, "claim", drop=True), "binding.facts[2]"),
        (changed("facts", 2, "value", to="status"), "binding.facts[2]"),
        (changed("facts", 1, "options", drop=True), "binding.facts[1]"),
        (changed("facts", 1, "options", to=["<b>"]), "binding.facts[1].options[0]"),
        (changed("facts", 0, "required", to="sometimes"), "binding.facts[0].required"),
        (changed("facts", 0, "material", to=1), "binding.facts[0].material"),
        (changed("facts", 0, "show", to="everything"), "binding.facts[0].show"),
        (changed("facts", 0, "label", to="<script>"), "binding.facts[0].label"),
        (changed("facts", 0, "eval", to="x"), "binding.facts[0]"),
        (changed("sentence", to="Refund <b>{price}</b>"), "binding.sentence"),
        (changed("sentence", to="Refund {price.__class__}"), "binding.sentence"),
        (changed("sentence", to="Refund {owner}"), "binding.sentence"),
        (changed("sentence", to="Refund {nothing}"), "binding.sentence"),
    ],
    ids=str,
)
def test_every_mistake_is_told_at_its_place(document: object, place: str) -> None:
    found = problems(document)
    assert place in found, found
    assert all(detail.endswith(".") for detail in found.values())


def test_all_mistakes_are_told_at_once() -> None:
    document = changed("facts", 0, "compare", to="like")
    document["connector"] = "NO"
    document["values"]["status"] = "1 + 1"
    assert {"binding.connector", "binding.facts[0].compare", "binding.values.status"} <= set(problems(document))


def test_a_place_begins_where_the_caller_says() -> None:
    found = parse_binding({}, "bindings[3]")
    assert isinstance(found, list)
    assert str(found[0]).startswith("bindings[3]: ")


def test_a_join_key_may_be_a_lookup_over_a_list_of_parameters() -> None:
    _, binding = entry("retail.exchange_delivered_order_items")
    assert binding.joins["products"].many
    assert "items" in binding.columns


@pytest.mark.parametrize("pattern", ["[a-z]+-[0-9]+", r"\\w{1,9}", "a+1", "(a|b){9}", "broken[", 7])
def test_a_pattern_that_could_carry_a_sentence_is_refused(pattern: object) -> None:
    fact = {"name": "order", "value": "order", "compare": "exists", "show": "value", "pattern": pattern}
    found = parse_binding({**DOCUMENT, "values": {"order": "record_id"}, "facts": [fact], "sentence": "Refund."})
    assert isinstance(found, list)
    assert "binding.facts[0].pattern" in [each.path for each in found]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@examples(100)
@given(st.sampled_from([*DOCUMENT, "extra"]), JSON)
def test_no_document_does_anything_but_parse_or_be_refused(key: str, value: object) -> None:
    found = parse_binding({**DOCUMENT, key: value})
    assert isinstance(found, Binding) or all(isinstance(each, DocumentProblem) for each in found)


@examples(100)
@given(JSON)
def test_no_fact_does_anything_but_parse_or_be_refused(fact: object) -> None:
    found = parse_binding({**DOCUMENT, "facts": [fact]})
    assert isinstance(found, list)
    assert all(str(each) for each in found)
