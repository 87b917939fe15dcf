"""The coats a journey is made in: with scripts or without, wide or narrow, light or dark.

Small, each journey is made in two opposite ones, and the journeys together in all eight; full, each in all eight.
"""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass
from typing import Any

from tests.support.proof import PROVE

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@dataclass(frozen=True)
class Coat:
    """One way a page is come by."""

    scripts: bool
    narrow: bool
    dark: bool

    @property
    def opposite(self) -> Coat:
        return Coat(not self.scripts, not self.narrow, not self.dark)

    @property
    def options(self) -> dict[str, Any]:
        """What a browser is told."""
        return {
            "java_script_enabled": self.scripts,
            "viewport": NARROW if self.narrow else WIDE,
            "color_scheme": "dark" if self.dark else "light",
            "reduced_motion": "reduce",
        }

    def __str__(self) -> str:
        words = ("scripts" if self.scripts else "plain", "390" if self.narrow else "1280")
        return "-".join((*words, "dark" if self.dark else "light"))


# With scripts first: whoever has the first of a pair has its opposite as well.
EVERY = [Coat(*chosen) for chosen in itertools.product((True, False), repeat=3)]


def coats_of(journey: str) -> list[Coat]:
    """The coats of one journey, by its name."""
    if PROVE:
        return EVERY
    one = EVERY[zlib.crc32(journey.encode()) % 4]
    return [one, one.opposite]
