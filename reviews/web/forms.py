"""What a browser may send: closed words, numbers and digests; anything else is `Problem` INVALID, never a 500."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils import timezone

from governance.policy.tiers import Risk
from governance.problems import Code, Problem
from reviews.acknowledge import Shown
from reviews.material import Stated
from reviews.models import FactsReason, HandReason, OverrideReason, UnsoundReason
from reviews.models.notices import ORDER
from reviews.picks import Cursor, Filters
from reviews.prefer import Wish
from reviews.routing import RANKS

_TYPE = re.compile(r"[a-z0-9_.]{1,64}", re.ASCII)
_SCOPE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)
_CODE = re.compile(r"[a-z][a-z0-9_]{2,31}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9a-f]{32})", re.ASCII)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::00)?", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::00)?", re.ASCII)
_WISHES = ("language", "time_zone", "digest", "mail", "slack_member", "theme", "keys")
# The seconds of each stage, and the words of its choice; the first is the default.
RECOVERIES = {
    "900": "15 minutes",
    "300": "5 minutes",
    "3600": "1 hour",
    "14400": "4 hours",
    "86400": "24 hours",
    "0": "none: back at once",
}
_RISKS = {risk.name.lower(): risk.value for risk in Risk}


def filters_of(sent: QueryDict) -> tuple[Filters, Cursor | None]:
    """Filters and place in the queue from the address. Problem INVALID, naming the filter, for anything else."""
    filters = Filters(
        action_type=_matching("type", sent.get("type", ""), _TYPE),
        domain=_matching("domain", sent.get("domain", ""), _SCOPE),
        risk=_one_of("risk", sent.get("risk", ""), _RISKS),
        rank=_one_of("rank", sent.get("rank", ""), {str(rank): rank for rank in RANKS}),
        mine=_one_of("mine", sent.get("mine", ""), {"yes": True}),
        overdue=_one_of("overdue", sent.get("overdue", ""), {"yes": True}),
    )
    match = _CURSOR.fullmatch(_matching("after", sent.get("after", ""), _CURSOR))
    return filters, Cursor(int(match[1]), UUID(match[2])) if match else None


def number_of(sent: str) -> int | None:
    """The id of a row in the address, or none."""
    return int(sent) if _NUMBER.fullmatch(sent) else None


def no_such(name: str) -> Problem:
    """What an address is told that asks for a filter, or a value of it, that there is not."""
    said = f"The address asks for a filter that there is not: {name}. Open the queue and choose there."
    return Problem(Code.INVALID, said, fields=((f"/{name}", "One of the listed values."),))


def _matching(name: str, sent: str, pattern: re.Pattern[str]) -> str:
    if sent and not pattern.fullmatch(sent):
        raise no_such(name)
    return sent


def _one_of(name: str, sent: str, values: Mapping[str, int]) -> Any:
    if sent and sent not in values:
        raise no_such(name)
    return values.get(sent, 0)


def case_of(sent: QueryDict, part: str = "after") -> UUID | None:
    """The case that an address names in this part, if it is one."""
    name = sent.get(part, "")
    return UUID(name) if _UUID.fullmatch(name) else None


def address(filters: Filters, after: Cursor | None, **more: str) -> str:
    """The query part of an address that leads back to these filters and this place."""
    parts = {
        "type": filters.action_type,
        "domain": filters.domain,
        "risk": filters.risk_text,
        "rank": filters.rank_text,
        "mine": "yes" if filters.mine else "",
        "overdue": "yes" if filters.overdue else "",
        "after": str(after or ""),
        **more,
    }
    return urlencode({name: value for name, value in parts.items() if value})


def digests_of(sent: Mapping[str, str]) -> Stated:
    """The digests of what the page showed. Problem INVALID when they are missing or no digests."""
    action, snapshot, consent = (sent.get(name, "") for name in ("action_digest", "snapshot_digest", "consent"))
    if not all(map(_DIGEST.fullmatch, (action, snapshot, consent))):
        raise Problem(Code.INVALID, "The form does not say which facts it was shown with. Open the case again.")
    return Stated(action_digest=action, snapshot_digest=snapshot, consent=consent)


def reject_reason_of(sent: Mapping[str, str]) -> str:
    """The code of the reason of a reject. Problem INVALID without one; whether it is offered the verb asks."""
    reason = sent.get("reason", "")
    if not _CODE.fullmatch(reason):
        raise Problem(Code.INVALID, "Choose a reason to reject.", fields=(("/reason", "One of the listed reasons."),))
    return reason


def override_of(sent: Mapping[str, str]) -> str:
    """Why a rule is overridden; empty where nothing or anything else was sent, which overrides nothing."""
    reason = sent.get("override", "")
    return reason if reason in OverrideReason.values else ""


def against_of(sent: Mapping[str, str]) -> str:
    """Why somebody approves against the record. Problem INVALID without one of the listed reasons."""
    reason = sent.get("against", "")
    if reason not in FactsReason.values:
        fields = (("/against", "One of the listed reasons."),)
        raise Problem(Code.INVALID, "Say why you approve against the record.", fields=fields)
    return reason


def occasion_of(sent: Mapping[str, str]) -> str:
    """Why sealed text is opened; what is no listed reason the verb refuses."""
    return sent.get("occasion", "")[:32]


def hand_reason_of(sent: Mapping[str, str]) -> HandReason:
    """Why a case is handed on or skipped. Problem INVALID without a reason."""
    reason = sent.get("why", "")
    if reason not in HandReason.values:
        raise Problem(Code.INVALID, "Choose a reason.", fields=(("/why", "One of the listed reasons."),))
    return HandReason(reason)


def recovery_of(sent: Mapping[str, str]) -> int:
    """The seconds of each stage of a recovery, one of those offered. Problem INVALID without one."""
    chosen = sent.get("recovery", "")
    if chosen not in RECOVERIES:
        raise Problem(Code.INVALID, "Choose how it recovers.", fields=(("/recovery", "One of the listed times."),))
    return int(chosen)


def shown_of(sent: Mapping[str, str]) -> Shown:
    """The line of alerts that was acknowledged. Problem INVALID when the form does not say which."""
    numbers = [sent.get(name, "") for name in ("first", "last", "count")]
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise Problem(Code.INVALID, "The form does not say what was seen. Open the alerts again.")
    first, last, count = map(int, numbers)
    return Shown(first, last, count, own=sent.get("whose") != "all")


def unsound_reason_of(sent: Mapping[str, str]) -> UnsoundReason:
    """The preset reason of an unsound finding. Problem INVALID without one."""
    reason = sent.get("reason", "")
    if reason not in UnsoundReason.values:
        fields = (("/reason", "One of the listed reasons."),)
        raise Problem(Code.INVALID, "Choose what is unsound about it.", fields=fields)
    return UnsoundReason(reason)


def wish_of(sent: QueryDict, before: Wish) -> Wish:
    """What a person chose: `before`, with whatever the form says. Problem INVALID for a time that is none.

    A channel is on when its place is 1, 2 or 3; two in one place keep the usual order.
    """
    told: dict[str, Any] = {name: sent.get(name, "").strip() for name in _WISHES if name in sent}
    wish = replace(before, **told)
    if any(f"place_{channel}" in sent for channel in ORDER):
        places = [(sent.get(f"place_{channel}", ""), channel) for channel in ORDER]
        on = sorted((place, ORDER.index(channel)) for place, channel in places if place in ("1", "2", "3"))
        wish = replace(wish, channels=tuple(ORDER[at] for _, at in on))
    if "quiet_from" in sent or "quiet_until" in sent:
        wish = replace(wish, quiet=(_time_of(sent.get("quiet_from", "")), _time_of(sent.get("quiet_until", ""))))
    return wish


def leave_of(sent: Mapping[str, str]) -> dict[str, Any]:
    """From when to when somebody is away, in the time zone of whoever looks, and who covers. Problem INVALID."""
    begins, ends = (_moment_of(sent.get(name, ""), name) for name in ("begins", "ends"))
    return {"begins": begins, "ends": ends, "cover": sent.get("cover", "")[:150]}


def _moment_of(text: str, name: str) -> dt.datetime:
    told = "A day and time look like 2026-12-24T18:00."
    if not _MOMENT.fullmatch(text):
        raise Problem(Code.INVALID, told, fields=((f"/{name}", told),))
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=timezone.get_current_timezone()).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise Problem(Code.INVALID, told, fields=((f"/{name}", told),)) from error


def deliveries_of(sent: QueryDict) -> list[UUID]:
    """The dead letters that a form names. Problem INVALID for what is no id."""
    named = sent.getlist("letter")
    if not all(_UUID.fullmatch(each) for each in named):
        raise Problem(Code.INVALID, "The form does not say which messages. Open the page again.")
    return [UUID(each) for each in named]


def _time_of(text: str) -> dt.time | None:
    if not text:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise Problem(Code.INVALID, "A time looks like 22:30.", fields=(("/quiet", "A time looks like 22:30."),))
    return dt.time(int(match[1]), int(match[2]))
