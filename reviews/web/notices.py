from __future__ import annotations

from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render

from governance.locks import database_now
from reviews.notify import again, told
from reviews.web.forms import deliveries_of
from reviews.web.loaders import MENDERS, OVERSEERS, SIGNED_IN, ConsoleRequest, act, page


@page(SIGNED_IN)
def show(request: ConsoleRequest) -> HttpResponse:
    """The latest messages to whoever looks, and what became of each channel."""
    return render(request, "notices/page.html", {"lines": told.lines(request.user.pk), "now": database_now()})


@page(SIGNED_IN)
def new(request: ConsoleRequest) -> HttpResponse:
    """What a page that nobody looks at may show: 204 for nothing, 304 for what it has; only else are there words."""
    found = told.fresh(request.user.pk)
    if not found.notices:
        return HttpResponse(status=204)
    tag = f'"{found.tag}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    said = told.messages(request.user.pk, found.notices)
    notices = [{"id": str(pk), "title": each.title, "lines": each.lines, "url": each.path} for pk, each in said]
    return JsonResponse({"notices": notices}, headers={"ETag": tag})


@page(OVERSEERS)
def dead(request: ConsoleRequest) -> HttpResponse:
    """Messages that could not be delivered."""
    letters, now = told.dead()
    context = {"letters": letters, "now": now, "acts": bool(request.groups & MENDERS)}
    return render(request, "notices/dead.html", context)


@act(MENDERS)
def send_again(request: ConsoleRequest) -> HttpResponse:
    """Some dead letters are tried anew."""
    again.send_again(deliveries_of(request.POST), by=request.user)
    return redirect("notices-dead")
