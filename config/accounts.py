from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Closed(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: the council enrols people."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
