from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from governance.actors import REVIEWER
from governance.problems import Problem
from reviews import inspection
from reviews.models import UnsoundReason
from reviews.reviewers import has_practised
from reviews.spot_review import judge_draw, look_again
from reviews.web.forms import unsound_reason_of
from reviews.web.loaders import JUDGES, READERS, ConsoleRequest, act, page


@page(READERS)
def waiting(request: ConsoleRequest) -> HttpResponse:
    """The draws that wait, oldest first."""
    return render(request, "spot_review/list.html", {"waiting": inspection.waiting()})


@page(JUDGES)
def following(request: ConsoleRequest) -> HttpResponse:
    """The oldest draw that waits, or the list when there is none; practice before the first."""
    if not has_practised(request.user):
        return redirect("practice")
    found = inspection.next_waiting(viewer=request.user.pk)
    return redirect("spot-review", found) if found else redirect("spot-reviews")


@page(READERS)
def show(request: ConsoleRequest, draw: UUID) -> HttpResponse:
    return _shown(request, draw)


@act(JUDGES)
def look(request: ConsoleRequest, draw: UUID) -> HttpResponse:
    """Read the record as it is now."""
    return _settled(request, draw, lambda: look_again(draw))


@act(JUDGES)
def sound(request: ConsoleRequest, draw: UUID) -> HttpResponse:
    return _settled(request, draw, lambda: judge_draw(draw, reviewer=request.user, sound=True))


@act(JUDGES)
def unsound(request: ConsoleRequest, draw: UUID) -> HttpResponse:
    def verb() -> None:
        judge_draw(draw, reviewer=request.user, sound=False, reason=unsound_reason_of(request.POST))

    return _settled(request, draw, verb)


def _settled(request: ConsoleRequest, draw: UUID, verb: Callable[[], object]) -> HttpResponse:
    """Run one verb; the answer is the draw as it stands after it, with the problem on top if there was one."""
    try:
        verb()
    except Problem as problem:
        return _shown(request, draw, problem)
    return _shown(request, draw) if request.htmx else redirect("spot-review", draw)


def _shown(request: ConsoleRequest, draw: UUID, problem: Problem | None = None) -> HttpResponse:
    try:
        found = inspection.read(draw)
    except Problem as missing:
        raise Http404 from missing
    judge = REVIEWER in request.groups
    newcomer = judge and not has_practised(request.user)
    context: dict[str, Any] = {
        "drawn": found,
        "problem": problem,
        "reasons": UnsoundReason.choices,
        "chosen": request.POST.get("reason", ""),
        "judge": judge and not newcomer,
        "newcomer": newcomer,
    }
    template = "spot_review/_draw.html" if request.htmx else "spot_review/page.html"
    return render(request, template, context, status=200 if problem is None else problem.status)
