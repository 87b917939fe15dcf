from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from governance.actors import AUDITOR, GROUPS, REVIEWER
from reviews import desk, lead
from reviews.practice import progress
from reviews.web.forms import number_of
from reviews.web.loaders import JUDGES, ConsoleRequest, page


@page(GROUPS)
def home(request: ConsoleRequest) -> HttpResponse:
    """A reviewer's own desk; for others the queue, or the tree of authority for those who only govern or operate."""
    if REVIEWER in request.groups:
        person = request.user
        context = {"desk": desk.read(person.pk), "leads": lead.leads(person.pk), "practice": progress.read(person)}
        return render(request, "home/page.html", context)
    return redirect("queue" if AUDITOR in request.groups else "authority")


@page(JUDGES)
def verdicts(request: ConsoleRequest) -> HttpResponse:
    """All of one's own verdicts and what followed, page by page."""
    before = number_of(request.GET.get("before", ""))
    found = desk.verdicts(request.user.pk, before=before)
    return render(request, "home/verdicts.html", {"verdicts": found, "before": before})
