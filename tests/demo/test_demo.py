"""The demo on real processes: seeded by verbs, acted over HTTP, and the incidents end as they must."""

from __future__ import annotations

import io
import json
import re

import httpx
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from config.services.stack import BASE
from governance import genesis, register
from governance.models import (
    Action,
    Agent,
    BundleVersion,
    Decision,
    Fact,
    Grant,
    Halt,
    LedgerEntry,
    Rate,
    Refusal,
    Ticket,
    ToolReading,
    ToolSignal,
)
from governance.policy.tiers import Tier
from reviews import roster, traces
from reviews.demo.authority import governed
from reviews.demo.scenario import history
from reviews.demo.seed import password_of
from reviews.demo.traffic import LEFT_TO_JUDGE
from reviews.models import Alert, Draw, Escalation, Finding, Verdict
from reviews.verify import verify
from tests.cast import BY
from tests.support.fixtures import Committed, Records
from tests.support.live import Servers
from tests.support.patience import policy_takes_its_time

# A port of this machine that nobody listens on: the warehouse is down.
WAREHOUSE = "postgresql://placet_reader@127.0.0.1:1/warehouse"


def seed() -> str:
    out = io.StringIO()
    call_command("demo_seed", stdout=out)
    return out.getvalue()


def act(url: str) -> str:
    out = io.StringIO()
    call_command("demo_traffic", url=url, stdout=out)
    return out.getvalue()


def outcome(key: str) -> str:
    if Refusal.objects.filter(idempotency_key=key).exists():
        return "cap_exhausted"
    return Decision.objects.get(action__idempotency_key=key).outcome


def ended(key: str) -> tuple[str, list[str]]:
    """How an action was decided, and why."""
    decided = Decision.objects.get(action__idempotency_key=key)
    return decided.outcome, [reason["code"] for reason in decided.reasons]


def differing(key: str) -> set[str]:
    facts = Fact.objects.filter(snapshot__action__idempotency_key=key, result="differs")
    return set(facts.values_list("name", flat=True))


@pytest.mark.parametrize("command", ["demo_seed", "demo_traffic"])
def test_an_instance_that_was_not_born_as_a_demo_is_left_alone(db: None, command: str) -> None:
    genesis.genesis(ceiling=Tier.COMMIT)
    entries = LedgerEntry.objects.count()
    with pytest.raises(CommandError, match="not born as a demo"):
        call_command(command)
    assert LedgerEntry.objects.count() == entries


def test_the_demo_plays_and_a_second_start_adds_nothing(
    committed: Committed, records: Records, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.PLACET_CONNECTORS, "warehouse", WAREHOUSE)
    _seeding_twice_changes_nothing_and_prints_the_same_logins()
    url = servers.start("api", prepare=policy_takes_its_time, PLACET_CONNECTOR_WAREHOUSE_URL=WAREHOUSE)
    act(url)
    _incidents_end_as_they_must()
    _agents_worked_on_their_own()
    _policy_granted_what_the_guardrail_allows()
    _agents_shared_a_piece_of_work()
    _standing_and_health_are_not_all_green()
    _people_have_something_to_do()
    _no_hostile_line_is_in_the_ledger()
    before = counts()
    assert "before" in act(url)
    assert counts() == before
    _the_commands_of_the_documents_work_as_written(url)


def _the_commands_of_the_documents_work_as_written(url: str) -> None:
    for page, agent, least in (("agent-author", "Refunder", 1), ("delegate", "Refunder", 2), ("gateway", "Gateway", 1)):
        key = register.issue_key(Agent.objects.get(name=agent), by=BY)
        text = (BASE / "docs" / "how-to" / f"{page}.md").read_text()
        found = re.findall(r"^curl -s http://127\.0\.0\.1:8000(\S+) .*?-d '(.*?)'$", text, re.MULTILINE | re.DOTALL)
        assert len(found) >= least
        for place, (address, body) in enumerate(found):
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"{page}:{place}"}
            answer = httpx.post(f"{url}{address}", json=json.loads(body), headers=headers)
            assert answer.status_code < 300, answer.text


def _seeding_twice_changes_nothing_and_prints_the_same_logins() -> None:
    first = seed()
    entries, readings = LedgerEntry.objects.count(), ToolReading.objects.count()
    assert [line for line in first.splitlines() if line.startswith("login")] == [
        line for line in seed().splitlines() if line.startswith("login")
    ]
    assert (LedgerEntry.objects.count(), ToolReading.objects.count()) == (entries, readings)
    assert User.objects.get(username="ada").check_password(password_of("ada"))
    assert Agent.objects.count() == 10
    assert Halt.objects.filter(lifted_at=None).count() == 1
    assert [rate.currency for rate in Rate.objects.all()] == ["EUR"]


