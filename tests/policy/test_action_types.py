"""Catalogue entries: read from documents, every mistake told with its place."""

from __future__ import annotations

import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.action_types import ActionTypeSpec, Amount, parse_action_type
from governance.policy.documents import DocumentProblem
from governance.policy.evidence import Kind
from governance.policy.guardrails import Guardrail
from governance.policy.in_flight import InFlight
from governance.policy.money import Money
from governance.policy.novelty import NoveltyRule
from governance.policy.standing import HEALTH, STATISTICAL, TERMS, Constants, Terms
from governance.policy.tiers import ActionClass, Risk
from governance.policy.velocity import Cap, CapKey, Unit
from tests.policy.prove import examples

DOCUMENT: dict[str, Any] = {
    "key": "shop.refund",
    "class": "act",
    "risk": "medium",
    "risk_reason": "Refunds up to 500 are routine.",
    "irreversible": True,
    "family": "shop.refund",
    "tool": "shop.payments",
    "parameters": {
        "order_id": {"type": "id"},
        "amount": {"type": "money"},
        "item_ids": {"type": "list", "of": {"type": "id"}, "max": 5},
        "copies": {"type": "integer"},
        "memo": {"type": "text"},
    },
    "claims": {"status": {"type": "enum", "values": ["open"], "required": False}},
    "amount": {"parameter": "amount"},
    "entities": ["subject", "order_id"],
    "thresholds": {"amount": "500.00", "quantity": 3, "quantity_of": "item_ids"},
    "caps": [{"key": "entity", "money": "1000.00", "count": 2, "window": "24h"}],
    "evidence": ["contract", "velocity"],
    "facts": "first",
    "deadline": "4h",
    "hold": "5s",
    "sampling": "0.2",
    "confidence": "0.9",
    "checkpoint": "60s",
}

RAIL = {"money": "200.00", "count": 10, "window": "24h"}


