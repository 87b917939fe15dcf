from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F

from governance import documents, locks, record
from governance.actors import By, require_council
from governance.carry import carry
from governance.digest import digest
from governance.entries import Entry, current, lookup, spec_of
from governance.guards import told
from governance.models import ActionType, Binding, Instance, Scope, ScopeKind
from governance.policy.action_types import ActionTypeSpec, parse_action_type
from governance.policy.documents import DocumentProblem
from governance.problems import Code, Problem
from governance.records.bindings import Binding as BindingSpec
from governance.records.fit import misfits
from governance.records.parse import parse_binding

__all__ = ["Entry", "Imported", "current", "import_file", "lookup", "save_action_type", "save_binding", "spec_of"]

_Read = TypeVar("_Read", ActionTypeSpec, BindingSpec)


@dataclass(slots=True)
class Imported:
    """What an import wrote; what was stored already in the same words is only counted."""

    action_types: list[ActionType] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    unchanged: int = 0


@told()
@transaction.atomic
def save_action_type(document: object, *, domain: Scope | None, by: By, at: str = "action_type") -> ActionType:
    """Add or edit a catalogue entry. Decisions under way decide again; the same document again is no edit.

    `at` is the place that problems are told under. Problems: FORBIDDEN, INVALID (all that is wrong).
    """
    actor = require_council(by)
    spec = _good(parse_action_type(document, at))
    if domain is not None and domain.kind != ScopeKind.DOMAIN:
        raise _refused([DocumentProblem("domain", "An action type belongs to a domain or to none.")])
    locks.hold_authority()
    row = ActionType.objects.select_for_update().filter(key=spec.key).first() or ActionType(key=spec.key, revision=0)
    if row.revision and (row.document, row.domain_id) == (document, domain and domain.pk):
        return row
    stored = Binding.objects.filter(action_type=row).first() if row.pk else None
    if stored is not None:
        _fit(spec, _good(parse_binding(stored.document)), at)
    before = digest(row.document).hex() if row.revision else None
    known = parse_action_type(row.document) if row.revision else None
    row.action_class, row.base_risk = spec.action_class.value, int(spec.base_risk)
    row.human_required, row.family, row.tool = spec.human_required, spec.family, spec.tool
    row.document, row.domain, row.revision = document, domain, _next_revision(row.revision)
    row.save()
    carry(row.pk, known if isinstance(known, ActionTypeSpec) else None, spec)
    body = {"domain": None if domain is None else domain.key, **_edit(row, before, document)}
    record.append(event=record.Event.ACTION_TYPE_SAVED, actor=actor, body=body)
    return row


@told()
@transaction.atomic
def save_binding(document: object, *, by: By, at: str = "binding") -> Binding:
    """Bind an action type to its record, and raise the type's revision in the same transaction.

    `at` is the place that problems are told under. Problems: FORBIDDEN, INVALID (all that is wrong).
    """
    actor = require_council(by)
    parsed = _good(parse_binding(document, at))
    locks.hold_authority()
    row = ActionType.objects.select_for_update().filter(key=parsed.action_type).first()
    if row is None:
        raise _refused([DocumentProblem(f"{at}.action_type", "This action type is not in the catalogue.")])
    _fit(_good(parse_action_type(row.document)), parsed, at)
    binding = Binding.objects.select_for_update().filter(action_type=row).first() or Binding(action_type=row)
    before = digest(binding.document).hex() if binding.pk else None
    if binding.pk and binding.document == document:
        return binding
    binding.document = document
    binding.save()
    row.revision = _next_revision(row.revision)
    row.save(update_fields=["revision"])
    body = {"binding": binding.pk, **_edit(row, before, document)}
    record.append(event=record.Event.BINDING_SAVED, actor=actor, body=body)
    return binding


@transaction.atomic
def import_file(source: Path | str, *, by: By, domain: Scope | None = None) -> Imported:
    """Save every action type and binding of a YAML file (a path) or text: all of them or none.

    `domain` is for a file that names none itself. Problems: FORBIDDEN, INVALID (all that is wrong with
    the first document that cannot be used).
    """
    content = _content(source)
    domain = _domain(content) or domain
    known = set(ActionType.objects.values_list("key", "revision"))
    imported = Imported()
    for number, document in enumerate(content.get("action_types", ())):
        row = save_action_type(document, domain=domain, by=by, at=f"action_types[{number}]")
        if (row.key, row.revision) not in known:
            imported.action_types.append(row)
    known = set(ActionType.objects.values_list("key", "revision"))
    for number, document in enumerate(content.get("bindings", ())):
        binding = save_binding(document, by=by, at=f"bindings[{number}]")
        if (binding.action_type.key, ActionType.objects.get(pk=binding.action_type_id).revision) not in known:
            imported.bindings.append(binding)
    total = len(content.get("action_types", ())) + len(content.get("bindings", ()))
    imported.unchanged = total - len(imported.action_types) - len(imported.bindings)
    return imported


def _edit(row: ActionType, before: str | None, document: object) -> dict[str, Any]:
    """What the ledger says of an edit: which entry, and the digests of the document before and after."""
    return {"action_type": row.key, "revision": row.revision, "from": before, "to": digest(document).hex()}


def _next_revision(before: int) -> int:
    """The database's clock in microseconds, at least one more than before; also a new policy revision."""
    Instance.objects.update(policy_revision=F("policy_revision") + 1)
    return max(before + 1, int(locks.database_now().timestamp() * 1_000_000))


def _fit(spec: ActionTypeSpec, binding: BindingSpec, at: str) -> None:
    """Refuse a pair in which one names what the other does not have."""
    wrong = misfits(spec, binding, at)
    if wrong:
        raise _refused(wrong)


def _content(source: Path | str) -> dict[str, Any]:
    try:
        content = documents.load(source.read_text(encoding="utf-8") if isinstance(source, Path) else source)
    except documents.DocumentError as error:
        raise _refused([DocumentProblem("file", str(error))]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _refused([DocumentProblem("file", "The file cannot be read.")]) from error
    lists = ("action_types", "bindings")
    if not isinstance(content, dict) or not set(content) <= {"domain", *lists}:
        raise _refused([DocumentProblem("file", "A file has action_types, bindings and a domain, nothing else.")])
    if not all(isinstance(content.get(name, []), list) for name in lists):
        raise _refused([DocumentProblem("file", "action_types and bindings are lists.")])
    return content


def _domain(content: Mapping[str, Any]) -> Scope | None:
    if "domain" not in content:
        return None
    found = Scope.objects.filter(kind=ScopeKind.DOMAIN.value, key=str(content["domain"])).first()
    if found is None:
        raise _refused([DocumentProblem("domain", "There is no domain of this key.")])
    return found


def _good(read: _Read | list[DocumentProblem]) -> _Read:
    """What was read, or all its problems raised as one."""
    if isinstance(read, list):
        raise _refused(read)
    return read


def _refused(problems: Sequence[DocumentProblem]) -> Problem:
    fields = tuple((problem.path, problem.detail) for problem in problems)
    return Problem(Code.INVALID, "The document cannot be used: " + "; ".join(map(str, problems[:3])), fields=fields)
