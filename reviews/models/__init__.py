from __future__ import annotations

from reviews.models.draws import Draw, Drawable, Finding, UnsoundReason
from reviews.models.escalations import Escalation, EscalationState, RejectReason, Verdict
from reviews.models.requests import BindingRequest

__all__ = [
    "BindingRequest",
    "Draw",
    "Drawable",
    "Escalation",
    "EscalationState",
    "Finding",
    "RejectReason",
    "UnsoundReason",
    "Verdict",
]
