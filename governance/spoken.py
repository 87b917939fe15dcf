"""Our own closed words and sentences in the language of whoever reads: translated where they are printed.

Verbs and the pure policy say plain English, which the API and the ledger keep. A page looks a whole sentence up, or the
one sentence with slots that it was filled from; the slots keep their values. What is not ours is never found: of the
catalogue, names and sentences that came with the product are, what a council wrote itself stays as it was written.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.utils import translation
from django.utils.formats import get_format
from django.utils.translation import pgettext
from django.utils.translation.trans_real import translation as catalogue_of

CONTEXT = "said"
LONGEST = 600
# Slots that hold words of ours, not a name or a figure.
_OURS = frozenset(
    ("action_class", "base", "cap", "data_class", "grants", "key", "kind", "level", "limit", "name", "pending", "rise",
     "risk", "room", "signal", "state", "threshold", "time", "told", "total", "until", "value", "wide", "whose", "why",
     "window")
)  # fmt: skip
# Slots whose decimals are figures of ours, which each language writes in its own way; a name of digits stays as it is.
_FIGURES = frozenset(("confidence", "figure", "quantity", "score", "threshold", "value"))
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
# What a sub-agent is called on pages (`placet_named`) is ours in every slot.
_DRAWN = re.compile(r"sub-agent [0-9.]+ of .+", re.ASCII)
_SLOT = re.compile(r"\{([A-Za-z_]+)([0-9]*)\}")


def spoken(text: str) -> str:
    """A word or sentence of ours in the language in force; anything else as it is. Total."""
    language = translation.get_language() or "en"
    if language.startswith("en") or not text or len(text) > LONGEST:
        return text
    return _spoken(language, text)


@lru_cache(maxsize=4096)
def _spoken(language: str, text: str) -> str:
    whole = pgettext(CONTEXT, text)
    if whole != text:
        return whole
    for parts, names, said in _filled(language):
        values = _values(text, parts)
        if values is not None and all(map(_fits, names, values)):
            told = {name: _told(language, name, value) for name, value in zip(names, values, strict=True)}
            return _SLOT.sub(lambda match: told[match[0][1:-1]], said)  # noqa: B023 -- used at once
    return text


def local_figure(text: str) -> str:
    """A decimal figure of ours, such as "0.6", with the point of the language in force."""
    return text.replace(".", get_format("DECIMAL_SEPARATOR"))


def _told(language: str, name: str, value: str) -> str:
    kind = name.rstrip("0123456789")
    if kind in _FIGURES and _DECIMAL.fullmatch(value):
        return local_figure(value)
    ours = kind in _OURS or _DRAWN.fullmatch(value)
    return _spoken(language, value) if ours else value


def _fits(name: str, value: str) -> bool:
    """Whether this can stand in the slot: a figure, or a place such as 1.2, has no blank and a digit at an end."""
    return name not in ("figure", "place") or (" " not in value and (value[:1].isdigit() or value[-1:].isdigit()))


def _values(text: str, parts: tuple[str, ...]) -> list[str] | None:
    """What stands between the parts, each found as early as can be; None where they do not fit."""
    if not text.startswith(parts[0]) or not text.endswith(parts[-1]):
        return None
    found, place, end = [], len(parts[0]), len(text) - len(parts[-1])
    for part in parts[1:-1]:
        at = text.find(part, place, end)
        if at < place:
            return None
        found.append(text[place:at])
        place = at + len(part)
    return [*found, text[place:end]] if place <= end else None


@lru_cache(maxsize=8)
def _filled(language: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]:
    """The sentences with slots, those that say most in their own words first."""
    before = f"{CONTEXT}\x04"
    # what can be looked up is listed nowhere else
    catalogue = catalogue_of(language)._catalog  # type: ignore[attr-defined]
    found = []
    for key in catalogue.keys():  # noqa: SIM118 -- several dictionaries in one, which iterates over none
        if isinstance(key, str) and key.startswith(before) and _SLOT.search(key):
            english = key.removeprefix(before)
            pieces = _SLOT.split(english)
            names = tuple(f"{name}{place}" for name, place in zip(pieces[1::3], pieces[2::3], strict=True))
            found.append((tuple(pieces[::3]), names, str(catalogue[key])))
    return tuple(sorted(found, key=lambda each: -len("".join(each[0]))))
