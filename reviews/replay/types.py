"""The action type of a tool that the catalogue does not bind. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from governance.policy.tiers import Risk
from reviews.replay.folder import Tool
from reviews.replay.infer import Shape

# What marks a type as ours: replay rewrites an entry with this reason, and no other.
REASON = "replay"
THRESHOLD = "500.00"
DEFAULT_CAPS = ("run:money=1000.00/24h", "run:count=5/24h")
MAX_KEY = 64

_CAP = re.compile(r"([a-z]+):(?:count=([0-9]{1,9})|money=([0-9]{1,12}\.[0-9]{2}))/([0-9]+[smhd])", re.ASCII)
_ENTITY_TYPES = frozenset({"id", "email", "iban", "integer"})


def type_key(group: str, tool: str) -> str:
    """`group.tool` as a key of the catalogue; where the spelling loses something, with a part of its hash."""
    name = f"{group}.{tool}"
    plain = re.sub(r"[^a-z0-9_.]", "_", name.lower(), flags=re.ASCII)
    if plain == name and len(plain) <= MAX_KEY:
        return plain
    tail = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{plain[: MAX_KEY - 7]}_{tail}"


def type_document(
    key: str, tool: Tool, shapes: Mapping[str, Shape], *, demo: bool, caps: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The catalogue entry of an inferred type, its risk as tools.json proposes it.

    On a demo instance a type that moves money is medium up to the threshold and has these caps. Everything requires
    completeness, which nothing can show without a binding: the entry alone never lets anybody act.
    """
    amount = next((name for name, shape in shapes.items() if shape.document["type"] == "money"), None)
    entities = [name for name, shape in shapes.items() if shape.argument in tool.entities and _is_entity(shape)]
    risk = Risk.MEDIUM if demo and amount else tool.risk
    document: dict[str, Any] = {
        "key": key,
        "class": "act",
        "risk": risk.name.lower(),
        "risk_reason": REASON,
        "irreversible": not tool.reversible,
        "parameters": {name: shape.document for name, shape in shapes.items()},
        "facts": "on_case",
    }
    if amount:
        document["amount"] = {"parameter": amount}
    if entities:
        document["entities"] = entities
    if demo and amount:
        document["thresholds"] = {"amount": THRESHOLD}
        document["caps"] = [dict(cap) for cap in caps if entities or cap["key"] != "entity"]
    return document


def cap_document(text: str) -> dict[str, Any]:
    """One `KEY:count=N/WINDOW` or `KEY:money=AMOUNT/WINDOW` as a cap of an action type. Raises `ValueError`."""
    match = _CAP.fullmatch(text)
    if match is None:
        raise ValueError("A cap is written run:count=5/24h or entity:money=1000.00/24h.")
    key, count, money, window = match.groups()
    return {"key": key, **({"count": int(count)} if count else {"money": money}), "window": window}


def _is_entity(shape: Shape) -> bool:
    document = shape.document["of"] if shape.document["type"] == "list" else shape.document
    return document["type"] in _ENTITY_TYPES
