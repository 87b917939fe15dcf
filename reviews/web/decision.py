from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from governance.problems import Problem
from reviews import decided
from reviews.web.loaders import AT_DESK, READERS, SEATED, ConsoleRequest, page


@page(READERS)
def show(request: ConsoleRequest, action: UUID) -> HttpResponse:
    """One decision: its ladder, what would have to change, and whether it is the same when decided again."""
    try:
        found = decided.read(action)
    except Problem as problem:
        raise Http404 from problem
    seats = {"may_open": bool(request.groups & SEATED), "may_audit": bool(request.groups & AT_DESK)}
    return render(request, "decision/page.html", {"decision": found, **seats})
