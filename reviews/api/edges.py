"""Where no call is reached: unknown addresses, wrong methods, broken HTTP. They answer as every call does."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from reviews.api import problems
from reviews.api.parser import too_large

Handler = Callable[[HttpRequest], HttpResponseBase]


def agents(get_response: Handler) -> Handler:
    """The only middleware of the agents' surface: HEAD is GET without its body, and 405 is a problem document."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        head = request.method == "HEAD"
        if head:
            request.method = "GET"
        answer = get_response(request)
        if answer.status_code == 405 and answer.headers.get("Content-Type") != problems.MEDIA_TYPE:
            answer = problems.method_not_allowed(_with_head(answer.headers.get("Allow", "")))
        if head and isinstance(answer, HttpResponse):
            answer.content = b""
        answer.headers["X-Content-Type-Options"] = "nosniff"
        if answer.status_code < 500:
            # a refusal is an answer: Django would write a warning for each, and an agent can provoke thousands
            answer._has_been_logged = True  # type: ignore[attr-defined]
        return answer

    return middleware


def _with_head(allowed: str) -> str:
    methods = {method.strip() for method in allowed.split(",") if method.strip()}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def unknown(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404 of the agents' surface."""
    return problems.response(problems.not_found())


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400 and handler403: what Django refuses by itself."""
    if isinstance(exception, RequestDataTooBig):
        return problems.response(too_large())
    return problems.bad_request()


def failed(request: HttpRequest) -> HttpResponse:
    """handler500: Django has logged the defect."""
    return problems.failure()
