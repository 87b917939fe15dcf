"""The verb that opens what agents and records wrote about one action: for the council alone, never without an entry."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db import models, transaction

from governance import record
from governance.actors import require_council
from governance.entries import Entry, current
from governance.models import Action, SealedText
from governance.problems import Code, Problem
from governance.records.evaluate import words_of
from governance.records.registry import connector
from reviews.budgets import typed

# Longer texts are cut, and more of them left out: nothing that was planted here makes a page heavy.
LONGEST, MOST = 2_000, 40


class Occasion(models.TextChoices):
    """Why somebody opens what is sealed."""

    INCIDENT = "incident", "An incident is being looked into"
    COMPLAINT = "complaint", "Somebody complained about this action"
    AGENT_REVIEW = "agent_review", "The agent itself is under review"
    LEGAL = "legal", "A law or a court demands it"


@dataclass(frozen=True, slots=True)
class Quoted:
    """One text as it was written, cut to 2,000 characters; `length` is its own."""

    place: str
    text: str
    length: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What was opened. `left_out`: so many further texts are not shown. `unread`: the record could not be read."""

    action: UUID
    agent_wrote: tuple[Quoted, ...]
    record_says: tuple[Quoted, ...]
    left_out: int
    unread: bool


def open_sealed(action_id: UUID, *, by: User, occasion: str) -> Opened:
    """Open the texts of one action: the agent's note and sealed parameters, and free text of its record as it is now.

    Every opening is one entry of the ledger, also one that finds nothing. Problems: FORBIDDEN, INVALID, NOT_FOUND.
    """
    if occasion not in Occasion.values:
        raise Problem(Code.INVALID, "Say why this is opened.", fields=(("/occasion", "One of the listed reasons."),))
    with transaction.atomic():
        actor = require_council(by)
        action = Action.objects.filter(pk=action_id).first()
        if action is None:
            raise Problem(Code.NOT_FOUND, "This action does not exist.")
        fields: dict[str, str] = SealedText.objects.filter(action=action).values_list("fields", flat=True).first() or {}
        body = {"action": str(action.pk), "occasion": occasion, "texts": len(fields)}
        record.append(event=record.Event.SEALED_OPENED, actor=actor, body=body)
    # the record is read behind the commit: the entry stands whatever the reading does
    found = _record(action, current(action.action_type_id))
    wrote, says = _quoted(fields), _quoted(found or {})
    return Opened(
        action=action.pk,
        agent_wrote=wrote[:MOST],
        record_says=says[:MOST],
        left_out=max(0, len(wrote) - MOST) + max(0, len(says) - MOST),
        unread=found is None,
    )


def _record(action: Action, entry: Entry | None) -> dict[str, str] | None:
    """The free text of the record by the name of its value; None where nothing is bound or nothing answers."""
    if entry is None or entry.binding is None:
        return None
    return words_of(entry.binding, connector(entry.binding.connector), parameters=typed(action))


def _quoted(texts: dict[str, str]) -> tuple[Quoted, ...]:
    named = ((name.lstrip("/"), str(text)) for name, text in texts.items())
    return tuple(Quoted(name, text[:LONGEST], len(text)) for name, text in named)
