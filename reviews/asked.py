"""One request of an agent on its way through deciding: what is fixed of it, and what each look at it learns anew."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from governance.digest import action_digest
from governance.entries import Entry
from governance.gather import NOTHING_MORE, CapUse, Gathered, Watch
from governance.latches import turned
from governance.policy.contracts import Parsed
from governance.policy.decision import Decision, Inputs, Outcome
from governance.policy.facts import FactSummary
from governance.policy.memory import remembered
from governance.policy.money import Money
from governance.rates import NO_AMOUNT, Valued, valued
from governance.records.bindings import Binding
from governance.records.evaluate import evaluate
from governance.records.reading import Status
from governance.records.registry import connector
from governance.records.snapshots import Frozen, frozen
from governance.rule_on import UNGOVERNED, Ruled
from governance.weigh import NOBODY, Wish, cap_uses, entities, money_of, watch
from reviews.answers import Answer, joined
from reviews.asks import Ask
from reviews.commit import Parts
from reviews.governed import shadow_rows


@dataclass(slots=True)
class Asked:
    """One request, its contract checked. `key` is the hash of the bearer key; amounts are in minor units."""

    ask: Ask
    key: bytes
    entry: Entry
    parsed: Parsed
    claims: Parsed
    action: UUID = field(default_factory=uuid4)
    subject: str = ""
    amount: int | None = None
    valued: Valued = NO_AMOUNT
    facts: tuple[FactSummary, ...] | None = None
    snapshot: Frozen | None = None
    uses: list[CapUse] = field(default_factory=list)
    watch: Watch = NOTHING_MORE
    inputs: Inputs | None = None
    ruled: Ruled = UNGOVERNED

    @property
    def values(self) -> dict[str, Any]:
        return self.parsed.values

    @property
    def stored(self) -> dict[str, Any]:
        """The parameters as they are kept: of sealed text a page may know that it is there and how long it is."""
        sealed = {name: {"sealed": len(text)} for name, text in self.parsed.sealed.items()}
        return {**self.values, **sealed} if sealed else self.values


def value(case: Asked, money: Money | None) -> None:
    """What it moves, in the reference currency."""
    case.valued = valued(money)
    case.amount = case.valued.amount


def count(case: Asked) -> None:
    """Everything it is counted in, and what has to be read besides."""
    case.uses = cap_uses(case.entry.spec, values=case.values, subject=case.subject, amount=case.amount)
    case.watch = watch(case.entry.spec, values=case.values, subject=case.subject)


def read_facts(case: Asked, binding: Binding, now: dt.datetime) -> None:
    """Facts before deciding, for the types that ask for it. The subject is then the record's, not the agent's."""
    reading = evaluate(
        binding,
        connector(binding.connector),
        parameters=case.values,
        claims=case.claims.values,
        subject=case.ask.subject,
        sealed=case.parsed.sealed,
    )
    case.snapshot = frozen(case.action, reading, asked_at=now, sealed=case.parsed.sealed)
    case.facts = tuple(fact.summary() for fact in reading.facts)
    # a record that names nobody counts as nobody's, whomever the agent names
    case.subject = reading.subject or ("" if reading.status is Status.OK else case.subject)
    value(case, money_of(case.entry.spec, case.values, reading.money))
    count(case)


def wish(case: Asked, contended: bool) -> Wish:
    """What is asked, as it is weighed."""
    return Wish(
        spec=case.entry.spec,
        bound=case.entry.binding is not None,
        values=case.stored,
        subject=case.ask.subject or "",
        whom=case.subject,
        amount=case.amount,
        currency_known=not case.valued.without_rate,
        rate=case.valued.pinned,
        facts=case.facts,
        confidence=case.ask.confidence,
        uncertain=case.ask.uncertain,
        elevate=case.ask.elevate,
        agent_reason=case.ask.agent_reason,
        contended=contended,
    )


def digest_of(case: Asked, gathered: Gathered) -> bytes:
    """What will run, in one hash."""
    return action_digest(
        agent=gathered.agent,
        action_type=case.entry.spec.key,
        run=case.ask.run,
        subject=case.ask.subject or "",
        parameters={**case.parsed.values, **case.parsed.sealed},
    )


def entity_of(case: Asked) -> str:
    """Whom or what it concerns, as its case is filed."""
    concerned = entities(case.entry.spec, values=case.values, subject=case.subject)
    return next((value for _, value in concerned if value != NOBODY), NOBODY if concerned else "")


def parts(case: Asked, gathered: Gathered, decision: Decision, answer: Answer, digest: bytes) -> Parts:
    """Everything that one decision writes."""
    sealed = case.parsed.sealed
    return Parts(
        spec=case.entry.spec,
        type_id=case.entry.id,
        action=case.action,
        digest=digest,
        entity=entity_of(case),
        inputs={} if case.inputs is None else remembered(case.inputs),
        in_flight=() if case.inputs is None else case.inputs.in_flight,
        gathered=gathered,
        decision=decision,
        answer=answer,
        uses=gathered.uses,
        parameters=case.stored,
        claims=case.claims.values,
        # under a name that no field of a contract can have: the note never stands in for one
        sealed={**sealed, **({"/note": case.ask.note} if case.ask.note else {})},
        subject=case.ask.subject or "",
        amount=case.amount,
        run=case.ask.run,
        ask=case.ask,
        idempotency_key=case.ask.idempotency_key,
        body_hash=case.ask.body_hash,
        by_agent=case.ask.agent_reason is not None,
        snapshot=case.snapshot,
        latches=()
        if case.inputs is None
        else turned(case.entry.spec, gathered, case.inputs, decision, opens=_opens(decision, answer)),
        shadows=[] if case.inputs is None else shadow_rows(case.inputs, case.ruled, decision),
        connector=gathered.connector,
    )


def _opens(decision: Decision, answer: Answer) -> bool:
    """Whether this opens a case of its own."""
    return decision.outcome is Outcome.ESCALATE and not joined(answer)
