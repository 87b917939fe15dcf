"""What an agent asks, as every verb of asking takes it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request whose envelope is closed and typed; its values are not yet checked by the contract.

    `agent_reason` is set when the agent escalates by itself. `body_hash` is over the canonical body. `delegation`
    is the ticket under which it is asked. `trace_id` and `parent_span` are empty where a trace begins.
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
    delegation: UUID | None = None
    trace_id: str = ""
    parent_span: str = ""
    dry_run: bool = False

    def trace_of(self, action: UUID) -> str:
        """The trace that its action belongs to; one that begins here is named like its first action."""
        return self.trace_id or action.hex