def changed(**changes: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    for key, value in changes.items():
        name = "class" if key == "class_" else key
        if value is None:
            document.pop(name)
        else:
            document[name] = value
    return document


def spec(document: dict[str, Any]) -> ActionTypeSpec:
    found = parse_action_type(document)
    assert isinstance(found, ActionTypeSpec), [str(problem) for problem in found]
    return found


def places(document: object) -> list[str]:
    found = parse_action_type(document)
    return [problem.path for problem in found] if isinstance(found, list) else []


def test_a_whole_entry_is_read() -> None:
    found = spec(DOCUMENT)
    assert (found.key, found.action_class, found.base_risk) == ("shop.refund", ActionClass.ACT, Risk.MEDIUM)
    assert found.amount == Amount("amount", from_record=False)
    assert (found.thresholds.amount, found.thresholds.quantity, found.quantity_of) == (50_000, 3, "item_ids")
    assert found.caps == (
        Cap(CapKey.ENTITY, Unit.COUNT, 2, 86_400),
        Cap(CapKey.ENTITY, Unit.MONEY, 100_000, 86_400),
    )
    assert found.evidence == {Kind.CONTRACT, Kind.VELOCITY}
    assert (found.facts_first, found.deadline_seconds, found.hold_seconds) == (True, 14_400, 5)
    assert (found.sampling, found.confidence_threshold) == (Decimal("0.2"), Decimal("0.9"))
    assert ActionTypeSpec.from_document(DOCUMENT) == found


def test_a_guardrail_is_read_with_its_limits() -> None:
    assert spec(changed(guardrail=RAIL)).guardrail == Guardrail(money=200_00, count=10, window_seconds=86_400)
    counted = changed(guardrail={"count": 1, "window": "1h"}, amount=None, thresholds=None, caps=None)
    assert spec(counted).guardrail == Guardrail(money=None, count=1, window_seconds=3_600)
    assert spec(DOCUMENT).guardrail is None


def test_what_is_not_said_has_the_careful_default() -> None:
    found = spec({"key": "a", "class": "act", "irreversible": True, "parameters": {}})
    assert found.base_risk is Risk.HIGH
    assert found.evidence == {Kind.CONTRACT, Kind.COMPLETENESS, Kind.VELOCITY, Kind.TOOL_HEALTH}
    assert (found.family, found.tool) == ("a", "a")
    assert (found.facts_first, found.human_required, found.amount) == (False, False, None)
    assert (found.deadline_seconds, found.hold_seconds, found.sampling, found.caps) == (None, None, None, ())


@pytest.mark.parametrize("document", [
    changed(risk_reason=None),
    changed(amount=None, thresholds={"quantity": 3, "quantity_of": "item_ids"}, risk_reason=None),
    changed(irreversible=False, risk_reason=None, risk="low"),
])  # fmt: skip
def test_money_and_what_is_irreversible_is_high_unless_somebody_wrote_why_not(document: dict[str, Any]) -> None:
    assert places(document) == ["action_type.risk_reason"]
    assert places({**document, "risk": "high"}) == []


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (None, "action_type"),
        ([], "action_type"),
        (changed(key=None), "action_type"),
        (changed(extra=1), "action_type"),
        (changed(key="Shop Refund"), "action_type.key"),
        (changed(key="a" * 65), "action_type.key"),
        (changed(class_="execute"), "action_type.class"),
        (changed(risk="none"), "action_type.risk"),
        (changed(risk=2), "action_type.risk"),
        (changed(risk_reason="<b>"), "action_type.risk_reason"),
        (changed(irreversible="yes"), "action_type.irreversible"),
        (changed(human_required=True), "action_type.legal_basis"),
        (changed(family="A B"), "action_type.family"),
        (changed(tool=7), "action_type.tool"),
        (changed(parameters={"Order": {"type": "id"}}), "action_type.parameters"),
        (changed(parameters={"a": {"type": "float"}}), "action_type.parameters"),
        (changed(claims={"a": {"type": "id", "eval": 1}}), "action_type.claims"),
        (changed(amount="a b"), "action_type.amount"),
        (changed(amount={"parameter": "order_id"}), "action_type.amount"),
        (changed(amount={"parameter": "nobody"}), "action_type.amount"),
        (changed(amount={"value": "amount"}), "action_type.amount"),
        (changed(entities="subject"), "action_type.entities"),
        (changed(entities=["nobody"]), "action_type.entities"),
        (changed(entities=["memo"]), "action_type.entities"),
        (changed(entities=["amount"]), "action_type.entities"),
        (changed(entities=None), "action_type.entities"),
        (changed(thresholds={"amount": 500}), "action_type.thresholds.amount"),
        (changed(thresholds={"amount": "500"}), "action_type.thresholds.amount"),
        (changed(thresholds={"amount": "-1.00"}), "action_type.thresholds.amount"),
        (changed(thresholds={"quantity": 3}), "action_type.thresholds"),
        (changed(thresholds={"quantity": -3, "quantity_of": "copies"}), "action_type.thresholds.quantity"),
        (changed(thresholds={"quantity": 3, "quantity_of": "order_id"}), "action_type.thresholds"),
        (changed(thresholds={"quantity": 3, "quantity_of": "nobody"}), "action_type.thresholds"),
        (changed(thresholds=[]), "action_type.thresholds"),
        (changed(guardrail=[]), "action_type.guardrail"),
        (changed(guardrail={"count": 10, "window": "24h"}), "action_type.guardrail"),
        (changed(guardrail={**RAIL, "money": "200"}), "action_type.guardrail.money"),
        (changed(guardrail={**RAIL, "count": 0}), "action_type.guardrail.count"),
        (changed(guardrail={**RAIL, "count": True}), "action_type.guardrail.count"),
        (changed(guardrail={**RAIL, "window": "100s"}), "action_type.guardrail.window"),
        (changed(guardrail={**RAIL, "hard": True}), "action_type.guardrail"),
        (changed(guardrail={"money": "200.00"}), "action_type.guardrail"),
        (changed(guardrail=RAIL, class_="draft"), "action_type.guardrail"),
        (changed(guardrail=RAIL, human_required=True, legal_basis="Law."), "action_type.guardrail"),
        (changed(guardrail=RAIL, amount=None, thresholds=None, caps=None), "action_type.guardrail.money"),
        (changed(caps={}), "action_type.caps"),
        (changed(caps=[{"key": "planet", "count": 1, "window": "24h"}]), "action_type.caps[0]"),
        (changed(caps=[{"key": "run", "count": 1, "window": "24h"}, {"key": "run"}]), "action_type.caps[1]"),
        (changed(evidence=["vibes"]), "action_type.evidence[0]"),
        (changed(evidence="contract"), "action_type.evidence"),
        (changed(facts="later"), "action_type.facts"),
        (changed(deadline="49h"), "action_type.deadline"),
        (changed(deadline=14_400), "action_type.deadline"),
        (changed(deadline="0s"), "action_type.deadline"),
        (changed(hold="2h"), "action_type.hold"),
        (changed(sampling="0"), "action_type.sampling"),
        (changed(sampling="1.5"), "action_type.sampling"),
        (changed(sampling=0.5), "action_type.sampling"),
        (changed(confidence="high"), "action_type.confidence"),
    ],
    ids=str,
)
def test_every_mistake_is_told_at_its_place(document: object, place: str) -> None:
    found = parse_action_type(document)
    assert isinstance(found, list)
    assert place in [problem.path for problem in found], list(map(str, found))
    assert all(problem.detail.endswith((".", "hours.")) for problem in found)


