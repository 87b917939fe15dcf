from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from governance import halt as authority
from governance.models import Halt, HaltTarget
from governance.problems import Code, Problem
from reviews import halts
from reviews.shown import label
from reviews.web.forms import RECOVERIES, recovery_of
from reviews.web.loaders import READERS, SEATED, WATCHERS, ConsoleRequest, act, page

_ASKED = (Code.INVALID, Code.NOT_FOUND, Code.FORBIDDEN)


@page(WATCHERS)
def board(request: ConsoleRequest) -> HttpResponse:
    """What is halted, what recovers, and the way to halt something."""
    return render(request, "halts/list.html", {"board": halts.board(), **_targets(request)})


@page(WATCHERS)
def confirm(request: ConsoleRequest) -> HttpResponse:
    """The step before a halt, on a page of its own: what would be stopped, and why."""
    return _confirm(request, request.GET)


@act(WATCHERS)
def declare(request: ConsoleRequest) -> HttpResponse:
    """Halt it; the page of the halt says what was running."""
    sent = request.POST
    try:
        key = authority.find_target(sent.get("target", ""), sent.get("name", ""))
        row = authority.halt(sent.get("target", ""), key, reason=sent.get("reason", ""), by=request.user)
    except Problem as problem:
        if problem.code not in _ASKED:
            raise
        return _confirm(request, sent, problem)
    return redirect("halt", row.pk)


@page(WATCHERS)
def show(request: ConsoleRequest, halt: int) -> HttpResponse:
    """One halt: who, why, when, and how far it has reached what was running."""
    found = _read(halt)
    return render(request, "halts/page.html", {"told": found, "reads": not request.groups.isdisjoint(READERS)})


@page(SEATED)
def releasing(request: ConsoleRequest, halt: int) -> HttpResponse:
    """The step before a lift, or before the end of a recovery."""
    return _releasing(request, halt)


@act(SEATED)
def lift(request: ConsoleRequest, halt: int) -> HttpResponse:
    """Lift it, recovering as chosen."""
    try:
        authority.lift(_row(halt), by=request.user, recovery=recovery_of(request.POST))
    except Problem as problem:
        return _releasing(request, halt, problem)
    return redirect("halt", halt)


@act(SEATED)
def end_recovery(request: ConsoleRequest, halt: int) -> HttpResponse:
    """Give back at once what it still holds back."""
    try:
        authority.end_recovery(_row(halt), by=request.user)
    except Problem as problem:
        return _releasing(request, halt, problem)
    return redirect("halt", halt)


def _confirm(request: ConsoleRequest, sent: Mapping[str, str], problem: Problem | None = None) -> HttpResponse:
    """The page with what was asked for; where there is no such thing, the form to choose another."""
    context: dict[str, Any] = {"reason": sent.get("reason", "")[: authority.MAX_REASON], **_targets(request)}
    context |= {"target": sent.get("target", ""), "name": sent.get("name", "")[:80]}
    try:
        key = authority.find_target(context["target"], context["name"])
        authority.require_may_halt(HaltTarget(context["target"]), key, request.user)
        context |= {"key": key, "words": halts.named(context["target"], key)}
    except Problem as unknown:
        problem = problem or unknown
    context["problem"] = problem
    return render(request, "halts/confirm.html", context, status=problem.status if problem else 200)


def _releasing(request: ConsoleRequest, halt: int, problem: Problem | None = None) -> HttpResponse:
    context = {"told": _read(halt), "recoveries": RECOVERIES.items(), "problem": problem}
    return render(request, "halts/release.html", context, status=problem.status if problem else 200)


def _targets(request: ConsoleRequest) -> dict[str, Any]:
    return {"targets": [(target.value, label(target.value)) for target in authority.targets_of(request.user)]}


def _read(halt: int) -> halts.Told:
    try:
        return halts.read(halt)
    except Problem as problem:
        raise Http404 from problem


def _row(halt: int) -> Halt:
    found = Halt.objects.filter(pk=halt).first()
    if found is None:
        raise Http404
    return found
