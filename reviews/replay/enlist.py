"""Registers the recorded agents and their tools through the verbs of the council. Doing it again changes nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

import governance
from governance import catalogue, documents, locks, narrow, permit, register
from governance.actors import COUNCIL
from governance.models import ActionType, Agent, AgentKey, Instance, Permission, Scope, ScopeKind
from governance.models.agents import MOST_REQUESTS, REQUESTS_PER_MINUTE
from governance.policy.health import subject_of
from governance.policy.names import MAX_NAME
from governance.policy.tiers import Level, Tier
from governance.seeded import seed_readings
from reviews.replay.envelope import Described
from reviews.replay.folder import Call, Folder, FolderError
from reviews.replay.infer import amount_argument, infer
from reviews.replay.types import REASON, type_document, type_key

BY = "system:replay"
DOMAIN, PROJECT = "recorded", "replay"
CATALOGUES = Path(governance.__file__).parent / "catalogues"
KEY_LIFE = dt.timedelta(hours=12)

Tools = Mapping[tuple[str, str], Described]


def project() -> Scope:
    """The project of recorded agents; under an EXECUTE ceiling where the instance was born as a demo."""
    found = Scope.objects.filter(key=PROJECT).first()
    if found is not None:
        return found
    above = Scope.objects.get(kind=ScopeKind.ENTERPRISE.value)
    ceiling = Tier(min(tier(), above.ceiling))
    domain = Scope.objects.filter(key=DOMAIN).first() or narrow.create_scope(
        key=DOMAIN, name="Recorded runs", kind=ScopeKind.DOMAIN, parent=above, ceiling=ceiling, by=BY
    )
    ceiling = Tier(min(ceiling, domain.ceiling))
    return narrow.create_scope(
        key=PROJECT, name="Replay", kind=ScopeKind.PROJECT, parent=domain, ceiling=ceiling, by=BY
    )


def is_demo() -> bool:
    """Whether the instance was born as a demo. Raises `FolderError` before genesis."""
    instance = Instance.objects.first()
    if instance is None:
        raise FolderError("This instance has not begun: run manage.py genesis first.")
    return instance.born_as_demo


def tier() -> Tier:
    """How high recorded agents may stand: EXECUTE on a demo instance, PROPOSE elsewhere."""
    return Tier.EXECUTE if is_demo() else Tier.PROPOSE


def owner() -> User:
    """Who answers for recorded agents: the first active member of the council."""
    person = User.objects.filter(groups__name=COUNCIL, is_active=True).order_by("pk").first()
    if person is None:
        raise FolderError("Nobody sits in the council: run manage.py genesis first.")
    return person


def describe_tools(folder: Folder, *, caps: Sequence[Mapping[str, Any]]) -> Tools:
    """Every written tool by (group, name): as the catalogue has it where it binds it, else inferred and saved."""
    written: dict[tuple[str, str], list[Call]] = {}
    for call in folder.calls:
        if call.is_write:
            written.setdefault((folder.group_of(call), call.tool), []).append(call)
    domain, demo = project().parent, is_demo()
    import_catalogues({type_key(*place) for place in written}, domain)
    found = {place: _describe(folder, place, calls, domain, demo, caps) for place, calls in written.items()}
    if demo:
        bindings = [each.binding for each in found.values() if each.binding is not None]
        tools = [each.spec.tool for each in found.values()]
        seed_readings([*tools, *(subject_of(binding.connector) for binding in bindings)])
    return found


def import_catalogues(keys: Collection[str], domain: Scope | None) -> None:
    """Import the files that come with Placet and describe one of these tools, unless that type is known already.

    A type the council has imported or edited is theirs: it is not imported over.
    """
    known = set(ActionType.objects.values_list("key", flat=True))
    for file in sorted(CATALOGUES.glob("*.yaml")):
        described = {entry["key"] for entry in documents.load(file.read_text(encoding="utf-8"))["action_types"]}
        if described & set(keys) and not described & known:
            catalogue.import_file(file, domain=domain, by=BY)


def _describe(
    folder: Folder,
    place: tuple[str, str],
    calls: Sequence[Call],
    domain: Scope | None,
    demo: bool,
    caps: Sequence[Mapping[str, Any]],
) -> Described:
    key = type_key(*place)
    row = ActionType.objects.filter(key=key).first()
    known = None if row is None else catalogue.current(row.pk)
    if known is not None and (known.binding is not None or known.spec.risk_reason != REASON):
        return Described(key, known.spec, known.binding, {})
    tool = folder.tool_of(calls[0])
    shapes = infer([call.arguments for call in calls], money=amount_argument(tool.money), entities=tool.entities)
    document = type_document(key, tool, shapes, demo=demo, caps=caps)
    saved = catalogue.current(catalogue.save_action_type(document, domain=domain, by=BY).pk)
    if saved is None:
        raise FolderError(f"The action type {key} is gone again.")
    return Described(key, saved.spec, saved.binding, shapes)


def enlist(folder: Folder, tools: Tools) -> dict[str, Agent]:
    """Every agent that writes, by its recorded name, each with a permission for what it was recorded to use.

    A permission that exists stays as it is: people may have moved it since.
    """
    at, person, demo = project(), owner(), is_demo()
    used: dict[str, set[str]] = {}
    models: dict[str, str] = {}
    for call in folder.calls:
        models.setdefault(call.agent, call.model)
        if call.is_write:
            used.setdefault(call.agent, set()).add(tools[(folder.group_of(call), call.tool)].key)
    rows = dict(ActionType.objects.values_list("key", "pk"))
    agents: dict[str, Agent] = {}
    names = agent_names(used)
    for recorded, keys in used.items():
        agent = _agent(names[recorded], at, person, fingerprint(models[recorded]))
        held = set(Permission.objects.filter(agent=agent).values_list("action_type_id", flat=True))
        for key in sorted(keys):
            if rows[key] not in held:
                level = Level.L2 if demo else Level.L0
                permit.set_level(agent, ActionType.objects.get(pk=rows[key]), level=level, by=BY)
        agents[recorded] = agent
    return agents


def _agent(name: str, at: Scope, person: User, declared: str) -> Agent:
    found = Agent.objects.filter(name__iexact=name, project=at).first()
    if found is not None:
        return found
    if Agent.objects.filter(name__iexact=name).exists():
        raise FolderError(f"An agent called {name} is registered in another project: rename one of them.")
    # days of recorded work are asked for within a minute
    pace = MOST_REQUESTS if is_demo() else REQUESTS_PER_MINUTE
    return register.register_agent(
        name=name,
        owner=person,
        project=at,
        max_tier=Tier(at.ceiling),
        fingerprint=declared,
        requests_per_minute=pace,
        by=BY,
    )


def fingerprint(model: str) -> str:
    """What a recorded agent declares: a hash of its model, the only part that is recorded; nothing if it is not."""
    return f"model-{_tail(model)}" if model else ""


def agent_names(recorded: Iterable[str]) -> dict[str, str]:
    """Names as the registry spells them; a part of the hash is added where two would be one, or nothing is left."""
    plain = {name: _plain(name) for name in recorded}
    times = Counter(name.casefold() for name in plain.values())
    return {
        name: spelled
        if spelled and times[spelled.casefold()] == 1
        else f"{spelled[: MAX_NAME - 8]} {_tail(name)}".strip()
        for name, spelled in plain.items()
    }


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", " ", name, flags=re.ASCII).strip(" ._-")[:MAX_NAME].strip()


def _tail(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:7]


def issue_keys(agents: Mapping[str, Agent]) -> dict[str, str]:
    """A fresh key for each agent, for this run: nobody keeps it."""
    until = locks.database_now() + KEY_LIFE
    return {recorded: register.issue_key(agent, by=BY, expires_at=until) for recorded, agent in agents.items()}


def revoke_keys(keys: Iterable[str]) -> None:
    """End the keys of this run."""
    for key in keys:
        register.revoke_key(AgentKey.objects.get(prefix=key.split("_")[1]), by=BY)
