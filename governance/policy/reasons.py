"""Why the machine answered as it did: a closed list, one sentence and one help each.

The same texts are used by the API, the screens, the tests and the docs. Slots are filled from numbers, tiers
and registry names only, never from anything an agent wrote.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Reason(StrEnum):
    """Closed list of reasons. The value is the stable code on the wire."""

    WITHIN_AUTHORITY = "within_authority"
    HALTED = "halted"
    INACTIVE = "inactive"
    NO_PERMISSION = "no_permission"
    ANCESTOR_NOT_PERMITTED = "ancestor_not_permitted"
    DELEGATION_ENDED = "delegation_ended"
    DECISION_ERROR = "decision_error"
    CONTENDED = "contended"
    HUMAN_REQUIRED = "human_required"
    ELEVATION_ASKED = "elevation_asked"
    AGENT_UNCERTAIN = "agent_uncertain"
    AGENT_NOVEL_INPUT = "agent_novel_input"
    AGENT_OUT_OF_SCOPE = "agent_out_of_scope"
    AGENT_AMBIGUOUS_POLICY = "agent_ambiguous_policy"
    AGENT_ASKED = "agent_asked"
    WAITS_FOR_A_PERSON = "waits_for_a_person"
    AMOUNT_OVER_THRESHOLD = "amount_over_threshold"
    QUANTITY_OVER_THRESHOLD = "quantity_over_threshold"
    DATA_CLASS_OVER_THRESHOLD = "data_class_over_threshold"
    AMOUNT_UNKNOWN = "amount_unknown"
    CURRENCY_UNKNOWN = "currency_unknown"
    QUANTITY_UNKNOWN = "quantity_unknown"
    DATA_CLASS_UNKNOWN = "data_class_unknown"
    CEILING = "ceiling"
    CEILING_MISSING = "ceiling_missing"
    ANCESTOR_CEILING = "ancestor_ceiling"
    ANCESTOR_LEVEL = "ancestor_level"
    AGENT_CEILING = "agent_ceiling"
    RECOVERING = "recovering"
    LEVEL_TOO_LOW = "level_too_low"
    GUARDRAIL_MISSED = "guardrail_missed"
    STANDING = "standing"
    FLOODING = "flooding"
    TOO_MANY_ERRORS = "too_many_errors"
    POLICY_CAP = "policy_cap"
    POLICY_RULE = "policy_rule"
    POLICY_OVERRIDABLE = "policy_overridable"
    POLICY_UNAVAILABLE = "policy_unavailable"
    TOOL_RED = "tool_red"
    TOOL_NOT_GREEN = "tool_not_green"
    CONTRACT_BREACHED = "contract_breached"
    SIGNAL_NOT_GREEN = "signal_not_green"
    CONNECTOR_NOT_GREEN = "connector_not_green"
    NO_RECORD_BOUND = "no_record_bound"
    FACTS_NOT_READ = "facts_not_read"
    FACT_DIFFERS = "fact_differs"
    FACT_MISSING = "fact_missing"
    FACT_UNREACHABLE = "fact_unreachable"
    FACT_STALE = "fact_stale"
    FACT_UNVERIFIABLE = "fact_unverifiable"
    NOVELTY = "novelty"
    NOVEL_VALUE = "novel_value"
    NOVEL_AMOUNT = "novel_amount"
    FIRST_OF_KIND = "first_of_kind"
    WARMING_UP = "warming_up"
    ERROR_RATE = "error_rate"
    UNCERTAIN = "uncertain"
    CONFIDENCE_LOW = "confidence_low"
    CONFIDENCE_MISSING = "confidence_missing"
    SCORE_LOW = "score_low"
    CAP_EXCEEDED = "cap_exceeded"
    HARD_CAP = "hard_cap"
    CAP_EXHAUSTED = "cap_exhausted"
    IN_FLIGHT_LIMIT = "in_flight_limit"


SENTENCES: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.WITHIN_AUTHORITY: "The effective tier {effective} covers the required tier {required}.",
        Reason.HALTED: "A halt is in force: {name}.",
        Reason.INACTIVE: "Not active: {name}.",
        Reason.NO_PERMISSION: "The agent has no permission for this action type.",
        Reason.ANCESTOR_NOT_PERMITTED: "An agent above this one has no permission for this action type.",
        Reason.DELEGATION_ENDED: "The delegation under which this was asked is not in force.",
        Reason.DECISION_ERROR: "The decision could not be completed from its inputs.",
        Reason.CONTENDED: "Authority changed several times while this action was being decided.",
        Reason.HUMAN_REQUIRED: "A person must decide every action of this type.",
        Reason.ELEVATION_ASKED: "The agent asked for an elevation.",
        Reason.AGENT_UNCERTAIN: "The agent says that it is uncertain.",
        Reason.AGENT_NOVEL_INPUT: "The agent says that the input is new to it.",
        Reason.AGENT_OUT_OF_SCOPE: "The agent says that the request is out of its scope.",
        Reason.AGENT_AMBIGUOUS_POLICY: "The agent says that the policy is ambiguous.",
        Reason.AGENT_ASKED: "The agent asks for a person.",
        Reason.WAITS_FOR_A_PERSON: "The same action waits for a person in an open case already.",
        Reason.AMOUNT_OVER_THRESHOLD: "The amount {amount} is over {threshold}, so the risk is high.",
        Reason.QUANTITY_OVER_THRESHOLD: "The quantity {quantity} is over {threshold}, so the risk is high.",
        Reason.DATA_CLASS_OVER_THRESHOLD: "The data class {data_class} is over {threshold}, so the risk is high.",
        Reason.AMOUNT_UNKNOWN: "The amount is not known, so the risk is taken as high.",
        Reason.CURRENCY_UNKNOWN: "The amount has no rate in the reference currency, so the risk is taken as high.",
        Reason.QUANTITY_UNKNOWN: "The quantity is not known, so the risk is taken as high.",
        Reason.DATA_CLASS_UNKNOWN: "The class of the data is not known, so the risk is taken as high.",
        Reason.CEILING: "The ceiling of {kind} {name} is {tier}; this action needs {required}.",
        Reason.CEILING_MISSING: "The ceiling of the {kind} is not known.",
        Reason.ANCESTOR_CEILING: "The agent above, {name}, may reach {tier} at most; this action needs {required}.",
        Reason.ANCESTOR_LEVEL: "The agent above, {name}, has earned {tier} at this risk; this action needs {required}.",
        Reason.AGENT_CEILING: "The agent {name} may reach {tier} at most; this action needs {required}.",
        Reason.RECOVERING: "After a halt, {name} may reach {tier} at most until {until}; this action needs {required}.",
        Reason.LEVEL_TOO_LOW: "Level {level} earns {tier} at {risk} risk; this action needs {required}.",
        Reason.GUARDRAIL_MISSED: "This action is outside the guardrail of its type: {limit}.",
        Reason.STANDING: "The standing of {whose} is {tier} {until}; this action needs {required}.",
        Reason.FLOODING: "It filled the queue: the standing of {whose} is {tier} {until}; the action needs {required}.",
        Reason.TOO_MANY_ERRORS: "Reviews found too many errors: the standing of {whose} is {tier} {until};"
        " this action needs {required}.",
        Reason.POLICY_CAP: "Policy allows {tier}; this action needs {required}.",
        Reason.POLICY_RULE: "Policy {rule}, allows {tier}: {why}.",
        Reason.POLICY_OVERRIDABLE: "Policy {rule}, says {tier}: {why}. A reviewer of rank 3 may override it.",
        Reason.POLICY_UNAVAILABLE: "The policy that governs this action type could not be evaluated.",
        Reason.TOOL_RED: "The tool that this action needs is failing: {name}.",
        Reason.TOOL_NOT_GREEN: "The tool that this action needs is not known to be reliable: {name} is {signal}.",
        Reason.CONTRACT_BREACHED: "Within ten minutes this agent broke the contract of this type: it is {signal}.",
        Reason.SIGNAL_NOT_GREEN: "Required evidence is not green: {kind} is {signal}.",
        Reason.CONNECTOR_NOT_GREEN: "The system of record may not be reached: connector {name} is {signal}.",
        Reason.NO_RECORD_BOUND: "No record is bound: nothing was verified.",
        Reason.FACTS_NOT_READ: "The required facts were not read before the decision.",
        Reason.FACT_DIFFERS: "The system of record differs: {name}.",
        Reason.FACT_MISSING: "The system of record does not have: {name}.",
        Reason.FACT_UNREACHABLE: "The system of record could not be reached for: {name}.",
        Reason.FACT_STALE: "The fact is too old: {name}.",
        Reason.FACT_UNVERIFIABLE: "The fact cannot be verified: {name}.",
        Reason.NOVELTY: "The input may be unlike what this agent has handled before: novelty is {signal}.",
        Reason.NOVEL_VALUE: "The agent has not handled this value before: {name}.",
        Reason.NOVEL_AMOUNT: "The amount {amount} is beyond what is familiar to this agent: {limit} at most.",
        Reason.FIRST_OF_KIND: "The agent has not handled any action of this kind before.",
        Reason.WARMING_UP: "Of such actions the agent has handled {total}; under {limit} every one is new to it.",
        Reason.ERROR_RATE: "The reviewed error rate of this agent is not known to be within its limit: it is {signal}.",
        Reason.UNCERTAIN: "The agent states that it is uncertain.",
        Reason.CONFIDENCE_LOW: "The stated confidence {confidence} is under the threshold {threshold}.",
        Reason.CONFIDENCE_MISSING: "This action type asks for a stated confidence between 0 and 1, and there is none.",
        Reason.SCORE_LOW: "The evidence score {score} is under the threshold {threshold}.",
        Reason.CAP_EXCEEDED: "With this action {key} would reach {total} within {window}; the cap is {limit}.",
        Reason.HARD_CAP: "With this action {key} would reach {total} within {window}; the hard cap is {limit}.",
        Reason.CAP_EXHAUSTED: "The cap of {limit} in {window} for {key} is exhausted:"
        " its case is open, or its window has not freed.",
        Reason.IN_FLIGHT_LIMIT: "With this action {total} would be under way for {key}; the limit is {limit}.",
    }
)

HELP: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.WITHIN_AUTHORITY: "Nothing: the action may run once.",
        Reason.HALTED: "The halt must be lifted.",
        Reason.INACTIVE: "It must be made active again.",
        Reason.NO_PERMISSION: "The council must give the agent a permission for this action type.",
        Reason.ANCESTOR_NOT_PERMITTED: "Every agent above must hold a permission for this action type.",
        Reason.DELEGATION_ENDED: "Whoever delegated must give a new ticket, and the agent asks anew under it.",
        Reason.DECISION_ERROR: "A person must decide; an operator should look into it.",
        Reason.CONTENDED: "A person must decide, or the agent asks again later.",
        Reason.HUMAN_REQUIRED: "A reviewer must approve it; no level lifts this.",
        Reason.ELEVATION_ASKED: "A reviewer must approve it.",
        Reason.AGENT_UNCERTAIN: "A reviewer must decide it.",
        Reason.AGENT_NOVEL_INPUT: "A reviewer must decide it.",
        Reason.AGENT_OUT_OF_SCOPE: "A person must acknowledge it.",
        Reason.AGENT_AMBIGUOUS_POLICY: "A reviewer must decide it; the council can make the policy clear.",
        Reason.AGENT_ASKED: "A reviewer must decide it.",
        Reason.WAITS_FOR_A_PERSON: "That case must be decided, withdrawn or expire.",
        Reason.AMOUNT_OVER_THRESHOLD: "A smaller amount, or a reviewer's approval.",
        Reason.QUANTITY_OVER_THRESHOLD: "A smaller quantity, or a reviewer's approval.",
        Reason.DATA_CLASS_OVER_THRESHOLD: "Less sensitive data, or a reviewer's approval.",
        Reason.AMOUNT_UNKNOWN: "The amount must be readable from the record or the parameters.",
        Reason.CURRENCY_UNKNOWN: "The currency needs a rate in the reference currency.",
        Reason.QUANTITY_UNKNOWN: "The quantity must be readable from the parameters.",
        Reason.DATA_CLASS_UNKNOWN: "The class of the data must be stated by the action type.",
        Reason.CEILING: "The ceiling of {kind} {name} must be raised.",
        Reason.CEILING_MISSING: "The council must set a ceiling for the {kind}.",
        Reason.ANCESTOR_CEILING: "The council must raise what the agent above may reach.",
        Reason.ANCESTOR_LEVEL: "The agent above must earn a higher level, or a reviewer must approve it.",
        Reason.AGENT_CEILING: "The council must raise what the agent may reach.",
        Reason.RECOVERING: "It recovers by itself: the next stage comes at {until}. The council can end it before.",
        Reason.LEVEL_TOO_LOW: "The agent must earn a higher level on reviewed evidence, or a reviewer must approve it.",
        Reason.GUARDRAIL_MISSED: "Inside the guardrail policy may grant it; otherwise a reviewer must approve it.",
        Reason.STANDING: "It rises by itself after green time; what a person pulled down, the council restores.",
        Reason.FLOODING: "Its open cases must be decided, withdrawn or expire; the standing then rises by itself.",
        Reason.TOO_MANY_ERRORS: "Once reviews show them no longer, the standing rises by itself after its wait.",
        Reason.POLICY_CAP: "Two people must change the policy, or a reviewer must approve it.",
        Reason.POLICY_RULE: "What the rule names must change, or two people change the rule.",
        Reason.POLICY_OVERRIDABLE: "What the rule names must change, or a reviewer of rank 3 overrides the rule.",
        Reason.POLICY_UNAVAILABLE: "The policy bundle must be repaired or rolled back.",
        Reason.TOOL_RED: "It must be seen to work again: ask again later, people decide what tries it.",
        Reason.TOOL_NOT_GREEN: "The tool must work reliably again; what people approve meanwhile counts for it.",
        Reason.CONTRACT_BREACHED: "Ten minutes without a request that breaks the contract, or a reviewer's approval.",
        Reason.SIGNAL_NOT_GREEN: "The evidence of {kind} must become green.",
        Reason.CONNECTOR_NOT_GREEN: "The connector must read reliably again; a reviewer may decide it meanwhile.",
        Reason.NO_RECORD_BOUND: "The council must bind this action type to a record.",
        Reason.FACTS_NOT_READ: "A person decides once the facts have been read; the council can have them read first.",
        Reason.FACT_DIFFERS: "The claim or the record must be put right.",
        Reason.FACT_MISSING: "The record must hold it.",
        Reason.FACT_UNREACHABLE: "The system of record must answer again.",
        Reason.FACT_STALE: "The record must be brought up to date, and be read again.",
        Reason.FACT_UNVERIFIABLE: "State the value as a claim, or bind it to a field that can be compared.",
        Reason.NOVELTY: "A reviewer must decide it.",
        Reason.NOVEL_VALUE: "A reviewer must approve it; reported as succeeded, the value is familiar.",
        Reason.NOVEL_AMOUNT: "A smaller amount, or a reviewer's approval.",
        Reason.FIRST_OF_KIND: "A reviewer must approve it; what succeeds is handled.",
        Reason.WARMING_UP: "A reviewer must approve it; what succeeds is handled.",
        Reason.ERROR_RATE: "Reviewed samples must show fewer errors.",
        Reason.UNCERTAIN: "A reviewer must decide it.",
        Reason.CONFIDENCE_LOW: "A reviewer must decide it.",
        Reason.CONFIDENCE_MISSING: "State a confidence between 0 and 1.",
        Reason.SCORE_LOW: "The evidence that is not green must become green.",
        Reason.CAP_EXCEEDED: "It fits again when the window frees; until then a reviewer may approve it.",
        Reason.HARD_CAP: "It fits again when the window frees: no approval passes a hard cap.",
        Reason.CAP_EXHAUSTED: "Ask again when the window has freed.",
        Reason.IN_FLIGHT_LIMIT: "What is under way must be reported first, or a reviewer may approve it.",
    }
)


MAX_NAME = 80
UNREADABLE = "(unreadable name)"

# Letters that draw nothing: they pass for letters, so they must be named.
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def registry_name(value: object) -> str:
    """A registry name as it may stand in a sentence: visible, short, on one line; anything else is not repeated."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or not value.isprintable():
        return UNREADABLE
    if value.isascii() or all(unicodedata.category(letter)[0] in "LNPSZ" for letter in value):
        return UNREADABLE if _BLANK_LETTERS.intersection(value) else value
    return UNREADABLE


class _Filled(dict[str, str]):
    """Slots for formatting: one that was not given reads "unknown", so that no sentence ever fails."""

    def __missing__(self, key: str) -> str:
        return "unknown"


@dataclass(frozen=True, slots=True)
class Given:
    """A reason as given in one decision: its code and the closed values of its slots."""

    code: Reason
    slots: Mapping[str, str]

    @property
    def sentence(self) -> str:
        """What happened, in one sentence."""
        return SENTENCES[self.code].format_map(_Filled(self.slots))

    @property
    def help(self) -> str:
        """What would have to change, in one sentence."""
        return HELP[self.code].format_map(_Filled(self.slots))
