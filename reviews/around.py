"""READ what stands around a case: who passed it on, what joined it, and the other open cases about the same entity."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from reviews import rows
from reviews.models import Escalation, HandKind, HandReason
from reviews.phrases import sentence_of
from reviews.shown import Lens, Pieces

# No page lists more; what is beyond is counted up to ten more.
LISTED = 5
COUNTED = 15


@dataclass(frozen=True, slots=True)
class Passed:
    """Once handed on or skipped. `to` is the person and `rank` the rank it went to, where it went to one.

    Where several people decide, nobody but the viewer is named: none of them learns here who was there before.
    """

    by: str
    kind: str
    to: str
    rank: int
    reason: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Related:
    """Another open case about the same entity of its domain."""

    case: UUID
    sentence: Pieces
    deadline: dt.datetime


@dataclass(frozen=True, slots=True)
class Around:
    """`repeats`: how often the same action was asked again; `renewals`: how often the lease was prolonged.

    `related` are the first few of `others`, which counts up to 15.
    """

    repeats: int
    renewals: int
    skips: int
    passed: tuple[Passed, ...]
    related: tuple[Related, ...]
    others: int

    @property
    def moving(self) -> tuple[object, ...]:
        """What may change while the page is open."""
        return self.repeats, self.passed, self.others


_PASSED = """
  select h.kind, h.rank, h.reason, h.at,
      case when blind and by.id <> %(viewer)s then 'another reviewer' else by.username end as by,
      case when blind and heir.id <> %(viewer)s then 'another reviewer' else heir.username end as heir
    from reviews_handover h join reviews_escalation e on e.id = h.escalation_id
    join governance_actiontype t on t.id = e.action_type_id
    cross join lateral (select e.state = 'open' and jsonb_exists(t.document, 'four_eyes') as blind) b
    join auth_user by on by.id = h.by_id left join auth_user heir on heir.id = h.to_id
    where h.escalation_id = %(case)s order by h.id desc limit %(most)s
"""
# An id means something else in another domain.
_RELATED = """
  select e.id, e.deadline, t.key, a.amount, t.document from reviews_escalation e
    join governance_action a on a.id = e.action_id join governance_actiontype t on t.id = e.action_type_id
    where e.state = 'open' and e.entity <> '' and e.entity = %s and e.domain_id is not distinct from %s and e.id <> %s
    order by e.sort_key limit %s
"""


def read(case: Escalation, *, viewer: int, handed: bool) -> Around:
    """What stands around a case, as `viewer` (a user id) may see it. `handed`: somebody passed it on or skipped it."""
    found = rows.fetch(_RELATED, [case.entity, case.domain_id, case.pk, COUNTED]) if case.entity else []
    passed = rows.fetch(_PASSED, {"case": case.pk, "viewer": viewer, "most": LISTED}) if handed else []
    return Around(
        repeats=case.repeats,
        renewals=case.renewals,
        skips=case.skips,
        passed=tuple(map(_passed, passed)),
        related=tuple(map(_related, found[:LISTED])),
        others=len(found),
    )


def renewals(case: UUID) -> int:
    """How often the lease of an existing case was prolonged."""
    return rows.number("select renewals from reviews_escalation where id = %s", [case])


def _passed(row: rows.Row) -> Passed:
    reason = str(HandReason(row["reason"]).label)
    return Passed(row["by"], HandKind(row["kind"]).value, row["heir"] or "", row["rank"] or 0, reason, row["at"])


def _related(row: rows.Row) -> Related:
    sentence = sentence_of(row["key"], row["amount"], None, Lens.of(None, row["document"], subjects=()))
    return Related(row["id"], sentence, row["deadline"])
