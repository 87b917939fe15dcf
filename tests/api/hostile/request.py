"""One hostile request, and the bodies that are changed into one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

# A type with a field of every kind, so that each kind can be broken alone.
EVERY_FIELD: dict[str, Any] = {
    "key": "bench.everything",
    "class": "act",
    "risk": "low",
    "risk_reason": "It does nothing at all.",
    "family": "everything",
    "tool": "everything_api",
    "parameters": {
        "money": {"type": "money", "max": {"amount": "1000.00", "currency": "USD"}},
        "decimal": {"type": "decimal", "min": "0", "max": "100"},
        "integer": {"type": "integer", "min": 0, "max": 100},
        "flag": {"type": "boolean"},
        "choice": {"type": "enum", "values": ["red", "green"]},
        "day": {"type": "date"},
        "moment": {"type": "date-time"},
        "order": {"type": "id", "pattern": "#W[0-9]{7}"},
        "mail": {"type": "email"},
        "iban": {"type": "iban"},
        "country": {"type": "country"},
        "postcode": {"type": "postcode"},
        "host": {"type": "host"},
        "memo": {"type": "text", "max": 50},
        "items": {"type": "list", "of": "id", "max": 3},
        "sums": {"type": "list", "of": "money", "max": 2},
    },
    "claims": {"status": {"type": "enum", "values": ["pending", "delivered"], "required": False}},
    "evidence": ["contract", "velocity"],
}

GOOD_VALUES: dict[str, Any] = {
    "money": {"amount": "480.00", "currency": "USD"},
    "decimal": "12.50",
    "integer": 7,
    "flag": True,
    "choice": "red",
    "day": "2026-11-22",
    "moment": "2026-11-22T10:00:00Z",
    "order": "#W1234567",
    "mail": "ada@shop.example",
    "iban": "DE89370400440532013000",
    "country": "DE",
    "postcode": "10115",
    "host": "shop.example",
    "memo": "as agreed",
    "items": ["a1", "a2"],
    "sums": [{"amount": "1.00", "currency": "USD"}],
}


@dataclass(frozen=True)
class Hostile:
    """One request. `pointer` is the place its problem document must name, if there is one."""

    name: str
    status: int
    body: Any = None
    raw: bytes | None = None
    path: str = "actions/"
    method: str = "POST"
    pointer: str | None = None
    headers: dict[str, str | bytes | None] = field(default_factory=dict)

    def content(self) -> bytes:
        """The bytes to send."""
        return json.dumps(self.body).encode() if self.raw is None else self.raw


def everything(**changes: Any) -> dict[str, Any]:
    """A body for the type with every field, its parameters changed as named."""
    return {"action_type": "bench.everything", "parameters": GOOD_VALUES | changes, "run": "run-1"}


NOBODY = "00000000-0000-4000-8000-000000000000"
