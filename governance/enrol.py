from __future__ import annotations

import secrets
from collections.abc import Collection

from django.contrib.auth.models import Group, User
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction

from governance import locks, record
from governance.actors import COUNCIL, GROUPS, By, groups_of, require_council
from governance.guards import invalid, told
from governance.problems import Code, Problem

_plain = ASCIIUsernameValidator()


@told()
@transaction.atomic
def enrol(username: str, *, groups: Collection[str], by: By, password: str | None = None) -> User:
    """Make a person known, in these groups. Without a password they cannot sign in yet.

    Problems: FORBIDDEN, INVALID (name taken or not plain, unknown group).
    """
    actor = require_council(by)
    locks.share_authority()
    _check_groups(groups)
    try:
        _plain(username)
    except ValidationError as error:
        raise invalid("/username", "A user name has letters, digits and @ . + - _ only.") from error
    if not 0 < len(username) <= 80 or User.objects.filter(username__iexact=username).exists():
        raise invalid("/username", "This user name is too long or taken.")
    person = User.objects.create_user(username, password=password)
    person.groups.set(Group.objects.filter(name__in=groups))
    body = {"person": person.get_username(), "groups": sorted(groups), "widening": bool(groups)}
    record.append(event=record.Event.PERSON_ENROLLED, actor=actor, body=body)
    return person


@told()
@transaction.atomic
def change_person(person: User, *, by: By, groups: Collection[str] | None = None, active: bool | None = None) -> User:
    """Set the groups of a person, or whether they may sign in. Nobody changes themselves.

    Whoever leaves a group or is switched off loses their sessions and the cases they hold, at the same commit: the
    database sees to it. The council never loses its last member. Problems: FORBIDDEN, INVALID, WRONG_STATE.
    """
    actor = require_council(by)
    # a reviewer's verdict holds it shared: it is given wholly before or wholly after this
    locks.hold_authority()
    stored = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    if actor == f"user:{stored.get_username()}":
        raise Problem(Code.FORBIDDEN, "Nobody changes their own groups: ask another member of the council.")
    held = frozenset(stored.groups.filter(name__in=GROUPS).values_list("name", flat=True))
    wanted = held if groups is None else frozenset(groups)
    _check_groups(wanted)
    live = stored.is_active if active is None else active
    if held == wanted and live == stored.is_active:
        return stored
    if COUNCIL in groups_of(stored) and not (live and COUNCIL in wanted):
        _keep_a_council(stored)
    body = {
        "person": stored.get_username(),
        "groups": [sorted(held), sorted(wanted)],
        "active": [stored.is_active, live],
        "widening": bool(wanted - held) or (live and not stored.is_active),
    }
    stored.is_active = live
    stored.save(update_fields=["is_active"])
    others = stored.groups.exclude(name__in=GROUPS)
    stored.groups.set([*Group.objects.filter(name__in=wanted), *others])
    record.append(event=record.Event.PERSON_CHANGED, actor=actor, body=body)
    return stored


def new_password() -> str:
    """A first password with 120 random bits."""
    return secrets.token_urlsafe(15)


def _check_groups(groups: Collection[str]) -> None:
    if not set(groups) <= set(GROUPS):
        raise invalid("/groups", f"The groups are {', '.join(GROUPS)}.")


def _keep_a_council(leaving: User) -> None:
    if not User.objects.filter(groups__name=COUNCIL, is_active=True).exclude(pk=leaving.pk).exists():
        raise Problem(Code.WRONG_STATE, "The council keeps at least one active member.")
