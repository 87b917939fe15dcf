from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from governance.problems import Problem
from reviews import candidates, whatif
from reviews.web.loaders import SEATED, ConsoleRequest, page
from reviews.web.supposing import agent_of, fields, read


@page(SEATED)
def show(request: ConsoleRequest) -> HttpResponse:
    """What the rule would answer if something stood otherwise. Nothing is stored."""
    agents, types = whatif.choices()
    sent, errors = request.GET, dict[str, str]()
    context: dict[str, Any] = {"agents": agents, "types": types, "errors": errors}
    context |= {"agent": sent.get("agent", ""), "type": sent.get("type", "")}
    if "agent" in sent or "type" in sent:
        try:
            stands = whatif.present(agent_of(sent), sent.get("type", ""))
            supposed = read(sent, stands, errors)
            context |= {"stands": stands, "fields": fields(sent, stands, errors)}
            compared = None if errors else whatif.compare(stands, supposed)
            context["compared"] = compared
            if compared is not None:
                context["who_now"] = candidates.supposed(stands.agent, compared.case_now)
                context["who_then"] = candidates.supposed(stands.agent, compared.case_then)
        except Problem as problem:
            errors |= {place.removeprefix("/"): sentence for place, sentence in problem.fields}
    return render(request, "what_if/page.html", context, status=422 if errors else 200)
