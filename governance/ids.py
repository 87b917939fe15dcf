"""Ids of rows that are told apart by age where nothing else tells them apart."""

from __future__ import annotations

import secrets
import time
from uuid import UUID


def ordered_id() -> UUID:
    """A new id that sorts behind those of earlier milliseconds of this host's clock, 74 bits of it drawn by lot.

    UUID version 7: RFC 9562, section 5.7. Its time orders rows and says nothing else: no expiry is read from it.
    """
    moment, lot = time.time_ns() // 1_000_000, secrets.randbits(74)
    return UUID(int=moment << 80 | 0x7 << 76 | (lot >> 62) << 64 | 0b10 << 62 | lot & (1 << 62) - 1)
