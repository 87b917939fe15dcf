"""Small folders of recorded runs, written by us."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any


def call(seq: int = 0, **changes: Any) -> dict[str, Any]:
    """One line of actions.jsonl: a refund by Refunder."""
    return {
        "agent": "shop2/refunder",
        "session_id": "s1",
        "seq": seq,
        "domain": "shop2",
        "tool": "refund",
        "arguments": {"order_id": "A-1", "amount": 4.0},
        "is_write": True,
        "agent_text": "I refund this now.",
        "observation": "refunded",
        **changes,
    }


TOOLS: dict[str, Any] = {
    "shop2": {
        "refund": {
            "risk_tier": "high",
            "money": "payment = amount argument",
            "reversible": False,
            "velocity_entities": ["order_id"],
            "claims": {},
        }
    }
}


def folder(
    at: Path,
    calls: list[dict[str, Any]],
    *,
    tools: Any = TOOLS,
    claims: list[dict[str, Any]] | None = None,
    records: dict[str, Any] | None = None,
) -> Path:
    """Write a folder in the documented format."""
    at.mkdir(parents=True, exist_ok=True)
    (at / "tools.json").write_text(json.dumps(tools), encoding="utf-8")
    lines(at / "actions.jsonl.gz", calls)
    if claims is not None:
        lines(at / "claims.jsonl.gz", claims)
    for name, collections in (records or {}).items():
        (at / "records").mkdir(exist_ok=True)
        (at / "records" / f"{name}.json").write_text(json.dumps(collections), encoding="utf-8")
    return at


def lines(file: Path, rows: list[dict[str, Any]]) -> None:
    """JSON lines, compressed."""
    file.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
