from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render

from governance.problems import Problem
from reviews import traces
from reviews.web.loaders import READERS, ConsoleRequest, page


@page(READERS)
def show(request: ConsoleRequest, trace: str) -> HttpResponse:
    """A whole multi-agent chain as a tree with times and outcomes."""
    try:
        found = traces.read(trace)
    except Problem as problem:
        raise Http404 from problem
    return render(request, "trace/page.html", {"trace": found})