def test_a_type_that_is_neither_money_nor_irreversible_states_its_risk() -> None:
    assert places({"key": "a", "class": "read", "parameters": {}}) == ["action_type"]
    assert spec({"key": "a", "class": "read", "risk": "low", "parameters": {}}).base_risk is Risk.LOW


def test_all_mistakes_are_told_at_once_and_none_repeats_what_was_written() -> None:
    found = parse_action_type({**DOCUMENT, "key": "SECRET KEY", "risk": "SECRET", "SECRET<b>": 1, "hold": "SECRET"})
    assert isinstance(found, list)
    assert {problem.path for problem in found} == {
        "action_type",
        "action_type.key",
        "action_type.risk",
        "action_type.hold",
    }
    assert "SECRET" not in " ".join(map(str, found))


def test_an_amount_comes_from_the_parameters_or_from_the_record() -> None:
    stated, derived = spec(DOCUMENT), spec(changed(amount="price"))
    dollars, euros = ({"amount": {"amount": "480.00", "currency": currency}} for currency in ("USD", "EUR"))
    usd, eur = Money(48_000, "USD"), Money(48_000, "EUR")
    assert (stated.money_in(dollars), stated.money_in(euros)) == (usd, eur)
    assert stated.money_in(dollars, {"amount": 1}) == usd
    assert stated.money_in({}) is None
    assert stated.money_in({"amount": "480.00"}) is None
    assert stated.money_in({"amount": 48_000}) is None
    assert derived.money_in(dollars) is None
    assert derived.money_in(dollars, {"price": 7}) == Money(7, "USD")
    assert derived.money_in({}, {"price": eur.to_wire()}) == eur, "as a snapshot keeps it"
    assert derived.money_in(dollars, {"price": True}) is None
    assert derived.money_in(dollars, {"price": "7"}) is None
    assert spec(changed(amount=None)).money_in(dollars, {"amount": 7}) is None


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"in_flight": {"agent": 0}}, "action_type.in_flight.agent"),
        ({"in_flight": {"agent": True}}, "action_type.in_flight.agent"),
        ({"in_flight": {"entity": 10_001}}, "action_type.in_flight.entity"),
        ({"in_flight": {"run": 1}}, "action_type.in_flight"),
        ({"open_cases": 0}, "action_type.open_cases"),
        ({"open_cases": True}, "action_type.open_cases"),
        ({"in_flight": 5}, "action_type.in_flight"),
        ({"in_flight": {"entity": 1}, "entities": [], "caps": []}, "action_type.in_flight"),
        ({"novelty": {"values": ["order_id"]}}, "action_type.novelty"),
        ({"novelty": {"values": ["memo"]}, "evidence": ["novelty"]}, "action_type.novelty.values"),
        ({"novelty": {"values": ["nobody"]}, "evidence": ["novelty"]}, "action_type.novelty.values"),
        ({"novelty": {"values": ["amount"]}, "evidence": ["novelty"]}, "action_type.novelty.values"),
        ({"novelty": {"warm_up": 0}, "evidence": ["novelty"]}, "action_type.novelty.warm_up"),
        ({"novelty": {"warm_up": 1_001}, "evidence": ["novelty"]}, "action_type.novelty.warm_up"),
        ({"novelty": {"more": 1}, "evidence": ["novelty"]}, "action_type.novelty"),
    ],
    ids=str,
)
def test_limits_and_novelty_that_do_not_fit_are_mistakes(more: dict[str, Any], place: str) -> None:
    assert place in places(changed(**more))


def test_limits_on_what_is_under_way_and_novelty_are_read() -> None:
    found = spec(changed(in_flight={"agent": 5, "entity": 1}, evidence=["novelty"], novelty={"values": ["order_id"]}))
    assert found.in_flight == InFlight(agent=5, entity=1)
    assert found.novelty == NoveltyRule(("order_id",), 20)
    assert spec(changed(evidence=["novelty"])).novelty == NoveltyRule()
    assert (spec(DOCUMENT).in_flight, spec(DOCUMENT).novelty) == (InFlight(), None)


def test_a_quantity_is_a_length_or_a_whole_number() -> None:
    found = spec(DOCUMENT)
    assert found.quantity_in({"item_ids": ["a", "b"]}) == 2
    assert found.quantity_in({}) is None
    counted = spec(changed(thresholds={"quantity": 3, "quantity_of": "copies"}))
    assert counted.quantity_in({"copies": 10_000}) == 10_000
    assert counted.quantity_in({"copies": True}) is None
    sealed = {"item_ids/0": {"sealed": 3}, "item_ids/1": {"sealed": 3}, "item_ids_too/0": {"sealed": 3}}
    assert found.quantity_in(sealed) == 2
    assert spec(changed(thresholds=None)).quantity_in({"item_ids": ["a"]}) is None


