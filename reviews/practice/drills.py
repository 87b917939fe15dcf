"""READ the practice cases: each as the page of a real case would show it, from frozen records and shipped bindings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import governance
from governance import documents
from governance.policy.action_types import ActionTypeSpec, parse_action_type
from governance.policy.documents import DocumentProblem
from governance.policy.facts import Result
from governance.policy.money import REFERENCE_CURRENCY, format_money
from governance.policy.reasons import Given, Reason
from governance.policy.tiers import Risk
from governance.policy.velocity import Usage, whose
from governance.problems import Code, Problem
from governance.records.bindings import Binding
from governance.records.evaluate import evaluate
from governance.records.parse import parse_binding
from governance.records.reading import Reading, Status
from governance.records.snapshots import frozen
from governance.weigh import cap_uses
from reviews.asides import asides
from reviews.compared import FactTable, Parameter, labelled, labels_of, parameters, tabled
from reviews.exposure import Bar, bars
from reviews.material import Material
from reviews.phrases import sentence_of
from reviews.practice.shelf import Shelf
from reviews.practice.words import LESSONS, Lesson
from reviews.shown import Lens, label

AGENT = "Practice"
Parsed = TypeVar("Parsed", ActionTypeSpec, Binding)
_CATALOGUES = Path(governance.__file__).parent / "catalogues"
_CASES = Path(__file__).parent / "cases.yaml"
# The frozen readings are nobody's action.
_NO_ACTION = UUID(int=0)
_AGAINST = {
    Result.DIFFERS: Reason.FACT_DIFFERS,
    Result.MISSING: Reason.FACT_MISSING,
    Result.UNREACHABLE: Reason.FACT_UNREACHABLE,
    Result.UNVERIFIABLE: Reason.FACT_UNVERIFIABLE,
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The file of practice cases with the catalogue entries that they use, by action type."""

    tables: Mapping[str, Any]
    cases: Mapping[str, Mapping[str, Any]]
    specs: Mapping[str, tuple[Mapping[str, Any], ActionTypeSpec]]
    bindings: Mapping[str, tuple[Mapping[str, Any], Binding]]


