from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render

from reviews.models import Channel, Digest, Preference
from reviews.models.notices import ORDER
from reviews.notify import people
from reviews.prefer import Wish, prefer, time_zones
from reviews.preferences import SESSION, Preferences, preferences_of, remember
from reviews.web.forms import wish_of
from reviews.web.loaders import SIGNED_IN, ConsoleRequest, act, page


@page(SIGNED_IN)
def show(request: ConsoleRequest) -> HttpResponse:
    """How one is told, the keys, and how the console looks."""
    held = _held(request)
    view = preferences_of(request)
    order = [each for each in held.channels if each in ORDER]
    listed = [*order, *(each for each in ORDER if each not in order)]
    channels = [(each, Channel(each).label, each in order, people.usable(each, held)) for each in listed]
    context = {"held": held, "view": view, "channels": channels, "digests": Digest.choices}
    context |= {"languages": settings.LANGUAGES, "zones": time_zones()}
    return render(request, "preferences/page.html", context)


@act(SIGNED_IN)
def choose(request: ConsoleRequest) -> HttpResponse:
    """Keep what was chosen; what the form does not say stays as it was."""
    chosen = prefer(wish_of(request.POST, _before(request)), by=request.user)
    response = redirect("preferences")
    view = Preferences(chosen.theme, chosen.keys, chosen.language, chosen.time_zone)
    request.session[SESSION] = view.spelled()
    remember(response, view, secure=settings.SESSION_COOKIE_SECURE)
    return response


def _held(request: ConsoleRequest) -> Preference:
    return Preference.objects.filter(person=request.user).first() or people.defaults(request.user.pk)


def _before(request: ConsoleRequest) -> Wish:
    held, view = _held(request), preferences_of(request)
    return Wish(
        language=held.language,
        time_zone=held.time_zone,
        channels=tuple(held.channels),
        quiet=(held.quiet_from, held.quiet_until),
        digest=held.digest,
        mail=held.mail,
        slack_member=held.slack_member,
        theme=view.theme,
        keys=view.keys,
    )
