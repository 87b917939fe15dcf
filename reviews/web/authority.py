from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from reviews import tree
from reviews.web.loaders import OVERSEERS, ConsoleRequest, page


@page(OVERSEERS)
def show(request: ConsoleRequest) -> HttpResponse:
    """The tree of scopes and ceilings, the tiers, and the catalogue."""
    return render(request, "authority/page.html", {"tree": tree.read()})
