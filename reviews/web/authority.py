from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from governance import narrow
from governance.models import Scope
from governance.policy.tiers import Tier
from governance.problems import Code, Problem
from reviews import tree
from reviews.web.loaders import MENDERS, OVERSEERS, ConsoleRequest, act, page


@page(OVERSEERS)
def show(request: ConsoleRequest) -> HttpResponse:
    """The tree of scopes and ceilings, the tiers, and the catalogue."""
    return render(request, "authority/page.html", {"tree": tree.read(request.user.get_username())})


@act(MENDERS)
def lower(request: ConsoleRequest, key: str) -> HttpResponse:
    """Lower the ceiling of a scope and of everything in it; the verb says who may."""
    tier = request.POST.get("ceiling", "")
    if tier not in Tier.__members__:
        raise Problem(Code.INVALID, "A ceiling is OBSERVE, PROPOSE, EXECUTE or COMMIT.")
    scope = Scope.objects.filter(key=key).first()
    if scope is None:
        raise Http404
    narrow.set_ceiling(scope, ceiling=Tier[tier], by=request.user, lowers=True)
    told = _("The ceiling of %(name)s is %(tier)s now, and nothing in it stands higher.")
    messages.success(request, told % {"name": scope.name, "tier": tier})
    return redirect("authority")
