from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from governance.problems import Problem
from reviews import absences
from reviews.leave import come_back, leave
from reviews.web.forms import leave_of
from reviews.web.loaders import JUDGES, ConsoleRequest, act, page


@page(JUDGES)
def show(request: ConsoleRequest) -> HttpResponse:
    """One's own absences, and the form for another."""
    return _shown(request)


@act(JUDGES)
def leave_now(request: ConsoleRequest) -> HttpResponse:
    """Be away for a time."""
    try:
        leave(reviewer=request.user, **leave_of(request.POST))
    except Problem as problem:
        return _shown(request, problem)
    messages.success(request, _("You are away for that time; cases that you held are free again."))
    return redirect("absences")


@act(JUDGES)
def end(request: ConsoleRequest, absence: int) -> HttpResponse:
    """Be back, or stay after all."""
    come_back(absence, reviewer=request.user)
    messages.success(request, _("This absence is over."))
    return redirect("absences")


def _shown(request: ConsoleRequest, problem: Problem | None = None) -> HttpResponse:
    context = {"absences": absences.read(request.user), "problem": problem, "sent": request.POST}
    return render(request, "absences/page.html", context, status=200 if problem is None else problem.status)
