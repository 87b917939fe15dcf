from __future__ import annotations

from collections import Counter
from dataclasses import replace

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from reviews import halts, health, picks, queue
from reviews.picks import Choice, Filters
from reviews.preferences import THEN, THEN_COOKIE
from reviews.shown import label
from reviews.web.forms import address, filters_of, no_such
from reviews.web.loaders import JUDGES, READERS, ConsoleRequest, act, page

_YEAR = 365 * 24 * 3600


@page(READERS)
def show(request: ConsoleRequest) -> HttpResponse:
    """The queue, or only its rows for the poll of an open page: 304 when they are the ones it has."""
    filters, after = filters_of(request.GET)
    if request.htmx and request.headers.get("If-None-Match") is not None:
        version = queue.version(viewer=request.user.pk, filters=filters, after=after)
        if request.headers["If-None-Match"] == f'"{version}"':
            return HttpResponse(status=304, headers={"ETag": f'"{version}"'})
    found = queue.read(viewer=request.user.pk, filters=filters, after=after)
    context = {"queue": found, "filters": filters, "quiet": None if found.rows else queue.quiet(found.now)}
    context["halted"] = halts.in_force() if found.halts else ()
    context["next"] = address(filters, found.next) if found.next else ""
    context["poll"] = f"{reverse('queue')}?{address(filters, after)}"
    if request.htmx:
        return render(request, "queue/_list.html", context)
    context["failing"] = health.failing()
    context["choices"] = _known(filters, picks.choices(viewer=request.user.pk, now=found.now))
    return render(request, "queue/page.html", context)


@act(JUDGES)
def then(request: ConsoleRequest) -> HttpResponse:
    """Choose for this browser what a verdict is answered with; any other word keeps what was."""
    response, chosen = redirect("preferences"), request.POST.get("then", "")
    if chosen in THEN:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(THEN_COOKIE, chosen, max_age=_YEAR, secure=secure, httponly=True, samesite="Lax")
    return response


def _known(filters: Filters, choices: dict[str, tuple[Choice, ...]]) -> dict[str, tuple[Choice, ...]]:
    """The choices of the form. Problem INVALID where the address names a type or domain that is none of them."""
    for name, chosen in (("type", filters.action_type), ("domain", filters.domain)):
        if chosen and chosen not in {choice.key for choice in choices.get(name, ())}:
            raise no_such(name)
    types = choices.get("type", ())
    read = Counter(label(choice.key) for choice in types)
    told = tuple(replace(choice, name=choice.key if read[label(choice.key)] > 1 else "") for choice in types)
    return choices | {"type": told}
