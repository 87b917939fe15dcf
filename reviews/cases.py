"""A case under its lock, and the refusals that every verb on a case shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum

from governance.cursors import kept
from governance.entries import Entry, known
from governance.models import Action, ActionType, Decision, Instance, Refusal, Snapshot
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews import rows
from reviews.models import Escalation, EscalationState, Verdict

LEASE = timedelta(minutes=5)
# What at most one open case holds, by the constraint that says so.
_HELD_ONCE = {"escalation_one_open_per_cap_key": "cap_key", "escalation_one_open_per_digest": "digest"}
_WAITS = """
select exists (select from reviews_escalation e, clock_timestamp() t
  where e.digest = %s and e.state = 'open' and (e.deadline > t or placet_case_due(e.id, t) > t))
"""
_CASE = rows.Whole("select {rows} from reviews_escalation e where e.id = %s for no key update", e=Escalation)
TYPE = (ActionType, ("id", "key", "revision"))
_ABOUT = """
select {rows}, exists (select 1 from reviews_verdict v where v.escalation_id = %(case)s and v.approve
    and v.withdrawn_at is null and v.set_aside_at is null) as approved,
  exists (select 1 from governance_halt h where h.lifted_at is null) as halted
from governance_action a join governance_actiontype t on t.id = a.action_type_id cross join governance_instance i
left join governance_decision d on d.action_id = a.id left join governance_snapshot s on s.id = %(snapshot)s
where a.id = %(action)s
"""
_WITH: dict[str, rows.Given] = {"a": Action, "t": TYPE, "d": Decision, "s": Snapshot, "i": Instance}
_READ = rows.Whole(_ABOUT, **_WITH)
_HELD = rows.Whole(f"{_ABOUT} for no key update of a", **_WITH)


def locked(escalation_id: UUID) -> Escalation:
    """The case with its row locked. Nothing is joined: what was read before waiting for the lock may be old.

    Lock order everywhere: authority, case, action, mandate, grant, budgets. Problem NOT_FOUND.
    """
    found = _CASE.fetch([escalation_id])
    if not found:
        raise Problem(Code.NOT_FOUND, "This case does not exist.")
    case: Escalation = found[0]["e"]
    return case


@dataclass(frozen=True, slots=True)
class About:
    """What a case is about, beside its row. `approved`: some approval of it stands. `entry` None: it cannot be read.

    `halted`: some halt is in force, which nobody declares while the lock of authority is shared.
    """

    action: Action
    snapshot: Snapshot | None
    entry: Entry | None
    instance: Instance
    approved: bool
    halted: bool


def about(case: Escalation, *, lock: bool = False) -> About:
    """Read what a locked case is about, which is then found at the case too; `lock`: with the row of its action locked.

    Approvals and readings of a case are written under its lock, and the rest of what is joined never changes.
    """
    values = {"case": case.pk, "action": case.action_id, "snapshot": case.snapshot_id}
    row = (_HELD if lock else _READ).fetch(values)[0]
    entry = known(row["t"].pk, row["t"].revision)
    return About(joined(case, row), row["s"], entry, row["i"], row["approved"], row["halted"])


def joined(case: Escalation, row: rows.Row) -> Action:
    """Hang what was read in one row at its case: the action with its type and decision, and the snapshot."""
    case.action, case.snapshot = _action(row), row["s"]
    return case.action


def _action(row: rows.Row) -> Action:
    action: Action = row["a"]
    action.action_type = row["t"]
    if row["d"] is not None:
        action.decision = row["d"]
    return action


def locked_action(action_id: UUID) -> Action:
    """The action with its row locked; the case, if there is one, is locked before. Problem NOT_FOUND.

    What never changes comes with it: its decision and the key of its type.
    """
    found = _HELD.fetch({"action": action_id, "case": None, "snapshot": None})
    if not found:
        raise Problem(Code.NOT_FOUND, "This action does not exist.")
    return _action(found[0])


def due_at(case: Escalation, now: datetime) -> datetime:
    """When the case expires as seen now: its deadline, later by the time that halts froze it."""
    due: datetime = _one("select placet_case_due(%s, %s)", [case.pk, now])
    return due


def asks_for_proof(action: Action) -> bool:
    """Whether approving this action asks the reviewer to confirm that it is them: the risk as decided is high."""
    return Risk(action.decision.effective_risk) is Risk.HIGH


def halts_over(action_id: UUID) -> list[str]:
    """What is halted above an action now, as "target key", oldest first."""
    if not _one("select exists (select 1 from governance_halt where lifted_at is null)", []):
        return []  # nearly always, and far cheaper than to look up what is above the action
    with kept() as cursor:
        cursor.execute(
            "select target || ' ' || key from placet_halts_over(%s) where lifted_at is null order by id", [action_id]
        )
        return [row[0] for row in cursor.fetchall()]


def halted_since(action_id: UUID, moment: datetime) -> bool:
    """Whether a halt over this action was declared after `moment`, lifted meanwhile or not."""
    found: bool = _one("select exists (select 1 from placet_halts_over(%s) where halted_at >= %s)", [action_id, moment])
    return found


def require_open(case: Escalation, now: datetime) -> None:
    """Problems: ALREADY_DECIDED (saying who, what and when), CASE_EXPIRED, CASE_CLOSED."""
    if case.state in (EscalationState.APPROVED, EscalationState.REJECTED):
        raise already_decided(case)
    if case.state == EscalationState.EXPIRED or (case.state == EscalationState.OPEN and _is_over(case, now)):
        raise Problem(Code.CASE_EXPIRED, "The deadline has passed, which rejects the action.")
    if case.state != EscalationState.OPEN:
        raise Problem(Code.CASE_CLOSED, f"The case is {case.get_state_display().lower()}.")


def _is_over(case: Escalation, now: datetime) -> bool:
    """Whether its time is; what halts froze only ever adds to it."""
    return case.deadline <= now and due_at(case, now) <= now


def require_lease(case: Escalation, reviewer: User, now: datetime) -> None:
    """Problems: TAKEN_BY_ANOTHER, NOT_TAKEN (never taken, or its five minutes are over)."""
    refuse_if_taken(case, reviewer, now)
    if not holds(case, reviewer.pk, now):
        raise Problem(Code.NOT_TAKEN, "Take the case first: your time with it is over.")


def holds(case: Escalation, user: int, now: datetime) -> bool:
    """Whether the lease of a case is that of a user id and lives."""
    return case.taken_by_id == user and case.taken_until is not None and case.taken_until > now


def give_back_all(reviewer: User, now: datetime, *, waits: bool) -> list[str]:
    """Take every lease of theirs away, in the caller's transaction; the ids of those cases, for its ledger entry.

    Unless it `waits` for them, one that somebody is at work on at this very moment is left to its verdict, and so is
    one that they approved for others to decide as well while that can be withdrawn: free before, it would tell of it.
    """
    held = Escalation.objects.select_for_update(no_key=True, skip_locked=not waits).filter(
        state=EscalationState.OPEN, taken_by=reviewer, taken_until__gt=now
    )
    if not waits:
        held = held.exclude(verdicts__reviewer=reviewer, verdicts__withdrawn_at=None, verdicts__final_at__gt=now)
    found = []
    for case in held.order_by("pk"):
        case.taken_by = case.taken_until = None
        case.save(update_fields=["taken_by", "taken_until"])
        found.append(str(case.pk))
    return found


def refuse_if_taken(case: Escalation, reviewer: User, now: datetime) -> None:
    """Problem TAKEN_BY_ANOTHER while somebody else's lease lives, naming them where one person decides alone."""
    if case.taken_by_id in (None, reviewer.pk) or case.taken_until is None or case.taken_until <= now:
        return
    if "four_eyes" in case.action_type.document:
        # whoever decides after another does not learn who that was
        raise Problem(Code.TAKEN_BY_ANOTHER, "Somebody is deciding this case.")
    name = User.objects.values_list("username", flat=True).get(pk=case.taken_by_id)
    raise Problem(
        Code.TAKEN_BY_ANOTHER,
        f"{name} is deciding this case.",
        extra={"taken_by": name, "taken_until": case.taken_until.isoformat()},
    )


