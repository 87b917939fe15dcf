"""Text made visible: what cannot be seen, or moves what can, is written out as an escape."""

from __future__ import annotations

import unicodedata

_SEEN = ("L", "N", "P", "S")
# Letters and symbols by category that are drawn as nothing at all.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str, longest: int) -> str:
    r"""At most `longest` characters of the text; everything but plain visible characters as `\u{202E}`."""
    if len(text) <= longest and text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text[: longest * 4])
    shown = "".join(map(_one, composed[:longest]))
    return shown if len(composed) <= longest else f"{shown}…"


def _one(character: str) -> str:
    if " " <= character <= "~":
        return character
    if character not in _BLANK and unicodedata.category(character)[0] in _SEEN:
        return character
    return f"\\u{{{ord(character):04X}}}"
