"""Who calls. A call either needs a live key before it does anything, or hands the key on to the verb's one read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from governance.authenticate import Caller, Credential, identify, read_header
from governance.gather import call, count_request
from reviews.api.problems import unauthenticated


def presented(request: HttpRequest) -> Credential | None:
    """A key of the right shape, not yet looked up."""
    return read_header(request.META.get("HTTP_AUTHORIZATION"))


def authenticated(request: HttpRequest) -> Caller | None:
    """The agent of a live key, its call counted: one statement. Problem RATE_LIMITED."""
    credential = presented(request)
    return None if credential is None else call(credential)


def counted(request: HttpRequest) -> Caller | None:
    """The agent of a live key, its request counted against its rate. Problem RATE_LIMITED."""
    credential = presented(request)
    caller = None if credential is None else identify(credential)
    if caller is not None:
        count_request(caller.digest)
    return caller


def credential_of(request: HttpRequest) -> Credential:
    """What `presented` found for this call."""
    found: Any = getattr(request, "auth", None)
    if not isinstance(found, Credential):
        raise unauthenticated()
    return found


def caller_of(request: HttpRequest) -> Caller:
    """What `authenticated` or `counted` found for this call."""
    found: Any = getattr(request, "auth", None)
    if not isinstance(found, Caller):
        raise unauthenticated()
    return found
