"""READ what a verdict is a statement about: everything material that a case's page shows, and its digest.

Material is what would run, what the record says of it and our sentence about both. Exposure, history, time left and who
else looks are not: they change by themselves, and the server judges them anew when the verdict comes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from governance.entries import Entry
from governance.models import Snapshot
from governance.problems import Code, Problem
from reviews import rows
from reviews.asides import Aside, asides
from reviews.compared import FactTable, Parameter, parameters, table, tabled
from reviews.grounds import facts_of
from reviews.models import Escalation
from reviews.phrases import sentence_of
from reviews.printed import collapsed, spelled
from reviews.shown import Lens, Pieces

_ROW = """
  select a.parameters, a.amount, encode(a.digest, 'hex') as action_digest, a.subject as named_subject,
    t.key as type_key, t.document, b.document as binding, s.id as snapshot_id, s.sentence, s.subject,
    coalesce(encode(s.digest, 'hex'), '') as snapshot_digest
  from reviews_escalation e
  join governance_action a on a.id = e.action_id
  join governance_actiontype t on t.id = a.action_type_id
  left join governance_snapshot s on s.id = e.snapshot_id
  left join governance_binding b on b.action_type_id = t.id
  where e.id = %s
"""


class Stated(TypedDict):
    """What a form states: digests in hex."""

    action_digest: str
    snapshot_digest: str
    consent: str


@dataclass(frozen=True, slots=True)
class Material:
    """What the page shows of one reading. Digests are hexadecimal."""

    action_digest: str
    snapshot_digest: str
    sentence: Pieces
    asides: tuple[Aside, ...]
    facts: FactTable | None
    parameters: tuple[Parameter, ...]

    @property
    def has_labelled(self) -> bool:
        """Whether there are lines besides the one about who is who."""
        return any(aside.label for aside in self.asides)

    @property
    def checks(self) -> int:
        """How many required facts there are to read."""
        return 0 if self.facts is None else sum(line.required for line in self.facts.lines)

    @property
    def digest(self) -> str:
        """The digest that the page carries and a verdict posts: SHA-256 over compact JSON, in hex."""
        text = json.dumps([*map(list, self.said())], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def said(self) -> Iterator[tuple[str, str]]:
        """Every (key, text) in the order of the page; on the page the key is the attribute `data-said`.

        There the text is the attribute `data-value`, or without one the text content with its white space collapsed.
        """
        yield "action", self.action_digest
        yield "record", self.snapshot_digest
        yield "sentence", spelled(self.sentence)
        for place, aside in enumerate(self.asides):
            yield from _of_aside(f"aside.{place}", aside)
        for place, line in enumerate(() if self.facts is None else self.facts.lines):
            yield f"fact.{place}.label", collapsed(line.label)
            yield f"fact.{place}.claimed", spelled(line.claimed)
            yield f"fact.{place}.recorded", spelled(line.recorded)
            yield f"fact.{place}.result", line.said
        for place, parameter in enumerate(self.parameters):
            yield f"runs.{place}.label", collapsed(parameter.label)
            yield f"runs.{place}.value", spelled(parameter.value)


def _of_aside(key: str, aside: Aside) -> Iterator[tuple[str, str]]:
    for part, text in (("label", collapsed(aside.label)), ("now", spelled(aside.now)), ("then", spelled(aside.then))):
        if text:
            yield f"{key}.{part}", text
    if aside.says:
        yield f"{key}.says", spelled(aside.says)


def read(case: UUID) -> Material:
    """What is material of a case now, from stored rows alone. Problem NOT_FOUND."""
    found = rows.fetch(_ROW, [case])
    if not found:
        raise Problem(Code.NOT_FOUND, "There is no such case.")
    return of(found[0])


def held(case: Escalation, entry: Entry) -> Material:
    """The same of a locked case, whose catalogue entry was read with what it is about: nothing is read but facts."""
    action, snapshot = case.action, case.snapshot
    return of(
        {
            "parameters": action.parameters,
            "amount": action.amount,
            "action_digest": bytes(action.digest).hex(),
            "named_subject": action.subject,
            "type_key": action.action_type.key,
            "document": entry.document,
            "binding": entry.bound,
            "snapshot_id": case.snapshot_id,
            "sentence": None if snapshot is None else snapshot.sentence,
            "subject": None if snapshot is None else snapshot.subject,
            "snapshot_digest": "" if snapshot is None else bytes(snapshot.digest).hex(),
        },
        snapshot,
    )


def of(row: rows.Row, snapshot: Snapshot | None = None) -> Material:
    """The same of a row with these columns that was read before; the facts of its `snapshot` are read once."""
    lens = Lens.of(row["binding"], row["document"], subjects=(row["subject"], row["named_subject"]))
    return Material(
        action_digest=row["action_digest"],
        snapshot_digest=row["snapshot_digest"],
        sentence=sentence_of(row["type_key"], row["amount"], row["sentence"], lens),
        asides=asides(row["sentence"], lens),
        facts=_table(row, snapshot, lens),
        parameters=parameters(row["parameters"], lens),
    )


def _table(row: rows.Row, snapshot: Snapshot | None, lens: Lens) -> FactTable | None:
    if snapshot is None or snapshot.pk != row["snapshot_id"]:
        return table(row["snapshot_id"], row["binding"], lens)
    return tabled([vars(fact) for fact in facts_of(snapshot)], row["binding"], lens)


def require_consent(shown: Material, stated: str) -> None:
    """Problem FACTS_CHANGED unless the form states the digest of what the page would show now."""
    if not hmac.compare_digest(shown.digest.encode(), stated.encode("utf-8", "replace")):
        raise Problem(Code.FACTS_CHANGED, "The case does not read as it did when you saw it: look at it once more.")
