"""The committed catalogue files, each parsed once in a process: reading one takes up to a second."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from governance import documents


def content(path: Path) -> dict[str, Any]:
    """What a file says, as a copy of one's own."""
    return copy.deepcopy(_parsed(path))


@cache
def _parsed(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = documents.load(path.read_text(encoding="utf-8"))
    return found
