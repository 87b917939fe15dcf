from __future__ import annotations

from reviews.models.alerts import Alert, AlertKind
from reviews.models.draws import Draw, Drawable, Finding, UnsoundReason
from reviews.models.escalations import Escalation, EscalationState, OverrideReason, RejectReason, Verdict
from reviews.models.requests import BindingRequest

__all__ = [
    "Alert",
    "AlertKind",
    "BindingRequest",
    "Draw",
    "Drawable",
    "Escalation",
    "EscalationState",
    "Finding",
    "OverrideReason",
    "RejectReason",
    "UnsoundReason",
    "Verdict",
]
