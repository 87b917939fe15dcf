from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

CHUNK = 5_000

# seq, microseconds since 1970, kind, actor, body, stored leaf
_Row = tuple[int, int, str, str, bytes, bytes]


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
        if leaf(*row[:5]) != row[5]:
            return Audit(entries, last, gaps, first_bad=seq)
        gaps += seq - last - 1
        entries, last = entries + 1, seq
    return Audit(entries, last, gaps, first_bad=None)


def leaf(seq: int, at: int, kind: str, actor: str, body: bytes) -> bytes:
    """The hash of an entry as migration 0002 frames it; `at` in microseconds since 1970."""
    framed = b"\x1f".join((kind.encode(), actor.encode(), body))
    return hashlib.sha256(b"\0" + seq.to_bytes(8, signed=True) + at.to_bytes(8, signed=True) + framed).digest()


def _rows() -> Iterator[_Row]:
    # by key and not by a server-side cursor, which a pooler in transaction mode would lose
    after = -1
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "select seq, (extract(epoch from at) * 1000000)::bigint, kind, actor, body, leaf"
                " from governance_ledgerentry where seq > %s order by seq limit %s",
                [after, CHUNK],
            )
            rows = cursor.fetchall()
            for seq, at, kind, actor, body, stored in rows:
                yield seq, at, kind, actor, bytes(body), bytes(stored)
            if len(rows) < CHUNK:
                return
            after = rows[-1][0]
