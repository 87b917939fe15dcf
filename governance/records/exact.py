"""JSON with exact numbers, and text that PostgreSQL can store."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn


def loads(text: str) -> Any:
    """JSON with decimals instead of floats. ValueError for NaN, infinities and anything that is not JSON."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refused)


def dumps(value: Any) -> str:
    """JSON with every decimal written out as the number it is, keys in order, text made storable."""
    if isinstance(value, dict):
        return f"{{{','.join(f'{dumps(str(key))}:{dumps(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{','.join(map(dumps, value))}]"
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 100 else str(value)
    return json.dumps(storable(value) if isinstance(value, str) else value, ensure_ascii=False)


def storable(text: str) -> str:
    """Text without what PostgreSQL refuses: NUL and lone surrogates become a replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")


def _refused(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")
