from __future__ import annotations

from django.db import transaction

from governance import locks, record
from governance.actors import By, require_council
from governance.guards import invalid, told
from governance.models import Scope, ScopeKind
from governance.policy import ceilings
from governance.policy.names import display_name, scope_key
from governance.policy.tiers import Tier
from governance.problems import Code, Problem
from governance.stewards import only_lowers, require_steward

_UNDER = {ScopeKind.DOMAIN: ScopeKind.ENTERPRISE, ScopeKind.PROJECT: ScopeKind.DOMAIN}


@told()
@transaction.atomic
def create_scope(
    *, key: str, name: str, kind: ScopeKind, parent: Scope | None, ceiling: Tier = Tier.PROPOSE, by: By
) -> Scope:
    """A domain under the enterprise or a project under a domain; genesis alone makes the enterprise.

    Problems: FORBIDDEN, INVALID (key or name not plain or taken, wrong parent), ABOVE_PARENT.
    """
    actor = require_council(by)
    locks.share_authority()
    if parent is None or _UNDER.get(ScopeKind(kind)) != parent.kind:
        raise invalid("/parent", "A domain stands under the enterprise, a project under a domain.")
    above = Tier(Scope.objects.values_list("ceiling", flat=True).get(pk=parent.pk))
    _refuse(above, ceiling)
    try:
        terms = {"key": scope_key(key), "name": display_name(name)}
    except ValueError as error:
        raise invalid("/key", error) from error
    scope = Scope.objects.create(**terms, kind=ScopeKind(kind).value, parent=parent, ceiling=int(ceiling))
    body = {
        **terms,
        "scope": scope.pk,
        "kind": scope.kind,
        "parent": parent.key,
        "ceiling": int(ceiling),
        "widening": ceiling > Tier.PROPOSE,
    }
    record.append(event=record.Event.SCOPE_CREATED, actor=actor, body=body)
    return scope


@told()
@transaction.atomic
def set_ceiling(scope: Scope, *, ceiling: Tier, by: By, lowers: bool = False) -> list[Scope]:
    """Set the highest tier below a scope; a lower one clamps every scope under it. Returns the changed.

    One entry for each. Raising a ceiling again never raises what was clamped. The council; a steward of the scope, or
    of the domain that it is in, only lowers it. `lowers`: nobody meant anything else. Problems: FORBIDDEN, INVALID,
    ABOVE_PARENT, WRONG_STATE (as low as that already).
    """
    require_steward(scope, by)
    # before any row: decisions hold it shared, so this stands wholly before or wholly after each of them
    locks.hold_authority()
    actor = require_steward(scope, by)
    stored = Scope.objects.select_for_update(of=("self",)).select_related("parent").get(pk=scope.pk)
    _refuse(Tier.COMMIT if stored.parent is None else Tier(stored.parent.ceiling), ceiling)
    if lowers and stored.ceiling <= ceiling:
        # somebody lowered it further since it was looked at: that stays
        raise Problem(Code.WRONG_STATE, "The ceiling is as low as that already.")
    if stored.ceiling == ceiling:
        return []
    if ceiling > stored.ceiling and only_lowers(by):
        raise Problem(Code.FORBIDDEN, "A steward only lowers a ceiling; the council raises it.")
    return _set(stored, Tier(ceiling), actor, because=None)


@told()
@transaction.atomic
def rename_scope(scope: Scope, *, name: str, by: By) -> Scope:
    """Change the name that people read; the key stays. Problems: FORBIDDEN, INVALID."""
    actor = require_council(by)
    locks.share_authority()
    stored = Scope.objects.select_for_update().get(pk=scope.pk)
    before = stored.name
    try:
        stored.name = display_name(name)
    except ValueError as error:
        raise invalid("/name", error) from error
    if stored.name != before:
        stored.save(update_fields=["name"])
        body = {"scope": stored.pk, "key": stored.key, "from": before, "to": stored.name}
        record.append(event=record.Event.SCOPE_RENAMED, actor=actor, body=body)
    return stored


def _set(scope: Scope, ceiling: Tier, actor: str, because: Scope | None) -> list[Scope]:
    before = Tier(scope.ceiling)
    scope.ceiling = ceiling.value
    scope.save(update_fields=["ceiling"])
    event = record.Event.CEILING_NARROWED if ceiling < before else record.Event.CEILING_WIDENED
    body = {"scope": scope.pk, "key": scope.key, "from": before.value, "to": ceiling.value}
    if because is not None:
        body["because"] = because.key
    record.append(event=event, actor=actor, body={**body, "widening": ceiling > before})
    changed = [scope]
    for child in scope.children.select_for_update().filter(ceiling__gt=ceiling.value).order_by("pk"):
        changed += _set(child, ceilings.clamp(Tier(child.ceiling), ceiling), actor, because=scope)
    return changed


def _refuse(parent: Tier, ceiling: Tier) -> None:
    if ceiling not in (Tier.OBSERVE, Tier.PROPOSE, Tier.EXECUTE, Tier.COMMIT):
        raise invalid("/ceiling", "A ceiling is OBSERVE, PROPOSE, EXECUTE or COMMIT.")
    if ceilings.refuses(parent, Tier(ceiling)):
        raise Problem(Code.ABOVE_PARENT, f"The parent's ceiling is {parent.name}: nothing below it stands higher.")
