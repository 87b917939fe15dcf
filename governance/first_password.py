"""How a person comes by a password: a link from the council, once; later by changing it themselves."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection, transaction

from governance import locks, record
from governance.actors import By, require_council
from governance.models import Invitation
from governance.problems import Code, Problem

LIFE = timedelta(hours=24)
_GONE = "This link has been used, has expired or never was. Ask the council for another."


@transaction.atomic
def invite(person: User, *, by: By) -> str:
    """A token, returned this once, by which a person chooses a password within 24 hours.

    The password they had ends, with their sessions and the cases they hold, and an older link with it. Nobody invites
    themselves. Problems: FORBIDDEN, WRONG_STATE (switched off).
    """
    actor = require_council(by)
    if actor == f"user:{person.get_username()}":
        raise Problem(Code.FORBIDDEN, "Change your own password under Security.")
    now = locks.share_authority()
    stored = _locked(person)
    if not stored.is_active:
        raise Problem(Code.WRONG_STATE, "This person is switched off.")
    stored.set_unusable_password()
    stored.save(update_fields=["password"])
    _sign_out(stored)
    Invitation.objects.filter(person=stored, closed_at=None).update(closed_at=now)
    token = secrets.token_urlsafe(32)
    Invitation.objects.create(person=stored, token_hash=_hashed(token), made_at=now, expires_at=now + LIFE)
    body = {"person": stored.get_username(), "password": "link", "widening": True}
    record.append(event=record.Event.PERSON_CHANGED, actor=actor, body=body)
    return token


def invited(token: str) -> User:
    """Whom an open link is for. Problem NOT_FOUND: used, expired and never made are one answer."""
    found = Invitation.objects.filter(token_hash=_hashed(token), closed_at=None, person__is_active=True)
    invitation = found.select_related("person").first()
    if invitation is None or invitation.expires_at <= locks.database_now():
        raise Problem(Code.NOT_FOUND, _GONE)
    return invitation.person


@transaction.atomic
def accept(token: str, *, password: str) -> User:
    """Give the person of this link the password they chose, and close the link. Problem NOT_FOUND as `invited`.

    Whether the password is good enough is asked before, by the form.
    """
    now = locks.share_authority()
    stored = _locked(invited(token))
    closed = Invitation.objects.filter(token_hash=_hashed(token), closed_at=None).update(closed_at=now)
    if not closed or not stored.is_active:
        raise Problem(Code.NOT_FOUND, _GONE)
    _set(stored, password)
    return stored


@transaction.atomic
def change_password(person: User, *, password: str) -> None:
    """A person's own new password; it ends their sessions and gives the cases they hold back."""
    locks.share_authority()
    stored = _locked(person)
    _set(stored, password)
    person.password = stored.password


@transaction.atomic
def remove_factors(person: User, *, by: By) -> int:
    """Take every second factor of a person away, who lost them; how many. It ends their sessions.

    Nobody removes their own here. Problems: FORBIDDEN, WRONG_STATE (there is none).
    """
    actor = require_council(by)
    if actor == f"user:{person.get_username()}":
        raise Problem(Code.FORBIDDEN, "Change your own second factors under Security.")
    locks.share_authority()
    stored = _locked(person)
    with connection.cursor() as cursor:
        cursor.execute("delete from mfa_authenticator where user_id = %s", [stored.pk])
        removed = int(cursor.rowcount)
    if not removed:
        raise Problem(Code.WRONG_STATE, "This person has no second factor.")
    _sign_out(stored)
    body = {"person": stored.get_username(), "factors_removed": removed, "widening": True}
    record.append(event=record.Event.PERSON_CHANGED, actor=actor, body=body)
    return removed


def _locked(person: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _set(person: User, password: str) -> None:
    person.set_password(password)
    person.save(update_fields=["password"])
    _sign_out(person)
    body = {"person": person.get_username(), "password": "chosen"}
    record.append(event=record.Event.PERSON_CHANGED, actor=f"user:{person.get_username()}", body=body)


def _sign_out(person: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select placet_sign_out(%s)", [person.pk])


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
