"""The language and the time zone of whoever looks, for as long as their request is answered."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from reviews.preferences import preferences_of

Handler = Callable[[HttpRequest], HttpResponseBase]


class Speaking:
    """Answer in the language that the person chose, else in the one that their browser asks for.

    It ends with the request: the next one of this thread may be an agent's, and agents are answered in English.
    """

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = preferences_of(request)
        language = chosen.language or translation.get_language_from_request(request)
        with translation.override(language), timezone.override(ZoneInfo(chosen.time_zone)):
            response = self._get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response
