"""What a call takes from its headers besides the key."""

from __future__ import annotations

import re

from django.http import HttpRequest

from governance.problems import Code, Problem

# Bare, or as the quoted string that the structured-field form of the header asks for.
_KEY = re.compile(r'(?P<quote>"?)(?P<key>[A-Za-z0-9._:-]{1,128})(?P=quote)', re.ASCII)
# Version 00 ends here; what a later one adds may follow.
_TRACEPARENT = re.compile(
    r"(?!ff|00-.{53})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?", re.ASCII
)


def idempotency_key(request: HttpRequest) -> str:
    """The Idempotency-Key of a creating call. Raises `Problem` when there is none, or none of the right form."""
    header = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if header is None:
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING, "The header Idempotency-Key is required here.")
    match = _KEY.fullmatch(header.strip())
    if match is None:
        raise Problem(
            Code.IDEMPOTENCY_KEY_INVALID,
            "The header Idempotency-Key has 1 to 128 ASCII letters, digits, dots, underscores, colons and dashes.",
        )
    return match["key"]


def trace_context(request: HttpRequest) -> tuple[str, str]:
    """The trace id (32 hex digits) and parent span (16) of a W3C traceparent; empty for none and for a malformed one.

    Agents state it: it is shown, and nothing is decided by it.
    """
    match = _TRACEPARENT.fullmatch(request.META.get("HTTP_TRACEPARENT", "").strip())
    return (match[1], match[2]) if match else ("", "")
