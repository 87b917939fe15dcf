from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from governance import locks, record
from governance.actors import COUNCIL, GROUPS, OPERATOR, REVIEWER, By, actor_of, groups_of, require, require_council
from governance.guards import invalid, told
from governance.models import ActionType, Agent, Halt, HaltTarget, Mandate, Scope
from governance.policy.recovery import MOST_SECONDS, STAGE_SECONDS, recovers_until
from governance.problems import Code, Problem

MAX_REASON = 200


@told()
@transaction.atomic
def halt(target: HaltTarget | str, key: str, *, reason: str, by: By) -> Halt:
    """Stop everything below a target; commits before any later authorisation. Halting twice is one halt.

    `key` is a scope's key, an agent's id or an action type's key. Writes the halt and its entry only:
    grants are void by the epoch. Problems: FORBIDDEN, NOT_FOUND, INVALID.
    """
    target = _target(target)
    key = _existing(target, key)
    actor = require_may_halt(target, key, by)
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= MAX_REASON or not reason.isprintable():
        raise invalid("/reason", f"A reason is a line of at most {MAX_REASON} characters.")
    now = locks.hold_authority()
    found = Halt.objects.filter(target=target, key=key, lifted_at__isnull=True).first()
    if found is not None:
        return found
    row = Halt.objects.create(target=target, key=key, reason=reason, halted_at=now, halted_by=actor)
    body = {"halt": row.pk, "target": str(target), "key": key, "reason": reason}
    record.append(event=record.Event.HALTED, actor=actor, body=body)
    return row


@told()
@transaction.atomic
def lift(halt: Halt, *, by: By, recovery: int = STAGE_SECONDS) -> Halt:
    """Let a target act again, in stages: PROPOSE at most for `recovery` seconds (0 to a day), EXECUTE for as many.

    A widening: the council only. Problems: FORBIDDEN, INVALID, WRONG_STATE (lifted already).
    """
    actor = require_council(by)
    if not 0 <= recovery <= MOST_SECONDS:
        raise invalid("/recovery", f"A stage of a recovery takes 0 to {MOST_SECONDS} seconds.")
    now = locks.hold_authority()
    stored = Halt.objects.select_for_update().get(pk=halt.pk)
    if stored.lifted_at is not None:
        raise Problem(Code.WRONG_STATE, "This halt is lifted already.")
    stored.lifted_at, stored.lifted_by, stored.recovery_seconds = now, actor, recovery
    stored.recovers_until = recovers_until(now, recovery)
    stored.save(update_fields=["lifted_at", "lifted_by", "recovery_seconds", "recovers_until"])
    body = {"halt": stored.pk, "target": stored.target, "key": stored.key, "recovery": recovery, "widening": True}
    record.append(event=record.Event.LIFTED, actor=actor, body=body)
    return stored


@told()
@transaction.atomic
def end_recovery(halt: Halt, *, by: By) -> Halt:
    """Give back at once what a lifted halt still holds back. A widening: the council only.

    Problems: FORBIDDEN, WRONG_STATE (not recovering).
    """
    actor = require_council(by)
    now = locks.hold_authority()
    stored = Halt.objects.select_for_update().get(pk=halt.pk)
    if stored.lifted_at is None or stored.recovers_until is None or stored.recovers_until <= now:
        raise Problem(Code.WRONG_STATE, "Nothing recovers from this halt.")
    stored.recovers_until = now
    stored.save(update_fields=["recovers_until"])
    body = {"halt": stored.pk, "target": stored.target, "key": stored.key, "widening": True}
    record.append(event=record.Event.RECOVERY_ENDED, actor=actor, body=body)
    return stored


def require_may_halt(target: HaltTarget, key: str, by: By) -> str:
    """The ledger's name of `by` if they may halt this, else `Problem` FORBIDDEN.

    Council and operators anything; an owner their agents; anyone with a role an agent or type of their scope.
    """
    if isinstance(by, str):
        return require(by, COUNCIL, OPERATOR)
    groups = groups_of(by)
    if groups & {COUNCIL, OPERATOR}:
        return actor_of(by)
    if target == HaltTarget.AGENT and by.is_active and Agent.objects.filter(pk=key, owner=by).exists():
        return actor_of(by)
    if target in (HaltTarget.AGENT, HaltTarget.ACTION_TYPE) and _in_scope(target, key, by, groups):
        return actor_of(by)
    raise Problem(Code.FORBIDDEN, "You may halt an agent or action type of your own scope only.")


def targets_of(user: User) -> tuple[HaltTarget, ...]:
    """What kinds of things a person may halt at all; which of them, `require_may_halt` says."""
    groups = groups_of(user)
    if groups & {COUNCIL, OPERATOR}:
        return tuple(HaltTarget)
    return (HaltTarget.AGENT, HaltTarget.ACTION_TYPE) if groups else ()


def find_target(target: HaltTarget | str, name: str) -> str:
    """The key of what a person names: an agent may be given by its name too. Problems: NOT_FOUND, INVALID."""
    target = _target(target)
    if target == HaltTarget.AGENT and not _is_uuid(name):
        found = Agent.objects.filter(name__iexact=name).values_list("pk", flat=True).first()
        name = "" if found is None else str(found)
    return _existing(target, name)


def _target(target: HaltTarget | str) -> HaltTarget:
    try:
        return HaltTarget(target)
    except ValueError as error:
        raise invalid("/target", f"A halt covers one of: {', '.join(HaltTarget.values)}.") from error


def _existing(target: HaltTarget, key: str) -> str:
    if target == HaltTarget.AGENT:
        known = _is_uuid(key) and Agent.objects.filter(pk=key).exists()
        key = str(UUID(key)) if known else key
    elif target == HaltTarget.ACTION_TYPE:
        known = ActionType.objects.filter(key=key).exists()
    else:
        known = Scope.objects.filter(kind=target.value, key=key).exists()
    if not known:
        raise Problem(Code.NOT_FOUND, "There is nothing of this name to halt.")
    return key


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _in_scope(target: HaltTarget, key: str, by: User, groups: frozenset[str]) -> bool:
    """A reviewer's scope are the types of the mandate and the agents permitted for one; an auditor sees all."""
    if not groups & set(GROUPS):
        return False
    if groups != {REVIEWER}:
        return True
    mandate = Mandate.objects.filter(reviewer=by).first()
    types = [] if mandate is None else list(mandate.action_types.values_list("pk", flat=True))
    if not types:
        return mandate is not None
    if target == HaltTarget.ACTION_TYPE:
        return ActionType.objects.filter(key=key, pk__in=types).exists()
    return Agent.objects.filter(pk=key, permissions__action_type__in=types).exists()
