"""Every address of the console that names an object, asked for real ones: mine, of others, of my own agent, too much.

Generated from the URLconf: an address without a line below fails. Who may not come is told the same of what exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import URLPattern, reverse

from governance import halt, mandates, permit, register
from governance.authenticate import Credential, hash_key
from governance.enrol import enrol
from governance.locks import database_now
from governance.models import Action, Agent, LedgerEntry
from governance.models.sign_in import Session
from governance.policy.tiers import Level, Risk, Tier
from reviews import judge, report
from reviews.intake import ask
from reviews.leave import leave
from reviews.models import Draw, Escalation
from reviews.practise import waive_practice
from reviews.spot_review import judge_draw
from reviews.web import urls
from tests.cast import BY
from tests.house.access import ANONYMOUS, AUDITOR, COUNCIL, OPERATOR, OWNER, PEOPLE, REVIEWER, STRANGER, SUPERUSER, WEB
from tests.reviews.scene import Scene, backdate, bench, scene, shop, shop_database, stated
from tests.web.reading import visitor

__all__ = ["scene", "shop", "shop_database"]

VIEWS: dict[str, URLPattern] = {str(view.name): view for view in urls.urlpatterns if view.pattern.converters}
RULES = {rule.route: rule for rule in WEB}

# What an object is to the reviewer who asks.
MINE, HELD, OWN, BEYOND = "in my hands", "in the hands of others", "of my own agent", "beyond my mandate"

SENT: dict[str, Any] = {
    "why": "knows_better", "against": "record_outdated", "extension": "specialist", "kind": "missing", "type": "",
    "tier": "PROPOSE", "recovery": "0", "occasion": "incident", "ceiling": "PROPOSE", "verdict": "reject", "to": "rita",
}  # fmt: skip
REASONS = {"escalation-reject": "not_needed", "spot-review-unsound": "wrong_value", "agent-pull": "Odd amounts."}


class World:
    """Real objects for the placeholders of an address, by what they are to Grace, or to Lena where it is too much."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.cast = scene, scene.cast
        self.people: dict[str, User | None] = {
            ANONYMOUS: None,
            STRANGER: self.cast.mallory,
            SUPERUSER: self.cast.sudo,
            REVIEWER: self.cast.grace,
            COUNCIL: self.cast.mary,
            AUDITOR: self.cast.edith,
            OPERATOR: enrol("olga", groups=["operator"], by=BY),
            OWNER: enrol("owen", groups=[], by=BY),
        }
        self.lena, self.rita = (enrol(name, groups=["reviewer"], by=BY) for name in ("lena", "rita"))
        for person, limit in ((self.lena, 100_00), (self.rita, 900_00)):
            waive_practice(person, by=BY)
            mandates.set_mandate(person, rank=1, money_limit=limit, max_risk=Risk.MEDIUM, by=BY)

    @cached_property
    def gracious(self) -> tuple[Agent, str]:
        """An agent of Grace's own, with its key."""
        agent = register.register_agent(
            name="Gracious", owner=self.cast.grace, project=self.cast.refunds, max_tier=Tier.EXECUTE, by=BY
        )
        permit.set_level(agent, self.scene.refund, level=Level.L0, by=BY)
        return agent, register.issue_key(agent, by=BY)

    @cached_property
    def case(self) -> dict[str, Escalation]:
        return {
            MINE: self.scene.take(self.scene.case(order="W11"), self.cast.grace),
            HELD: self.scene.take(self.scene.case(order="W12"), self.cast.ada),
            OWN: self.leased(self.scene.case(order="W13", key=self.gracious[1]), self.cast.grace),
            BEYOND: self.leased(self.scene.case(order="W14"), self.lena),
        }

    def leased(self, case: Escalation, person: User) -> Escalation:
        """In their hands although it should not be: what they may do with it is asked all the same."""
        self.scene.take(case, self.cast.ada)
        backdate("update reviews_escalation set taken_by_id = %s where id = %s", person.pk, case.pk)
        case.refresh_from_db()
        return case

    @cached_property
    def decided(self) -> dict[str, Escalation]:
        found = {}
        for order, (name, person) in enumerate({MINE: self.cast.grace, HELD: self.cast.ada}.items(), start=21):
            found[name] = self.scene.take(self.scene.case(order=f"W{order}"), person)
            judge.reject(found[name].pk, reviewer=person, reason="not_needed")
        return found

    @cached_property
    def draw(self) -> dict[str, Draw]:
        found = {}
        agent, key = self.gracious
        permit.set_level(agent, self.cast.refund, level=Level.L2, by=BY)
        for number, name in enumerate((MINE, HELD, OWN), start=70_000):
            answer = ask(Credential(hash_key(key if name == OWN else self.cast.refunder_key)), bench(number=number))
            action = Action.objects.get(pk=answer.body["id"])
            caller = self.scene.caller(key) if name == OWN else self.scene.refunder
            report.report(action.pk, caller=caller, status="succeeded")
            found[name] = Draw.objects.create(
                action=action, cell=action.decision.cell, probability=1, drawn_at=database_now()
            )
        judge_draw(found[HELD].pk, reviewer=self.cast.ada, sound=True)
        return found

    def objects(self, view: str) -> dict[str, dict[str, Any]]:
        """The placeholders of an address, filled, by what the object is."""
        if view == "verdict-withdraw":
            return {name: {"case": case.pk, "verdict": case.verdicts.get().pk} for name, case in self.decided.items()}
        (name,) = VIEWS[view].pattern.converters
        if name == "case":
            return {what: {"case": case.pk} for what, case in self.case.items()}
        if name == "draw":
            return {what: {"draw": draw.pk} for what, draw in self.draw.items()}
        if name == "absence":
            return {what: {"absence": self.away(person)} for what, person in self.two.items()}
        if name == "session":
            return {what: {"session": session(person)} for what, person in self.two.items()}
        if name == "agent":
            return {OWN: {"agent": self.gracious[0].pk}, HELD: {"agent": self.cast.refunder.pk}}
        return {HELD: {name: getattr(self, f"a_{name}")(view)}}

    @cached_property
    def two(self) -> dict[str, User]:
        return {MINE: self.cast.grace, HELD: self.cast.ada}

    def away(self, person: User) -> int:
        now = database_now()
        return leave(reviewer=person, begins=now + timedelta(days=1), ends=now + timedelta(days=2)).pk

    def a_halt(self, _view: str) -> int:
        return halt.halt("agent", str(self.cast.drafter.pk), reason="A wrong key.", by=BY).pk

    def a_action(self, view: str) -> Any:
        return self.case[HELD].action_id

    def a_trace(self, view: str) -> str:
        return Action.objects.get(pk=self.case[HELD].action_id).trace_id

    def a_key(self, view: str) -> str:
        return "refunds" if view == "authority-lower" else "payee"


