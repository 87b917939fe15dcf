from __future__ import annotations

from reviews.models.absences import Absence
from reviews.models.alerts import Alert, AlertKind
from reviews.models.deadlines import Extension, ExtensionReason
from reviews.models.draws import Draw, Drawable, Finding, UnsoundReason
from reviews.models.escalations import (
    Escalation,
    EscalationState,
    FactsReason,
    OverrideReason,
    Verdict,
)
from reviews.models.handovers import HandKind, Handover, HandReason, Repeat
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
from reviews.models.practice import PracticeAnswer, Practised
from reviews.models.reject_reasons import RejectReason
from reviews.models.requests import BindingRequest, Lack, LackAnswer, LackKind
from reviews.models.showings import Showing

__all__ = [
    "Absence",
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
    "Extension",
    "ExtensionReason",
    "FactsReason",
    "Finding",
    "HandKind",
    "HandReason",
    "Handover",
    "Lack",
    "LackAnswer",
    "LackKind",
    "Notice",
    "NoticeKind",
    "Occasion",
    "OverrideReason",
    "PracticeAnswer",
    "Practised",
    "Preference",
    "RejectReason",
    "Repeat",
    "Showing",
    "UnsoundReason",
    "Verdict",
    "Why",
]
