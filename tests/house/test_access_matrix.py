from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import URLPattern, URLResolver

from config import surface
from governance import halt, policies, rates
from governance.authenticate import new_key
from governance.enrol import enrol
from governance.models import AgentKey, Binding, Grant, LedgerEntry, Mandate, Permission
from governance.register import register_agent
from governance.watch import set_watch
from reviews.models import Practised, RejectReason
from reviews.request_binding import request_binding
from tests.cast import BY, Cast
from tests.governance.policies.rego import files
from tests.house import access
from tests.house.access import AGENTS, ANONYMOUS, OTHER, OWN, PEOPLE, Rule
from tests.support.clients import SurfaceClient
from tests.support.proof import PROVE
from tests.support.quiet import quiet

LOGIN = 302 + 1000  # a redirect to the login page
METHODS = ("GET", "POST")
FURTHER = ("HEAD", "PUT", "PATCH", "DELETE")
PLACEHOLDER = re.compile(r"<(?:(?P<converter>[a-z]+):)?(?P<name>[a-z_]+)>")


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


SURFACES = {
    "web": (surface.web().urlconf, access.WEB, PEOPLE),
    "api": (surface.api().urlconf, access.API, AGENTS),
    "health": ("config.health", access.HEALTH, PEOPLE),
}


@pytest.mark.parametrize("name", SURFACES)
def test_every_url_has_a_rule_and_every_rule_a_url(name: str) -> None:
    urlconf, rules, _ = SURFACES[name]
    known = [rule.route for rule in rules]
    there = list(dict.fromkeys(routes(import_module(urlconf).urlpatterns)))
    assert sorted(set(there) - set(known)) == [], "add these to tests/house/access.py"
    assert sorted(set(known) - set(there)) == [], "these rules have no URL any more"
    assert len(known) == len(set(known))


@pytest.mark.full
@pytest.mark.parametrize("role", PEOPLE)
def test_the_web_lets_in_whom_the_table_names(cast: Cast, role: str) -> None:
    people = {
        access.STRANGER: cast.mallory,
        access.SUPERUSER: cast.sudo,
        access.REVIEWER: cast.grace,
        access.COUNCIL: cast.mary,
        access.AUDITOR: cast.edith,
        access.OPERATOR: enrol("olga", groups=["operator"], by=BY),
        access.OWNER: enrol("owen", groups=[], by=BY),
    }
    register_agent(name="Owned", owner=people[access.OWNER], project=cast.refunds, by=BY)
    # with a password that nobody could use, some pages about passwords would turn everybody away
    User.objects.update(password="pbkdf2_sha256$1$salt$hash")
    browser = SurfaceClient()
    if role != ANONYMOUS:
        people[role].refresh_from_db()
        browser.force_login(people[role], backend="django.contrib.auth.backends.ModelBackend")
    judge(broken(access.WEB, role, World(cast), browser, {}))


@pytest.mark.full
@pytest.mark.parametrize("role", AGENTS)
def test_the_api_lets_in_whom_the_table_names(cast: Cast, role: str) -> None:
    keys = {access.WRONG_KEY: new_key()[0], OTHER: cast.drafter_key, OWN: cast.refunder_key}
    headers = cast.bearer(keys[role]) if role in keys else {}
    judge(broken(access.API, role, World(cast), SurfaceClient(), headers))


def test_the_probes_need_nobody(db: None) -> None:
    judge(broken(access.HEALTH, ANONYMOUS, {}, SurfaceClient(), {}))


def judge(found: Iterable[str]) -> None:
    with quiet(logging.WARNING):
        wrong = "\n".join(found)
    if wrong:
        pytest.fail(wrong, pytrace=False)


def broken(
    rules: Iterable[Rule], role: str, world: Mapping[str, str] | World, client: SurfaceClient, headers: dict[str, str]
) -> Iterator[str]:
    """What differs from the table, one line for each route and method."""
    client.raise_request_exception = False
    signed_in = {name: morsel.value for name, morsel in client.cookies.items()}
    for number, rule in enumerate(rules):
        path = "/" + PLACEHOLDER.sub(partial(_fill, rule, world), rule.path)
        for method in methods(number, role):
            client.cookies = SimpleCookie(signed_in)
            status = _ask(client, method, path, rule.body, headers)
            allowed = role in rule.who.get(method, ())
            hidden = status == 404 and role in AGENTS and not allowed
            refused = hidden or status in (401, 403, 405, LOGIN)
            if 500 <= status < 600 or refused is allowed:
                yield f"{method} /{rule.route} as {role}: {status}, {'let in' if allowed else 'refused'} was expected"