LOGIN = 1302
# What a reviewer is told of an object that is real, by what it is to them: 200 and 302 let them do it.
TOLD: dict[str, dict[str, int] | int] = {
    "escalation": 200,
    "escalation-clock": 200,
    "lack-ask": 200,
    "lack-tell": 302,
    "escalation-over-facts": 302,
    "escalation-take": {MINE: 302, HELD: 409, OWN: 403, BEYOND: 302},
    "escalation-release": {MINE: 302, HELD: 409, OWN: 302, BEYOND: 302},
    "escalation-extend": {MINE: 302, HELD: 302, OWN: 403, BEYOND: 403},
    "escalation-renew": {MINE: 302, HELD: 409, OWN: 403, BEYOND: 302},
    "escalation-hand-over": {MINE: 302, HELD: 409, OWN: 302, BEYOND: 302},
    "escalation-hand-up": {MINE: 302, HELD: 409, OWN: 302, BEYOND: 302},
    "escalation-skip": {MINE: 302, HELD: 409, OWN: 302, BEYOND: 302},
    "escalation-verify": {MINE: 302, HELD: 409, OWN: 302, BEYOND: 302},
    "escalation-approve": {MINE: 302, HELD: 409, OWN: 403, BEYOND: 403},
    "approve-over-facts": {MINE: 302, HELD: 409, OWN: 403, BEYOND: 403},
    "escalation-reject": {MINE: 302, HELD: 409, OWN: 403, BEYOND: 302},
    "escalation-acknowledge": {MINE: 409, HELD: 409, OWN: 403, BEYOND: 409},
    "escalation-request-binding": 409,
    "verdict-withdraw": {MINE: 302, HELD: 403},
    "absence-end": {MINE: 302, HELD: 404},
    "session-end": {MINE: 302, HELD: 302},
    "practice-case": 200,
    "practice-answer": 302,
    "spot-review": 200,
    "spot-review-look": 302,
    "spot-review-sound": {MINE: 302, HELD: 409, OWN: 403},
    "spot-review-unsound": {MINE: 302, HELD: 409, OWN: 403},
    "decision": 200,
    "trace": 200,
    "agent": 200,
    "agent-pull": {OWN: 302, HELD: 403},
    "halt": 200,
}
# What others are told whom the view lets in; a page is 200 for all of them.
OTHERS: dict[str, dict[str, int]] = {
    "session-end": dict.fromkeys((STRANGER, SUPERUSER, COUNCIL, AUDITOR, OPERATOR, OWNER), 302),
    "sealed-open": {COUNCIL: 200},
    "agent-pull": {COUNCIL: 302, OPERATOR: 302, AUDITOR: 403},
    "agent-restore": {COUNCIL: 409},
    "halt-lift": {COUNCIL: 302},
    "halt-end-recovery": {COUNCIL: 409},
    "authority-lower": {COUNCIL: 302, OPERATOR: 403},
}


