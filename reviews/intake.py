"""The verb that decides: parse, gather, decide, and commit decision and case in one statement."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError

from governance.authenticate import Credential, identify
from governance.breach import broken
from governance.day_keys import ensure_day_key
from governance.entries import Entry, lookup
from governance.gather import Gathered, count_request, gather
from governance.hot import ServerError
from governance.policy.contracts import Problems
from governance.policy.decision import Decision, Inputs, Outcome, decide
from governance.problems import Code, Problem
from governance.weigh import weigh
from reviews import asked
from reviews.answers import Answer, answer_of, replayed
from reviews.asked import Asked
from reviews.asks import Ask as Ask
from reviews.bell import Bell, ring
from reviews.cases import waits
from reviews.commit import CommitResult, Repeats, commit
from reviews.exhausted import exhausted, refusal_of, refuse_exhausted
from reviews.fair_share import Full, full_now, quota, refuse_full, told_full
from reviews.governed import judged, note_health

_log = structlog.get_logger(__name__)

_NOT_WRITTEN = "The decision could not be written; nothing happened."
# the connection broke on the way: perhaps before the commit, perhaps before its answer
_NOT_KNOWN = "The database did not answer; ask again with the same Idempotency-Key to learn whether it was written."

# After as many moves a person decides; the rounds bound every other reason to look again.
MOVES = 3
MOST_ROUNDS = 12


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
        inputs = weigh(asked.wish(case, contended >= MOVES), gathered)
        binding = case.entry.binding
        if case.entry.reads_first and binding and case.snapshot is None and not _refuses(inputs):
            asked.read_facts(case, binding, gathered.now)
            continue
        found = judged(inputs, gathered, case.entry.spec.key)
        if found is None:
            continue  # policy moved since: what was gathered is of the time before
        case.inputs, case.ruled = found
        decision = decide(case.inputs)
        if ask.dry_run:
            return _foreseen(case, gathered, decision)
        answer, moved = _commit(case, gathered, decision)
        if answer is not None:
            return answer
        contended += moved
    raise Problem(Code.UNAVAILABLE, "The budgets of this action are contended; nothing happened.", retry_after=1)


def _parse(credential: Credential, ask: Ask, entry: Entry | None, *, counted: bool = False) -> Asked:
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
    case = Asked(ask, credential.digest, entry, parsed, claims, subject=ask.subject or "")
    asked.value(case, entry.spec.money_in(parsed.values))
    asked.count(case)
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


def _gather(case: Asked, *, paced: bool) -> Gathered:
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


def _waits(case: Asked, decision: Decision) -> Decision:
    """What is decided of an action that waits in an open case: a person was asked, so a person answers."""
    if decision.outcome is not Outcome.EXECUTE or case.inputs is None:
        return decision
    case.inputs = replace(case.inputs, waits=True)
    return decide(case.inputs)


def _foreseen(case: Asked, gathered: Gathered, decision: Decision) -> Answer:
    """What the request would be answered now, with nothing written: a problem where it would be one."""
    full = exhausted(case.inputs, gathered, decision)
    if full is not None:
        raise refusal_of(gathered, full)
    if waits(asked.digest_of(case, gathered)):
        decision = _waits(case, decision)
    elif decision.outcome is Outcome.ESCALATE:
        wanted = quota(gathered, asked.entity_of(case), case.entry.spec.open_cases)
        if (of := full_now(gathered, wanted, case.entry.id)) is not None:
            raise told_full(of)
    return answer_of(case.entry.spec, gathered, decision, case.action, dry_run=True)


def _commit(case: Asked, gathered: Gathered, decision: Decision) -> tuple[Answer | None, bool]:
    """Write it. The answer, or nothing and whether authority moved meanwhile: then it is decided again."""
    full = exhausted(case.inputs, gathered, decision)
    if full is not None:
        raise refuse_exhausted(gathered, full, case.ask.idempotency_key, case.amount)
    digest = asked.digest_of(case, gathered)
    terms: dict[str, Any] = {"digest": digest, "trace_id": case.ask.trace_of(case.action)}
    answer = answer_of(case.entry.spec, gathered, decision, case.action, **terms)
    try:
        result = commit(asked.parts(case, gathered, decision, answer, digest))
    except Repeats as same:
        terms["joins"] = (same.case, same.status)
        decision = _waits(case, decision)
        answer = answer_of(case.entry.spec, gathered, decision, case.action, **terms)
        result = commit(asked.parts(case, gathered, decision, answer, digest))
    except Full as queue:
        raise refuse_full(gathered, queue.of) from queue
    if result is not CommitResult.DONE:
        return None, result is CommitResult.MOVED
    note_health(case.ruled)
    opened = answer.stored.get("escalation")
    if opened is not None and case.snapshot is None and "joins" not in terms:
        ring(Bell.VERIFY, UUID(opened["id"]))
    return answer, False
