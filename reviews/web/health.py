from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from reviews import health
from reviews.notify import told
from reviews.web.loaders import OVERSEERS, WATCHERS, ConsoleRequest, page


@page(WATCHERS)
def show(request: ConsoleRequest) -> HttpResponse:
    """Every tool and connector: what is said of it, and what needs it."""
    # only those who may look at dead letters are led to them
    undelivered = bool(request.groups & OVERSEERS) and told.any_dead()
    context = {"health": health.read(), "undelivered": undelivered, "silent_since": told.waiting_since()}
    return render(request, "health/page.html", context)
