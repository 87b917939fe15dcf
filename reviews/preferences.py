"""How the console looks to a person: two closed words, in a cookie of this browser, else in the session.

What they chose is a row of theirs (`Preference`); a page does not read it. The session got a copy when they signed in.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from reviews.models import Preference

COOKIE = SESSION = "placet_view"
THEMES = ("system", "light", "dark")
KEYS = ("on", "off")
# What a verdict is answered with: the case that was decided, or the next one. Of this browser alone.
THEN_COOKIE = "placet_then"
THEN = ("stay", "next")
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Preferences:
    """`theme` follows the system unless chosen; `keys` off leaves every letter to the browser."""

    theme: str = "system"
    keys: str = "on"


def preferences_of(request: HttpRequest) -> Preferences:
    """The preferences in the cookie, else in the session; whatever is not one of the words is the default."""
    kept = request.COOKIES.get(COOKIE)
    if kept is None and hasattr(request, "session"):
        kept = str(request.session.get(SESSION, ""))
    theme, _, keys = (kept or "").partition(".")
    return Preferences(theme if theme in THEMES else "system", keys if keys in KEYS else "on")


def remember(response: HttpResponse, chosen: Preferences, *, secure: bool) -> None:
    """Keep them for a year in this browser."""
    response.set_cookie(
        COOKIE, f"{chosen.theme}.{chosen.keys}", max_age=_YEAR, secure=secure, httponly=True, samesite="Lax"
    )


def bring(request: HttpRequest, user: User, **_: object) -> None:
    """What a person chose comes with them into a session that begins, whichever browser it is in."""
    held = Preference.objects.filter(person=user).first()
    if held is not None and request is not None:
        request.session[SESSION] = f"{held.theme}.{held.keys}"


def then_of(request: HttpRequest) -> str:
    """Whether a verdict in this browser is answered with the `next` case or `stay`s with its own."""
    chosen = request.COOKIES.get(THEN_COOKIE, "")
    return chosen if chosen in THEN else THEN[0]
