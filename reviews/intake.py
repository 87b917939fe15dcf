"""The verb that decides: parse, gather, decide, and commit decision and case in one statement."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError

from governance.authenticate import Credential, identify
from governance.breach import broken
from governance.day_keys import ensure_day_key
from governance.digest import action_digest
from governance.entries import Entry, lookup
from governance.gather import NOTHING_MORE, BudgetState, CapUse, Gathered, Watch, count_request, gather
from governance.hot import ServerError
from governance.latches import turned
from governance.policy.contracts import Parsed, Problems
from governance.policy.decision import Decision, Inputs, Outcome, decide
from governance.policy.facts import FactSummary
from governance.policy.memory import remembered
from governance.policy.money import Money
from governance.problems import Code, Problem
from governance.rates import NO_AMOUNT, Valued, valued
from governance.records.bindings import Binding
from governance.records.evaluate import evaluate
from governance.records.registry import connector
from governance.records.snapshots import Frozen, frozen
from governance.rule_on import UNGOVERNED, Ruled
from governance.weigh import NOBODY, Wish, cap_uses, entities, money_of, watch, weigh
from reviews.answers import Answer, answer_of, replayed
from reviews.asks import Ask as Ask
from reviews.bell import Bell, ring
from reviews.commit import CommitResult, Parts, commit, refuse_exhausted
from reviews.governed import judged, note_health, shadow_rows

_log = structlog.get_logger(__name__)

_NOT_WRITTEN = "The decision could not be written; nothing happened."
# the connection broke on the way: perhaps before the commit, perhaps before its answer
_NOT_KNOWN = "The database did not answer; ask again with the same Idempotency-Key to learn whether it was written."

# After as many moves a person decides; the rounds bound every other reason to look again.
MOVES = 3
MOST_ROUNDS = 12


@dataclass(slots=True)
class _Case:
    """One request on its way: what is fixed, and what each attempt learns anew."""

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


def ask(credential: Credential, ask: Ask) -> Answer:
    """Decide one request of an agent and commit the answer.

    Raises `Problem` for everything that is not an answer: an unknown key or type, a broken contract, a
    reused idempotency key, an exhausted cap, or a database that could not write (then nothing happened).
    """
    try:
        return _ask(credential, ask)
    except DatabaseError as error:
        state = getattr(error if isinstance(error, ServerError) else error.__cause__, "sqlstate", None) or ""
        _log.error("decision not written", sqlstate=state)
        raise Problem(Code.UNAVAILABLE, _NOT_WRITTEN if state else _NOT_KNOWN, retry_after=2) from error


def _ask(credential: Credential, ask: Ask) -> Answer:
    case = _parse(credential, ask, lookup(ask.action_type))
    contended = 0
    for number in range(MOST_ROUNDS):
        # the request is counted once, however often it is looked at again
        gathered = _gather(case, paced=number == 0)
        if gathered.stored is not None and not ask.dry_run:
            return replayed(gathered, gathered.stored, ask.body_hash, case.entry.spec.tool)
        if gathered.type_revision != case.entry.revision:
            case = _parse(credential, ask, lookup(ask.action_type, stale=case.entry.revision), counted=True)
            continue
        gathered.require_ticket()
        inputs = weigh(_wish(case, contended >= MOVES), gathered)
        binding = case.entry.binding
        if case.entry.reads_first and binding and case.snapshot is None and not _refuses(inputs):
            _read(case, binding, gathered.now)
            continue
        found = judged(inputs, gathered, case.entry.spec.key)
        if found is None:
            continue  # policy moved since: what was gathered is of the time before
        case.inputs, case.ruled = found
        decision = decide(case.inputs)
        if ask.dry_run:
            return answer_of(case.entry.spec, gathered, decision, case.action, dry_run=True)
        answer, moved = _commit(case, gathered, decision)
        if answer is not None:
            return answer
        contended += moved
    raise Problem(Code.UNAVAILABLE, "The budgets of this action are contended; nothing happened.", retry_after=1)


def _parse(credential: Credential, ask: Ask, entry: Entry | None, *, counted: bool = False) -> _Case:
    """Check type and contract. The key is looked at first: nobody unknown learns what is wrong."""
    if entry is None:
        _known(credential, counted)
        raise Problem(
            Code.UNKNOWN_ACTION_TYPE, "This action type is not in the catalogue.", fields=(("/action_type", "unknown"),)
        )
    parsed = entry.spec.contract.parse(ask.parameters, "/parameters")
    claims = entry.spec.claims.parse(ask.claims, "/claims")
    if isinstance(parsed, Problems) or isinstance(claims, Problems):
        latest = lookup(ask.action_type, stale=entry.revision)
        if latest is None or latest.revision != entry.revision:
            return _parse(credential, ask, latest, counted=counted)  # nobody is told off for keeping an edited contract
        found = [each for each in (parsed, claims) if isinstance(each, Problems)]
        raise broken(
            _known(credential, counted),
            entry.id,
            found,
            request=None if ask.dry_run else _request_hash(ask),
            standing=entry.spec.standing.health,
        )
    case = _Case(ask, credential.digest, entry, parsed, claims, subject=ask.subject or "")
    _value(case, entry.spec.money_in(parsed.values))
    _count(case)
    return case


def _request_hash(ask: Ask) -> bytes:
    return hashlib.sha256(ask.idempotency_key.encode() + b"\x00" + ask.body_hash).digest()


def _refuses(inputs: Inputs) -> bool:
    return decide(inputs).outcome is Outcome.REFUSE


def _known(credential: Credential, counted: bool) -> UUID:
    """The agent of a request that is turned away: that counts against its rate as any other."""
    caller = identify(credential)
    if caller is None:
        raise Problem(Code.UNAUTHENTICATED, "This key is not known, or no longer.")
    if not counted:
        count_request(credential.digest)
    return caller.agent


def _value(case: _Case, money: Money | None) -> None:
    case.valued = valued(money)
    case.amount = case.valued.amount


def _count(case: _Case) -> None:
    case.uses = cap_uses(case.entry.spec, values=case.values, subject=case.subject, amount=case.amount)
    case.watch = watch(case.entry.spec, values=case.values, subject=case.subject)


def _gather(case: _Case, *, paced: bool) -> Gathered:
    gathered = gather(
        key=case.key,
        idempotency_key=None if case.ask.dry_run else case.ask.idempotency_key,
        action_type=case.entry.spec.key,
        caps=case.uses,
        run=case.ask.run,
        watch=case.watch,
        paced=paced,
        guardrail=case.entry.spec.guardrail,
        ticket=case.ask.delegation,
    )
    if gathered is None:
        raise Problem(Code.UNAUTHENTICATED, "This key is not known, or no longer.")
    if not gathered.has_day_key:
        ensure_day_key(gathered.now.date())
    return gathered


def _read(case: _Case, binding: Binding, now: dt.datetime) -> None:
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
    case.subject = reading.subject or case.subject
    _value(case, money_of(case.entry.spec, case.values, reading.money))
    _count(case)


def _wish(case: _Case, contended: bool) -> Wish:
    return Wish(
        spec=case.entry.spec,
        bound=case.entry.binding is not None,
        values=case.values,
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


def _commit(case: _Case, gathered: Gathered, decision: Decision) -> tuple[Answer | None, bool]:
    """Write it. The answer, or nothing and whether authority moved meanwhile: then it is decided again."""
    exhausted = _exhausted(case, gathered, decision)
    if exhausted is not None:
        raise refuse_exhausted(gathered, exhausted, case.ask.idempotency_key, case.amount)
    digest = _digest(case, gathered)
    answer = answer_of(
        case.entry.spec, gathered, decision, case.action, digest=digest, trace_id=case.ask.trace_of(case.action)
    )
    result = commit(_parts(case, gathered, decision, answer, digest))
    if result is not CommitResult.DONE:
        return None, result is CommitResult.MOVED
    note_health(case.ruled)
    opened = answer.stored.get("escalation")
    if opened is not None and case.snapshot is None:
        ring(Bell.VERIFY, UUID(opened["id"]))
    return answer, False


def _exhausted(case: _Case, gathered: Gathered, decision: Decision) -> BudgetState | None:
    """A budget that this action would pass and that has its case already: then there is no other case, of no key."""
    if decision.breach is None or decision.outcome is not Outcome.ESCALATE or case.inputs is None:
        return None
    passed = {usage.budget_key for usage in case.inputs.usages if usage.breached}
    return next((each for each in gathered.budgets if each.key in passed and each.case is not None), None)


def _digest(case: _Case, gathered: Gathered) -> bytes:
    return action_digest(
        agent=gathered.agent,
        action_type=case.entry.spec.key,
        run=case.ask.run,
        subject=case.ask.subject or "",
        parameters={**case.parsed.values, **case.parsed.sealed},
    )


def _parts(case: _Case, gathered: Gathered, decision: Decision, answer: Answer, digest: bytes) -> Parts:
    sealed = case.parsed.sealed
    concerned = entities(case.entry.spec, values=case.values, subject=case.subject)
    return Parts(
        spec=case.entry.spec,
        type_id=case.entry.id,
        action=case.action,
        digest=digest,
        entity=next((value for _, value in concerned if value != NOBODY), NOBODY if concerned else ""),
        inputs={} if case.inputs is None else remembered(case.inputs),
        in_flight=() if case.inputs is None else case.inputs.in_flight,
        gathered=gathered,
        decision=decision,
        answer=answer,
        uses=gathered.uses,
        # of sealed text a page may know that it is there and how long it is
        parameters={**case.values, **{name: {"sealed": len(text)} for name, text in sealed.items()}},
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
        latches=() if case.inputs is None else turned(case.entry.spec, gathered, case.inputs, decision),
        shadows=[] if case.inputs is None else shadow_rows(case.inputs, case.ruled, decision),
        connector=gathered.connector,
    )
