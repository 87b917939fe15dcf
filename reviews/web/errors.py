"""What people are told when something is refused: a whole page, or a fragment where htmx asked for one."""

from __future__ import annotations

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from governance.problems import Code, Problem

RETRY_SECONDS = 5

_FORBIDDEN = Problem(Code.FORBIDDEN, "This is not yours to see or to do.")
_NOT_FOUND = Problem(Code.NOT_FOUND, "There is nothing here.")
_CSRF = Problem(Code.FORBIDDEN, "This form is too old or came from elsewhere: open the page again. Nothing happened.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _refused(request, "403.html", _FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _refused(request, "404.html", _NOT_FOUND)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token, or from another origin."""
    return _refused(request, "403_csrf.html", _CSRF)


def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Any other refusal, in its own words and with its own status."""
    return _refused(request, "409.html", problem)


def broken(request: HttpRequest) -> HttpResponse:
    """handler500: Django has logged why. Neither page asks the database, which may be what does not answer.

    A fragment stays 500: then htmx leaves the page as it is, and says that it may be old.
    """
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError) and "HX-Request" not in request.headers
    response = HttpResponse(render_to_string("503.html" if away else "500.html"), status=503 if away else 500)
    response.headers["Cache-Control"] = "no-store"
    if away:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _refused(request: HttpRequest, template: str, problem: Problem) -> HttpResponse:
    fragment = bool(getattr(request, "htmx", False))
    context: dict[str, Any] = {"problem": problem, "alone": True}
    response = render(request, "parts/_problem.html" if fragment else template, context, status=problem.status)
    response.headers["Cache-Control"] = "no-store"
    return response
