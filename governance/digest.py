from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
import rfc8785

_EXACT = 2**53 - 1
_TEXT = frozenset((str,))


def canonical(value: Any) -> bytes:
    """The RFC 8785 (JCS) bytes of a JSON value. Raises `rfc8785.CanonicalizationError`."""
    # this encoder writes the same bytes for such values, a hundred times faster
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if _plain(value) else rfc8785.dumps(value)


def _plain(value: Any) -> bool:
    """Whether a value has only ASCII names and text, exact integers, booleans and null."""
    ahead = [value]
    for each in ahead:  # which grows on the way: a call for each value took longer than to write them all
        kind = type(each)
        if kind is str:
            if not each.isascii():
                return False
        elif kind is dict:
            if not _TEXT.issuperset(map(type, each)):
                return False
            ahead += each
            ahead += each.values()
        elif kind is list:
            ahead += each
        elif not (each is None or kind is bool or (kind is int and -_EXACT <= each <= _EXACT)):
            return False
    return True


def digest(value: Any) -> bytes:
    """SHA-256 over the RFC 8785 bytes: the identity of an action or of a snapshot."""
    return hashlib.sha256(canonical(value)).digest()


def action_digest(*, agent: str, action_type: str, run: str, subject: str, parameters: Mapping[str, Any]) -> bytes:
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
