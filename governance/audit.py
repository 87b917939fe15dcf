from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

CHUNK = 5_000
_BEFORE_ALL = -(2**63)

# seq, microseconds since 1970, kind, actor, body, stored leaf; a forger can leave any but the first empty
_Row = tuple[int, int | None, str | None, str | None, bytes | None, bytes | None]


@dataclass(frozen=True, slots=True)
class Audit:
    """What a reading of the ledger found. `gaps` are missing numbers, which prove nothing before sealing."""

    entries: int
    last: int
    gaps: int
    first_bad: int | None

    @property
    def sound(self) -> bool:
        """Whether every leaf is the hash of its row."""
        return self.first_bad is None


def verify() -> Audit:
    """Recompute every leaf from its row, here and not in the database, in chunks of bounded memory.

    Stops at the first entry whose stored leaf is not the hash of what the row says.
    """
    entries = last = gaps = 0
    for row in _rows():
        seq = row[0]
        if not _written(row):
            return Audit(entries, last, gaps, first_bad=seq)
        gaps += seq - last - 1
        entries, last = entries + 1, seq
    return Audit(entries, last, gaps, first_bad=None)


def _written(row: _Row) -> bool:
    """Whether this row can be what the ledger wrote: it numbers from 1 and leaves nothing empty."""
    seq, at, kind, actor, body, stored = row
    if seq < 1 or at is None or kind is None or actor is None or body is None:
        return False
    return leaf(seq, at, kind, actor, body) == stored


def leaf(seq: int, at: int, kind: str, actor: str, body: bytes) -> bytes:
    """The hash of an entry as migration 0002 frames it; `at` in microseconds since 1970."""
    framed = b"\x1f".join((kind.encode(), actor.encode(), body))
    return hashlib.sha256(b"\0" + seq.to_bytes(8, signed=True) + at.to_bytes(8, signed=True) + framed).digest()


def _rows() -> Iterator[_Row]:
    # by key and not by a server-side cursor, which a pooler in transaction mode would lose
    after = _BEFORE_ALL
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "select seq, case when isfinite(at) then (extract(epoch from at) * 1000000)::bigint end,"
                " kind, actor, body, leaf"
                " from governance_ledgerentry where seq > %s order by seq limit %s",
                [after, CHUNK],
            )
            rows = cursor.fetchall()
            for seq, at, kind, actor, body, stored in rows:
                yield seq, at, kind, actor, _bytes(body), _bytes(stored)
            if len(rows) < CHUNK:
                return
            after = rows[-1][0]


def _bytes(stored: memoryview | bytes | None) -> bytes | None:
    return None if stored is None else bytes(stored)
