from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect

from governance.problems import Problem
from reviews import handover
from reviews.models import Handover
from reviews.web.escalation import context_of, shown
from reviews.web.forms import hand_reason_of
from reviews.web.loaders import JUDGES, ConsoleRequest, act

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise


@act(JUDGES)
def hand_over(request: ConsoleRequest, case: UUID) -> HttpResponse:
    def verb() -> Handover:
        reason = hand_reason_of(request.POST)
        return handover.hand_over(case, reviewer=request.user, to=request.POST.get("to", ""), reason=reason)

    return _passed(request, case, verb, _("The case was handed over."))


@act(JUDGES)
def hand_up(request: ConsoleRequest, case: UUID) -> HttpResponse:
    def verb() -> Handover:
        return handover.hand_up(case, reviewer=request.user, reason=hand_reason_of(request.POST))

    return _passed(request, case, verb, _("The case now needs a higher rank."))


@act(JUDGES)
def skip(request: ConsoleRequest, case: UUID) -> HttpResponse:
    def verb() -> Handover:
        return handover.skip(case, reviewer=request.user, reason=hand_reason_of(request.POST))

    return _passed(request, case, verb, _("The case is left to the others for half an hour."))


def _passed(request: ConsoleRequest, case: UUID, verb: Callable[[], Handover], told: StrOrPromise) -> HttpResponse:
    """Hand a case on. The answer leads to the next one, and says there what was done."""
    try:
        verb()
    except Problem as problem:
        return shown(request, context_of(request, case, problem), problem.status)
    messages.success(request, told)
    onward = f"{reverse('queue-next')}?after={case}"
    return HttpResponseClientRedirect(onward) if request.htmx else redirect(onward)