@dataclass(frozen=True, slots=True)
class Drill:
    """One practice case, with the names by which the templates of a real case know its parts.

    `people` is how many must approve. `right`: to approve it is the right answer.
    """

    key: str
    agent: str
    action_type: str
    type_label: str
    risk: Risk
    why: tuple[str, ...]
    status: str
    material: Material
    bars: tuple[Bar, ...]
    amount: int | None
    people: int
    right: bool
    lesson: Lesson
    now: dt.datetime
    is_open: bool = True
    amount_known: bool = True

    @property
    def facts(self) -> FactTable | None:
        """What was compared."""
        return self.material.facts

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Exactly what would run."""
        return self.material.parameters

    @property
    def spare(self) -> tuple[Bar, ...]:
        """The bars that need no look."""
        return tuple(bar for bar in self.bars[1:] if not bar.over)


@lru_cache(maxsize=1)
def sheet() -> Sheet:
    """The practice cases of this installation; raises where the file does not fit the shipped catalogue."""
    content = documents.load(_CASES.read_text(encoding="utf-8"))
    cases = {each["key"]: each for each in content["cases"]}
    used = {each["type"] for each in cases.values()}
    shipped = [documents.load((_CATALOGUES / f"{name}.yaml").read_text("utf-8")) for name in ("shop", "bank")]
    specs = {
        entry["key"]: (entry, _sound(parse_action_type(entry)))
        for each in shipped
        for entry in each["action_types"]
        if entry["key"] in used
    }
    bindings = {
        entry["action_type"]: (entry, _sound(parse_binding(entry)))
        for each in shipped
        for entry in each["bindings"]
        if entry["action_type"] in used
    }
    return Sheet(content["records"], cases, specs, bindings)


def every() -> tuple[str, ...]:
    """Every practice case, in the order in which they are asked."""
    return tuple(sheet().cases)


def is_right(key: str, *, approve: bool) -> bool:
    """Whether this is the known answer. Problem NOT_FOUND."""
    return bool(_case(key)["approve"] is approve)


def read(key: str, *, now: dt.datetime) -> Drill:
    """One practice case as its page shows it, as if its record had been read just now. Problem NOT_FOUND."""
    case, found = _case(key), sheet()
    document, spec = found.specs[case["type"]]
    bound, binding = found.bindings[case["type"]]
    reading = evaluate(
        binding,
        Shelf(found.tables, now, outage=case.get("outage", False)),
        parameters=case["parameters"],
        claims=case["claims"],
        subject=case["subject"],
    )
    money = spec.money_in(case["parameters"])
    amount = None if money is None else money.minor
    usages = tuple(_usages(spec, case, reading, amount))
    risk = _risk(spec, amount)
    return Drill(
        key=key,
        agent=AGENT,
        action_type=spec.key,
        type_label=label(spec.key),
        risk=risk,
        why=tuple(labelled(each.sentence, labels_of(bound)) for each in _why(spec, reading, usages, amount, risk)),
        status=reading.status.value,
        material=_material(case, document, bound, reading, amount),
        bars=bars(usages),
        amount=amount,
        people=case.get("people", 1),
        right=case["approve"],
        lesson=LESSONS[key],
        now=now,
    )


def _case(key: str) -> Mapping[str, Any]:
    found = sheet().cases.get(key)
    if found is None:
        raise Problem(Code.NOT_FOUND, "There is no such practice case.")
    return found


def _sound(parsed: Parsed | list[DocumentProblem]) -> Parsed:
    if isinstance(parsed, list):
        raise ValueError(f"a shipped catalogue entry cannot be read: {parsed}")
    return parsed


def _risk(spec: ActionTypeSpec, amount: int | None) -> Risk:
    over = spec.thresholds.amount is not None and amount is not None and amount > spec.thresholds.amount
    return Risk.HIGH if over else spec.base_risk


def _usages(spec: ActionTypeSpec, case: Mapping[str, Any], reading: Reading, amount: int | None) -> Iterator[Usage]:
    """Every cap of the type, filled as the file says; what it does not mention is empty."""
    used, subject = case.get("used", {}), reading.subject or case["subject"]
    for use in cap_uses(spec, values=case["parameters"], subject=subject, amount=amount):
        live = used.get(use.cap.key.value, {}).get(use.cap.unit.value, 0)
        yield Usage(use.cap, "", live, use.amount, use.name or None)


def _why(
    spec: ActionTypeSpec, reading: Reading, usages: tuple[Usage, ...], amount: int | None, risk: Risk
) -> Iterator[Given]:
    """Why a person is asked: what stands against it, the amount, the caps; else that the agent has not earned it."""
    against = [fact for fact in reading.facts if fact.required and fact.result in _AGAINST]
    if reading.status is not Status.OK:  # one sentence says it of all
        del against[1:]
    over = [usage for usage in usages if usage.breached][:1]
    for fact in against:
        yield Given(_AGAINST[fact.result], {"name": fact.name.replace("_", " ")})
    if amount is not None and spec.thresholds.amount is not None and amount > spec.thresholds.amount:
        slots = {"amount": amount, "threshold": spec.thresholds.amount}
        told = {name: format_money(minor, REFERENCE_CURRENCY) for name, minor in slots.items()}
        yield Given(Reason.AMOUNT_OVER_THRESHOLD, told)
    for usage in over:
        cap = usage.cap
        yield Given(
            Reason.HARD_CAP if cap.hard else Reason.CAP_EXCEEDED,
            {
                "key": whose(cap.key, usage.entity),
                "total": cap.counted(usage.total),
                "window": cap.window_text,
                "limit": cap.limit_text,
            },
        )
    if not against and not over:
        required = "COMMIT" if risk is Risk.HIGH else "EXECUTE"
        given = {"level": "L1", "tier": "PROPOSE", "risk": risk.name.lower(), "required": required}
        yield Given(Reason.LEVEL_TOO_LOW, given)


def _material(
    case: Mapping[str, Any],
    document: Mapping[str, Any],
    bound: Mapping[str, Any],
    reading: Reading,
    amount: int | None,
) -> Material:
    """What the page shows of the frozen reading, through the same lens as that of a stored one."""
    stored = frozen(_NO_ACTION, reading, asked_at=reading.read_at)
    facts = [{**fact, "read_at": dt.datetime.fromisoformat(fact["read_at"])} for fact in stored.row["facts"]]
    lens = Lens.of(bound, document, subjects=(reading.subject, case["subject"]))
    said = stored.row["sentence"]
    return Material(
        action_digest="",
        snapshot_digest="",
        sentence=sentence_of(case["type"], amount, said, lens),
        asides=asides(said, lens),
        facts=tabled(facts, bound, lens),
        parameters=parameters(case["parameters"], lens),
    )
