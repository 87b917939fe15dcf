"""The OpenAPI 3.1 document: ninja's, made complete with every refusal, header and an example of each body."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from pydantic.json_schema import models_json_schema

from governance.problems import Code
from reviews.api import examples
from reviews.api.catalogue import CATALOGUE, INTERNAL, Entry
from reviews.api.documents import KeySet, Problem, Refused
from reviews.api.problems import MEDIA_TYPE

PREFIX = "/api/v1/"
_REF = "#/components/schemas/{model}"

_ALL = (Code.UNAUTHENTICATED, Code.UNAVAILABLE)
_BODY = (Code.MALFORMED_JSON, Code.BODY_TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE, Code.INVALID_ENVELOPE)
_ONCE = (Code.IDEMPOTENCY_KEY_MISSING, Code.IDEMPOTENCY_KEY_INVALID, Code.IDEMPOTENCY_BODY_CHANGED)
_DECIDE = (
    *_ALL,
    *_BODY,
    *_ONCE,
    Code.IDEMPOTENCY_IN_FLIGHT,
    Code.UNKNOWN_ACTION_TYPE,
    Code.CONTRACT_BROKEN,
    Code.DELEGATION_INVALID,
    Code.REFUSED,
    Code.CAP_EXHAUSTED,
    Code.RATE_LIMITED,
    Code.TOO_MANY_CASES,
)
_OWN = (*_ALL, Code.NOT_FOUND, Code.RATE_LIMITED)
_GIVE = (
    *_ALL,
    *_BODY,
    Code.IDEMPOTENCY_KEY_MISSING,
    Code.IDEMPOTENCY_KEY_INVALID,
    Code.IDEMPOTENCY_BODY_CHANGED,
    Code.FORBIDDEN,
    Code.HALTED,
    Code.ABOVE_PARENT,
    Code.RATE_LIMITED,
)
_GRANT = (
    Code.GRANT_NOT_YET_OPEN,
    Code.GRANT_USED,
    Code.GRANT_EXPIRED,
    Code.GRANT_VOID,
    Code.DIGEST_MISMATCH,
    Code.RECORD_CHANGED,
    Code.REFUSED,
    Code.HALTED,
    Code.WRONG_STATE,
    Code.TOOL_RED,
    Code.SOURCE_UNAVAILABLE,
)
CODES: Mapping[str, tuple[Code, ...]] = {
    "ask": _DECIDE,
    "escalate": _DECIDE,
    "action": _OWN,
    "escalation": _OWN,
    "report_action": (*_OWN, *_BODY, Code.WRONG_STATE),
    "checkpoint": (*_OWN, *_BODY, Code.WRONG_STATE),
    "withdraw_action": (*_OWN, *_BODY, Code.WRONG_STATE),
    "redeem_grant": (*_OWN, *_BODY, *_GRANT),
    "register_agent": (*_GIVE, Code.IDEMPOTENCY_IN_FLIGHT, Code.INVALID),
    "delegate": (*_GIVE, Code.NOT_FOUND, Code.DELEGATION_INVALID),
    "end_delegation": (*_OWN, *_BODY),
    "rotate_key": (
        *_ALL,
        *_BODY,
        Code.IDEMPOTENCY_KEY_MISSING,
        Code.IDEMPOTENCY_KEY_INVALID,
        Code.FORBIDDEN,
        Code.HALTED,
        Code.WRONG_STATE,
        Code.RATE_LIMITED,
    ),
    "revoke_key": (*_ALL, *_BODY, Code.RATE_LIMITED),
    "signal": (*_ALL, *_BODY, *_ONCE, Code.INVALID, Code.FORBIDDEN, Code.HALTED, Code.RATE_LIMITED),
    "errors": (),
    "error": (Code.NOT_FOUND,),
}
"""Which codes each call can answer with, by its operation id."""

_PUBLIC = ("errors", "error")
_CREATING = ("ask", "escalate")
_KEYED = (*_CREATING, "register_agent", "rotate_key", "delegate", "signal")
_RETRIED = (
    Code.CAP_EXHAUSTED,
    Code.RATE_LIMITED,
    Code.TOO_MANY_CASES,
    Code.IDEMPOTENCY_IN_FLIGHT,
    Code.GRANT_NOT_YET_OPEN,
    Code.UNAVAILABLE,
    Code.TOOL_RED,
    Code.SOURCE_UNAVAILABLE,
)

_HEADERS: dict[str, dict[str, Any]] = {
    "Retry-After": {"description": "Seconds until asking again makes sense.", "schema": {"type": "integer"}},
    "Location": {"description": "The case that was opened.", "schema": {"type": "string"}},
    "traceparent": {
        "description": "W3C trace context of this action, to hand on; not in a dry run.",
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}},
}
_PARAMETERS: list[dict[str, Any]] = [
    {
        "in": "header",
        "name": "Idempotency-Key",
        "required": True,
        "description": "One per intended act; asked again with the same body, it gets the same answer. May be quoted.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
        "example": "chat-17:refund:1",
    },
    {
        "in": "header",
        "name": "traceparent",
        "required": False,
        "description": "W3C trace context. One that is malformed is ignored.",
        "schema": {"type": "string"},
    },
]


def serve(api: NinjaAPI) -> Callable[[HttpRequest], HttpResponse]:
    """The view of the document, which is put together once per process."""

    @lru_cache(maxsize=1)
    def text() -> str:
        return json.dumps(document(api))

    def openapi(request: HttpRequest) -> HttpResponse:
        return HttpResponse(text(), content_type="application/json", headers={"Cache-Control": "public, max-age=300"})

    return openapi


def document(api: NinjaAPI) -> dict[str, Any]:
    """The complete document as JSON values."""
    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX)))
    for methods in made["paths"].values():
        for call in methods.values():
            _complete(call)
    _, more = models_json_schema([(model, "serialization") for model in (Problem, Refused, KeySet)], ref_template=_REF)
    made["components"]["schemas"] |= more["$defs"]
    made["components"]["headers"] = _HEADERS
    made["components"]["securitySchemes"] = {"agent": {"type": "http", "scheme": "bearer"}}
    made["paths"]["/.well-known/jwks.json"] = {"get": _jwks()}
    made["servers"] = [{"url": "/"}]
    return made


def _complete(call: dict[str, Any]) -> None:
    name = call["operationId"]
    call["summary"] = call.pop("description")
    call["security"] = [] if name in _PUBLIC else [{"agent": []}]
    if name in _KEYED:
        call["parameters"] += _PARAMETERS if name in _CREATING else _PARAMETERS[:1]
    if "requestBody" in call:
        call["requestBody"]["content"]["application/json"]["example"] = examples.REQUESTS[name]
    answers: dict[str, Any] = call["responses"]
    for status, answer in answers.items():
        if (example := examples.ANSWERS.get(name, {}).get(status)) is not None:
            answer["content"]["application/json"]["example"] = example
        answer["headers"] = _header_refs(_told_in_headers(name, status))
    by_status: dict[str, list[Entry]] = {}
    for entry in (*(CATALOGUE[code.value] for code in CODES[name]), INTERNAL):
        by_status.setdefault(str(entry.status), []).append(entry)
    answers |= {status: _refusal(name, entries) for status, entries in sorted(by_status.items())}


def _told_in_headers(call: str, status: str) -> tuple[str, ...]:
    if call in _CREATING:
        return ("traceparent", "Location", "Retry-After") if status == "202" else ("traceparent",)
    return ("Retry-After",) if call == "escalation" else ()


def _refusal(call: str, entries: list[Entry]) -> dict[str, Any]:
    """The answer of one status: which codes it stands for, and an example of each."""
    codes = {entry.code for entry in entries}
    schema: dict[str, Any] = {"$ref": _REF.format(model="Problem")}
    decided = call in _CREATING and Code.REFUSED.value in codes
    if decided:
        schema = {"anyOf": [{"$ref": _REF.format(model="Refused")}, schema]}
    waits = codes & set(_RETRIED) or (call == "rotate_key" and Code.WRONG_STATE.value in codes)
    wanted = ["Retry-After"] if waits else []
    wanted += ["WWW-Authenticate"] if Code.UNAUTHENTICATED in codes else []
    wanted += ["traceparent"] if decided else []
    return {
        "description": " ".join(entry.title for entry in entries),
        "content": {MEDIA_TYPE: {"schema": schema, "examples": {entry.code: _example(entry) for entry in entries}}},
        "headers": _header_refs(wanted),
    }


def _example(entry: Entry) -> dict[str, Any]:
    return {
        "value": {
            "type": entry.type,
            "title": entry.title,
            "status": entry.status,
            "code": entry.code,
            "detail": entry.title,
            "instance": "urn:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7",
        }
    }


def _header_refs(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _jwks() -> dict[str, Any]:
    schema = {"$ref": _REF.format(model="KeySet")}
    return {
        "operationId": "jwks",
        "summary": "The public keys of grant tokens.",
        "security": [],
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}},
    }
