"""Problem documents (RFC 9457): the one way in which the agents' surface says no. Nothing sent is repeated."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja.errors import AuthenticationError, HttpError, ValidationError

from governance.authenticate import Credential, identify
from governance.problems import Code, Problem
from reviews.api.catalogue import BAD_REQUEST, CATALOGUE, INTERNAL, Entry
from reviews.api.parser import MAX_PROBLEMS, plain, too_large

MEDIA_TYPE = "application/problem+json"
OUTAGE_SECONDS = 2

_log = structlog.get_logger(__name__)

# Found before anybody was authenticated on the calls that authenticate inside their one read.
_EARLY = frozenset(
    {
        Code.MALFORMED_JSON,
        Code.INVALID_ENVELOPE,
        Code.UNSUPPORTED_MEDIA_TYPE,
        Code.BODY_TOO_LARGE,
        Code.IDEMPOTENCY_KEY_MISSING,
        Code.IDEMPOTENCY_KEY_INVALID,
    }
)

# What fails is not here, and Health shows it: whoever asks again would write an error of ours each time.
_ELSEWHERE = frozenset({Code.SOURCE_UNAVAILABLE, Code.TOOL_RED})

_SENTENCES: Mapping[str, str] = {
    "missing": "This field is required.",
    "extra_forbidden": "This field is not known here.",
    "string_type": "A string is expected.",
    "dict_type": "An object is expected.",
    "model_type": "An object is expected.",
    "model_attributes_type": "An object is expected.",
    "bool_type": "true or false is expected.",
    "int_type": "A whole number is expected.",
    "string_too_long": "The string is too long.",
    "string_too_short": "The string is empty.",
    "string_pattern_mismatch": "The string does not have the form that this field asks for.",
    "literal_error": "The value is not one of the listed values.",
    "enum": "The value is not one of the listed values.",
    "greater_than_equal": "The number is too small.",
    "less_than_equal": "The number is too large.",
    "too_long": "There are too many members.",
    "too_short": "At least one member is needed.",
    "list_type": "A list is expected.",
}


def unauthenticated() -> Problem:
    """The one answer to every key that is missing, misshapen, unknown, expired or revoked."""
    return Problem(Code.UNAUTHENTICATED, "A live agent key is needed.")


def not_found() -> Problem:
    """The one answer to what does not exist and to what belongs to somebody else."""
    return Problem(Code.NOT_FOUND, "There is nothing here for this key.")


def outage() -> Problem:
    """Without the database nothing is known and nothing can be promised."""
    return Problem(Code.UNAVAILABLE, "The database does not answer.", retry_after=OUTAGE_SECONDS)


def response(problem: Problem) -> HttpResponse:
    """The HTTP answer of a problem."""
    answer = _document(CATALOGUE[problem.code.value], problem.detail, problem.fields, problem.extra)
    if problem.code is Code.UNAUTHENTICATED:
        answer["WWW-Authenticate"] = 'Bearer realm="placet"'
    if problem.retry_after is not None:
        answer["Retry-After"] = str(max(1, problem.retry_after))
    if problem.code in _ELSEWHERE:
        answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def failure() -> HttpResponse:
    """A defect of ours: says so, and nothing else."""
    return _document(INTERNAL, "The request could not be answered.")


def bad_request() -> HttpResponse:
    """What the framework refused before any view."""
    return _document(BAD_REQUEST, "The request is not well-formed.")


def method_not_allowed(allowed: str) -> HttpResponse:
    """405 with the methods that are."""
    answer = response(Problem(Code.METHOD_NOT_ALLOWED, "This address does not know this method."))
    answer["Allow"] = allowed
    return answer


def handle(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """The handler of everything that a call raises."""
    problem = problem_of(error)
    try:
        if problem is not None and problem.code in _EARLY and not _known(request):
            problem = unauthenticated()
    except (OperationalError, InterfaceError):
        problem = outage()
    if problem is not None:
        return response(problem)
    answer = failure()
    _log.error("request failed", instance=json.loads(answer.content)["instance"], exc_info=error)
    return answer


def problem_of(error: Any) -> Problem | None:
    """What an exception says to a caller; nothing when it is a defect."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HttpError) and isinstance(error.__cause__, Problem):
        # ninja wraps what its parser raises
        return error.__cause__
    if isinstance(error, AuthenticationError):
        return unauthenticated()
    if isinstance(error, ValidationError):
        return invalid(error.errors)
    if isinstance(error, Http404):
        return not_found()
    if isinstance(error, RequestDataTooBig):
        return too_large()
    if isinstance(error, UnreadablePostError):
        return Problem(Code.MALFORMED_JSON, "The body broke off.")
    if isinstance(error, OperationalError | InterfaceError):
        return outage()
    return None


def invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of an envelope that is not closed and typed as it should be, each field by its pointer."""
    # the first two places are ninja's: where it looked, and the name of its parameter
    if any(len(error["loc"]) == 2 and error["type"] == "missing" for error in errors):
        return Problem(Code.MALFORMED_JSON, "The body is empty: a JSON object with a Content-Length is needed.")
    fields = tuple(
        ("".join(f"/{_step(step)}" for step in error["loc"][2:]), _SENTENCES.get(error["type"], "The value is wrong."))
        for error in errors[:MAX_PROBLEMS]
    )
    return Problem(Code.INVALID_ENVELOPE, "The body does not have the fields of this call.", fields=fields)


def _step(step: Any) -> str:
    return plain(step) if isinstance(step, str) else str(step)


def _known(request: HttpRequest) -> bool:
    """Whether the caller is authenticated, looked up now if the call left that to its one read."""
    auth = getattr(request, "auth", None)
    return identify(auth) is not None if isinstance(auth, Credential) else auth is not None


def refusal(decision: Mapping[str, Any], headers: Mapping[str, str]) -> HttpResponse:
    """A decision that refuses, as a problem document with the decision's own members."""
    entry = CATALOGUE[Code.REFUSED.value]
    reasons = decision["reasons"]
    return _answer(
        {
            **decision,
            **_members(entry, reasons[0]["sentence"] if reasons else entry.title),
            # the same answer each time it is asked for
            "instance": f"/api/v1/actions/{decision['id']}/" if decision["id"] else f"urn:uuid:{uuid.uuid4()}",
        },
        headers,
    )


def _document(
    entry: Entry, detail: str, fields: Sequence[tuple[str, str]] = (), extra: Mapping[str, str] | None = None
) -> HttpResponse:
    body: dict[str, Any] = {**(extra or {}), **_members(entry, detail), "instance": f"urn:uuid:{uuid.uuid4()}"}
    if fields:
        body["errors"] = [{"pointer": pointer, "detail": sentence} for pointer, sentence in fields]
    return _answer(body, {})


def _members(entry: Entry, detail: str) -> dict[str, Any]:
    return {
        "type": entry.type, "title": entry.title, "status": entry.status, "code": entry.code, "detail": detail,
    }  # fmt: skip


def _answer(body: Mapping[str, Any], headers: Mapping[str, str]) -> HttpResponse:
    return HttpResponse(
        json.dumps(body),
        status=body["status"],
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **headers},
    )
