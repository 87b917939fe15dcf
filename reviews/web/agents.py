from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from governance import halt
from governance.actors import COUNCIL, OPERATOR
from governance.models import HaltTarget
from governance.problems import Problem
from reviews import roster
from reviews.web.loaders import WATCHERS, ConsoleRequest, page


@page(WATCHERS)
def listed(request: ConsoleRequest) -> HttpResponse:
    """Every agent and how far it may reach."""
    return render(request, "agents/list.html", {"agents": roster.listed()})


@page(WATCHERS)
def show(request: ConsoleRequest, agent: UUID) -> HttpResponse:
    """One agent: levels, what bounds it, error rates, last decisions."""
    try:
        found = roster.read(agent)
    except Problem as problem:
        raise Http404 from problem
    context = {"agent": found, "can_halt": _can_halt(request, agent), "can_restore": COUNCIL in request.groups}
    may_pull = bool(request.groups & {COUNCIL, OPERATOR}) or found.owner == request.user.get_username()
    return render(request, "agents/page.html", {**context, "can_pull": may_pull})


def _can_halt(request: ConsoleRequest, agent: UUID) -> bool:
    try:
        halt.require_may_halt(HaltTarget.AGENT, str(agent), request.user)
    except Problem:
        return False
    return True