def _incidents_end_as_they_must() -> None:
    loop = [outcome(f"demo:loop:{number}") for number in (1, 2, 3, 4)]
    assert loop == ["execute", "execute", "escalate", "cap_exhausted"]
    for key in ("vip", "others", "cent", "mass-mail", "warehouse", "hijack", "hijack-payee", "unsure"):
        assert outcome(f"demo:{key}") == "escalate", key
    assert differing("demo:others") == {"owner", "customer"}
    assert differing("demo:cent") == {"amount", "refundable"}
    assert "iban" in differing("demo:hijack")
    assert Decision.objects.get(action__idempotency_key="demo:mass-mail").effective_risk == 3
    statuses = {
        key: verify(Escalation.objects.get(action__idempotency_key=f"demo:{key}").pk).status
        for key in ("warehouse", "hijack-payee")
    }
    assert statuses == {"warehouse": "unavailable", "hijack-payee": "read"}


def _agents_worked_on_their_own() -> None:
    own = [step.key for step in history()]
    assert Decision.objects.filter(outcome="execute", action__idempotency_key__in=own).count() == len(own)
    assert not Action.objects.filter(state="executing").exists()
    assert Action.objects.filter(state="failed").count() == len([step for step in history() if not step.succeeded])


def _policy_granted_what_the_guardrail_allows() -> None:
    active = BundleVersion.objects.filter(state="active").order_by("bundle__name")
    assert [(str(each.bundle), each.proposed_by, each.activated_by) for each in active] == [
        ("payments", "mary", "joan"),
        ("refunds", "mary", "joan"),
    ]
    granted = ("execute", ["within_authority"])
    assert {step.key: ended(step.key) for step in governed()} == {step.key: granted for step in governed()}
    assert (outcome("demo:grant:inside"), outcome("demo:grant:over")) == ("execute", "escalate")
    assert Grant.objects.get(action__idempotency_key="demo:grant:inside").issued_by == "policy"
    joan = User.objects.get(username="joan")
    assert [alert.owner for alert in Alert.objects.filter(kind="guardrail_grant")] == [joan]
    assert (outcome("demo:euro:1"), outcome("demo:euro:2")) == ("execute", "escalate")
    assert Action.objects.get(idempotency_key="demo:euro:2").amount == 522_00


def _agents_shared_a_piece_of_work() -> None:
    first = Action.objects.get(idempotency_key="demo:chain:order")
    found = traces.read(first.pk.hex)
    assert [(node.agent, node.depth, node.outcome) for node in found.nodes] == [
        ("Refunder", 0, "execute"),
        ("Resolver", 1, "execute"),
        ("Resolver", 2, "execute"),
        ("Resolver", 2, "escalate"),
        ("Drafter", 3, "execute"),
    ]
    assert Ticket.objects.get().child.name == "Resolver"


def _standing_and_health_are_not_all_green() -> None:
    drafter = roster.read(Agent.objects.get(name="Drafter").pk)
    # whether what was drawn of it shows too many errors already is a matter of chance
    stood = [each for each in drafter.stood if each.why != "Reviews found too many errors."]
    assert [(each.tier, each.strikes) for each in stood] == [(Tier.PROPOSE, 1)]
    assert stood[0].until.startswith("EXECUTE at ")
    assert {signal.tool for signal in ToolSignal.objects.all()} == {"bank.payees", "shop.warehouse"}


def _people_have_something_to_do() -> None:
    assert Verdict.objects.filter(approve=True).count() == 3
    assert Action.objects.filter(agent__name="Drafter", state="succeeded", action_type__key="shop.refund").count() == 3
    assert Escalation.objects.filter(state="open").count() >= 12
    assert Finding.objects.count() > 0
    waiting = Draw.objects.filter(finding=None)
    assert waiting.exists()
    # an incident that ran is drawn now and then too, and always left for you
    assert waiting.filter(action__idempotency_key__in=[step.key for step in history()]).count() <= LEFT_TO_JUDGE


def _no_hostile_line_is_in_the_ledger() -> None:
    text = b" ".join(bytes(body) for body in LedgerEntry.objects.values_list("body", flat=True))
    assert b"SYSTEM NOTE" not in text
    assert b"Our bank has changed" not in text


def counts() -> list[int]:
    models = (Action, Refusal, LedgerEntry, Escalation, Verdict, Draw, Finding, Ticket, ToolSignal, BundleVersion)
    return [model._default_manager.count() for model in models]
