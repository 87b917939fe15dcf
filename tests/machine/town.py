"""The place of the machine's runs, built once through the verbs, and the model of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from governance import actors, catalogue, enrol, genesis, mandates, narrow, permit, policies, register
from governance.models import ActionType, Agent, Scope, ScopeKind
from governance.policy.tiers import Level, Risk, Tier
from reviews.practise import waive_practice
from tests.governance.policies.rego import files
from tests.machine import oracle

BY = "system:tests"

# What is asked for is each time another action: the same one again would join its open case.
RECORDS = "records"
PARAMETERS = {
    "customer": {"type": "id", "max": 32},
    "amount": {"type": "money"},
    "order": {"type": "id", "max": 32},
}


def document(kind: oracle.Kind) -> dict[str, Any]:
    """A type as the catalogue takes it."""
    evidence = {"tool": "tool_health", "contract": "contract", "velocity": "velocity", "novelty": "novelty"}
    return {
        "key": kind.name,
        "class": kind.act,
        "risk": kind.risk,
        "risk_reason": "Stated for a test.",
        "family": kind.family,
        "tool": kind.tool,
        "parameters": PARAMETERS,
        "amount": {"parameter": "amount"},
        "entities": ["customer"],
        "thresholds": {"amount": f"{kind.threshold // 100}.00"},
        "caps": [
            {
                "key": cap.key,
                cap.unit: cap.limit if cap.unit == "count" else f"{cap.limit // 100}.00",
                "window": cap.window,
                "hard": cap.hard,
            }
            for cap in kind.caps
        ],
        "evidence": [evidence[need] for need in sorted(kind.needs)],
        # what was executed is looked at each time, and what was found waits as little as may be
        "sampling": "1",
        "standing": {"statistical": {"cooldown": "1d"}},
        **({"novelty": {"values": ["customer"], "warm_up": kind.warm_up}} if kind.warm_up else {}),
        **({} if kind.lease is None else {"checkpoint": f"{kind.lease}s"}),
        **({} if kind.rail is None else {"guardrail": _guardrail(kind.rail)}),
        **({} if kind.eyes is None else {"four_eyes": _eyes(*kind.eyes)}),
        **({"in_flight": dict(kind.at_once)} if kind.at_once else {}),
        **({} if kind.most_open is None else {"open_cases": kind.most_open}),
        **({"human_required": True, "legal_basis": "Stated for a test."} if kind.by_people else {}),
    }


def binding(kind: oracle.Kind) -> dict[str, Any]:
    """What a person looks at: the state of what is asked for, which has to stay as it was approved."""
    return {
        "action_type": kind.name,
        "connector": RECORDS,
        "record": {"table": "town.orders", "by": {"record_id": "order"}},
        "values": {"state": "state"},
        "facts": [
            {
                "name": "state",
                "value": "state",
                "compare": "one_of",
                "options": ["fine", "other"],
                "required": True,
                "material": True,
            }
        ],
        "sentence": "Do it.",
    }


def _eyes(least: int, ranks: tuple[int, ...]) -> dict[str, Any]:
    return {"from": f"{least // 100}.00", "stages": [{"rank": rank} for rank in ranks]}


def _guardrail(rail: oracle.Rail) -> dict[str, Any]:
    return {"money": f"{rail.most // 100}.00", "count": rail.count, "window": rail.window}


def _limit(cap: oracle.Cap) -> int | str:
    return cap.limit if cap.unit == "count" else f"{cap.limit // 100}.00"


_UP_TO = """package p

default tier := "propose"

tier := "commit" if input.amount.minor <= {most}

