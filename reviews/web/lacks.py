from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from governance.problems import Problem
from reviews import lacking
from reviews.lack import answer_lacks, tell_lack
from reviews.models import LackAnswer, LackKind
from reviews.web.forms import number_of
from reviews.web.loaders import JUDGES, OVERSEERS, SEATED, ConsoleRequest, act, page


@page(JUDGES)
def ask(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """The form on which a reviewer tells what the screen of a case lacks."""
    try:
        found = lacking.asking(case, viewer=request.user.pk)
    except Problem as problem:
        raise Http404 from problem
    return render(request, "lacks/ask.html", {"asking": found, "kinds": LackKind.choices})


@act(JUDGES)
def tell(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """Tell it."""
    kind, field = request.POST.get("kind", ""), request.POST.get("field", "")
    tell_lack(case, reviewer=request.user, kind=kind, field=field)
    messages.info(request, _("The council was told."))
    return redirect("escalation", case)


@page(OVERSEERS)
def show(request: ConsoleRequest) -> HttpResponse:
    """What reviewers found lacking, for the council."""
    return render(request, "lacks/page.html", {"lacking": lacking.read(), "answers": LackAnswer.choices})


@act(SEATED)
def answer(request: ConsoleRequest) -> HttpResponse:
    """Answer one line of the list."""
    sent = request.POST
    answer_lacks(
        number_of(sent.get("type", "")) or 0,
        kind=sent.get("kind", ""),
        field=sent.get("field", ""),
        answer=sent.get("answer", ""),
        by=request.user,
    )
    return redirect("lacks")
