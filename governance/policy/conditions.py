"""The conditions of one decision: what raises its risk, and what evidence caps it, each with its reason."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import TypeGuard

from governance.policy.data_classes import class_name
from governance.policy.evidence import Kind, Signal, completeness, score, velocity_signal, worst
from governance.policy.facts import FactSummary, Result
from governance.policy.granting import granted
from governance.policy.in_flight import Flight, acts_for_others
from governance.policy.inputs import Inputs
from governance.policy.money import REFERENCE_CURRENCY, format_money
from governance.policy.novelty import Novel, NovelKind
from governance.policy.reasons import Given, Reason, registry_name
from governance.policy.tiers import Risk
from governance.policy.velocity import Unit, Usage, whose

_KINDS: tuple[Kind, ...] = tuple(Kind)
_NO_SLOTS: dict[str, str] = {}

_ASKS: dict[str, Reason] = {
    "uncertain": Reason.AGENT_UNCERTAIN,
    "novel_input": Reason.AGENT_NOVEL_INPUT,
    "out_of_scope": Reason.AGENT_OUT_OF_SCOPE,
    "ambiguous_policy": Reason.AGENT_AMBIGUOUS_POLICY,
}

_FACT_REASONS: dict[Result, Reason] = {
    Result.DIFFERS: Reason.FACT_DIFFERS,
    Result.MISSING: Reason.FACT_MISSING,
    Result.UNREACHABLE: Reason.FACT_UNREACHABLE,
    Result.STALE: Reason.FACT_STALE,
}


def raised_risk(inputs: Inputs) -> tuple[Risk, list[Given], list[Given]]:
    """The effective risk, why it was raised, and which of that is unknown (unknown raises and caps as well)."""
    over: list[Given] = []
    unknown: list[Given] = []
    _judge_amount(inputs, over, unknown)
    _judge_quantity(inputs, over, unknown)
    if over or unknown or type(inputs.base_risk) is not Risk:
        return Risk.HIGH, over, unknown
    return inputs.base_risk, over, unknown


def asks(inputs: Inputs, risk: Risk) -> list[Given]:
    """Why a person must decide whatever the tiers say: the type demands it, the agent asks for it, or one was asked."""
    found: list[Given] = []
    if inputs.human_required is not False:
        found.append(plain(Reason.HUMAN_REQUIRED))
    if inputs.elevate is not False and not granted(inputs, risk):
        found.append(plain(Reason.ELEVATION_ASKED))
    if inputs.agent_reason is not None:
        found.append(plain(_ASKS.get(inputs.agent_reason, Reason.AGENT_ASKED)))
    if inputs.waits is not False:
        found.append(plain(Reason.WAITS_FOR_A_PERSON))
    return found


def evidence_caps(inputs: Inputs, breached: list[Usage]) -> tuple[list[Given], Decimal]:
    """What evidence holds against this action now, and the evidence score in [0, 1]. `breached`: of its usages."""
    found: list[Given] = []
    signals = _required_signals(inputs, breached, found)
    if Kind.TOOL_HEALTH in inputs.required_evidence and inputs.connector_health is not Signal.GREEN:
        slots = {"name": registry_name(inputs.connector), "signal": _colour(inputs.connector_health)}
        found.append(Given(Reason.CONNECTOR_NOT_GREEN, slots))
    _judge_facts(inputs.facts, found)
    found.extend(map(_over, breached))
    chain = acts_for_others(inputs.in_flight)
    found.extend(_under_way(flight, chain) for flight in inputs.in_flight if flight.passed)
    _judge_statements(inputs, found)
    if inputs.contended is not False:
        found.append(plain(Reason.CONTENDED))
    points = score(signals, inputs.required_evidence)
    if not (_is_number(inputs.score_threshold) and points >= inputs.score_threshold):
        slots = {"score": _short(points), "threshold": _short(inputs.score_threshold)}
        found.append(Given(Reason.SCORE_LOW, slots))
    return found, points


def plain(code: Reason) -> Given:
    """A reason without slots."""
    return Given(code, _NO_SLOTS)


def _judge_amount(inputs: Inputs, over: list[Given], unknown: list[Given]) -> None:
    threshold = inputs.thresholds.amount
    if threshold is None and not any(usage.cap.unit is not Unit.COUNT for usage in inputs.usages):
        return
    if inputs.amount_known is True and inputs.currency_known is not True:
        unknown.append(plain(Reason.CURRENCY_UNKNOWN))
    elif inputs.amount_known is not True or type(inputs.amount) is not int or inputs.amount < 0:
        unknown.append(plain(Reason.AMOUNT_UNKNOWN))
    elif threshold is not None and not inputs.amount <= threshold:
        slots = {
            key: format_money(minor, REFERENCE_CURRENCY) for key, minor in _pair("amount", inputs.amount, threshold)
        }
        over.append(Given(Reason.AMOUNT_OVER_THRESHOLD, slots))


def _judge_quantity(inputs: Inputs, over: list[Given], unknown: list[Given]) -> None:
    limits = inputs.thresholds
    if limits.quantity is not None:
        if type(inputs.quantity) is not int or inputs.quantity < 0:
            unknown.append(plain(Reason.QUANTITY_UNKNOWN))
        elif not inputs.quantity <= limits.quantity:
            slots = {key: str(count) for key, count in _pair("quantity", inputs.quantity, limits.quantity)}
            over.append(Given(Reason.QUANTITY_OVER_THRESHOLD, slots))
    if limits.data_class is not None:
        if type(inputs.data_class) is not int:
            unknown.append(plain(Reason.DATA_CLASS_UNKNOWN))
        elif not inputs.data_class <= limits.data_class:
            slots = {key: class_name(rank) for key, rank in _pair("data_class", inputs.data_class, limits.data_class)}
            over.append(Given(Reason.DATA_CLASS_OVER_THRESHOLD, slots))


def _pair(name: str, value: int, threshold: int) -> tuple[tuple[str, int], tuple[str, int]]:
    return (name, value), ("threshold", threshold)


def _required_signals(inputs: Inputs, breached: list[Usage], found: list[Given]) -> dict[Kind, Signal]:
    """The signal of every required kind, in the fixed order of kinds; what is not green is noted."""
    required, signals = inputs.required_evidence, {}
    for kind in _KINDS:
        if kind in required:
            signals[kind] = _signal(kind, inputs, breached, found)
    if len(signals) != len(required):
        found.append(_not_green("an unknown kind", Signal.UNKNOWN))
    return signals


def _signal(kind: Kind, inputs: Inputs, breached: list[Usage], found: list[Given]) -> Signal:
    """The signal of one required kind. What was gathered can only make what is computed here worse."""
    gathered = inputs.signals.get(kind)
    if kind is Kind.COMPLETENESS:
        computed = _completeness(inputs, found)
    elif kind is Kind.VELOCITY:
        computed = velocity_signal(breached)
    else:
        computed, gathered = _told(kind, inputs), gathered if type(gathered) is Signal else Signal.UNKNOWN
    if gathered is None or gathered is computed:
        return computed
    signal = worst((computed, gathered))
    # What is computed here is explained by its facts and caps; only what came from outside needs a line of its own.
    if signal is not computed:
        found.append(_from_outside(kind, inputs, signal))
    return signal


def _told(kind: Kind, inputs: Inputs) -> Signal:
    """What has its own reasons: only a signal that says more needs a line of its own."""
    if kind is Kind.UNCERTAINTY:
        return Signal.GREEN if inputs.uncertain is False else Signal.AMBER
    signal = {Kind.NOVELTY: inputs.novelty, Kind.ERROR_RATE: inputs.error_rate}.get(kind, Signal.GREEN)
    return signal if type(signal) is Signal else Signal.UNKNOWN


def _completeness(inputs: Inputs, found: list[Given]) -> Signal:
    """Completeness of what was read for this decision: facts of a case, read later, cannot make it green."""
    if inputs.bound is not True:
        found.append(plain(Reason.NO_RECORD_BOUND))
        return Signal.UNKNOWN
    if inputs.facts is None or inputs.facts_first is not True:
        found.append(plain(Reason.FACTS_NOT_READ))
        return Signal.UNKNOWN
    return completeness(inputs.facts)


def _from_outside(kind: Kind, inputs: Inputs, signal: Signal) -> Given:
    """What was gathered of a kind and is not green."""
    if kind is Kind.CONTRACT and signal is not Signal.UNKNOWN:
        return Given(Reason.CONTRACT_BREACHED, {"signal": signal.value})
    if kind is not Kind.TOOL_HEALTH:
        return _not_green(kind.value.replace("_", " "), signal)
    name = {"name": registry_name(inputs.tool)}
    if signal is Signal.RED:
        return Given(Reason.TOOL_RED, name)
    return Given(Reason.TOOL_NOT_GREEN, {**name, "signal": signal.value})


def _not_green(what: str, signal: Signal) -> Given:
    return Given(Reason.SIGNAL_NOT_GREEN, {"kind": what, "signal": signal.value})


def _judge_facts(facts: tuple[FactSummary, ...] | None, found: list[Given]) -> None:
    """A required fact that does not agree, and any claim that the record contradicts."""
    for fact in facts or ():
        if fact.result is Result.AGREES:
            continue
        if fact.required is not False or (fact.result is Result.DIFFERS and fact.claimed is not False):
            code = _FACT_REASONS.get(fact.result, Reason.FACT_UNVERIFIABLE)
            found.append(Given(code, {"name": registry_name(fact.name)}))


def _over(usage: Usage) -> Given:
    cap = usage.cap
    entity = None if usage.entity is None else registry_name(usage.entity)
    figures = {"total": cap.counted(usage.total), "limit": cap.limit_text, "window": cap.window_text}
    slots = {"key": whose(cap.key, entity), **figures}
    return Given(Reason.CAP_EXCEEDED if cap.hard is False else Reason.HARD_CAP, slots)


def _under_way(flight: Flight, chain: bool) -> Given:
    entity = None if flight.entity is None else registry_name(flight.entity)
    slots = {"total": str(flight.live + 1), "key": whose(flight.key, entity, chain=chain), "limit": str(flight.limit)}
    return Given(Reason.IN_FLIGHT_LIMIT, slots)


def _new(novel: Novel) -> Given:
    if novel.kind is NovelKind.VALUE:
        return Given(Reason.NOVEL_VALUE, {"name": registry_name(novel.parameter.replace("_", " "))})
    if novel.kind is NovelKind.AMOUNT:
        amount, limit = (format_money(minor, REFERENCE_CURRENCY) for minor in (novel.figure, novel.bound))
        return Given(Reason.NOVEL_AMOUNT, {"amount": amount, "limit": limit})
    if novel.kind is NovelKind.FIRST:
        return plain(Reason.FIRST_OF_KIND)
    return Given(Reason.WARMING_UP, {"total": str(novel.figure), "limit": str(novel.bound)})


def _judge_statements(inputs: Inputs, found: list[Given]) -> None:
    """Novelty, error rate, stated uncertainty and confidence: they may lower authority, never raise it."""
    found.extend(map(_new, inputs.novel))
    for code, signal in ((Reason.NOVELTY, inputs.novelty), (Reason.ERROR_RATE, inputs.error_rate)):
        told = code is Reason.NOVELTY and signal is Signal.AMBER and inputs.novel
        if signal is not Signal.GREEN and not told:
            found.append(Given(code, {"signal": _colour(signal)}))
    if inputs.uncertain is not False:
        found.append(plain(Reason.UNCERTAIN))
    confidence, threshold = inputs.confidence, inputs.confidence_threshold
    if confidence is None and threshold is None:
        return
    if not (_is_number(confidence) and 0 <= confidence <= 1):
        found.append(plain(Reason.CONFIDENCE_MISSING))
    elif threshold is not None and not (_is_number(threshold) and confidence >= threshold):
        found.append(Given(Reason.CONFIDENCE_LOW, {"confidence": _short(confidence), "threshold": _short(threshold)}))


def _colour(signal: object) -> str:
    return signal.value if isinstance(signal, Signal) else "unknown"


def _is_number(value: object) -> TypeGuard[Decimal]:
    """A finite Decimal: NaN compares with nothing, so it is turned away before any comparison."""
    return type(value) is Decimal and value.is_finite()


def _short(value: object) -> str:
    """A number in [0, 1] with three digits, rounded down so that it never reads as having reached a threshold."""
    if not _is_number(value) or not 0 <= value <= 1:
        return "unknown"
    return format(value.quantize(Decimal("0.001"), ROUND_FLOOR), "f")
