"""How the console looks and speaks to a person: closed words, in a cookie of this browser and in the session.

What they chose is a row of theirs (`Preference`); a page does not read it. The session got a copy when they signed in.
Theme and keys belong to the browser first; language and time zone to the person first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from django.conf import settings
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
    """`theme` follows the system unless chosen; `keys` off leaves every letter to the browser.

    `language` empty: what the browser asks for. `time_zone` is an IANA name.
    """

    theme: str = "system"
    keys: str = "on"
    language: str = ""
    time_zone: str = "UTC"

    def spelled(self) -> str:
        """As the cookie and the session keep them."""
        return ".".join((self.theme, self.keys, self.language, self.time_zone))


DEFAULTS = Preferences()


def preferences_of(request: HttpRequest) -> Preferences:
    """The preferences of the cookie and the session; whatever is not one of the words is the default."""
    kept = str(request.session.get(SESSION, "")) if hasattr(request, "session") else ""
    browser = request.COOKIES.get(COOKIE)
    person = _read(kept or browser or "")
    if browser is None:
        return person
    held = _read(browser)
    return Preferences(held.theme, held.keys, person.language, person.time_zone)


def _read(text: str) -> Preferences:
    parts = text.split(".")
    if len(parts) not in (2, 4):
        return DEFAULTS
    theme, keys, language, zone = [*parts, "", "UTC"][:4] if len(parts) == 2 else parts
    return Preferences(
        theme if theme in THEMES else DEFAULTS.theme,
        keys if keys in KEYS else DEFAULTS.keys,
        language if language in dict(settings.LANGUAGES) else DEFAULTS.language,
        zone if zone in _zones() else DEFAULTS.time_zone,
    )


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def remember(response: HttpResponse, chosen: Preferences, *, secure: bool) -> None:
    """Keep them for a year in this browser."""
    response.set_cookie(COOKIE, chosen.spelled(), max_age=_YEAR, secure=secure, httponly=True, samesite="Lax")


def bring(request: HttpRequest, user: User, **_: object) -> None:
    """What a person chose comes with them into a session that begins, whichever browser it is in."""
    held = Preference.objects.filter(person=user).first()
    if held is not None and request is not None:
        request.session[SESSION] = Preferences(held.theme, held.keys, held.language, held.time_zone).spelled()


def then_of(request: HttpRequest) -> str:
    """Whether a verdict in this browser is answered with the `next` case or `stay`s with its own."""
    chosen = request.COOKIES.get(THEN_COOKIE, "")
    return chosen if chosen in THEN else THEN[0]
