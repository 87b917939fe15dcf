"""Every proof has two sizes: a small one in `make test`, the full one in `make prove` (mark `full`)."""

from __future__ import annotations

import os

PROVE = os.environ.get("PLACET_PROVE") == "1"
_told: dict[str, str] = {}


def tell(*, size: str, figure: str = "") -> None:
    """Say how large this proof is and what it found, for docs/proof.md; the last word of a test counts."""
    _told.update(size=size, figure=figure)


def told() -> dict[str, str]:
    """What the test that just ran said, once."""
    found = dict(_told)
    _told.clear()
    return found
