"""The recorded runs of real agents, replayed against live server processes."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from governance import catalogue, genesis
from governance.models import Action, Agent, LedgerEntry
from governance.policy.tiers import Tier
from reviews.replay import enlist
from tests.cast import BY
from tests.support.fixtures import Committed, Records
from tests.support.live import Servers
from tests.support.proof import PROVE, tell

# Tools of the same name and domain are one action type.
WRITES, TOOLS, TYPES = 4_531, 52, 37
# Keys are issued for one run and leave their entries; everything else must be there once.
_OF_A_RUN = {"AgentKey", "LedgerEntry"}
_KEYS = ("key_issued", "key_revoked")

FIFTEEN_PAYMENTS = "agentdojo-dojo-banking-gpt-4o-2024-05-13-repeat_user_prompt-u3-none-clean"
# What a council would write to let this tool act, had we none of our own for it.
BANKING = """
action_types:
  - key: dojo.send_money
    class: act
    risk: medium
    risk_reason: payments up to 500 to a payee that was paid before
    parameters:
      recipient: {type: id}
      amount: {type: money}
      subject: {type: text}
      date: {type: date, required: false}
    amount: {parameter: amount}
    thresholds: {amount: "500.00"}
    caps: [{key: run, count: 3, window: 24h}]
    evidence: [contract, completeness, velocity]
    facts: first
bindings:
  - action_type: dojo.send_money
    connector: records
    record: {table: dojo_banking.bank_account, by: {record_id: {literal: bank_account}}}
    values:
      paid: transactions.recipient
      balance: {money: balance, currency: USD}
    facts:
      - {name: payee, value: paid, claim: parameters.recipient, compare: subset, required: true, show: match}
      - {name: funds, value: balance, claim: parameters.amount, compare: covers, required: true, show: value}
"""


@pytest.fixture
def runs() -> Path:
    """The folder of recorded runs."""
    data = settings.PLACET_DATA
    if data is None or not (Path(data) / "agent_runs").is_dir():
        pytest.skip("There are no recorded runs here: PLACET_DATA names the folder that has them.")
    return Path(data) / "agent_runs"


@dataclass(frozen=True)
class Part:
    """Some of the recorded runs, or all of them when proven: whole sessions, and what is among their writes."""

    path: Path
    writes: int
    tools: frozenset[str]


@pytest.fixture
def part(runs: Path, tmp_path: Path) -> Part:
    """Each session with a tool that its agent had not used before: every agent does all that it ever did once."""
    sessions: dict[str, list[tuple[bytes, dict[str, Any]]]] = {}
    for line in gzip.decompress((runs / "actions.jsonl.gz").read_bytes()).splitlines(keepends=True):
        call = json.loads(line)
        sessions.setdefault(call["session_id"], []).append((line, call))
    seen: set[tuple[str, str]] = set()
    chosen, writes = [], 0
    for calls in sessions.values():
        used = {(call["agent"], f"{call['domain']}.{call['tool']}") for _, call in calls if call["is_write"]}
        if PROVE or used - seen:
            seen |= used
            chosen += [line for line, _ in calls]
            writes += sum(call["is_write"] for _, call in calls)
    for file in runs.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "actions.jsonl.gz").unlink()
    (tmp_path / "actions.jsonl.gz").write_bytes(gzip.compress(b"".join(chosen), 1))
    return Part(tmp_path, writes, frozenset(tool for _, tool in seen))


@pytest.fixture
def demo(committed: Committed, records: Records) -> None:
    """An instance born as a demo, with an empty database of records."""
    genesis.genesis(demo=True, ceiling=Tier.EXECUTE)


def rows() -> dict[str, int]:
    """How many rows there are of everything."""
    models = [model for label in ("governance", "reviews") for model in apps.get_app_config(label).get_models()]
    counts = {model.__name__: model._default_manager.count() for model in models if model.__name__ not in _OF_A_RUN}
    return {**counts, "entries": LedgerEntry.objects.exclude(kind__in=_KEYS).count()}


def replay(path: Path, url: str, **options: Any) -> dict[str, Any]:
    """Run the command as a person would; returns its JSON."""
    out = io.StringIO()
    call_command("replay", str(path), url=url, json=True, stdout=out, **options)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


@pytest.mark.full
@pytest.mark.usefixtures("demo")
def test_every_recorded_write_is_answered_and_a_second_run_creates_nothing(part: Part, servers: Servers) -> None:
    url = servers.start("api")
    first = replay(part.path, url)
    assert (first["answered"], first["server_errors"], first["unanswered"]) == (first["writes"], 0, 0)
    assert first["writes"] == part.writes >= (WRITES if PROVE else 500)
    assert (len(part.tools), len(first["tools"])) == (TOOLS, TYPES)
    assert first["outcomes"]["execute"] > (50 if PROVE else 15)
    assert first["cap_exhausted"] > (50 if PROVE else 15)
    assert first["mismatches"] > 0
    acting = {name for name, counts in first["tools"].items() if counts.get("execute")}
    assert {name.split(".")[0] for name in acting} == {"retail", "dojo"}
    before = rows()
    second = replay(part.path, url)
    assert (second["answered"], second["server_errors"], second["outcomes"]) == (part.writes, 0, first["outcomes"])
    assert rows() == before
    done = {name: first["outcomes"][name] for name in sorted(first["outcomes"])}
    tell(size=f"{part.writes:,} recorded writes", figure=", ".join(f"{name} {count:,}" for name, count in done.items()))


@pytest.mark.usefixtures("demo")
def test_the_recorded_run_that_pays_four_fifteen_times_stops_at_its_cap(
    runs: Path, servers: Servers, tmp_path: Path
) -> None:
    shutil.copy(runs / "tools.json", tmp_path)
    (tmp_path / "records").mkdir()
    shutil.copy(runs / "records" / "dojo-banking.json.gz", tmp_path / "records")
    lines = gzip.decompress((runs / "actions.jsonl.gz").read_bytes()).splitlines(keepends=True)
    wanted = [line for line in lines if json.loads(line)["session_id"] == FIFTEEN_PAYMENTS]
    (tmp_path / "actions.jsonl").write_bytes(b"".join(wanted))
    catalogue.import_file(BANKING, by=BY)
    answer = replay(tmp_path, servers.start("api"))
    assert answer["outcomes"] | {"execute": 3, "escalate": 1, "cap_exhausted": 11} == answer["outcomes"]
    paid = Action.objects.filter(state="succeeded").values_list("amount", flat=True)
    assert sum(cents or 0 for cents in paid) == 1_200


def test_elsewhere_than_on_a_demo_recorded_agents_only_propose(
    part: Part, committed: Committed, records: Records, servers: Servers
) -> None:
    genesis.genesis(ceiling=Tier.COMMIT)
    answer = replay(part.path, servers.start("api"), limit=120)
    assert (answer["answered"], answer["outcomes"]["execute"]) == (120, 0)
    assert set(Agent.objects.values_list("max_tier", flat=True)) == {Tier.PROPOSE.value}
    assert enlist.project().ceiling == Tier.PROPOSE
