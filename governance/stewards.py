"""Stewards: who may lower the ceilings of a domain or project, and of what is in it, besides the council."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from governance import locks, record
from governance.actors import COUNCIL, OPERATOR, By, actor_of, groups_of, person_behind, require_council
from governance.guards import invalid
from governance.models import Scope, ScopeKind, Steward
from governance.problems import Code, Problem


@transaction.atomic
def set_stewards(scope: Scope, *, people: Collection[User], by: By) -> list[User]:
    """Exactly these are the stewards of a domain or project from now on, by user name.

    Each is an active operator: who leaves that group is a steward no more. Nobody names themselves. Problems:
    FORBIDDEN, INVALID (the enterprise, which belongs to the council; somebody who is no operator).
    """
    actor = require_council(by)
    # a ceiling is set under the exclusive one: who was removed before lowers nothing after
    locks.share_authority()
    if scope.kind == ScopeKind.ENTERPRISE:
        raise invalid("/stewards", "The enterprise belongs to the council: it has no stewards.")
    wanted = {each.pk: each for each in people}
    held = {each.person_id: each for each in Steward.objects.filter(scope=scope).select_related("person")}
    added = [wanted[key] for key in wanted.keys() - held.keys()]
    for person in added:
        if OPERATOR not in groups_of(person):
            raise invalid("/stewards", f"A steward is an active operator: {person.get_username()} is none.")
        if actor == f"user:{person.get_username()}":
            raise Problem(Code.FORBIDDEN, "Nobody makes themselves a steward: ask another member of the council.")
    after = sorted(wanted.values(), key=User.get_username)
    if wanted.keys() == held.keys():
        return after
    Steward.objects.filter(scope=scope, person_id__in=held.keys() - wanted.keys()).delete()
    for person in added:
        Steward.objects.create(scope=scope, person=person)
    body = {
        "scope": scope.pk,
        "key": scope.key,
        "from": sorted(each.person.get_username() for each in held.values()),
        "to": [each.get_username() for each in after],
        "widening": bool(added),
    }
    record.append(event=record.Event.STEWARDS_SET, actor=actor, body=body)
    return after


def require_steward(scope: Scope, by: By) -> str:
    """The ledger's name of `by` if they sit in the council, or are a steward of this scope or of the one above it."""
    person = person_behind(by)
    if person is None or COUNCIL in groups_of(person) or not _looks_after(person, scope):
        return require_council(by)
    return actor_of(by)


def only_lowers(by: By) -> bool:
    """Whether somebody who may set a ceiling may only lower it: raising is for the council."""
    person = person_behind(by)
    return person is not None and COUNCIL not in groups_of(person)


def _looks_after(person: User, scope: Scope) -> bool:
    held = Steward.objects.filter(Q(scope=scope) | Q(scope__children=scope), person=person)
    return OPERATOR in groups_of(person) and held.exists()
