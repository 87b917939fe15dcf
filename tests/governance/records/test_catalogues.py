"""The committed catalogue files: every entry is sound, fits its binding and says what the reference rule says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from governance import documents
from governance.policy.action_types import ActionTypeSpec, parse_action_type
from governance.policy.evidence import Kind
from governance.policy.facts import Compare, Show
from governance.policy.fields import READERS
from governance.policy.tiers import ActionClass, Risk
from governance.policy.velocity import CapKey, Unit
from governance.records.bindings import Binding
from governance.records.fit import misfits
from governance.records.parse import parse_binding
from governance.records.protocol import Outage
from tests.governance.records.support import CATALOGUES, entry
from tests.support import catalogues

FILES = sorted(CATALOGUES.glob("*.yaml"))
REFUNDS = ["retail.cancel_pending_order", "retail.return_delivered_order_items", "shop.refund", "shop.cancel_order"]


def types(path: Path) -> list[ActionTypeSpec]:
    found = [parse_action_type(each) for each in catalogues.content(path).get("action_types", [])]
    assert all(isinstance(spec, ActionTypeSpec) for spec in found), found
    return [spec for spec in found if isinstance(spec, ActionTypeSpec)]


def bindings(path: Path) -> list[Binding]:
    found = [parse_binding(each) for each in catalogues.content(path).get("bindings", [])]
    assert all(isinstance(binding, Binding) for binding in found), found
    return [binding for binding in found if isinstance(binding, Binding)]


ALL_TYPES = [spec for path in FILES for spec in types(path)]
ALL_BINDINGS = [binding for path in FILES for binding in bindings(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_sound_and_every_binding_fits_its_type(path: Path) -> None:
    specs = {spec.key: spec for spec in types(path)}
    for binding in bindings(path):
        assert misfits(specs[binding.action_type], binding) == []


def test_no_key_stands_in_two_files() -> None:
    keys = [spec.key for spec in ALL_TYPES]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("key", REFUNDS)
def test_refunds_follow_the_reference_rule(key: str) -> None:
    spec, _ = entry(key)
    assert spec.thresholds.amount == 50_000
    caps = {(cap.key, cap.unit): (cap.limit, cap.window_seconds) for cap in spec.caps if not cap.hard}
    for each in (CapKey.ENTITY, CapKey.RUN):
        assert caps[each, Unit.MONEY] == (100_000, 86_400)
        assert caps[each, Unit.COUNT] == (2, 86_400)
    assert spec.entities == ("subject",)
    assert spec.family.endswith(".refund")


@pytest.mark.parametrize("spec", ALL_TYPES, ids=lambda spec: spec.key)
def test_what_may_run_by_itself_on_required_facts_reads_them_first(spec: ActionTypeSpec) -> None:
    may_run = spec.action_class is ActionClass.ACT and spec.base_risk is not Risk.HIGH and not spec.human_required
    if may_run and Kind.COMPLETENESS in spec.evidence:
        assert spec.facts_first
        assert any(binding.action_type == spec.key for binding in ALL_BINDINGS)


@pytest.mark.parametrize("binding", ALL_BINDINGS, ids=lambda binding: binding.action_type)
def test_an_owner_is_checked_wherever_there_is_one(binding: Binding) -> None:
    owned = Compare.OWNER_IS_SUBJECT in {spec.rule.compare for spec in binding.facts if spec.rule.required}
    # The recorded bank has one account and nobody else: its runs name no subject.
    assert owned is (binding.subject is not None and not binding.action_type.startswith("dojo."))


@pytest.mark.parametrize("binding", ALL_BINDINGS, ids=lambda binding: binding.action_type)
def test_names_and_free_lines_are_never_shown_by_value(binding: Binding) -> None:
    for spec in binding.facts:
        if any(word in spec.rule.name for word in ("name", "line", "city", "address", "subject", "email")):
            assert spec.rule.show in (Show.MATCH, Show.INITIALS), spec.rule.name


@pytest.mark.parametrize("key", [spec.key for spec in ALL_TYPES if spec.key.startswith("retail.")])
def test_every_claim_of_the_recorded_shop_is_compared(key: str) -> None:
    spec, binding = entry(key)
    assert binding.claims() == set(spec.claims.fields)


@pytest.mark.parametrize("spec", [spec for spec in ALL_TYPES if spec.amount], ids=lambda spec: spec.key)
def test_money_below_high_risk_has_a_written_reason_and_a_threshold(spec: ActionTypeSpec) -> None:
    assert spec.base_risk is Risk.HIGH or (spec.risk_reason and spec.thresholds.amount is not None)
    assert any(cap.key is CapKey.ENTITY for cap in spec.caps)
    assert any(cap.key is CapKey.RUN for cap in spec.caps)


def document(key: str) -> dict[str, Any]:
    for path in FILES:
        for each in catalogues.content(path).get("bindings", []):
            if each["action_type"] == key:
                return dict(each)
    raise AssertionError(key)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"action_type": "shop.cancel_order"}, "binding.action_type"),
        ({"record": {"table": "shop.orders", "by": {"record_id": "item_ids"}}}, "binding.record.by.record_id"),
        ({"record": {"table": "shop.orders", "by": {"record_id": "amount"}}}, "binding.record.by.record_id"),
        ({"record": {"table": "shop.orders", "by": {"record_id": "nobody"}}}, "binding"),
        ({"record": {"table": "shop.orders", "by": {"record_id": "order_id"}, "target": "nobody"}}, "binding"),
        ({"sentence": "Refund {parameters.nobody}."}, "binding"),
        ({"subject": None, "facts": [], "paid": None, "sentence": "Refund."}, "binding.subject"),
    ],
)
def test_a_binding_that_does_not_fit_its_type_is_told_where(change: dict[str, Any], place: str) -> None:
    spec, _ = entry("shop.refund")
    changed = {**document("shop.refund"), **change}
    binding = parse_binding({name: value for name, value in changed.items() if value is not None})
    assert isinstance(binding, Binding), binding
    assert place in [problem.path for problem in misfits(spec, binding)]


def test_an_amount_that_no_binding_derives_does_not_fit() -> None:
    spec, _ = entry("shop.cancel_order")
    plain = {**document("shop.cancel_order"), "facts": [], "sentence": "Cancel.", "changes": []}
    for values in ({}, {"amount": "paid"}):
        binding = parse_binding({**plain, "values": {"customer": "customer_id", **values}})
        assert isinstance(binding, Binding), binding
        assert "binding.values" in [problem.path for problem in misfits(spec, binding)]


def test_a_sentence_prints_no_words_of_an_agent() -> None:
    spec, _ = entry("shop.cancel_order")
    binding = parse_binding({**document("shop.cancel_order"), "sentence": "Cancel for {parameters.reason}."})
    assert isinstance(binding, Binding), binding
    assert [problem.path for problem in misfits(spec, binding)] == ["binding.sentence"]


def test_money_is_held_against_money() -> None:
    spec, _ = entry("shop.refund")
    facts = [{"name": "a", "value": "price", "claim": "parameters.order_id", "compare": "covers"}]
    plain = {name: part for name, part in document("shop.refund").items() if name != "paid"}
    binding = parse_binding({**plain, "facts": facts, "sentence": "Refund."})
    assert isinstance(binding, Binding), binding
    assert [problem.path for problem in misfits(spec, binding)] == ["binding.facts"]


def test_the_examples_of_the_reference_are_sound() -> None:
    text = (CATALOGUES.parents[1] / "docs" / "reference" / "catalogue.md").read_text()
    _, example_type, example_binding = (block.split("```")[0] for block in text.split("```yaml\n")[1:])
    spec = parse_action_type(documents.load(example_type)[0])
    binding = parse_binding(documents.load(example_binding)[0])
    assert isinstance(spec, ActionTypeSpec), spec
    assert isinstance(binding, Binding), binding


def test_the_reference_names_every_key_and_every_word() -> None:
    text = (CATALOGUES.parents[1] / "docs" / "reference" / "catalogue.md").read_text()
    words = [*Compare, *Show, *Outage, *Kind, *CapKey, *READERS]
    assert [word for word in words if f"`{word}`" not in text] == []
