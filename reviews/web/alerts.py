from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from reviews import alerts
from reviews.acknowledge import SEATS, acknowledge
from reviews.models import AlertKind
from reviews.web.forms import shown_of
from reviews.web.loaders import OVERSEERS, READERS, SIGNED_IN, ConsoleRequest, act, page


@page(SIGNED_IN)
def show(request: ConsoleRequest) -> HttpResponse:
    """What waits to be seen: everybody's for those who oversee, else that of one's own agents."""
    oversees = bool(request.groups & OVERSEERS)
    every = oversees and request.GET.get("whose") != "mine"
    kind = request.GET.get("kind", "")
    kind = kind if kind in AlertKind.values else ""
    upto = _number(request.GET.get("upto", ""))
    inbox = alerts.read(viewer=request.user.pk, every=every, kind=kind, upto=upto)
    context = {
        "upto": upto,
        "inbox": inbox,
        "kinds": AlertKind.choices,
        "kind": kind,
        "every": every,
        "oversees": oversees,
    }
    context |= {"acts": not every or bool(request.groups & SEATS), "reads": bool(request.groups & READERS)}
    return render(request, "alerts/page.html", context)


@act(SIGNED_IN)
def seen(request: ConsoleRequest) -> HttpResponse:
    """One line was seen by this person."""
    acknowledge(shown_of(request.POST), by=request.user)
    kept = {name: request.POST.get(name, "") for name in ("kind", "whose", "upto")}
    return redirect(f"{reverse('alerts')}?{urlencode({name: word for name, word in kept.items() if word})}")


def _number(text: str) -> int | None:
    """An id of the address, or none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
