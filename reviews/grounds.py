"""What an approval rests on, and why it sometimes cannot be given."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from governance.models import Action, Fact, Snapshot, SnapshotStatus
from governance.policy.action_types import ActionTypeSpec
from governance.policy.facts import Result
from governance.policy.memory import pinned_of
from governance.policy.money import REFERENCE_CURRENCY, Money
from governance.policy.reasons import Given, Reason
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from governance.rates import Valued, valued
from governance.records.bindings import Binding
from governance.records.snapshots import digest_of
from governance.weigh import NOTICE
from reviews import rows
from reviews.budgets import typed
from reviews.models import Escalation
from reviews.reviewers import Matter
from reviews.withheld import OVERRIDE_RANK, overridable

_NOT_READ = {
    SnapshotStatus.NOT_FOUND: "The record does not exist.",
    SnapshotStatus.UNAVAILABLE: "The system of record could not be reached: nothing was verified.",
    SnapshotStatus.UNBOUND: Given(Reason.NO_RECORD_BOUND, {}).sentence,
}
_FACTS = {
    Result.DIFFERS: Reason.FACT_DIFFERS,
    Result.MISSING: Reason.FACT_MISSING,
    Result.UNREACHABLE: Reason.FACT_UNREACHABLE,
    Result.STALE: Reason.FACT_STALE,
}


def missing_ground(case: Escalation, spared: Collection[str] = ()) -> str | None:
    """Why nobody can approve this case as it was read, in one sentence; None when somebody can.

    `spared` names facts that are approved over.
    """
    snapshot = case.snapshot
    if case.action.action_type.key == NOTICE:
        return "A notice is acknowledged, never approved."
    if snapshot is None:
        return "The record has not been read yet."
    if snapshot.status != SnapshotStatus.READ:
        return _NOT_READ[SnapshotStatus(snapshot.status)]
    facts = facts_of(snapshot)
    if not hmac.compare_digest(digest_of(snapshot, facts), bytes(snapshot.digest)):
        return "What is stored of the record is not what was read."
    return next((_sentence(fact) for fact in _against(facts) if fact.name not in spared), None)


def soft_facts(case: Escalation, binding: Binding | None) -> tuple[str, ...]:
    """The required facts against this case that its binding of today lets the highest rank approve over.

    None of them where another fact stands against it: who may not approve over all of them approves over none.
    """
    snapshot = case.snapshot
    if binding is None or snapshot is None or snapshot.status != SnapshotStatus.READ:
        return ()
    soft = {spec.rule.name for spec in binding.facts if spec.soft}
    against = [fact.name for fact in _against(facts_of(snapshot))]
    return tuple(against) if soft.issuperset(against) else ()


_STORED = rows.Whole("select {rows} from governance_fact f where f.snapshot_id = %s order by f.position", f=Fact)


def facts_of(snapshot: Snapshot) -> list[Fact]:
    """The facts of a reading, by their place: read once for each time that the reading was, for they never change."""
    found: list[Fact] | None = snapshot.__dict__.get("placet_facts")
    if found is None:
        found = [row["f"] for row in _STORED.fetch([snapshot.pk])]
        snapshot.__dict__["placet_facts"] = found
    return found


def _against(facts: Iterable[Fact]) -> Iterator[Fact]:
    return (fact for fact in facts if fact.required and fact.result != Result.AGREES)


def require_ground(case: Escalation, spared: Collection[str] = ()) -> None:
    """Problem NOT_APPROVABLE, saying why."""
    why = missing_ground(case, spared)
    if why is not None:
        raise Problem(Code.NOT_APPROVABLE, why)


def require_same(case: Escalation, *, action_digest: str, snapshot_digest: str) -> None:
    """Problem FACTS_CHANGED unless the form states the digests of what is stored now."""
    stored = (bytes(case.action.digest), b"" if case.snapshot is None else bytes(case.snapshot.digest))
    stated = (unhex(action_digest), unhex(snapshot_digest))
    # every comparison runs, so that its time says nothing about which part differs
    same = [hmac.compare_digest(one, other) for one, other in zip(stated, stored, strict=True)]
    if not all(same) or b"" in stated:
        raise Problem(Code.FACTS_CHANGED, "The facts were read again since you saw them: look at the case once more.")


def unhex(text: str) -> bytes:
    """The 32 bytes of a digest in hex; nothing for anything else, which equals no digest."""
    try:
        found = bytes.fromhex(text) if len(text) == 64 else b""
    except ValueError:
        return b""
    return found if len(found) == 32 else b""


def amount_of(action: Action, spec: ActionTypeSpec, snapshot: Snapshot | None) -> int | None:
    """Minor units of the reference currency, from the record where the type says so; None if not known."""
    money = spec.money_in(typed(action), {} if snapshot is None else snapshot.values)
    if money is None or money.currency == REFERENCE_CURRENCY:
        return None if money is None else money.minor
    return worth(money, asked_at=action.created_at, inputs=action.decision.inputs).amount


def worth(money: Money | None, *, asked_at: datetime, inputs: Mapping[str, Any]) -> Valued:
    """An amount at the rate of its decision (of stored `inputs`), else at that of the moment when it was asked for.

    It is the same for as long as a case lives: for its page, its verdict and its redemption.
    """
    pinned = pinned_of(inputs["rate"]) if inputs.get("rate") else None
    return valued(money, at=asked_at, pinned=pinned)


def subject_of(action: Action, snapshot: Snapshot | None) -> str:
    """On whose behalf: whom the record names; whom the agent named where it was not read."""
    if snapshot is not None and snapshot.status == SnapshotStatus.READ:
        return snapshot.subject
    return action.subject


def matter_of(case: Escalation, spec: ActionTypeSpec, *, overrides: bool = False) -> Matter:
    """What the approver's mandate must reach; `overrides`: to approve against a fact or a rule is for rank 3."""
    return Matter(
        action_type=case.action.action_type_id,
        risk=Risk(case.action.decision.effective_risk),
        rank=max(case.rank, OVERRIDE_RANK) if overrides or overridable(case.action) else case.rank,
        is_money=spec.amount is not None,
        amount=amount_of(case.action, spec, case.snapshot),
    )


def _sentence(fact: Fact) -> str:
    code = _FACTS.get(Result(fact.result), Reason.FACT_UNVERIFIABLE)
    return Given(code, {"name": fact.name.replace("_", " ")}).sentence
