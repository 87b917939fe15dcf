"""Who must still approve a case, and whose approvals count. The second never learns here what the first said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from governance.actors import REVIEWER
from governance.models import Mandate
from governance.policy.action_types import ActionTypeSpec
from governance.policy.four_eyes import missing
from governance.problems import Code, Problem
from reviews import rows
from reviews.grounds import matter_of
from reviews.models import Escalation, Verdict
from reviews.reviewers import Matter, held_mandates, outside, stays_reviewer
from reviews.routing import stages_needed

_GIVEN = rows.Whole(
    """
select {rows} from reviews_verdict v
  where v.escalation_id = %s and v.approve and v.withdrawn_at is null and v.set_aside_at is null order by v.reviewer_id
""",
    v=Verdict,
)
TOOK_PART = "You have approved this case: another person decides about it as well."


@dataclass(frozen=True, slots=True)
class Place:
    """Which of the approvals of its case one is, of how many, and whether nobody is missing then."""

    stage: int
    stages: int
    closes: bool = True


@dataclass(frozen=True, slots=True)
class Round:
    """The approvals of one case so far: `counts` those that stand, `aside` those that lost their ground.

    `matter` is what the next approver must reach; its rank is the lowest that is still missing.
    """

    stages: tuple[int, ...]
    counts: tuple[Verdict, ...]
    aside: tuple[Verdict, ...]
    ranks: tuple[int, ...]
    matter: Matter

    def place_for(self, rank: int) -> Place:
        """Where an approval by somebody of this rank stands: the first free number, of all that are then needed."""
        used = {verdict.stage for verdict in self.counts}
        stage = next(number for number in range(1, len(used) + 2) if number not in used)
        left = len(missing(self.stages, [*self.ranks, rank]))
        return Place(stage, len(self.counts) + 1 + left, closes=left == 0)


def given(case: Escalation) -> list[Verdict]:
    """The approvals that stand, by reviewer: the order in which their mandates are locked."""
    return [row["v"] for row in _GIVEN.fetch([case.pk])]


def round_of(
    case: Escalation,
    spec: ActionTypeSpec,
    mandates: Mapping[int, Mandate],
    now: datetime,
    *,
    active: Collection[int],
    overrides: bool = False,
    approvals: Sequence[Verdict] | None = None,
) -> Round:
    """Judge the approvals so far by what is true now: the same facts, and `mandates` of `active` people by user id.

    `overrides`: the next approver means to approve over facts that do not agree, or over a rule that came since.
    `approvals` are those `given`, where they were read already.
    """
    matter = matter_of(case, spec, overrides=overrides)
    stages = stages_needed(spec, matter.amount)
    facts = b"" if case.snapshot is None else bytes(case.snapshot.digest)
    counts: list[Verdict] = []
    aside: list[Verdict] = []
    for verdict in given(case) if approvals is None else approvals:
        stands = bytes(verdict.snapshot_digest) == facts and verdict.reviewer_id in active
        own = matter_of(case, spec, overrides=bool(verdict.facts_override))
        # a rank that rose since is asked of whoever comes next: else escalating a case would undo what was decided
        own = replace(own, rank=min(own.rank, verdict.rank))
        reaches = stands and outside(mandates.get(verdict.reviewer_id), own, now) is None
        (counts if reaches else aside).append(verdict)
    ranks = tuple(mandates[verdict.reviewer_id].rank for verdict in counts)
    left = missing(stages, ranks)
    return Round(stages, tuple(counts), tuple(aside), ranks, replace(matter, rank=max(matter.rank, *left[:1], 1)))


def round_now(
    case: Escalation,
    spec: ActionTypeSpec,
    now: datetime,
    *,
    overrides: bool = False,
    approvals: Sequence[Verdict] | None = None,
) -> Round:
    """The approvals so far as things are now, without locks: for pages and notices, never for a verdict."""
    approvals = given(case) if approvals is None else approvals
    if not approvals:
        return round_of(case, spec, {}, now, active=(), overrides=overrides, approvals=())
    people = [verdict.reviewer_id for verdict in approvals]
    mandates = {mandate.reviewer_id: mandate for mandate in Mandate.objects.filter(reviewer__in=people)}
    active = User.objects.filter(pk__in=people, is_active=True, groups__name=REVIEWER).values_list("pk", flat=True)
    return round_of(case, spec, mandates, now, active=set(active), overrides=overrides, approvals=approvals)


def locked_people(approvals: Iterable[Verdict], *staying: User) -> tuple[dict[int, Mandate], set[int]]:
    """Of all who approved, and some besides: the mandates by user id, and who is an active reviewer.

    Both stay so until the transaction ends; those who are `staying` were made sure of before.
    """
    known = {person.pk for person in staying}
    people = {verdict.reviewer_id for verdict in approvals} - known
    mandates = held_mandates(people | known)
    return mandates, known | {person for person in sorted(people) if stays_reviewer(person)}


def approvers_reach(case: Escalation, spec: ActionTypeSpec, now: datetime) -> bool:
    """Whether all who approved still are reviewers whose mandates reach the case, until the transaction ends.

    What the case would need today counts: a type that wants more people since then is not satisfied.
    """
    approvals = given(case)
    mandates, active = locked_people(approvals)
    found = round_of(case, spec, mandates, now, active=active, approvals=approvals)
    return bool(found.counts) and not found.aside and not missing(found.stages, found.ranks)


def set_aside(verdicts: Sequence[Verdict], now: datetime) -> dict[str, Any]:
    """Approvals that lost their ground count no more, in the caller's transaction. What its ledger entry says of it."""
    for verdict in verdicts:
        verdict.set_aside_at = now
        verdict.save(update_fields=["set_aside_at"])
    return {"set_aside": [verdict.pk for verdict in verdicts]} if verdicts else {}


def refuse_part(case: Escalation, reviewer: User, now: datetime, *, approvals: Sequence[Verdict] | None = None) -> None:
    """Problems: TAKEN_PART (they approved it already), TAKEN_BY_ANOTHER while another's approval can be withdrawn."""
    waits = [verdict for verdict in (given(case) if approvals is None else approvals) if not verdict.closes]
    if any(verdict.reviewer_id == reviewer.pk for verdict in waits):
        raise Problem(Code.TAKEN_PART, TOOK_PART)
    if any(verdict.final_at > now for verdict in waits):
        raise Problem(Code.TAKEN_BY_ANOTHER, "Somebody is deciding this case.")
