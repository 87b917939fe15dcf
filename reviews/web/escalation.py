from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import push_url, retarget

from governance.actors import COUNCIL, REVIEWER
from governance.locks import database_now
from governance.problems import Code, Problem
from reviews import (
    around,
    candidates,
    deadlines,
    dossier,
    halts,
    history,
    judge,
    reject_reasons,
    showing,
    take,
    turn,
    verify,
)
from reviews.ability import ability
from reviews.cases import LEASE
from reviews.dossier import Dossier, Phase
from reviews.hearing import Hearing, hear
from reviews.models import ExtensionReason, FactsReason, HandReason, OverrideReason
from reviews.preferences import then_of
from reviews.request_binding import request_binding
from reviews.requests import asked
from reviews.reviewers import has_practised, idle
from reviews.web.announced import announcement
from reviews.web.forms import against_of, case_of, digests_of, override_of, reject_reason_of
from reviews.web.loaders import JUDGES, READERS, ConsoleRequest, act, or_404, page

# How often an open page asks whether something changed. A case in its reviewer's hands is never swapped.
PACES = {Phase.OPEN: "10s", Phase.TAKEN: "5s", Phase.HELD: "2s"}


@page(READERS)
def show(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """One case. The poll of a page that shows it as it still is gets the line above it, 204 where that stands too."""
    context = context_of(request, case)
    if not request.htmx or request.GET.get("seen") != context["seen"]:
        return shown(request, context)
    left = context["case"].left.words
    if request.GET.get("line", left) == left:
        return HttpResponse(status=204)
    return retarget(render(request, "escalation/_clock.html", context), "#clock")


@page(READERS)
def clock(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """The line above a case, which its reviewer's page asks for: nothing else of it changes under their hands."""
    return _clock(request, case)


@page(JUDGES)
def following(request: ConsoleRequest) -> HttpResponse:
    """The next case nobody has, in the order of the queue; the queue when there is none, practice before the first."""
    if not has_practised(request.user):
        return redirect("practice")
    after = case_of(request.GET)
    found = candidates.next_case(viewer=request.user.pk, besides=() if after is None else (after,))
    if found is None:
        messages.info(request, idle(request.user.pk, database_now()) or _("No case is free that you may approve."))
    return redirect("escalation", found) if found else redirect("queue")


@act(JUDGES)
def take_case(request: ConsoleRequest, case: UUID) -> HttpResponse:
    return _settled(request, case, lambda: take.take(case, reviewer=request.user))


@act(JUDGES)
def release_case(request: ConsoleRequest, case: UUID) -> HttpResponse:
    return _settled(request, case, lambda: take.release(case, reviewer=request.user))


@act(JUDGES)
def extend(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """Give the case its time once more."""
    return _settled(
        request, case, lambda: deadlines.extend(case, reviewer=request.user, reason=request.POST.get("extension", ""))
    )


@act(JUDGES)
def renew(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """Five more minutes; the answer is the line above the case, so that nothing else moves."""
    if not request.htmx:
        return _settled(request, case, lambda: take.renew(case, reviewer=request.user))
    with suppress(Problem):  # the line says whose the case is
        take.renew(case, reviewer=request.user)
    return _clock(request, case)


@act(JUDGES)
def verify_again(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """Read the record anew, for whoever has the case: nobody else's facts change under their eyes."""

    def verb() -> None:
        if _dossier(request, case).phase is not Phase.MINE:
            raise Problem(Code.NOT_TAKEN, "Take the case first: your time with it is over.")
        verify.verify(case)

    return _settled(request, case, verb)


@act(JUDGES)
def approve(request: ConsoleRequest, case: UUID) -> HttpResponse:
    def verb() -> None:
        judge.approve(
            case,
            reviewer=request.user,
            **digests_of(request.POST),
            override=override_of(request.POST),
            proof=request.proof,
        )

    return _decided(request, case, verb)


@act(JUDGES)
def reject(request: ConsoleRequest, case: UUID) -> HttpResponse:
    return _decided(
        request, case, lambda: judge.reject(case, reviewer=request.user, reason=reject_reason_of(request.POST))
    )


@page(JUDGES)
def over_facts(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """The step before approving against the record; the case itself where that is not possible."""
    context = context_of(request, case)
    if context["case"].phase is not Phase.MINE or not context["can"].over_facts:
        return redirect("escalation", case)
    return render(request, "escalation/over_facts.html", context)


@act(JUDGES)
def approve_over_facts(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """Approve against the record: an act of its own, with a reason of its own."""

    def verb() -> None:
        judge.approve(
            case,
            reviewer=request.user,
            **digests_of(request.POST),
            override=override_of(request.POST),
            against=against_of(request.POST),
            proof=request.proof,
        )

    return _settled(request, case, verb)


@act(JUDGES)
def acknowledge(request: ConsoleRequest, case: UUID) -> HttpResponse:
    return _decided(request, case, lambda: judge.acknowledge(case, reviewer=request.user))


@act(JUDGES)
def ask_for_binding(request: ConsoleRequest, case: UUID) -> HttpResponse:
    """Ask the council to bind the type of this case to its record."""
    return _settled(request, case, lambda: request_binding(case, reviewer=request.user))


@act(JUDGES)
def withdraw(request: ConsoleRequest, case: UUID, verdict: int) -> HttpResponse:
    return _settled(request, case, lambda: judge.withdraw(verdict, reviewer=request.user, of=case))


def _clock(request: ConsoleRequest, case: UUID) -> HttpResponse:
    found = _dossier(request, case)
    return render(request, "escalation/_clock.html", {"case": found, "more": _more(found), "due": _due(found)})


def _decided(request: ConsoleRequest, case: UUID, verb: Callable[[], object]) -> HttpResponse:
    """Run a verdict. Whoever wants the next case after it gets that one, taken, in the same answer."""
    if then_of(request) != "next":
        return _settled(request, case, verb)
    try:
        verb()
    except Problem as problem:
        return shown(request, context_of(request, case, problem), problem.status)
    found = turn.take_next(reviewer=request.user, besides=(case,))
    if found is None:
        return _settled(request, case, lambda: None)
    if not request.htmx:
        return redirect(f"{reverse('escalation', args=[found])}?before={case}")
    response = shown(request, context_of(request, found) | {"before": case, "chosen": ""})
    return push_url(response, reverse("escalation", args=[found]))


def _settled(request: ConsoleRequest, case: UUID, verb: Callable[[], object]) -> HttpResponse:
    """Run one verb. The answer is the case as it stands after it, with the problem on top if there was one."""
    try:
        verb()
    except Problem as problem:
        return shown(request, context_of(request, case, problem), problem.status)
    if not request.htmx:
        return redirect("escalation", case)
    return shown(request, context_of(request, case))


def shown(request: ConsoleRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "escalation/_case.html" if request.htmx else "escalation/page.html"
    return render(request, template, context, status=status)


def context_of(request: ConsoleRequest, case: UUID, problem: Problem | None = None) -> dict[str, Any]:
    with or_404():
        heard = hear(case, viewer=request.user.pk, everybody=COUNCIL in request.groups, lead=REVIEWER in request.groups)
    found = _dossier(request, case, heard)
    can = ability(case, request.user, request.proof, heard=heard)
    look = heard.looked
    beside = around.read(look.case, viewer=request.user.pk, handed=look.handed)
    wanted = asked(found.action_type_id) if found.status == "unbound" else None
    readable_at = _handed(request, found)
    checking = found.is_open and found.status == "checking" and found.phase is not Phase.MINE
    return {
        "case": found,
        "can": can,
        "problem": problem,
        "halted": halts.in_force(found.action_id) if found.halts else (),
        "reasons": reject_reasons.offered(found.action_type_id),
        "overrides": OverrideReason.choices,
        "against": FactsReason.choices,
        "extensions": ExtensionReason.choices if can.extend else (),
        "chosen": request.POST.get("reason", ""),
        "history": history.read(agent=found.agent_id, action_type=found.action_type_id, besides=case, now=heard.now),
        "readable_at": readable_at,
        "waits": ceil((readable_at - found.now).total_seconds() * 1000) if readable_at else 0,
        "pace": "2s" if checking else PACES.get(found.phase, ""),
        "next": REVIEWER in request.groups and (found.judged is not None or not found.is_open),
        "announce": announcement(found),
        "around": beside,
        "more": _more(found, beside.renewals),
        "due": _due(found),
        "hands": HandReason.choices if can.judge and found.is_open and not can.take_obstacle else (),
        "colleagues": heard.able(besides=request.user.pk) if found.phase is Phase.MINE else (),
        "who": heard.preview(to_reviewer=REVIEWER in request.groups) if heard.oversees and found.is_open else (),
        "before": case_of(request.GET, "before"),
        "asked": wanted,
        "seen": _seen(found, can.approve_obstacle, can.since, can.bound, can.unproved, wanted, *beside.moving),
    }


def _handed(request: ConsoleRequest, case: Dossier) -> dt.datetime | None:
    """From when whoever has the case can approve what this page shows; None where they can at once."""
    if case.phase is not Phase.MINE or not case.is_open or case.is_notice:
        return None
    readable = showing.note_shown(case.id, reviewer=request.user, material=case.material)
    return readable if readable is not None and readable > case.now else None


def _more(case: Dossier, renewals: int | None = None) -> int:
    """How often whoever reads the case may still prolong their lease of it; 0 for everybody else."""
    if case.phase is not Phase.MINE:
        return 0
    return take.MOST_RENEWALS - (around.renewals(case.id) if renewals is None else renewals)


def _due(case: Dossier) -> bool:
    """Whether half of the lease is over: from then on whoever is at work gets more of it by themselves."""
    return case.taken_until is not None and case.taken_until - case.now < LEASE / 2


def _dossier(request: ConsoleRequest, case: UUID, heard: Hearing | None = None) -> Dossier:
    with or_404():
        return dossier.read(case, viewer=request.user.pk, heard=heard)


def _seen(case: Dossier, *more: object) -> str:
    """A mark of everything that may change on an open page, but for the time left in the line above it."""
    parts = (case.phase, case.status, case.snapshot_digest, *more, case.left.urgency, case.taken_by, case.refused)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
