"""Whether a binding and an action type fit each other: each may only name what the other has."""

from __future__ import annotations

from collections.abc import Iterator

from governance.policy.action_types import SUBJECT, ActionTypeSpec
from governance.policy.contracts import Contract
from governance.policy.documents import DocumentProblem
from governance.policy.facts import Compare
from governance.records.bindings import PARAMETERS, Binding
from governance.records.grammar import Path

# What a sentence may print of the parameters: the forms that cannot carry words of the agent.
_PRINTED = frozenset({"money", "decimal", "integer", "date", "id", "iban", "country"})


def misfits(spec: ActionTypeSpec, binding: Binding, path: str = "binding") -> list[DocumentProblem]:
    """Everything in which the two do not fit, each with the place in the binding or the action type."""
    found: list[tuple[str, str]] = []
    if spec.key != binding.action_type:
        found.append(("action_type", f"This binding is for {binding.action_type}, not for {spec.key}."))
    for kind, names, contract in (
        ("parameter", binding.parameters(), spec.contract),
        ("claim", binding.claims(), spec.claims),
    ):
        found += [("", f"The action type has no {kind} {name}.") for name in sorted(names - set(contract.fields))]
    found += [*_keys(spec.contract, binding), *_slots(spec.contract, binding), *_amount(spec, binding)]
    found += [*_money_claims(spec, binding), *_whose(spec, binding)]
    return [DocumentProblem(f"{path}.{place}" if place else path, detail) for place, detail in found]


def _keys(contract: Contract, binding: Binding) -> Iterator[tuple[str, str]]:
    """The record is found by single, visible parameters."""
    for column, source in binding.keys.items():
        field = contract.fields.get(source.steps[-1].name) if isinstance(source, Path) else None
        if field is not None and (field.most is not None or field.sealed or field.type == "money"):
            yield f"record.by.{column}", f"{field.name} is a list, sealed or money, so it cannot find a record."


def _slots(contract: Contract, binding: Binding) -> Iterator[tuple[str, str]]:
    tells = {change.when[0] for change in binding.beside.changes if change.when is not None}
    for slot in binding.slots:
        kind, _, name = slot.rpartition(".")
        field = contract.fields.get(name) if kind == PARAMETERS else None
        if field is not None and field.type == "enum" and name in tells:
            continue  # the binding lists the words of it that are printed
        if field is not None and (field.type not in _PRINTED or field.sealed):
            yield "sentence", f"{slot} is of type {field.type}, which a sentence never prints."


def _amount(spec: ActionTypeSpec, binding: Binding) -> Iterator[tuple[str, str]]:
    if spec.amount is not None and spec.amount.from_record:
        value = binding.values.get(spec.amount.name)
        if value is None or not value.money:
            yield "values", f"The action type takes its amount from {spec.amount.name}, which is no money value here."


def _whose(spec: ActionTypeSpec, binding: Binding) -> Iterator[tuple[str, str]]:
    """Whose record it is says the record: an agent would name another customer each time."""
    if SUBJECT in spec.entities and binding.subject is None:
        yield "subject", "The action type counts by subject, so the binding says whom the record belongs to."


def _money_claims(spec: ActionTypeSpec, binding: Binding) -> Iterator[tuple[str, str]]:
    """Money is held against money."""
    for fact in binding.facts:
        if fact.rule.compare not in (Compare.MONEY_EQUALS, Compare.COVERS):
            continue
        kind, _, name = (fact.rule.claim or "").partition(".")
        field = (spec.contract if kind == PARAMETERS else spec.claims).fields.get(name)
        if field is not None and field.type != "money":
            yield "facts", f"{fact.rule.name} compares money with {name}, which is of type {field.type}."
