"""What a session remembers of its person's last proof, in the database's time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import authentication_step_completed
from allauth.core.internal.httpkit import get_client_ip
from django.contrib.auth import user_logged_in, user_logged_out
from django.contrib.auth.models import User
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from governance import sessions
from governance.locks import database_now
from governance.proof import Proof, acting
from reviews import take

_KEY = "placet_proof"
_BROWSERS = ("Firefox", "Edg", "OPR", "Chrome", "Safari")
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")
_TOLD = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}

Handler = Callable[[HttpRequest], HttpResponseBase]


def remember(request: HttpRequest, person: User, *, second: bool) -> None:
    """This person has just proved who they are."""
    request.session[_KEY] = [person.pk, database_now().isoformat(), second]


def proof_of(request: HttpRequest) -> Proof | None:
    """The last proof of the person who is signed in; None where there is none."""
    stored = request.session.get(_KEY)
    if not isinstance(stored, list) or len(stored) != 3 or stored[0] != request.user.pk:
        return None
    return Proof(stored[0], datetime.fromisoformat(stored[1]), bool(stored[2]))


@receiver(user_logged_in)
def signed_in(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Whoever signs in has proved it; with a second factor if they have one, for allauth asked for it."""
    steps = get_authentication_records(request, user)
    remember(request, user, second=any(step.get("method") == "mfa" for step in steps))


@receiver(authentication_step_completed)
def step_completed(sender: Any, request: HttpRequest, user: User, method: str, **given: Any) -> None:
    """Whoever confirms that it is them has proved it anew. A step of a sign-in that is not complete is no proof."""
    if given.get("reauthenticated") and request.user.is_authenticated and request.user.pk == user.pk:
        remember(request, user, second=method == "mfa")


@receiver(user_logged_out)
def signed_out(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    """Whoever signs out of their last browser gives their cases back."""
    if user is not None and not sessions.signed_in_elsewhere(user, here=request.session.session_key):
        take.release_all(reviewer=user)


class Acting:
    """Say who acts while a request is answered, and that their session is in use."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.session.place = get_client_ip(request) or ""  # type: ignore[attr-defined]
        request.session.client = client_of(request.META.get("HTTP_USER_AGENT", ""))  # type: ignore[attr-defined]
        if not request.user.is_authenticated:
            return self._get_response(request)
        # an open page that asks by itself whether something changed keeps nobody signed in
        if not (request.method == "GET" and "HX-Request" in request.headers):
            request.session.touch()  # type: ignore[attr-defined]
        request.proof = proof_of(request)  # type: ignore[attr-defined]
        with acting(request.user.pk, request.proof):  # type: ignore[attr-defined]
            return self._get_response(request)


def client_of(header: str) -> str:
    """A browser and its system in words of ours, for what it sends is text of anybody's."""
    found = [next((_TOLD.get(name, name) for name in names if name in header), "") for names in (_BROWSERS, _SYSTEMS)]
    return " on ".join(word for word in found if word) or "unknown"
