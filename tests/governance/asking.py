"""What the tests of the registry ask again and again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from governance.models import Instance, LedgerEntry
from governance.problems import Code, Problem
from governance.record import Event


@contextmanager
def refused(code: Code) -> Iterator[pytest.ExceptionInfo[Problem]]:
    """The verb refuses with this code, and its transaction leaves nothing behind."""
    before = LedgerEntry.objects.count()
    with pytest.raises(Problem) as caught:
        yield caught
    assert caught.value.code is code
    assert LedgerEntry.objects.count() == before


@contextmanager
def guarded(state: str) -> Iterator[None]:
    """The database itself refuses with this SQLSTATE, whatever Python would have said."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic():  # noqa: PT012 - the deferred guards speak last
        yield
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
    assert getattr(caught.value.__cause__, "sqlstate", None) == state


def entries(*events: Event) -> list[dict[str, Any]]:
    """The bodies of the ledger's entries of these kinds, oldest first, each with its actor."""
    rows = LedgerEntry.objects.filter(kind__in=[event.value for event in events]).order_by("seq")
    return [{**json.loads(bytes(row.body)), "actor": row.actor} for row in rows]


def epoch() -> int:
    return Instance.objects.get().authority_epoch