def already_decided(case: Escalation) -> Problem:
    """What a loser is told: who decided what, and when."""
    verdict = Verdict.objects.select_related("reviewer").get(escalation=case, withdrawn_at=None, closes=True)
    name, what = verdict.reviewer.get_username(), "approved" if verdict.approve else "rejected"
    return Problem(
        Code.ALREADY_DECIDED,
        f"{name} {what} this case at {verdict.decided_at:%H:%M:%S} UTC.",
        extra={"decided_by": name, "verdict": what, "decided_at": verdict.decided_at.isoformat()},
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """Further actions that were refused while the cap of a case bound them; `amount` in minor units."""

    count: int
    amount: int


def refused(case: Escalation) -> Refused:
    """The sum of the counter rows of a case, as the page shows it and the closing entry keeps it."""
    if case.cap_key is None:
        return Refused(0, 0)
    found = Refusal.objects.filter(escalation_id=case.pk).aggregate(count=Count("pk"), amount=Sum("amount"))
    return Refused(found["count"], found["amount"] or 0)


def counters(case: Escalation) -> dict[str, Any]:
    """The part of a closing ledger entry that sums the refusals of an over-cap case; nothing for any other."""
    if case.cap_key is None:
        return {}
    found = refused(case)
    return {"cap_exhausted": {"count": found.count, "amount": found.amount}}


def waits(digest: bytes) -> bool:
    """Whether an action of this digest waits in an open case now."""
    return bool(_one(_WAITS, [digest]))


def save_open(case: Escalation) -> None:
    """Save a case that opens again or anew. Its cap, or its digest, may have got another case, which then holds it.

    Called under `locks.hold_alike`, so that the machine lets no same action run beside it.
    """
    for _ in ("as it is", "without the one", "without the other"):
        try:
            with transaction.atomic():
                case.save()
            return
        except IntegrityError as error:
            taken = _HELD_ONCE.get(getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "")
            if taken is None or getattr(case, taken) is None:
                raise
            setattr(case, taken, None)
    case.save()


def _one(sql: str, params: list[Any]) -> Any:
    with kept() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]
