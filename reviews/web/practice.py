from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from governance.problems import Code, Problem
from reviews import reject_reasons
from reviews.practice import progress
from reviews.practise import answer_practice
from reviews.web.loaders import JUDGES, ConsoleRequest, act, page


@page(JUDGES)
def show(request: ConsoleRequest) -> HttpResponse:
    """How far one is with the practice cases, and what was said of those that were answered."""
    return render(request, "practice/page.html", {"practice": progress.read(request.user)})


@page(JUDGES)
def case(request: ConsoleRequest, key: str) -> HttpResponse:
    """One practice case, or what is said of it once it was answered."""
    try:
        found = progress.exercise(key, request.user, again="again" in request.GET)
    except Problem as problem:
        raise Http404 from problem
    context = {"exercise": found, "case": found.drill, "reasons": reject_reasons.offered(None)}
    return render(request, "practice/case.html", context)


@act(JUDGES)
def answer(request: ConsoleRequest, key: str) -> HttpResponse:
    """Answer one practice case; the page of the case says what is to be said of it."""
    said = request.POST.get("verdict", "")
    if said not in ("approve", "reject"):
        raise Problem(Code.INVALID, "Choose Approve or Reject.")
    try:
        answer_practice(key, reviewer=request.user, approve=said == "approve")
    except Problem as problem:
        if problem.code is Code.NOT_FOUND:
            raise Http404 from problem
        raise
    return redirect("practice-case", key)
