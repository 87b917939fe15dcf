from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render

from governance.actors import REVIEWER
from reviews import halts, lead
from reviews.web.loaders import OVERSEERS, WATCHERS, ConsoleRequest, page


@page(WATCHERS)
def show(request: ConsoleRequest) -> HttpResponse:
    """How the work of all reviewers stands: for those who oversee, and reviewers of rank 2 and above."""
    if request.groups.isdisjoint(OVERSEERS) and not lead.leads(request.user.pk):
        raise PermissionDenied
    found = lead.read(request.user.pk if REVIEWER in request.groups else None)
    return render(request, "lead/page.html", {"lead": found, "halted": halts.in_force() if found.halts else ()})
