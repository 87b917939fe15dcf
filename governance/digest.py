from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """The RFC 8785 (JCS) bytes of a JSON value. Raises `rfc8785.CanonicalizationError`."""
    return rfc8785.dumps(value)


def digest(value: Any) -> bytes:
    """SHA-256 over the RFC 8785 bytes: the identity of an action or of a snapshot."""
    return hashlib.sha256(canonical(value)).digest()


def action_digest(
    *, agent: str, action_type: str, run: str, subject: str, parameters: Mapping[str, Any]
) -> bytes:
    """What a grant is bound to: who does what, exactly. `parameters` include sealed text in full."""
    return digest(
        {
            "agent": agent,
            "action_type": action_type,
            "run": run,
            "subject": subject,
            "parameters": dict(parameters),
        }
    )
