from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render

from governance.actors import AUDITOR, GROUPS, REVIEWER
from reviews.preferences import KEYS, THEMES, Preferences, preferences_of, remember
from reviews.web.loaders import SIGNED_IN, ConsoleRequest, act, page


@page(GROUPS)
def home(request: ConsoleRequest) -> HttpResponse:
    """To the place where one's work is: the queue, or the tree of authority for those who only govern or operate."""
    return redirect("queue" if request.groups & {REVIEWER, AUDITOR} else "authority")


@page(SIGNED_IN)
def preferences(request: ConsoleRequest) -> HttpResponse:
    """The keys, and how this browser shows the console."""
    return render(request, "preferences/page.html", {"themes": THEMES, "keys": KEYS, "chosen": preferences_of(request)})


@act(SIGNED_IN)
def choose(request: ConsoleRequest) -> HttpResponse:
    """Keep what was chosen in this browser; a word that is none of ours keeps what was."""
    held = preferences_of(request)
    theme, keys = request.POST.get("theme", ""), request.POST.get("keys", "")
    chosen = Preferences(theme if theme in THEMES else held.theme, keys if keys in KEYS else held.keys)
    response = redirect("preferences")
    remember(response, chosen, secure=settings.SESSION_COOKIE_SECURE)
    return response