def methods(number: int, role: str) -> tuple[str, ...]:
    """What is tried on a URL: unless proven each further method by one role only, at the next URL by another."""
    roles = PEOPLE if role in PEOPLE else AGENTS
    turn = (number + roles.index(role)) % len(roles)
    return (*METHODS, *(FURTHER if PROVE else FURTHER[turn : turn + 1]))


@pytest.mark.parametrize("roles", [PEOPLE, AGENTS])
@pytest.mark.parametrize("number", range(8))
def test_every_method_is_tried_on_every_url(roles: tuple[str, ...], number: int) -> None:
    assert {method for role in roles for method in methods(number, role)} == {*METHODS, *FURTHER}


def _fill(rule: Rule, world: Mapping[str, str] | World, found: re.Match[str]) -> str:
    wanted = rule.samples.get(found["name"])
    return access.SAMPLES[found["converter"] or "str"] if wanted is None else world[wanted]


def _ask(client: SurfaceClient, method: str, path: str, body: dict[str, Any], headers: dict[str, str]) -> int:
    sent: dict[str, Any] = {"headers": headers}
    if path.startswith("/api/"):
        sent = {"headers": {**headers, "Idempotency-Key": "a-key"}, "content_type": "application/json"}
    if method == "POST":
        sent["data"] = body
    # whatever a request does, the next one finds the world as it was
    with transaction.atomic():
        answer = getattr(client, method.lower())(path, **sent)
        transaction.set_rollback(True)
    to_login = answer.status_code == 302 and answer["Location"].startswith(("/accounts/login/", "/council/login/"))
    return LOGIN if to_login and not path.startswith("/council/login/") else answer.status_code


class World:
    """Objects for the placeholders of routes, made when the first rule asks for them."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.made: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self.made:
            self.made[name] = str(getattr(self, name)())
        return self.made[name]

    def scope(self) -> int:
        return self.cast.refunds.pk

    def instance(self) -> int:
        return self.cast.instance.pk

    def agent(self) -> UUID:
        return self.cast.drafter.pk

    def agent_key(self) -> int:
        return AgentKey.objects.latest("pk").pk

    def rate(self) -> int:
        return rates.pin_rate("EUR", Decimal("1.0873"), by=BY).pk

    def permission(self) -> int:
        return Permission.objects.latest("pk").pk

    def action_type(self) -> int:
        return self.cast.refund.pk

    def binding(self) -> int:
        return Binding.objects.latest("pk").pk

    def mandate(self) -> int:
        return Mandate.objects.latest("pk").pk

    def watch(self) -> int:
        gateway = register_agent(name="Gateway", owner=self.cast.joan, project=self.cast.refunds, by=BY)
        return set_watch(gateway, "refund_api", by=BY).pk

    def bundle_version(self) -> int:
        return policies.propose(files(), by=self.cast.mary).pk

    def halt(self) -> int:
        return halt.halt("action_type", self.cast.cancel.key, reason="a test", by=BY).pk

    def entry(self) -> int:
        return LedgerEntry.objects.latest("pk").pk

    def person(self) -> int:
        return self.cast.ada.pk

    def reject_reason(self) -> int:
        return RejectReason.objects.values_list("pk", flat=True)[0]

    def practised(self) -> int:
        return Practised.objects.earliest("pk").pk

    def binding_request(self) -> int:
        return request_binding(UUID(self["escalation"]), reviewer=self.cast.ada).pk

    def action(self) -> str:
        return str(self._posted("actions/", access.ASK)["id"])

    def escalation(self) -> str:
        return str(self._posted("escalations/", access.ASK | {"reason": "uncertain"})["escalation"]["id"])

    def ticket(self) -> str:
        return str(self._posted("delegations/", access.DELEGATE)["id"])

    def grant(self) -> UUID:
        return Grant.objects.get(action_id=UUID(self["action"])).pk

    def _posted(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {**self.cast.bearer(), "Idempotency-Key": path.strip("/")}
        answer = SurfaceClient().post(f"/api/v1/{path}", body, "application/json", headers=headers)
        found: dict[str, Any] = answer.json()
        assert answer.status_code in (200, 201, 202), found
        return found
