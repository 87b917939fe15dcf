"""READ what reviewers found lacking on screens: of one case, and of all types with how often."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from governance.locks import database_now
from governance.problems import Code, Problem
from reviews import rows
from reviews.models import LackAnswer, LackKind
from reviews.shown import label

MOST = 200
LAST = 20


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was said of a case, and its answer where there is one. `about` is the type, `field` its words."""

    words: object
    about: str
    field: str
    told_at: dt.datetime
    answer: object
    answered_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Asking:
    """The page on which a reviewer tells what a case lacks. `fields` are names with their words."""

    case: UUID
    about: str
    fields: tuple[tuple[str, str], ...]
    told: tuple[Told, ...]
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What several reviewers may say of one type: how many told it, in how many cases, the first at `since`."""

    action_type_id: int
    about: str
    kind: str
    words: object
    name: str
    field: str
    count: int
    reviewers: int
    case: UUID
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Lacking:
    """The council's list: what is open, the most often told first, and the last answers."""

    wanted: tuple[Wanted, ...]
    answered: tuple[Told, ...]
    now: dt.datetime


_FIELDS = """
  select t.document->'parameters' as parameters, t.document->'claims' as claims, b.document->'facts' as facts
    from governance_actiontype t left join governance_binding b on b.action_type_id = t.id where t.id = %s
"""
_CASE = """
  select e.action_type_id, t.key from reviews_escalation e join governance_actiontype t on t.id = e.action_type_id
    where e.id = %s
"""
_TOLD = """
  select l.kind, t.key, l.field, l.told_at, l.answer, l.answered_at
    from reviews_lack l join governance_actiontype t on t.id = l.action_type_id
"""
_WANTED = """
  select l.action_type_id, t.key, l.kind, l.field, count(*) as count, count(distinct l.reviewer_id) as reviewers,
      min(l.told_at) as since, (array_agg(l.escalation_id order by l.id desc))[1] as case_id
    from reviews_lack l join governance_actiontype t on t.id = l.action_type_id
    where l.answer = '' group by 1, 2, 3, 4 order by count(*) desc, min(l.told_at) limit %s
"""


def fields_of(action_type: int) -> tuple[str, ...]:
    """The parameters, claims and facts of a type by name, in the order of its catalogue entry."""
    row = rows.fetch(_FIELDS, [action_type])[0]
    names = [*(row["parameters"] or {}), *(row["claims"] or {}), *(fact["name"] for fact in row["facts"] or ())]
    return tuple(dict.fromkeys(names))


def asking(case: UUID, *, viewer: int) -> Asking:
    """What this reviewer may tell of a case, and what they told. Problem NOT_FOUND."""
    found = rows.fetch(_CASE, [case])
    if not found:
        raise Problem(Code.NOT_FOUND, "There is no such case.")
    statement = f"{_TOLD} where l.escalation_id = %s and l.reviewer_id = %s order by l.id desc limit {MOST}"
    told = rows.fetch(statement, [case, viewer])
    names = fields_of(found[0]["action_type_id"])
    return Asking(
        case=case,
        about=label(found[0]["key"]),
        fields=tuple((name, label(name)) for name in names),
        told=tuple(map(_told, told)),
        now=database_now(),
    )


def read() -> Lacking:
    """What the council is to look at."""
    answered = rows.fetch(f"{_TOLD} where l.answer <> '' order by l.answered_at desc, l.id desc limit {LAST}")
    return Lacking(tuple(map(_wanted, rows.fetch(_WANTED, [MOST]))), tuple(map(_told, answered)), database_now())


def _told(row: rows.Row) -> Told:
    answer = LackAnswer(row["answer"]).label if row["answer"] else ""
    words = LackKind(row["kind"]).label
    field = label(row["field"]) if row["field"] else ""
    return Told(words, label(row["key"]), field, row["told_at"], answer, row["answered_at"])


def _wanted(row: rows.Row) -> Wanted:
    return Wanted(
        action_type_id=row["action_type_id"],
        about=label(row["key"]),
        kind=row["kind"],
        words=LackKind(row["kind"]).label,
        name=row["field"],
        field=label(row["field"]) if row["field"] else "",
        count=row["count"],
        reviewers=row["reviewers"],
        case=row["case_id"],
        since=row["since"],
    )
