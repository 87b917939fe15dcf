"""Which texts read as an identifier rather than as words, so that a page may print them whoever wrote them.

An identifier has digits and hardly any letters: at most two runs of them, one of them longer than a letter, six
letters in all. Beside that there are UUIDs, account numbers, listed words, and patterns that spell out their letters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from governance.policy.patterns import MAX_VALUE, PatternError, compile_pattern, spells_its_letters

MOST_LETTERS = 6
MOST_RUNS = 2

_FORM = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9#-][A-Za-z0-9#_.:+-]{0,127}", re.ASCII)
# A capital begins a run: "payNow" has two.
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,63}", re.ASCII | re.IGNORECASE)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_ACCOUNT = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z]{0,4}[0-9]{6,26}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Listed:
    """What the council's documents allow by name: words of closed lists, and closed patterns."""

    words: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        return value in self.words or any(pattern.fullmatch(value) for pattern in self.patterns)

    @classmethod
    def joined(cls, parts: Iterable[Listed]) -> Listed:
        """All that any of them allows."""
        found = list(parts)
        patterns = dict.fromkeys(pattern for part in found for pattern in part.patterns)
        return cls(frozenset[str]().union(*(part.words for part in found)), tuple(patterns))


def identifies(text: str) -> bool:
    """Whether a text reads as an identifier rather than as words."""
    return _is_fixed(text) or (_FORM.fullmatch(text) is not None and not _HOST.fullmatch(text) and _few([text]))


def identify(texts: Sequence[str]) -> bool:
    """Whether texts that stand beside each other read as identifiers: split over several, words are words still."""
    free = [text for text in texts if not _is_fixed(text)]
    return all(map(identifies, free)) and _few(free)


@lru_cache(maxsize=512)
def closed_pattern(text: str) -> re.Pattern[str] | None:
    """A pattern of the council if all that matches it has the letters that it spells out; None for any other."""
    try:
        pattern = compile_pattern(text, MAX_VALUE)
    except PatternError:
        return None
    return pattern if spells_its_letters(text) else None


def _is_fixed(text: str) -> bool:
    return _UUID.fullmatch(text) is not None or _ACCOUNT.fullmatch(text) is not None


def _few(texts: Sequence[str]) -> bool:
    """Whether the letters of all of them are too few for a sentence; what two of them share counts once."""
    runs: Counter[str] = Counter()
    for text in texts:
        runs |= Counter(run.lower() for run in _RUN.findall(text))
    long = sum(times for run, times in runs.items() if len(run) > 1)
    letters = sum(len(run) * times for run, times in runs.items())
    return runs.total() <= MOST_RUNS and long <= 1 and letters <= MOST_LETTERS