CLASSES = {"parameter": "dataset", "classes": {"prices": "public", "orders": "internal", "cards": "restricted"}}
DATASET = {"dataset": {"type": "enum", "values": ["prices", "orders", "cards"], "required": False}}
EXPORT = {"key": "a", "class": "read", "risk": "low", "parameters": DATASET, "thresholds": {"data_class": "internal"}}


def test_the_class_of_the_data_is_fixed_or_told_by_the_words_of_a_parameter() -> None:
    told = spec({**EXPORT, "data_class": CLASSES})
    assert told.thresholds.data_class == 1
    assert [told.data_class_in({"dataset": word}) for word in ("prices", "orders", "cards")] == [0, 1, 3]
    assert told.data_class_in({}) is None, "what is not said is unknown"
    assert told.data_class_in({"dataset": "people"}) is None
    fixed = spec({**EXPORT, "data_class": "confidential"})
    assert fixed.data_class_in({}) == 2
    assert spec(DOCUMENT).data_class_in({}) is None


def test_of_several_sets_of_data_the_most_sensitive_counts() -> None:
    several = {"dataset": {"type": "list", "of": {"type": "enum", "values": ["prices", "orders", "cards"]}, "max": 3}}
    found = spec({**EXPORT, "parameters": several, "data_class": CLASSES})
    assert found.data_class_in({"dataset": ["prices", "cards", "orders"]}) == 3
    assert found.data_class_in({"dataset": []}) is None


@pytest.mark.parametrize(
    ("data_class", "place"),
    [
        (None, "action_type.thresholds"),
        ("secret", "action_type.data_class"),
        ({"parameter": "dataset"}, "action_type.data_class"),
        ({**CLASSES, "parameter": "tables"}, "action_type.data_class"),
        ({**CLASSES, "classes": {"prices": "public"}}, "action_type.data_class.classes"),
        ({**CLASSES, "classes": {**CLASSES["classes"], "x": "public"}}, "action_type.data_class.classes"),  # type: ignore[dict-item]
        ({**CLASSES, "classes": {**CLASSES["classes"], "cards": "most"}}, "action_type.data_class.classes.cards"),  # type: ignore[dict-item]
    ],
)
def test_a_class_of_data_that_does_not_fit_is_a_mistake(data_class: object, place: str) -> None:
    found = parse_action_type({**EXPORT, **({} if data_class is None else {"data_class": data_class})})
    assert isinstance(found, list)
    assert place in [problem.path for problem in found], list(map(str, found))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@examples(100)
@given(st.sampled_from([*DOCUMENT, "legal_basis", "data_class", "in_flight", "novelty"]), JSON)
def test_no_document_does_anything_but_parse_or_be_refused(key: str, value: object) -> None:
    found = parse_action_type({**DOCUMENT, key: value})
    assert isinstance(found, ActionTypeSpec) or all(isinstance(each, DocumentProblem) for each in found)


def test_the_waits_of_a_standing_are_those_of_the_document_or_the_usual_ones() -> None:
    assert spec(changed()).standing == TERMS
    given = spec(
        changed(standing={"health": {"cooldown": "30m", "longest": "4h"}, "statistical": {"cooldown": "14d"}})
    ).standing
    assert given == Terms(
        Constants(timedelta(minutes=30), timedelta(hours=4)), Constants(timedelta(days=14), STATISTICAL.longest)
    )
    assert spec(changed(standing={"health": {"longest": "4h"}})).standing.health == Constants(
        HEALTH.cooldown, timedelta(hours=4)
    )


@pytest.mark.parametrize(
    ("standing", "place"),
    [
        ({"health": {"cooldown": "0m"}}, "action_type.standing.health.cooldown"),
        ({"health": {"cooldown": "59s"}}, "action_type.standing.health.cooldown"),
        ({"health": {"cooldown": 900}}, "action_type.standing.health.cooldown"),
        ({"health": {"cooldown": "2h", "longest": "1h"}}, "action_type.standing.health"),
        ({"health": {"cooldown": "25h"}}, "action_type.standing.health"),
        ({"health": {"longest": "365d"}}, "action_type.standing.health.longest"),
        ({"statistical": {"cooldown": "23h"}}, "action_type.standing.statistical.cooldown"),
        ({"statistical": {"longest": "30d"}}, "action_type.standing.statistical"),
        ({"human": {}}, "action_type.standing"),
        ([], "action_type.standing"),
    ],
    ids=str,
)
def test_nobody_configures_a_standing_away(standing: object, place: str) -> None:
    assert places(changed(standing=standing)) == [place]
