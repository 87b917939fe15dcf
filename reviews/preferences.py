"""What a person sets for their own browser: a cookie with two closed words, no data."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

COOKIE = "placet_view"
THEMES = ("system", "light", "dark")
KEYS = ("on", "off")
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Preferences:
    """`theme` follows the system unless chosen; `keys` off leaves every letter to the browser."""

    theme: str = "system"
    keys: str = "on"


def preferences_of(request: HttpRequest) -> Preferences:
    """The preferences in the cookie; whatever is not one of the words is the default."""
    theme, _, keys = request.COOKIES.get(COOKIE, "").partition(".")
    return Preferences(theme if theme in THEMES else "system", keys if keys in KEYS else "on")


def remember(response: HttpResponse, chosen: Preferences, *, secure: bool) -> None:
    """Keep them for a year in this browser."""
    response.set_cookie(
        COOKIE, f"{chosen.theme}.{chosen.keys}", max_age=_YEAR, secure=secure, httponly=True, samesite="Lax"
    )
