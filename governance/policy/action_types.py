"""Action types: a catalogue entry read from its document, or everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from governance.policy.contracts import Contract, ContractError
from governance.policy.data_classes import DataClass, check_data_class, parse_data_class
from governance.policy.documents import DocumentProblem, Node
from governance.policy.evidence import Kind
from governance.policy.four_eyes import FourEyes, parse_four_eyes
from governance.policy.guardrails import Guardrail, check_guardrail, parse_guardrail
from governance.policy.in_flight import InFlight, parse_in_flight
from governance.policy.inputs import Thresholds
from governance.policy.money import REFERENCE_CURRENCY, Money, parse_money
from governance.policy.novelty import NoveltyRule, parse_novelty
from governance.policy.standing import TERMS, Terms
from governance.policy.tiers import ActionClass, Risk
from governance.policy.type_terms import caps, evidence_kinds, latency, open_cases, share, thresholds
from governance.policy.velocity import Cap, CapKey
from governance.policy.waits import duration, standing_terms

MAX_DEADLINE = 48 * 3600
MAX_HOLD = 3600
MIN_CHECKPOINT, MAX_CHECKPOINT = 5, 3600
MAX_CAPS, MAX_ENTITIES = 16, 8
SUBJECT = "subject"

KEY = re.compile(r"[a-z0-9_.]{1,64}", re.ASCII)
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
REASON = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,:;'()/-]{0,199}", re.ASCII)

_REQUIRED = ("key", "class", "parameters")
_OPTIONAL = (
    "risk", "risk_reason", "irreversible", "human_required", "legal_basis", "family", "claims", "amount", "entities",
    "thresholds", "data_class", "caps", "in_flight", "novelty", "evidence", "facts", "deadline", "hold", "sampling",
    "confidence", "tool", "checkpoint", "guardrail", "standing", "latency_ms",
    "four_eyes", "open_cases",
)  # fmt: skip
# What can name whom or what an action is about.
_ENTITY_TYPES = frozenset({"id", "email", "iban", "enum", "integer", "host"})
_NEW_TYPES = _ENTITY_TYPES | {"country", "postcode"}


@dataclass(frozen=True, slots=True)
class Amount:
    """Where the amount of an action is: a money value of its binding, or a money parameter."""

    name: str
    from_record: bool


@dataclass(frozen=True, slots=True)
class ActionTypeSpec:
    """One parsed catalogue entry.

    `deadline_seconds` and `hold_seconds` None: the default of the risk. `sampling` in (0, 1] overrides the base
    probability of a draw. `confidence_threshold` None: this type asks for no confidence. Amounts are minor units of the
    reference currency. `latency_ms`: a slower answer of the tool is slow; None: none is. `entities` name parameters,
    or "subject". `checkpoint_seconds` None: a running action need not ask whether it may continue; else it holds a
    lease of so many seconds, 5 to 3600. `open_cases`: the most cases of it that one line of agents may have open.
    """

    key: str
    action_class: ActionClass
    base_risk: Risk
    risk_reason: str
    irreversible: bool
    human_required: bool
    legal_basis: str
    family: str
    tool: str
    latency_ms: int | None
    contract: Contract
    claims: Contract
    amount: Amount | None
    entities: tuple[str, ...]
    thresholds: Thresholds
    quantity_of: str | None
    data_class: DataClass | None
    caps: tuple[Cap, ...]
    in_flight: InFlight
    novelty: NoveltyRule | None
    evidence: frozenset[Kind]
    facts_first: bool
    deadline_seconds: int | None
    hold_seconds: int | None
    sampling: Decimal | None
    confidence_threshold: Decimal | None
    checkpoint_seconds: int | None = None
    guardrail: Guardrail | None = None
    standing: Terms = TERMS
    four_eyes: FourEyes | None = None
    open_cases: int | None = None

    @classmethod
    def from_document(cls, document: object, path: str = "action_type") -> ActionTypeSpec | list[DocumentProblem]:
        """Read an entry of `action_types`; the problems, each with its place, if there are any."""
        return parse_action_type(document, path)

    def money_in(self, parameters: Mapping[str, object], values: Mapping[str, object] | None = None) -> Money | None:
        """The amount in its own currency, from contract-parsed parameters or from a snapshot's values.

        None when there is no amount, or when it is in the record and that was not read.
        """
        if self.amount is None:
            return None
        found = (values or {}).get(self.amount.name) if self.amount.from_record else parameters.get(self.amount.name)
        # a snapshot keeps money of the reference currency as bare minor units
        if self.amount.from_record and type(found) is int:
            return Money(found, REFERENCE_CURRENCY)
        try:
            return parse_money(found)
        except ValueError:
            return None

    def quantity_in(self, parameters: Mapping[str, object]) -> int | None:
        """How many recipients, rows or files: the length of a list parameter, or a whole number.

        Of a sealed list nothing is known but its elements, under `name/0` and so on: none of them is not known.
        """
        value = None if self.quantity_of is None else parameters.get(self.quantity_of)
        if isinstance(value, list):
            return len(value)
        if value is None and self.quantity_of is not None:
            return sum(name.startswith(f"{self.quantity_of}/") for name in parameters) or None
        return value if type(value) is int else None

    def data_class_in(self, parameters: Mapping[str, object]) -> int | None:
        """The rank of the most sensitive class of data that this touches; None when nothing says which."""
        return None if self.data_class is None else self.data_class.rank_in(parameters)


def parse_action_type(document: object, path: str = "action_type") -> ActionTypeSpec | list[DocumentProblem]:
    """Read an entry of `action_types`: the spec, or everything that is wrong with it, each with its place."""
    node = Node(document, path)
    node.fields(required=_REQUIRED, optional=_OPTIONAL)
    key = node.at("key").text(KEY, "A key has lower-case letters, digits, points and underscores, at most 64.")
    amount = _amount(node.at("amount"))
    irreversible = node.at("irreversible").flag()
    entities, evidence = node.at("entities").items(MAX_ENTITIES), evidence_kinds(node.at("evidence"))
    spec = ActionTypeSpec(
        key=key,
        action_class=ActionClass(node.at("class").choice(tuple(ActionClass), ActionClass.ACT)),
        base_risk=_risk(node, amount is not None or irreversible),
        risk_reason=node.at("risk_reason").text(REASON, "Plain words are expected, at most 200 characters."),
        irreversible=irreversible,
        human_required=node.at("human_required").flag(),
        legal_basis=node.at("legal_basis").text(REASON, "Plain words are expected, at most 200 characters."),
        family=node.at("family").text(KEY, "A family is written like a key.", key),
        tool=node.at("tool").text(KEY, "A tool is written like a key.", key),
        latency_ms=latency(node.at("latency_ms")),
        contract=_contract(node.at("parameters")),
        claims=_contract(node.at("claims")),
        amount=amount,
        entities=tuple(at.text(NAME, "A parameter or subject is expected.") for at in entities),
        thresholds=thresholds(node.at("thresholds")),
        quantity_of=node.at("thresholds").at("quantity_of").text(NAME, "A parameter is expected.") or None,
        data_class=parse_data_class(node.at("data_class")),
        caps=tuple(cap for at in node.at("caps").items(MAX_CAPS) for cap in caps(at)),
        in_flight=parse_in_flight(node.at("in_flight")),
        novelty=parse_novelty(node.at("novelty")) if Kind.NOVELTY in evidence else None,
        evidence=evidence,
        facts_first=node.at("facts").choice(("first", "on_case"), "on_case") == "first",
        deadline_seconds=duration(node.at("deadline"), MAX_DEADLINE),
        hold_seconds=duration(node.at("hold"), MAX_HOLD),
        sampling=share(node.at("sampling")),
        confidence_threshold=share(node.at("confidence")),
        checkpoint_seconds=duration(node.at("checkpoint"), MAX_CHECKPOINT, MIN_CHECKPOINT),
        guardrail=parse_guardrail(node.at("guardrail")),
        standing=standing_terms(node.at("standing")),
        four_eyes=parse_four_eyes(node.at("four_eyes"), moves_money=amount is not None),
        open_cases=open_cases(node.at("open_cases")),
    )
    _check(node, spec)
    return node.problems or spec


def _risk(node: Node, is_grave: bool) -> Risk:
    """The base risk. Money and irreversible types are high unless somebody wrote down why not."""
    words = {risk.name.lower(): risk for risk in Risk}
    risk = words[node.at("risk").choice(tuple(words), "high")]
    if node.at("risk").absent and not is_grave:
        node.say("risk is missing.")
    if is_grave and risk is not Risk.HIGH and node.at("risk_reason").absent:
        node.at("risk_reason").say("What moves money or is irreversible has high risk, or a written reason why not.")
    return risk


def _amount(node: Node) -> Amount | None:
    """`name of a binding value`, or `{parameter: name}`."""
    if node.absent:
        return None
    if isinstance(node.value, Mapping):
        node.fields(required=("parameter",))
        return Amount(node.at("parameter").text(NAME, "The name of a parameter is expected."), from_record=False)
    return Amount(node.text(NAME, "The name of a binding value, or a parameter, is expected."), from_record=True)


def _contract(node: Node) -> Contract:
    try:
        return Contract.from_document(None if node.absent else node.value)
    except ContractError as error:
        node.say(str(error))
        return Contract({})


def _check(node: Node, spec: ActionTypeSpec) -> None:
    """What only the whole shows: parameters that must exist and have a fitting type."""
    fields = spec.contract.fields
    for place, name in enumerate(spec.entities):
        at = node.at("entities")
        if name != SUBJECT and name not in fields:
            at.say(f"Entry {place + 1}: there is no parameter {name}.")
        elif name != SUBJECT and (fields[name].type not in _ENTITY_TYPES or fields[name].sealed):
            at.say(f"Entry {place + 1}: {name} is not an identifier, or it is sealed.")
    amount = spec.amount
    if amount is not None and not amount.from_record:
        field = fields.get(amount.name)
        if field is None or field.type != "money" or field.most is not None:
            node.at("amount").say(f"There is no single money parameter {amount.name}.")
    if spec.quantity_of is not None:
        field = fields.get(spec.quantity_of)
        if field is None or (field.most is None and field.type != "integer"):
            node.at("thresholds").say(f"There is no list or whole number {spec.quantity_of}.")
    _check_limits(node, spec)
    _check_newness(node, spec)
    if spec.human_required and not spec.legal_basis:
        node.at("legal_basis").say("A type that always needs a person states why.")
    if spec.guardrail is not None:
        check_guardrail(
            node.at("guardrail"),
            spec.guardrail,
            moves_money=amount is not None,
            may_have_one=spec.action_class is ActionClass.ACT and not spec.human_required,
        )


def _check_limits(node: Node, spec: ActionTypeSpec) -> None:
    """What is limited must be something that an action states."""
    fields = spec.contract.fields
    if spec.data_class is not None:
        told_by = fields.get(spec.data_class.parameter)
        words = None if told_by is None or told_by.type != "enum" else frozenset(told_by.bounds.values)
        check_data_class(node.at("data_class"), spec.data_class, words)
    if (spec.thresholds.data_class is None) is not node.at("data_class").absent:
        node.at("thresholds").say("A threshold for the class of the data and data_class go together.")
    if spec.in_flight.entity is not None and not spec.entities:
        node.at("in_flight").say("A limit per entity needs to know what the entity is.")
    if any(cap.key is CapKey.ENTITY for cap in spec.caps) and not spec.entities:
        node.at("entities").say("A cap per entity needs to know what the entity is.")


def _check_newness(node: Node, spec: ActionTypeSpec) -> None:
    """What can be new is an identifier or a listed word, of a type that asks for it."""
    fields = spec.contract.fields
    if spec.novelty is None and not node.at("novelty").absent:
        node.at("novelty").say("Only a type that requires evidence of novelty says how it is judged.")
    for name in spec.novelty.values if spec.novelty is not None else ():
        if name not in fields or fields[name].type not in _NEW_TYPES or fields[name].sealed:
            node.at("novelty").at("values").say(f"{name} is no parameter with identifiers or listed words.")
