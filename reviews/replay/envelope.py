"""What is posted for one recorded write: an envelope of the agent API. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from governance.policy.action_types import ActionTypeSpec
from governance.policy.contracts import Contract
from governance.policy.fields import DEFAULT_ID
from governance.records.bindings import Binding
from reviews.replay.folder import Call
from reviews.replay.infer import Shape, canonical_decimal, money_document, write

MAX_NOTE = 4_000
# The one claim that folders name by its part: the record the agent speaks about. A binding says how its type calls it.
TARGET = "target_id"

# How folders name an argument that an agent gave by its place.
_NAMELESS = "_value"

_KEY = re.compile(r"[A-Za-z0-9._:-]{1,100}", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
# How record systems say no, in the first line of their answer.
_FAILED = re.compile(
    r"\s*(?:error\b|[^\n]{0,120}\b(?:not found|not valid|invalid|not provided|does not exist|cannot be)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Described:
    """An action type as replay posts it: key, spec, its binding if it has one, and its shapes if it was inferred."""

    key: str
    spec: ActionTypeSpec
    binding: Binding | None
    shapes: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Posting:
    """One request to make as one agent, and what to report if it may act.

    `trace` is the W3C traceparent of what it is asked because of, empty for none.
    """

    agent: str
    tool: str
    key: str
    body: Mapping[str, Any]
    succeeded: bool
    call: str = "actions"
    trace: str = ""


def posting(call: Call, described: Described, *, claims: Mapping[str, Any], before: Sequence[Call]) -> Posting:
    """The request for one recorded write; `before` are the earlier calls of its session."""
    body: dict[str, Any] = {
        "action_type": described.key,
        "parameters": parameters(call, described),
        "run": run_of(call.session),
    }
    if written := claims_in(described, claims):
        body["claims"] = written
    if subject := subject_of(described.binding, before):
        body["subject"] = subject
    if note := _storable(call.note)[:MAX_NOTE]:
        body["note"] = note
    key = f"{call.session}:{call.seq}"
    return Posting(
        agent=call.agent,
        tool=described.key,
        key=key if _KEY.fullmatch(key) else _hashed(key),
        body=body,
        succeeded=_FAILED.match(call.observation) is None,
    )


def parameters(call: Call, described: Described) -> dict[str, Any]:
    """The arguments as the type's parameters: by inferred shapes, or for a type of the council's by its contract."""
    if described.shapes:
        return write(call.arguments, described.shapes)
    contract = described.spec.contract
    return {name: fitted(contract, name, value) for name, value in _named(call.arguments, contract).items()}


def claims_in(described: Described, claims: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded claims that the type knows, under its names; what it does not know is left out."""
    contract = described.spec.claims
    target = described.binding.target if described.binding else None
    named = {target if name == TARGET and target else name: value for name, value in claims.items()}
    return {name: fitted(contract, name, value) for name, value in named.items() if name in contract.fields}


def fitted(contract: Contract, name: str, value: Any) -> Any:
    """A recorded value as this field of a contract is written; anything that does not fit stays as it was.

    It is then for the API to refuse it: replay repairs spelling, never content.
    """
    field = contract.fields.get(name)
    if field is None or value is None:
        return _plain(value)
    if value == "" and field.type == "email" and field.nullable:
        return None
    if field.most is not None:
        return [_element(field.type, member) for member in _members(field.type, value)]
    return _element(field.type, value)


def subject_of(binding: Binding | None, before: Sequence[Call]) -> str | None:
    """The last identifier that the tools named by `subject_from` answered before this call."""
    if binding is None or not binding.subject_from:
        return None
    name, every = binding.subject_from.removesuffix("*"), binding.subject_from.endswith("*")
    for call in reversed(before):
        if call.tool == name or (every and call.tool.startswith(name)):
            answer = call.observation.strip()
            if DEFAULT_ID.fullmatch(answer):
                return answer
    return None


def run_of(session: str) -> str:
    """A session's name as a run: itself where it can be one, else its hash."""
    return session if _RUN.fullmatch(session) else _hashed(session)


def _named(arguments: Mapping[str, Any], contract: Contract) -> Mapping[str, Any]:
    """A lone argument that was recorded without its name is the one field that there is."""
    if arguments.keys() == {_NAMELESS} and len(contract.fields) == 1:
        return dict.fromkeys(contract.fields, arguments[_NAMELESS])
    return arguments


def _members(kind: str, value: Any) -> list[Any]:
    """What a list field has for elements; several addresses in one text are as many elements."""
    if isinstance(value, list):
        return value
    return [part.strip() for part in value.split(",")] if kind == "email" and isinstance(value, str) else [value]


def _element(kind: str, value: Any) -> Any:
    if kind == "money":
        return money_document(value) or _plain(value)
    if kind == "decimal" and not isinstance(value, str | bool):
        return canonical_decimal(value)
    if kind == "integer" and isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if kind == "text" and isinstance(value, dict):
        return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)
    return _plain(value)


def _plain(value: Any) -> Any:
    """A recorded value without the numbers that the API does not take: those become decimal strings."""
    if isinstance(value, dict):
        return {_storable(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if isinstance(value, str):
        return _storable(value)
    return value if value is None or isinstance(value, bool | int) else canonical_decimal(value)


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def _hashed(text: str) -> str:
    return "r" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
