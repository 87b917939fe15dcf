"""READ what became of an approval that lost its ground: who gave it, and what reads differently since."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from reviews import rows
from reviews.material import Material
from reviews.material import read as material_of

_APPROVED = """
  select p.id, u.username as reviewer
  from reviews_escalation e join reviews_escalation p on p.id = e.previous_id
  join reviews_verdict v on v.escalation_id = p.id and v.withdrawn_at is null and v.closes and v.approve
  join auth_user u on u.id = v.reviewer_id
  where e.id = %s
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that reads differently: before and now, in the words of the pages; empty where it was not there."""

    label: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Since:
    """Who approved the case before this one, and what changed since; nothing did where it was halted or demoted.

    `unseen`: the record reads differently only in what no page prints.
    """

    reviewer: str
    case: UUID
    differences: tuple[Difference, ...]
    unseen: bool


def read(case: UUID, shown: Material) -> Since | None:
    """What changed since an approval; None for a case that follows none."""
    found = rows.fetch(_APPROVED, [case])
    if not found:
        return None
    earlier = material_of(found[0]["id"])
    before, now = _told(earlier), _told(shown)
    labels = dict.fromkeys([*now, *before])
    changed = (Difference(each[1], before.get(each, ""), now.get(each, "")) for each in labels)
    differences = tuple(one for one in changed if one.before != one.now)
    unseen = not differences and bool(shown.snapshot_digest) and shown.snapshot_digest != earlier.snapshot_digest
    return Since(found[0]["reviewer"], found[0]["id"], differences, unseen)


def _told(shown: Material) -> dict[tuple[str, str], str]:
    """What the page says under each label of its table and of the lines beside it; claims cannot change."""
    said = dict(shown.said())
    told: dict[tuple[str, str], str] = {}
    for key, label in said.items():
        place, _, part = key.rpartition(".")
        if part == "label" and place.startswith("fact."):
            told["fact", label] = f"{said[f'{place}.recorded']}, {said[f'{place}.result'].removesuffix(', required')}"
        elif part == "label" and place.startswith("aside."):
            told["aside", label] = " → ".join(
                said[f"{place}.{side}"] for side in ("now", "then", "says") if f"{place}.{side}" in said
            )
    return told
