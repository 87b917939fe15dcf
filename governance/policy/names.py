"""Names that people read on reviewer pages, and keys that machines use: closed ASCII, so that none imitates another."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 80

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?: [A-Za-z0-9._-]+)*", re.ASCII)
_BELOW = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)
_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)


def display_name(text: object) -> str:
    """The name as it is stored: NFKC, single spaces, 1 to 80 letters, digits, space, `-`, `_`, `.`.

    Raises `ValueError` with a sentence that does not repeat the name.
    """
    if not isinstance(text, str):
        raise ValueError("A name is text.")
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if len(name) > MAX_NAME or _NAME.fullmatch(name) is None:
        raise ValueError(
            "A name has 1 to 80 letters, digits, spaces, hyphens, underscores and points, a letter or digit first."
        )
    return name


def name_below(parent: str, name: object) -> str:
    """The name of an agent that `parent` registers: it stands under the parent's, so that it passes for nobody else.

    `name` has 1 to 32 lower-case letters, digits, hyphens and underscores. Raises `ValueError`.
    """
    if not isinstance(name, str) or _BELOW.fullmatch(name) is None:
        raise ValueError("A sub-agent's name has 1 to 32 lower-case letters, digits, hyphens and underscores.")
    whole = f"{parent}.{name}"
    if len(whole) > MAX_NAME:
        raise ValueError(f"With the name of its parent it is longer than {MAX_NAME} letters.")
    return whole


def same_name(one: str, other: str) -> bool:
    """Whether two names are one to a reader: equal after NFKC and casefold."""
    return _folded(one) == _folded(other)


def scope_key(text: object) -> str:
    """A key of a scope: lower-case letters, digits, `_`, `-`, `.`, at most 64. Raises `ValueError`."""
    if not isinstance(text, str) or _KEY.fullmatch(text) is None:
        raise ValueError("A key has 1 to 64 lower-case letters, digits, underscores, hyphens and points.")
    return text


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()
