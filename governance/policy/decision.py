"""The rule of authority: one pure, total function from inputs to a decision that names what bound it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from governance.policy.ceilings import Limiter, LimiterKind, held
from governance.policy.conditions import asks, evidence_caps, plain, raised_risk
from governance.policy.evidence import contradicted
from governance.policy.granting import granted
from governance.policy.inputs import Inputs as Inputs
from governance.policy.inputs import Thresholds as Thresholds
from governance.policy.ladder import Rung as Rung
from governance.policy.ladder import binding_text, limiters_of, limits, rungs
from governance.policy.reasons import Given, Reason, registry_name
from governance.policy.tiers import ActionClass, Risk, Tier, alerts, required_tier
from governance.policy.velocity import Usage, first_breach


class Outcome(StrEnum):
    """What the machine answers."""

    EXECUTE = "execute"
    ESCALATE = "escalate"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Decision:
    """The machine's answer.

    `reasons` are never empty, `bound_by` names what bound the result. `ladder` holds every limiter in the fixed order.
    `score` is the evidence score in [0, 1], 0 when evidence was not judged. `breach` is the cap whose case is opened.
    `alert`: a person must see the execution. `by_guardrail`: it executes by a grant that policy issues, inside the
    guardrail. `contradicted`: a claim contradicts the record.
    """

    outcome: Outcome
    effective: Tier
    required: Tier
    risk: Risk
    reasons: tuple[Given, ...]
    bound_by: str
    ladder: tuple[Rung, ...]
    score: Decimal
    breach: Usage | None
    alert: bool
    by_guardrail: bool
    contradicted: bool


_ZERO = Decimal(0)
_FORBIDS = {
    Reason.HALTED: "halt: {name}",
    Reason.INACTIVE: "not active: {name}",
    Reason.DELEGATION_ENDED: "delegation: not in force",
    Reason.ANCESTOR_NOT_PERMITTED: "permission: none above for this action type",
}
_LISTS = (tuple, tuple, tuple, tuple, tuple, frozenset)
_COLLECTIONS = ((*_LISTS, tuple), (*_LISTS, type(None)))


def decide(inputs: Inputs) -> Decision:
    """Decide what may happen now. Total: never raises, and an error is never more than an escalation."""
    try:
        return _decide(inputs)
    except Exception:
        # The one boundary where everything is caught: whatever is wrong with the inputs, the answer must still be an
        # answer, and a narrow one. Letting it escape would leave the caller to invent a tier.
        return _failed(inputs)


def _decide(inputs: Inputs) -> Decision:
    """Halts first, then permission, then the lowest of all limiters against what the action requires."""
    _insist(inputs)
    risk, over, unknown = raised_risk(inputs)
    required = required_tier(inputs.action_class, risk)
    if forbidden := _forbidden(inputs):
        return _refused(inputs, forbidden, required, risk)
    asked = asks(inputs, risk)
    if type(inputs.action_class) is not ActionClass or type(inputs.base_risk) is not Risk:
        unknown.append(plain(Reason.DECISION_ERROR))
    breached = [usage for usage in inputs.usages if usage.breached]
    caps, points = evidence_caps(inputs, breached)
    limiters = limiters_of(inputs, risk, _evidence_tier(unknown + caps))
    tiers = [held(limiter.tier) for limiter in limiters]
    effective = min(tiers)
    binding = tiers.index(effective)
    # Where a person must decide, drafts and reads too need the tier at which a case may be opened.
    forced = bool(asked or unknown or caps)
    bar = max(required, Tier.PROPOSE) if forced else required
    outcome = _outcome(effective, bar, forced)
    if outcome is Outcome.EXECUTE:
        reasons = [_within(effective, required), *over]
    else:
        # what raised the risk is said before the limits that do not reach what is required then
        reasons = [*asked, *over, *unknown, *limits(inputs, limiters, bar, risk), *caps]
    if outcome is Outcome.REFUSE:
        reasons.sort(key=lambda given: not _refuses(given, effective))
    return Decision(
        outcome=outcome,
        effective=effective,
        required=required,
        risk=risk,
        reasons=tuple(reasons),
        bound_by=_bound_by(limiters[binding], effective, unknown + caps, asked, effective >= bar),
        ladder=rungs(limiters, tiers, binding),
        score=points,
        breach=first_breach(breached) if breached else None,
        alert=outcome is Outcome.EXECUTE and inputs.level is not None and alerts(inputs.level, risk),
        by_guardrail=outcome is Outcome.EXECUTE and granted(inputs, risk),
        contradicted=contradicted(inputs.facts or ()),
    )


def _insist(inputs: Inputs) -> None:
    """TypeError for a collection of a wrong type: an empty one would otherwise read as "nothing demanded"."""
    collections: tuple[object, ...] = (
        *(inputs.limiters, inputs.above, inputs.usages, inputs.in_flight, inputs.novel),
        *(inputs.required_evidence, inputs.facts),
    )
    if tuple(map(type, collections)) not in _COLLECTIONS:
        raise TypeError


def _outcome(effective: Tier, bar: Tier, forced: bool) -> Outcome:
    """Compare the tiers. `forced`: a person must decide even where the tiers would do, as for drafts and reads."""
    if effective >= bar and not forced:
        return Outcome.EXECUTE
    return Outcome.ESCALATE if effective >= Tier.PROPOSE else Outcome.REFUSE


def _refuses(given: Given, effective: Tier) -> bool:
    """Whether this reason is what refused, so that it is told first: others would only have asked for a person."""
    return given.code is Reason.TOOL_RED or given.slots.get("tier") == effective.name


def _forbidden(inputs: Inputs) -> list[Given]:
    """What refuses before any tier is compared: halts, then a missing permission anywhere in the chain, or its end."""
    found = [Given(Reason.HALTED, {"name": name}) for name in _names(inputs.halts)]
    found += [Given(Reason.INACTIVE, {"name": name}) for name in _names(inputs.inactive)]
    if found:
        return found
    if inputs.level is None:
        found.append(plain(Reason.NO_PERMISSION))
    if inputs.ancestors_permitted is not True:
        found.append(plain(Reason.ANCESTOR_NOT_PERMITTED))
    if inputs.ticket_stands is not True:
        found.append(plain(Reason.DELEGATION_ENDED))
    return found


def _names(names: object) -> list[str]:
    """Names of what is halted; anything that is not a tuple of them counts as one unknown halt."""
    return [registry_name(name) for name in names] if type(names) is tuple else ["unknown"]


def _refused(inputs: Inputs, forbidden: list[Given], required: Tier, risk: Risk) -> Decision:
    """A refusal before any tier was compared: the effective tier is HALT, and evidence is not judged."""
    first = forbidden[0]
    bound_by = _FORBIDS.get(first.code, "permission: {name}").format(
        name=first.slots.get("name", "none for this action type")
    )
    return Decision(
        outcome=Outcome.REFUSE,
        effective=Tier.HALT,
        required=required,
        risk=risk,
        reasons=tuple(forbidden),
        bound_by=bound_by,
        ladder=(Rung(bound_by, Tier.HALT, True),),
        score=_ZERO,
        breach=None,
        alert=False,
        by_guardrail=False,
        contradicted=False,
    )


def _evidence_tier(caps: list[Given]) -> Tier:
    if not caps:
        return Tier.COMMIT
    return Tier.HALT if any(given.code is Reason.TOOL_RED for given in caps) else Tier.PROPOSE


def _bound_by(binding: Limiter, tier: Tier, caps: list[Given], asked: list[Given], enough: bool) -> str:
    """What bound the result: the lowest limiter or, where the tiers would do, what demands a person."""
    if enough and asked:
        return f"request: {asked[0].sentence}"
    if caps and (enough or binding.kind is LimiterKind.EVIDENCE):
        worst = next((given for given in caps if given.code is Reason.TOOL_RED), caps[0])
        return f"evidence: {worst.sentence}"
    return binding_text(binding.kind, binding.name, tier)


@lru_cache(maxsize=32)
def _within(effective: Tier, required: Tier) -> Given:
    return Given(Reason.WITHIN_AUTHORITY, MappingProxyType({"effective": effective.name, "required": required.name}))


def _failed(inputs: object) -> Decision:
    """The answer to an error: a person decides it as high risk, unless something already known refuses it."""
    refused = type(inputs) is not Inputs or _surely_refused(inputs)
    tier = Tier.HALT if refused else Tier.PROPOSE
    bound_by = "decision: could not be completed"
    return Decision(
        outcome=Outcome.REFUSE if refused else Outcome.ESCALATE,
        effective=tier,
        required=Tier.COMMIT,
        risk=Risk.HIGH,
        reasons=(plain(Reason.DECISION_ERROR),),
        bound_by=bound_by,
        ladder=(Rung(bound_by, tier, True),),
        score=_ZERO,
        breach=None,
        alert=False,
        by_guardrail=False,
        contradicted=False,
    )


def _surely_refused(inputs: Inputs) -> bool:
    """Whether inputs that broke the decision still show a halt, a missing permission or a tier under PROPOSE.

    Only identity and exact types are looked at: nothing here can raise.
    """
    if type(inputs.halts) is not tuple or inputs.halts or type(inputs.inactive) is not tuple or inputs.inactive:
        return True
    if inputs.level is None or inputs.ancestors_permitted is not True or inputs.ticket_stands is not True:
        return True
    given = inputs.limiters if type(inputs.limiters) is tuple else ()
    tiers = [limiter.tier for limiter in given if type(limiter) is Limiter]
    return any(held(tier) < Tier.PROPOSE for tier in (*tiers, inputs.standing, inputs.policy))
