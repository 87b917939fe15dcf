from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from reviews import health
from reviews.web.loaders import WATCHERS, ConsoleRequest, page


@page(WATCHERS)
def show(request: ConsoleRequest) -> HttpResponse:
    """Every tool and connector: what is said of it, and what needs it."""
    return render(request, "health/page.html", {"health": health.read()})
