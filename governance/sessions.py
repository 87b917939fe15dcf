"""Django's sessions in rows of ours: 30 minutes idle and 10 hours in all, by the clock of the database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from governance.cursors import kept
from governance.models import Session

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
# Of a session in use the time is written down this often, not at every request.
_PACE = timedelta(minutes=1)
# Sessions that still count at the time of the statement, as `_live` says, for every request of a person.
_LOADED = """
select data, statement_timestamp() - seen_at from governance_session where key = %s
  and seen_at > statement_timestamp() - make_interval(secs => %s)
  and begun_at > statement_timestamp() - make_interval(secs => %s)
"""
_SWEPT = """
delete from governance_session where id in (
  select id from governance_session where seen_at < clock_timestamp() - make_interval(secs => %s)
    or begun_at < clock_timestamp() - make_interval(secs => %s) limit 100 for update skip locked)
"""


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _live() -> QuerySet[Session]:
    """Sessions that still count now. `Now()` is the time of the statement, at the database."""
    return Session.objects.filter(seen_at__gt=Now() - IDLE, begun_at__gt=Now() - LONGEST)


class SessionStore(SessionBase):
    """What the setting SESSION_ENGINE names. The cookie's key is stored as a hash alone."""

    # What the rows say of where the session comes from; the middleware fills it in.
    place = ""
    client = ""
    _rests: timedelta | None = None

    @classmethod
    def clear_expired(cls) -> None:
        """Forget a hundred sessions that ended by themselves."""
        with connection.cursor() as cursor:
            cursor.execute(_SWEPT, [IDLE.total_seconds(), LONGEST.total_seconds()])

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(key=_hashed(session_key)).exists()

    def load(self) -> dict[str, Any]:
        found = None
        if self.session_key:
            with kept() as cursor:
                cursor.execute(_LOADED, [_hashed(self.session_key), IDLE.total_seconds(), LONGEST.total_seconds()])
                found = cursor.fetchone()
        if found is None:
            self._session_key = None
            return {}
        data, self._rests = found
        return self.decode(data)

    def create(self) -> None:
        self.clear_expired()
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        values: dict[str, Any] = {"data": self.encode(data), "person_id": data.get(SESSION_KEY)}
        if not must_create:
            if not Session.objects.filter(key=_hashed(self.session_key)).update(**values):
                raise UpdateError
            return None
        values |= {"begun_at": Now(), "seen_at": Now(), "place": self.place[:45], "client": self.client[:40]}
        try:
            with transaction.atomic():
                Session.objects.create(key=_hashed(self.session_key), **values)
        except IntegrityError as error:
            raise CreateError from error
        return None

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(key=_hashed(key)).delete()

    def touch(self) -> None:
        """Somebody used it: the idle time begins anew."""
        if self.session_key and self._rests is not None and self._rests > _PACE:
            Session.objects.filter(key=_hashed(self.session_key)).update(seen_at=Now())


@dataclass(frozen=True, slots=True)
class Browser:
    """One session of a person, as their security page lists it."""

    id: int
    client: str
    place: str
    begun_at: datetime
    seen_at: datetime
    here: bool


def browsers(person: User, *, here: str | None) -> tuple[Browser, ...]:
    """Where a person is signed in now, last used first; `here` is the key of the session that asks."""
    own = _hashed(here or "")
    rows = _live().filter(person=person).order_by("-seen_at")
    return tuple(Browser(row.pk, row.client, row.place, row.begun_at, row.seen_at, row.key == own) for row in rows)


def end(person: User, session: int) -> bool:
    """End one session of this person; False when there is none of this number."""
    return bool(Session.objects.filter(person=person, pk=session).delete()[0])


def end_others(person: User, *, here: str | None) -> int:
    """End every session of this person but the one that asks; how many there were."""
    return Session.objects.filter(~Q(key=_hashed(here or "")), person=person).delete()[0]


def signed_in_elsewhere(person: User, *, here: str | None) -> bool:
    """Whether the person has another session that still counts."""
    return _live().filter(~Q(key=_hashed(here or "")), person=person).exists()
