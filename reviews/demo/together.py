"""What takes more than one: a bundle that two people put in force, work that agents share, a gateway that watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID

import httpx
from django.contrib.auth.models import User

import governance
from governance import policies
from governance.bundle_files import read_folder
from governance.engines import chosen
from governance.models import Bundle
from reviews.answers import traceparent
from reviews.demo.authority import GIVER, SIGNALS, WATCHER, Link, shared_work, ticket
from reviews.replay.envelope import Posting
from reviews.replay.send import TIMEOUT, Answered, send

BUNDLES = ("refunds", "payments")
FOLDER = Path(governance.__file__).parent / "bundles"


def agree_on_policy(say: Callable[[str], None]) -> None:
    """Mary proposes each bundle that is not stored and Joan activates it; without an engine nobody could check one."""
    if chosen.checker() is None:
        say("No engine for policies is installed here, so none is in force.")
        return
    mary, joan = (User.objects.get(username=name) for name in ("mary", "joan"))
    for name in BUNDLES:
        if not Bundle.objects.filter(name=name).exists():
            version = policies.propose(read_folder(FOLDER / name), by=mary)
            policies.activate(version.pk, digest=bytes(version.digest).hex(), by=joan)
            say(f"Mary proposed policy {version}, Joan activated it.")


def share_work(url: str, keys: Mapping[str, str]) -> list[Answered]:
    """One piece of work, each action asked for because of another one; asked again, everything is answered alike.

    It ends at the first that is not answered, as when the ticket is over.
    """
    given = _given(url, keys[GIVER])
    done: dict[str, UUID] = {}
    answers: list[Answered] = []
    for link in shared_work():
        with _client(url, keys[link.step.agent]) as client:
            answers.append(send(client, _posting(link, done, given), threading.Event()))
        if not answers[-1].action:
            break
        done[link.step.key] = UUID(answers[-1].action)
    return answers


def watch_tools(url: str, keys: Mapping[str, str]) -> None:
    """The gateway says how the tools are that it watches."""
    with _client(url, keys[WATCHER]) as client:
        for signal in SIGNALS:
            body = {"tool": signal.tool, "outcomes": [{"status": status} for status in signal.outcomes]}
            key = f"demo:signal:{signal.tool}"
            client.post("/api/v1/signals/", json=body, headers={"Idempotency-Key": key}).raise_for_status()


def _given(url: str, key: str) -> str:
    """The id of the ticket under which the helper acts."""
    with _client(url, key) as client:
        answer = client.post("/api/v1/delegations/", json=ticket(), headers={"Idempotency-Key": "demo:chain:ticket"})
        return str(answer.raise_for_status().json()["id"])


def _posting(link: Link, done: Mapping[str, UUID], given: str) -> Posting:
    """A step with what ties it to the one before: the trace is named like its first action."""
    step, first = link.step, next(iter(done.values()), None)
    body = {**step.body(), "delegation": given} if link.by_ticket else step.body()
    trace = "" if first is None else traceparent(first.hex, done[link.below])
    return Posting(step.agent, step.type, step.key, body, step.succeeded, step.call, trace)


def _client(url: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=TIMEOUT, trust_env=False, headers={"Authorization": f"Bearer {key}"})