def session(person: User) -> int:
    """Another browser of theirs."""
    visitor(person)
    return Session.objects.filter(person=person).latest("pk").pk


def ask_for(world: World, view: str, what: str, filled: Mapping[str, Any], role: str) -> tuple[int, bool]:
    """The status of an answer, 1302 for the way to the login page, and whether anything changed."""
    person = world.lena if (role, what) == (REVIEWER, BEYOND) else world.people[role]
    client, address = visitor(person), reverse(view, kwargs=dict(filled))
    sent = {**SENT, "reason": REASONS.get(view, "")}
    if "case" in filled and view not in ("escalation", "escalation-clock"):
        sent |= stated(Escalation.objects.get(pk=filled["case"]))
    with transaction.atomic():
        before = state()
        answer = client.get(address) if "GET" in methods(view) else client.post(address, sent)
        changed = state() != before
        transaction.set_rollback(True)
    away = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    return LOGIN if away else answer.status_code, changed


def state() -> tuple[Any, ...]:
    """What a person could change: every change has its entry in the ledger, but for the end of a session."""
    return LedgerEntry.objects.count(), sorted(Session.objects.values_list("pk", flat=True))


def methods(view: str) -> tuple[str, ...]:
    found: tuple[str, ...] = VIEWS[view].callback.methods  # type: ignore[attr-defined]
    return found


def expected(view: str, what: str, role: str) -> int:
    rule = RULES[str(VIEWS[view].pattern)]
    if role not in rule.who.get(methods(view)[0], ()):
        return LOGIN if role == ANONYMOUS else 403
    if role != REVIEWER:
        return OTHERS.get(view, {}).get(role, 200 if "GET" in methods(view) else 0)
    told = TOLD.get(view, 0)
    return told if isinstance(told, int) else told.get(what, 0)


@pytest.mark.parametrize("view", VIEWS)
def test_of_what_exists_everybody_is_told_what_the_table_says(scene: Scene, view: str) -> None:
    world, wrong = World(scene), []
    for what, filled in world.objects(view).items():
        for role in PEOPLE:
            status, changed = ask_for(world, view, what, filled, role)
            wanted = expected(view, what, role)
            # a poll keeps nothing, and looking at somebody else's session tells nothing and ends nothing
            refused = status not in (200, 302) or (view == "session-end" and what == HELD)
            if status != wanted or (refused and changed):
                wrong.append(f"{what} as {role}: {status}, {wanted} expected{', and it changed' * changed}")
    assert wrong == []
