"""READ what one person can do with one case now, and why not: the same questions the verbs ask under their locks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from governance.models import Binding
from governance.policy.mandates import live
from governance.proof import Proof, lacking
from governance.weigh import NOTICE
from reviews.cases import asks_for_proof, halts_over, holds
from reviews.compared import labelled, labels_of
from reviews.eligible import NEVER, Hindrance, Person, why_away, why_not
from reviews.four_eyes import TOOK_PART
from reviews.grounds import missing_ground, soft_facts
from reviews.hearing import Hearing, hear
from reviews.models import Escalation, EscalationState
from reviews.policy_said import left_to_people
from reviews.reviewers import PRACTICE_FIRST, TOLD
from reviews.routing import HOLD_SECONDS, MORE_TIME_RANK, extended, hold_seconds

UNREADABLE = "The catalogue entry of this action cannot be read: an operator must look at it. It can be rejected."
_TOLD = {**TOLD, Hindrance.TOOK_PART: TOOK_PART}


@dataclass(frozen=True, slots=True)
class Ability:
    """What a page offers. An obstacle is one sentence, empty where there is none.

    `judge`: they are a reviewer at all. `hold` are the seconds in which a verdict can be withdrawn.
    `override`: to approve is to override a rule of policy. `unproved` is the code of what the reviewer must do about
    themselves before they approve, empty where that is nothing. `over_facts`: of the highest rank, they can approve
    although required facts do not agree, on a page of its own. `people`: how many must approve in all.
    `ruled`: what a rule of policy leaves to people, said where this person can approve. `since`: what soft rules say
    against it that came after it was decided.
    `extend`: they may give the case more time. `newcomer`: a reviewer who has not finished practice.
    """

    judge: bool
    take_obstacle: str
    approve_obstacle: str
    notice: bool
    bound: bool
    hold: int
    override: bool = False
    ruled: str = ""
    since: tuple[str, ...] = ()
    unproved: str = ""
    over_facts: bool = False
    people: int = 1
    extend: bool = False
    newcomer: bool = False


def ability(case_id: UUID, user: User, proof: Proof | None = None, *, heard: Hearing | None = None) -> Ability:
    """What `user` can do with an existing case, as it was `heard` or as it is. Reads only; the verbs decide again."""
    heard = heard or hear(case_id, viewer=user.pk)
    case, entry, look = heard.case, heard.entry, _look(user, heard)
    newcomer = PRACTICE_FIRST if Hindrance.PRACTICE in look.person.ties else ""
    obstacle = newcomer or _tied(look) or _away(case, look)
    if entry is None or heard.round is None:
        return Ability(look.judge, obstacle, UNREADABLE, False, False, HOLD_SECONDS, newcomer=bool(newcomer))
    against, decision = _approve_obstacle(look, heard), case.action.decision
    return Ability(
        judge=look.judge,
        take_obstacle=obstacle,
        approve_obstacle=against,
        notice=entry.spec.key == NOTICE,
        bound=entry.binding is not None,
        hold=hold_seconds(entry.spec),
        override=heard.held.overrides,
        ruled="" if against or heard.held.since else left_to_people(each["code"] for each in decision.reasons),
        since=heard.held.since,
        unproved=_unproved(case, look, proof),
        over_facts=_over_facts(look, heard),
        people=len(heard.round.stages),
        extend=_may_extend(look, heard),
        newcomer=bool(newcomer),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """Whoever looks, as they are at one moment of the database; nothing counts of somebody who is no reviewer."""

    user: User
    judge: bool
    person: Person
    now: datetime


def _look(user: User, heard: Hearing) -> _Look:
    found = heard.of(user.pk)
    return _Look(user, found is not None, Person(None) if found is None else found.person, heard.now)


def _unproved(case: Escalation, look: _Look, proof: Proof | None) -> str:
    if not look.judge or not asks_for_proof(case.action):
        return ""
    problem = lacking(look.user.pk, proof, look.now)
    return "" if problem is None else problem.code.value


def _approve_obstacle(look: _Look, heard: Hearing) -> str:
    """The first reason against approving, in the order in which the verb would find it."""
    case, eyes = heard.case, heard.round
    ground = missing_ground(case)
    if ground is not None:
        binding = Binding.objects.filter(action_type=case.action.action_type_id).first()
        return labelled(ground, labels_of(binding.document if binding else None))
    why = None if eyes is None else why_not(look.person, eyes.matter, look.now)
    if why is not None:
        return why
    if heard.held.forbidden:
        return heard.held.forbidden
    return "A halt is in force here: nothing is approved until it is lifted." if _halted(heard) else ""


def _halted(heard: Hearing) -> bool:
    return heard.looked.halted and bool(halts_over(heard.case.action_id))


def _over_facts(look: _Look, heard: Hearing) -> bool:
    """Whether only facts that may be approved over stand against it, and the mandate reaches that far."""
    case = heard.case
    over = () if heard.entry is None else soft_facts(case, heard.entry.binding)
    if not over or missing_ground(case, over) is not None:
        return False
    eyes = heard.looked.round(overrides=True)
    return (
        eyes is not None
        and why_not(look.person, eyes.matter, look.now) is None
        and not heard.held.forbidden
        and not _halted(heard)
    )


def _may_extend(look: _Look, heard: Hearing) -> bool:
    case = heard.case
    more = case.state == EscalationState.OPEN and extended(case.opened_at, case.deadline) > case.deadline
    return more and look.judge and _of_rank(look, MORE_TIME_RANK) and not heard.looked.extended


def _of_rank(look: _Look, rank: int) -> bool:
    terms = look.person.terms
    return terms is not None and terms.rank >= rank and live(terms.expires_at, look.now)


def _tied(look: _Look) -> str:
    """What of them binds them to this very case, the gravest first."""
    return next((_TOLD[tie] for tie in NEVER if tie in look.person.ties and tie in _TOLD), "")


def _away(case: Escalation, look: _Look) -> str:
    """Whoever has the case already may still reject it."""
    return "" if not look.judge or holds(case, look.user.pk, look.now) else why_away(look.person, look.now) or ""
