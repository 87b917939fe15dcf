from __future__ import annotations

import hashlib

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from governance.models import ActionType
from reviews import health, queue
from reviews.web.forms import address, filters_of
from reviews.web.loaders import READERS, ConsoleRequest, page


@page(READERS)
def show(request: ConsoleRequest) -> HttpResponse:
    """The queue, or only its rows for the poll of an open page: 204 when they are the ones it has."""
    filters, after = filters_of(request.GET)
    found = queue.read(viewer=request.user.pk, filters=filters, after=after)
    context = {"queue": found, "filters": filters, "quiet": None if found.rows else queue.quiet(found.now)}
    context["next"] = address(filters, found.next) if found.next else ""
    context["rows"] = rows = render_to_string("queue/_rows.html", context, request)
    seen = hashlib.sha256(rows.encode()).hexdigest()[:16]
    if request.htmx and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context["poll"] = f"{reverse('queue')}?{address(filters, after, seen=seen)}"
    if request.htmx:
        return render(request, "queue/_list.html", context)
    context["failing"] = health.failing()
    context["types"] = ActionType.objects.values_list("key", flat=True)
    return render(request, "queue/page.html", context)
