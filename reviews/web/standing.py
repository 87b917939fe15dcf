from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from governance import standing
from governance.models import ActionType, Agent
from governance.policy.tiers import Tier
from governance.problems import Code, Problem
from reviews.web.loaders import SEATED, WATCHERS, ConsoleRequest, act


@act(WATCHERS)
def pull(request: ConsoleRequest, agent: UUID) -> HttpResponse:
    """Hold an agent's standing down at once; the verb says who may."""
    tier = request.POST.get("tier", "")
    if tier not in Tier.__members__:
        raise Problem(Code.INVALID, "A standing is pulled to OBSERVE, PROPOSE or EXECUTE.")
    reason = request.POST.get("reason", "")
    standing.pull(_agent(agent), action_type=_type(request), tier=Tier[tier], reason=reason, by=request.user)
    return redirect("agent", agent)


@act(SEATED)
def restore(request: ConsoleRequest, agent: UUID) -> HttpResponse:
    """Lift what a person pulled."""
    standing.restore(_agent(agent), action_type=_type(request), by=request.user)
    return redirect("agent", agent)


def _agent(agent: UUID) -> Agent:
    found = Agent.objects.filter(pk=agent).first()
    if found is None:
        raise Http404
    return found


def _type(request: ConsoleRequest) -> ActionType | None:
    sent = request.POST.get("type", "")
    if not sent:
        return None
    found = ActionType.objects.filter(pk=sent).first() if sent.isascii() and sent.isdigit() and len(sent) < 19 else None
    if found is None:
        raise Problem(Code.NOT_FOUND, "There is no such action type.")
    return found
