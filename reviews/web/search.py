from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from reviews import search
from reviews.web.loaders import WATCHERS, ConsoleRequest, page


@page(WATCHERS)
def show(request: ConsoleRequest) -> HttpResponse:
    """To the page of what an id names; a list where it names several things, or none that this person may see."""
    asked = request.GET.get("q", "")
    found = search.find(asked, viewer=request.user.pk, groups=request.groups)
    if found.only is not None:
        return redirect(found.only.page, found.only.key)
    return render(request, "search/page.html", {"found": found, "sought": asked.strip()[: search.LONGEST]})