reasons contains "because" if tier == "propose"
"""
_ALL = frozenset({"tool", "contract", "velocity"})
# Two caps on one row: people may pass the first of them.
_SPENDING = (
    oracle.Cap("entity", "money", 1000_00, 24 * oracle.HOUR),
    oracle.Cap("entity", "money", 1400_00, 24 * oracle.HOUR, hard=True),
    oracle.Cap("run", "count", 3, oracle.HOUR),
    oracle.Cap("agent", "count", 12, 10 * oracle.MINUTE),
    oracle.Cap("root", "money", 2500_00, 24 * oracle.HOUR),
    oracle.Cap("project", "money", 4000_00, 7 * oracle.DAY),
    oracle.Cap("enterprise", "money", 6000_00, 24 * oracle.HOUR),
)
# And keys that nothing else here counts over.
_LENDING = (
    oracle.Cap("entity", "count", 3, 6 * oracle.HOUR),
    oracle.Cap("entity", "count", 4, 6 * oracle.HOUR, hard=True),
    oracle.Cap("run", "money", 900_00, oracle.HOUR, hard=True),
    oracle.Cap("owner", "money", 900_00, 24 * oracle.HOUR),
    oracle.Cap("domain", "count", 3, oracle.HOUR),
    oracle.Cap("enterprise", "money", 3000_00, 7 * oracle.DAY, hard=True),
)
_RAIL = oracle.Rail(granted=500_01, most=480_00, count=2, window=oracle.HOUR)
KINDS = {
    kind.name: kind
    for kind in (
        oracle.Kind("town.pay", "act", "medium", "payments", "till", 500_00, _SPENDING, _ALL),
        oracle.Kind("town.note", "draft", "low", "notes", "paper", 10**7, (), frozenset({"contract", "velocity"})),
        oracle.Kind("town.lend", "act", "low", "loans", "paper", 500_00, _LENDING, _ALL, lease=300),
        oracle.Kind("town.gift", "act", "low", "gifts", "paper", 500_00, (), _ALL | {"novelty"}, warm_up=2),
        oracle.Kind("town.wire", "act", "high", "payments", "till", 10**7, _SPENDING, _ALL, rail=_RAIL),
    )
}
SCOPES = {
    "acme": ("enterprise", None, "COMMIT"),
    "shop": ("domain", "acme", "COMMIT"),
    "bank": ("domain", "acme", "COMMIT"),
    "refunds": ("project", "shop", "EXECUTE"),
    "goodwill": ("project", "shop", "COMMIT"),
    "payouts": ("project", "bank", "COMMIT"),
}
_REFUNDER = {"town.pay": 2, "town.note": 1, "town.lend": 1, "town.wire": 1, "town.gift": 1}
AGENTS = {
    "Refunder": (
        "mary",
        "refunds",
        None,
        "EXECUTE",
        {"town.pay": 2, "town.note": 1, "town.lend": 1, "town.wire": 1, "town.gift": 1},
    ),
    "Drafter": ("joan", "goodwill", "Refunder", "EXECUTE", {"town.pay": 2, "town.note": 0, "town.lend": 2}),
    "Scribe": ("joan", "goodwill", None, "EXECUTE", {"town.pay": 2, "town.note": 1, "town.lend": 2, "town.gift": 2}),
    "Teller": ("mary", "payouts", None, "COMMIT", {"town.pay": 3, "town.lend": 1, "town.wire": 3}),
}
SHARED, PAY, NEW = "Scribe", "town.pay", "town.gift"
# money in cents, the highest risk, and their rank
REVIEWERS = {"ada": (500_00, "medium", 1), "barbara": (10_000_00, "high", 2), "grace": (10_000_00, "high", 3)}


@dataclass(frozen=True)
class Town:
    """The rows behind the names of the model."""

    mary: User
    reviewers: dict[str, User]
    scopes: dict[str, Scope]
    types: dict[str, ActionType]
    agents: dict[str, Agent]


def build() -> Town:
    """Found the town. Every name is that of the model."""
    genesis.genesis(enterprise="acme", name="Acme", ceiling=Tier.COMMIT)
    scopes = {"acme": Scope.objects.get(key="acme")}
    for key, (kind, above, ceiling) in SCOPES.items():
        if above is not None:
            scopes[key] = narrow.create_scope(
                key=key,
                name=key.title(),
                kind=ScopeKind(kind),
                parent=scopes[above],
                ceiling=Tier[ceiling],
                by=BY,
            )
    mary = User.objects.get(username="mary")
    types = {name: catalogue.save_action_type(document(kind), domain=None, by=BY) for name, kind in KINDS.items()}
    for each in KINDS.values():
        catalogue.save_binding(binding(each), by=BY)
    reviewers = {name: enrol.enrol(name, groups=[actors.REVIEWER], by=BY) for name in REVIEWERS}
    for name, person in reviewers.items():
        waive_practice(person, by=BY)
        gives_mandate(person, *REVIEWERS[name])
    agents: dict[str, Agent] = {}
    for name, (owner, project, parent, most, levels) in AGENTS.items():
        agents[name] = register.register_agent(
            name=name,
            owner=User.objects.get(username=owner),
            project=scopes[project],
            parent=None if parent is None else agents[parent],
            max_tier=Tier[most],
            by=BY,
        )
        for type_name, level in levels.items():
            permit.set_level(agents[name], types[type_name], level=Level(level), by=BY)
    register.change_agent(agents[SHARED], shared=True, by=BY)
    govern()
    return Town(mary, reviewers, scopes, types, agents)


def gives_mandate(person: User, money: int, risk: str, rank: int) -> None:
    """What a reviewer may approve from now on."""
    mandates.set_mandate(person, rank=rank, money_limit=money, max_risk=Risk[risk.upper()], by=BY)


def govern() -> None:
    """A policy of two people for the types that have a guardrail."""
    for kind in KINDS.values():
        if kind.rail is not None:
            text = _UP_TO.format(most=kind.rail.granted)
            version = policies.propose(files(types=kind.name, rego=text), by="user:mary")
            policies.activate(version.pk, digest=bytes(version.digest).hex(), by="user:joan")


def world() -> oracle.World:
    """The model of the town at its beginning."""
    made = oracle.World({name: oracle.Scope(name, *each) for name, each in SCOPES.items()}, dict(KINDS))
    for name, (owner, project, above, most, levels) in AGENTS.items():
        made.agents[name] = oracle.Agent(name, owner, project, above, most, levels=dict(levels))
    return made
