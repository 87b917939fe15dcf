from __future__ import annotations

from reviews.models.alerts import Alert, AlertKind
from reviews.models.draws import Draw, Drawable, Finding, UnsoundReason
from reviews.models.escalations import Escalation, EscalationState, OverrideReason, RejectReason, Verdict
from reviews.models.notices import (
    Channel,
    Delivery,
    DeliveryState,
    Digest,
    Notice,
    NoticeKind,
    Occasion,
    Preference,
    Why,
)
from reviews.models.requests import BindingRequest

__all__ = [
    "Alert",
    "AlertKind",
    "BindingRequest",
    "Channel",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Draw",
    "Drawable",
    "Escalation",
    "EscalationState",
    "Finding",
    "Notice",
    "NoticeKind",
    "Occasion",
    "OverrideReason",
    "Preference",
    "RejectReason",
    "UnsoundReason",
    "Verdict",
    "Why",
]
