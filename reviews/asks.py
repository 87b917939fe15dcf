"""What an agent asks, as every verb of asking takes it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request whose envelope is closed and typed; its values are not yet checked by the contract.

    `agent_reason` is set when the agent escalates by itself. `body_hash` is over the canonical body.
    """

    action_type: str
    parameters: dict[str, Any]
    claims: dict[str, Any]
    run: str
    subject: str | None
    body_hash: bytes
    idempotency_key: str
    confidence: Decimal | None = None
    uncertain: bool = False
    elevate: bool = False
    note: str | None = None
    agent_reason: str | None = None
    trace_id: str = ""
    dry_run: bool = False
