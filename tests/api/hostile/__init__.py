"""Requests that must all be refused: what is wrong, the status, and the place that must be named."""

from __future__ import annotations

from tests.api.hostile.contracts import contracts
from tests.api.hostile.envelopes import envelopes, others
from tests.api.hostile.http import addresses, bodies, headers
from tests.api.hostile.request import EVERY_FIELD, GOOD_VALUES, Hostile, everything

__all__ = ["EVERY_FIELD", "GOOD_VALUES", "Hostile", "everything", "table"]


def table() -> list[Hostile]:
    """All of them."""
    return [each for group in (envelopes, others, contracts, bodies, headers, addresses) for each in group()]
