"""The scene of the demo: people, scopes, catalogue, agents, records. What is there already is left as it is."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from django.contrib.auth.models import User
from django.utils.crypto import salted_hmac

import governance
from governance import catalogue, documents, enrol, genesis, halt, mandates, narrow, permit, rates, register, watch
from governance.actors import REVIEWER
from governance.locks import database_now
from governance.models import (
    ActionType,
    Agent,
    Halt,
    HaltTarget,
    Instance,
    Mandate,
    Permission,
    Rate,
    Scope,
    ScopeKind,
    Watch,
)
from governance.policy.health import subject_of
from governance.policy.tiers import Risk, Tier
from governance.problems import Code, Problem
from governance.records.exact import dumps
from governance.records.load import load_folder
from governance.seeded import seed_readings
from reviews.demo import records
from reviews.demo.cast import PEOPLE, ROLES, Role
from reviews.practise import waive_practice

BY = "system:demo"
CATALOGUES = Path(governance.__file__).parent / "catalogues"
TOOLS = ("shop.payments", "shop.orders", "shop.mail", "shop.warehouse", "bank.payments", "bank.payees")
CONNECTORS = ("records",)
# By domain: its ceiling, and that of each project in it. Only the treasury reaches COMMIT, and only inside guardrails.
SCOPES = {
    "shop": (Tier.EXECUTE, {"refunds": Tier.EXECUTE, "orders": Tier.EXECUTE}),
    "bank": (Tier.COMMIT, {"payments": Tier.EXECUTE, "treasury": Tier.COMMIT}),
}
EURO = Decimal("1.0875")
HALTED, WHY_HALTED = "Concierge", "Its new prompt is being tested; it starts again when the results are read."


def seed(say: Callable[[str], None]) -> dict[str, str]:
    """Set the scene; returns the demo passwords by user name.

    Problem FORBIDDEN on an instance that was not born as a demo: nothing is touched there.
    """
    instance = Instance.objects.first() or genesis.genesis(demo=True, ceiling=Tier.COMMIT)
    if not instance.born_as_demo:
        raise Problem(Code.FORBIDDEN, "This instance was not born as a demo: nothing is seeded here.")
    passwords = {username: _person(username, group) for username, (group, _) in PEOPLE.items()}
    _mandate("ada", rank=1, money=500_00, risk=Risk.MEDIUM)
    _mandate("grace", rank=3, money=10_000_00, risk=Risk.HIGH)
    say("Two reviewers, two members of the council and an auditor can sign in.")
    rows = _load_records()
    say(f"A shop and a bank have {rows} records in a database of their own.")
    _catalogue()
    for role in ROLES:
        _agent(role)
    seed_readings([*TOOLS, *map(subject_of, CONNECTORS)])
    _euro()
    _halt()
    say(f"{len(ROLES)} agents are registered, one of them below another, and one of them is halted.")
    return passwords


def password_of(username: str) -> str:
    """The demo password of a person: made from this installation's secret key, so the same at each start."""
    digest = salted_hmac("placet.demo.password", username, algorithm="sha256").digest()
    text = base64.b32encode(digest).decode().lower()
    return "-".join((text[:4], text[4:8], text[8:12]))


def _person(username: str, group: str) -> str:
    password = password_of(username)
    person = User.objects.filter(username=username).first()
    if person is None:
        person = enrol.enrol(username, groups=[group], by=BY, password=password)
        if group == REVIEWER:  # the practice cases are on their desk all the same
            waive_practice(person, by=BY)
    elif not person.check_password(password):
        person.set_password(password)
        person.save(update_fields=["password"])
    return password


def _mandate(username: str, *, rank: int, money: int, risk: Risk) -> None:
    person = User.objects.get(username=username)
    if not Mandate.objects.filter(reviewer=person).exists():
        mandates.set_mandate(person, rank=rank, money_limit=money, max_risk=risk, by=BY)


def _load_records() -> int:
    with tempfile.TemporaryDirectory(prefix="placet-demo-") as folder:
        for name, collections in (("shop", records.shop()), ("bank", records.bank())):
            (Path(folder) / f"{name}.json").write_text(dumps(collections), encoding="utf-8")
        loaded = load_folder(Path(folder))
    return sum(sum(each.rows.values()) for each in loaded)


def _scope(key: str, kind: ScopeKind, parent: Scope, ceiling: Tier) -> Scope:
    found = Scope.objects.filter(key=key).first()
    ceiling = Tier(min(ceiling, parent.ceiling))
    return found or narrow.create_scope(
        key=key, name=key.capitalize(), kind=kind, parent=parent, ceiling=ceiling, by=BY
    )


def _catalogue() -> None:
    """Domains, projects and the catalogue files; a type that is there may have been edited since and stays."""
    top = Scope.objects.get(kind=ScopeKind.ENTERPRISE.value)
    for key, (ceiling, inside) in SCOPES.items():
        domain = _scope(key, ScopeKind.DOMAIN, top, ceiling)
        for project, highest in inside.items():
            _scope(project, ScopeKind.PROJECT, domain, highest)
        content = documents.load((CATALOGUES / f"{key}.yaml").read_text(encoding="utf-8"))
        known = set(ActionType.objects.filter(key__startswith=f"{key}.").values_list("key", flat=True))
        for document in content["action_types"]:
            if document["key"] not in known:
                catalogue.save_action_type(document, domain=domain, by=BY)
        for document in content["bindings"]:
            if document["action_type"] not in known:
                catalogue.save_binding(document, by=BY)


def _agent(role: Role) -> None:
    project = Scope.objects.get(key=role.project)
    agent = Agent.objects.filter(name=role.name).first()
    if agent is None:
        agent = register.register_agent(
            name=role.name,
            owner=User.objects.get(username=role.owner),
            project=project,
            parent=None if role.parent is None else Agent.objects.get(name=role.parent),
            max_tier=Tier(min(role.tier, project.ceiling)),
            fingerprint=f"{role.name.lower()}-1",
            by=BY,
        )
        if role.shared:
            register.change_agent(agent, shared=True, by=BY)
    for key, level in role.levels.items():
        action_type = ActionType.objects.get(key=key)
        if not Permission.objects.filter(agent=agent, action_type=action_type).exists():
            permit.set_level(agent, action_type, level=level, by=BY)
    for tool, seconds in role.watches.items():
        if not Watch.objects.filter(agent=agent, tool=tool).exists():
            watch.set_watch(agent, tool, heartbeat_seconds=seconds, by=BY)


def _euro() -> None:
    """What a euro is worth, pinned by the council; an older rate than seven days is none, so then it is pinned anew."""
    if not Rate.objects.filter(currency="EUR", valid_from__gt=database_now() - rates.MOST_AGE).exists():
        rates.pin_rate("EUR", EURO, by=User.objects.get(username="mary"))


def _halt() -> None:
    """An agent without work is halted. Whoever lifts it has lifted it: it is not halted again."""
    agent = Agent.objects.get(name=HALTED)
    if not Halt.objects.filter(target=HaltTarget.AGENT.value, key=str(agent.pk)).exists():
        mary = User.objects.get(username="mary")
        halt.halt(HaltTarget.AGENT, str(agent.pk), reason=WHY_HALTED, by=mary)
