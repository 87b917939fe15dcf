"""The cache in which allauth counts who guesses: rows, so that all processes count together, with or without Redis."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

# What is kept is JSON: text, numbers and lists of them. Nothing that a row says is ever run.
_LONGEST = 86_400.0
_ADD = """
insert into governance_throttle (key, value, until)
  values (%s, %s, clock_timestamp() + make_interval(secs => %s))
on conflict (key) do update set value = excluded.value, until = excluded.until
  where governance_throttle.until <= clock_timestamp()
"""
_SET = """
insert into governance_throttle (key, value, until)
  values (%s, %s, clock_timestamp() + make_interval(secs => %s))
on conflict (key) do update set value = excluded.value, until = excluded.until
"""
_GET = "select value::text from governance_throttle where key = %s and until > clock_timestamp()"
_SWEEP = """
delete from governance_throttle where key in (
  select key from governance_throttle where until <= clock_timestamp() limit 20 for update skip locked)
"""


class Counters(BaseCache):
    """A cache of Django's in one table. Only what counts attempts is kept here; `set` forgets what has expired."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Whether it was not there yet; of many at once one adds."""
        return self._run(_ADD, self._row(key, value, timeout, version)) == 1

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(_GET, [self._hashed(key, version)])
            row = cursor.fetchone()
        return default if row is None else json.loads(row[0])

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._run(_SWEEP, [])
        self._run(_SET, self._row(key, value, timeout, version))

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._run("delete from governance_throttle where key = %s", [self._hashed(key, version)]) > 0

    def clear(self) -> None:
        self._run("delete from governance_throttle", [])

    def _row(self, key: str, value: Any, timeout: Any, version: int | None) -> list[Any]:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        lasts = _LONGEST if seconds is None else min(float(seconds), _LONGEST)
        return [self._hashed(key, version), json.dumps(value), lasts]

    def _hashed(self, key: str, version: int | None) -> str:
        """Neither names nor addresses of people stand in the table."""
        return hashlib.sha256(self.make_key(key, version).encode()).hexdigest()

    def _run(self, sql: str, params: list[Any]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return int(cursor.rowcount)
