from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection

KEY_LIFE = timedelta(days=365)
KEY = re.compile(r"plc_([a-z0-9]{8})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credential:
    """A key of the right shape: nothing is known about its agent yet."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated agent."""

    agent: UUID
    name: str
    digest: bytes


def new_key() -> tuple[str, str, bytes]:
    """A fresh bearer key with 256 random bits: the key itself, its prefix, and the hash to store."""
    prefix = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(8))
    key = f"plc_{prefix}_{secrets.token_urlsafe(32)}"
    return key, prefix, hash_key(key)


def hash_key(key: str) -> bytes:
    """SHA-256 is enough: the secret has 256 random bits, so there is nothing to guess slowly."""
    return hashlib.sha256(key.encode()).digest()


def read_header(header: str | None) -> Credential | None:
    """The credential of an `Authorization: Bearer plc_…` header, or nothing."""
    scheme, _, key = (header or "").partition(" ")
    if scheme.lower() != "bearer" or KEY.fullmatch(key) is None:
        return None
    return Credential(digest=hash_key(key))


def identify(credential: Credential) -> Caller | None:
    """The agent of a live key by the database clock, or nothing. A suspended agent is still known."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.id, a.name from governance_agentkey k join governance_agent a on a.id = k.agent_id"
            " where k.digest = %s and k.revoked_at is null"
            " and (k.expires_at is null or k.expires_at > clock_timestamp())",
            [credential.digest],
        )
        row = cursor.fetchone()
    return None if row is None else Caller(agent=row[0], name=row[1], digest=credential.digest)
