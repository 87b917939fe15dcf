from __future__ import annotations

from governance.models.actions import (
    Action,
    ActionState,
    Budget,
    Decision,
    Execution,
    Refusal,
    Reservation,
    SealedText,
)
from governance.models.agents import Agent, AgentKey, AgentState, RequestRate
from governance.models.bundles import Bundle, BundleState, BundleVersion, Shadow
from governance.models.catalogue import ActionType, Binding, Permission
from governance.models.evidence import Breach, Fact, Familiar, Seen, Snapshot, SnapshotStatus
from governance.models.grants import Grant
from governance.models.health import ToolReading, ToolSignal, Watch
from governance.models.ledger import DayKey, LedgerEntry
from governance.models.people import Account, Halt, HaltTarget, Mandate, Qualification
from governance.models.rates import Rate
from governance.models.scopes import Instance, Scope, ScopeKind, Steward
from governance.models.sign_in import Identity, Invitation, Session, Throttle
from governance.models.standing import Standing
from governance.models.tickets import Ticket

__all__ = [
    "Account",
    "Action",
    "ActionState",
    "ActionType",
    "Agent",
    "AgentKey",
    "AgentState",
    "Binding",
    "Breach",
    "Budget",
    "Bundle",
    "BundleState",
    "BundleVersion",
    "DayKey",
    "Decision",
    "Execution",
    "Fact",
    "Familiar",
    "Grant",
    "Halt",
    "HaltTarget",
    "Identity",
    "Instance",
    "Invitation",
    "LedgerEntry",
    "Mandate",
    "Permission",
    "Qualification",
    "Rate",
    "Refusal",
    "RequestRate",
    "Reservation",
    "Scope",
    "ScopeKind",
    "SealedText",
    "Seen",
    "Session",
    "Shadow",
    "Snapshot",
    "SnapshotStatus",
    "Standing",
    "Steward",
    "Throttle",
    "Ticket",
    "ToolReading",
    "ToolSignal",
    "Watch",
]
