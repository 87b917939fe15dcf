from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from governance.problems import Code, Problem
from reviews import sealed
from reviews.web.forms import occasion_of
from reviews.web.loaders import SEATED, ConsoleRequest, act, page


@page(SEATED)
def show(request: ConsoleRequest, action: UUID) -> HttpResponse:
    """Ask why: nothing is opened by looking at this page."""
    return render(request, "sealed/page.html", {"action": action, "occasions": sealed.Occasion.choices})


@act(SEATED)
def open_now(request: ConsoleRequest, action: UUID) -> HttpResponse:
    """What was written, once: opened again it is another entry."""
    context = {"action": action, "occasions": sealed.Occasion.choices}
    try:
        opened = sealed.open_sealed(action, by=request.user, occasion=occasion_of(request.POST))
    except Problem as problem:
        if problem.code is Code.NOT_FOUND:
            raise Http404 from problem
        return render(request, "sealed/page.html", {**context, "problem": problem}, status=problem.status)
    return render(request, "sealed/page.html", {**context, "opened": opened})
