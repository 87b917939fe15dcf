"""READ one case at one moment with those who could decide it: what several parts of its page ask is read once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from governance.entries import Entry
from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews.candidates import Candidate, Shown, candidates, shown
from reviews.cases import holds
from reviews.eligible import Hindrance, Matter, hindrance
from reviews.four_eyes import Round
from reviews.look import Look, looked_at
from reviews.models import Escalation, EscalationState
from reviews.withheld import Withheld, withheld

# A page offers no more names than a person reads.
MOST = 50


@dataclass(frozen=True, slots=True)
class Hearing:
    """One case as it was `looked` at. `people` are all active reviewers, or only the one who was asked about.

    `round` is None where its catalogue entry cannot be read: then nobody can approve it. `oversees`: whoever asked sees
    who would get it. `held`: what policy holds back from people while the case is open.
    """

    looked: Look
    round: Round | None
    people: tuple[Candidate, ...]
    oversees: bool
    held: Withheld

    @property
    def case(self) -> Escalation:
        return self.looked.case

    @property
    def entry(self) -> Entry | None:
        return self.looked.entry

    @property
    def now(self) -> datetime:
        return self.looked.now

    def of(self, user: int) -> Candidate | None:
        """This person as a reviewer; None where they are none, or were not asked about."""
        return next((each for each in self.people if each.id == user), None)

    def able(self, *, besides: int) -> tuple[str, ...]:
        """The names of those who could decide it, by the alphabet, besides one user id.

        Where several decide, also of those whom only what was decided before hinders: who is missing would tell of it.
        """
        able = () if self.entry is None else self.people
        names = (each.name for each in able if self._hindrance(each) is None and each.id != besides)
        return tuple(sorted(names)[:MOST])

    def _hindrance(self, each: Candidate) -> Hindrance | None:
        if self.round is None or self.entry is None or self.entry.spec.four_eyes is None:
            return each.hindrance
        ties = [tie for tie in each.person.ties if tie is not Hindrance.TOOK_PART]
        as_if_first = replace(self.round.matter, rank=self.case.rank)
        return hindrance(replace(each.person, ties=ties, decided=()), as_if_first, self.now)

    def preview(self, *, to_reviewer: bool) -> tuple[Shown, ...]:
        """Who would get it while it is open, of those who were asked about. For the council and for leads.

        `to_reviewer`: whoever looks may be the next of several who decide it, and is told nothing of those before.
        """
        if self.entry is None or self.case.state != EscalationState.OPEN:
            return ()
        return () if to_reviewer and self.entry.spec.four_eyes is not None else shown(self.people)


def hear(case_id: UUID, *, viewer: int, everybody: bool = False, lead: bool = False) -> Hearing:
    """A case with all reviewers, while `viewer` (a user id) holds it or where `everybody` is asked about.

    `lead`: everybody also where the viewer leads reviewers. Else with the viewer alone. Problem NOT_FOUND.
    """
    look = looked_at(case_id, viewer=viewer)
    if look is None:
        raise Problem(Code.NOT_FOUND, "There is no such case.")
    case, oversees = look.case, everybody or (lead and look.leads)
    is_open = case.state == EscalationState.OPEN
    held = withheld(case.action, revision=look.revision, now=look.now) if is_open else Withheld()
    eyes = look.round(overrides=held.overrides)
    matter = Matter(case.action_type_id, Risk(case.risk)) if eyes is None else eyes.matter
    only = None if oversees or holds(case, viewer, look.now) else viewer
    return Hearing(look, eyes, candidates(case, matter=matter, only=only, now=look.now), oversees, held)
