"""What no page of the console is ever asked with: a character that no text here can hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase

Handler = Callable[[HttpRequest], HttpResponseBase]


class Plain:
    """Turn away an address or a form with a NUL, which PostgreSQL refuses: 400, before any view.

    After CSRF, which has read the form by then and answers for one that cannot be read.
    """

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Raises `BadRequest`."""
        if "\x00" in request.path or _holds_nul(request.GET) or _holds_nul(request.POST):
            raise BadRequest("A NUL was sent.")


def _holds_nul(sent: QueryDict) -> bool:
    return any("\x00" in name or any("\x00" in value for value in values) for name, values in sent.lists())
