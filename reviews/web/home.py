from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect

from governance.actors import AUDITOR, GROUPS, REVIEWER
from reviews.web.loaders import ConsoleRequest, page


@page(GROUPS)
def home(request: ConsoleRequest) -> HttpResponse:
    """To the place where one's work is: the queue, or the tree of authority for those who only govern or operate."""
    return redirect("queue" if request.groups & {REVIEWER, AUDITOR} else "authority")
