"""Which executed actions are drawn for spot review: a keyed, recomputable selection with a recorded probability."""

from __future__ import annotations

import hmac
from decimal import Decimal
from hashlib import sha256

from governance.policy.tiers import Risk

LADDER: tuple[Decimal, ...] = tuple(map(Decimal, ("1", "0.5", "0.2", "0.1", "0.05", "0.02", "0.01")))
BASE: dict[Risk, Decimal] = {Risk.LOW: Decimal("0.05"), Risk.MEDIUM: Decimal("0.1"), Risk.HIGH: Decimal("0.2")}

_ALL = Decimal(1)


def probability(risk: Risk, floor: Decimal | None, type_override: Decimal | None) -> Decimal:
    """The probability of a draw, always a rung of LADDER and never under 0.01.

    `type_override` replaces the base of the risk, `floor` can only raise; both are rounded up to a rung.
    Anything unknown or out of (0, 1] draws everything.
    """
    base = BASE.get(risk) if type_override is None else type_override
    wanted = [base] if floor is None else [base, floor]
    if type(risk) is not Risk or not all(map(_is_probability, wanted)):
        return _ALL
    return _rung(max(value for value in wanted if value is not None))


def selected(day_key: bytes, cell: str, action_id: str, probability: Decimal) -> bool:
    """Whether this action is drawn: the first 64 bits of HMAC-SHA256(day_key, cell | action_id) under probability.

    Exact integer arithmetic, and the same bits for every probability, so that a higher one only adds draws.
    """
    if not _is_probability(probability):
        return True
    bits = int.from_bytes(hmac.digest(day_key, f"{cell}|{action_id}".encode(), sha256)[:8], "big")
    numerator, denominator = probability.as_integer_ratio()
    return bits * denominator < numerator << 64


def cell_name(agent_id: object, fingerprint: str, action_type: str, risk: Risk) -> str:
    """The name of the cell in which evidence is counted; ValueError if a part could be mistaken for two."""
    parts = (str(agent_id), fingerprint, action_type, Risk(risk).name.lower())
    if not all(part and part.isascii() and part.isprintable() and "|" not in part for part in parts):
        raise ValueError("A part of a cell name is empty or has a character that is not allowed in it.")
    return "|".join(parts)


def _is_probability(value: object) -> bool:
    return type(value) is Decimal and value.is_finite() and 0 < value <= 1


def _rung(value: Decimal) -> Decimal:
    """The lowest rung that is not under `value`."""
    return min(rung for rung in LADDER if rung >= value)
