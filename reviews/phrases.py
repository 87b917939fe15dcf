"""Our own words about a case: its sentence, how long is left, who somebody is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.policy.money import REFERENCE_CURRENCY, format_money
from governance.records.reading import NOT_RECORDED, NOT_SHOWN, NOT_VERIFIED
from reviews.shown import Lens, Piece, Pieces, apart, label, pieces, words

_SLOT = re.compile(r"\{([a-z][a-z0-9_.]{0,80})\}", re.ASCII)
# As format_money writes it; without digits of its own a value cannot look like this.
_MONEY = re.compile(r"-?(?:[$€£¥]|[A-Z]{3} )[0-9,]{1,24}(?:\.[0-9]{1,4})?")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Left:
    """Time left in words; `urgency` is calm, soon (under a quarter of it) or over."""

    words: str
    urgency: str


def sentence_of(type_key: str, amount: int | None, stored: Mapping[str, Any] | None, lens: Lens) -> Pieces:
    """What a case is about: the council's sentence filled from the record, else its type and the amount asked for.

    `stored` is the snapshot's `{template, slots}`; a slot that may not be printed leaves the whole sentence out.
    """
    template, slots = (stored or {}).get("template", ""), (stored or {}).get("slots", {})
    return _filled(template.removesuffix("."), slots, lens) or _generic(type_key, amount)


def _filled(template: str, slots: Mapping[str, Any], lens: Lens) -> Pieces:
    found: list[Piece] = []
    for place, part in enumerate(_SLOT.split(template)):
        slot = _slot(slots.get(part), lens) if place % 2 else words(part)
        if not slot:
            return ()
        found += [piece for piece in slot if piece.text]
    return tuple(found)


def _slot(value: object, lens: Lens) -> Pieces:
    """One slot, judged again by its form: the reading judged it before, and pages do not rely on that."""
    if not isinstance(value, str):
        return ()
    found: list[Piece] = []
    parts = value.removesuffix(" and more").split(", ")
    if not apart(parts, lens):
        return ()
    for part in parts:
        piece = _slot_piece(part, lens)
        if piece is None:
            return ()
        found += [piece, Piece(", ")]
    found[-1] = Piece(" and more" if value.endswith(" and more") else "")
    return tuple(found)


def _slot_piece(part: str, lens: Lens) -> Piece | None:
    if part in lens.hidden:
        return Piece(NOT_SHOWN)
    if part in (NOT_VERIFIED, NOT_RECORDED):
        return Piece(part)
    if part in lens.closed.words:  # a word of the council, such as the name of a field
        return Piece(part.replace("_", " "), True)
    piece = Piece(part, True) if _MONEY.fullmatch(part) else pieces(part, lens)[0]
    return piece if piece.literal or part in ("yes", "no") else None


def _generic(type_key: str, amount: int | None) -> Pieces:
    title = Piece(label(type_key))
    if amount is None:
        return (title,)
    return (title, Piece(", "), Piece(format_money(amount, REFERENCE_CURRENCY), True))


def left(opened: dt.datetime, deadline: dt.datetime, now: dt.datetime) -> Left:
    """How long until a case is rejected by itself. All three are database times."""
    seconds = int((deadline - now).total_seconds())
    if seconds <= 0:
        return Left("time is up", "over")
    whole = (deadline - opened).total_seconds()
    return Left(f"{_duration(seconds)} left", "soon" if seconds * 4 < whole else "calm")


def lasting(until: dt.datetime | None, now: dt.datetime) -> str:
    """How long until then, in words; empty when it is over."""
    seconds = 0 if until is None else int((until - now).total_seconds())
    return _duration(seconds) if seconds > 0 else ""


def _duration(seconds: int) -> str:
    """Rounded to its own unit, so that four hours do not read as three a second later."""
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < 2 * _HOUR:
        return f"{_rounded(seconds, _MINUTE)} min"
    return f"{_rounded(seconds, _HOUR)} h" if seconds < 2 * _DAY else f"{_rounded(seconds, _DAY)} days"


def _rounded(seconds: int, unit: int) -> int:
    return (seconds + unit // 2) // unit
