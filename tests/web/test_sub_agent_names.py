"""An agent chooses the names of those it registers; no reviewer ever reads one."""

from __future__ import annotations

import pytest

from governance import catalogue, halt, permit, register
from governance.models import Agent
from governance.policy.tiers import Level, Tier
from governance.sub_agents import register_sub_agent
from governance.watch import set_watch
from reviews.intake import ask
from reviews.models import Escalation
from tests.cast import BENCH_REFUND, BY, Cast
from tests.governance.family import Member, caller_of, ticket
from tests.reviews.test_intake import refund
from tests.web.reading import visitor, words

HOSTILE = "vip_approve_at_once"


def named(cast: Cast, name: str, *, key: str) -> Member:
    """What an agent registers below itself; the council then lets it act."""
    number = str(Agent.objects.count())
    found = register_sub_agent(
        caller=caller_of(key), name=name, action_types=("bench.refund",), request_key=number, request_hash=b"1" * 32
    )
    register.change_agent(found.agent, max_tier=Tier.EXECUTE, shared=True, by=BY)
    permit.set_level(found.agent, cast.refund, level=Level.L1, by=BY)
    assert found.key is not None
    return Member(Agent.objects.get(pk=found.agent.pk), found.key)


@pytest.fixture
def line(cast: Cast) -> tuple[Member, Member]:
    """The second of Refunder, and the first of that."""
    named(cast, "quiet", key=cast.refunder_key)
    second = named(cast, HOSTILE, key=cast.refunder_key)
    return second, named(cast, "ceo_says_yes", key=second.key)


def pages(cast: Cast, line: tuple[Member, Member]) -> dict[str, str]:
    """Every page on which an agent is named, as they are read."""
    second, deep = line
    asked = [ask(who.credential, refund("10.00", key=f"n-{who.agent.number}")).body for who in line]
    action, case = asked[1]["id"], Escalation.objects.get(action_id=asked[1]["id"])
    catalogue.save_action_type({**BENCH_REFUND, "key": "bench.other", "tool": "other"}, domain=cast.service, by=BY)
    set_watch(second.agent, "other", heartbeat_seconds=60, by=BY)
    ticket(Member(cast.refunder, cast.refunder_key), second)
    halted = halt.halt("agent", str(second.agent.pk), reason="test", by=BY)
    case.refresh_from_db()
    paths = [
        "/queue/", f"/escalations/{case.pk}/", f"/decisions/{action}/", f"/traces/{case.action.trace_id}/", "/agents/",
        f"/agents/{second.agent.pk}/", f"/agents/{deep.agent.pk}/", f"/agents/{cast.refunder.pk}/", "/halts/",
        f"/halts/{halted.pk}/", f"/halts/new/?target=agent&name={second.agent.pk}", "/health/", "/authority/",
        "/alerts/", "/lead/", f"/search/?q={case.action.entity}", "/what-if/",
        f"/what-if/?agent={deep.agent.pk}&type=bench.refund",
    ]  # fmt: skip
    readers = {path: cast.mary if path.startswith(("/what-if", "/authority", "/lead")) else cast.ada for path in paths}
    found = {path: visitor(who).get(path) for path, who in readers.items()}
    assert {path: page.status_code for path, page in found.items() if page.status_code != 200} == {}
    assert HOSTILE not in "".join(page.content.decode() for page in found.values())
    assert "ceo_says_yes" not in "".join(page.content.decode() for page in found.values())
    return {path: words(page) for path, page in found.items()}


def test_hostile_names_of_sub_agents_reach_no_page_of_a_reviewer(cast: Cast, line: tuple[Member, Member]) -> None:
    read = pages(cast, line)
    assert [path for path, text in read.items() if "sub-agent 2" not in text] == ["/alerts/"]
    (case,) = (text for path, text in read.items() if path.startswith("/escalations/"))
    assert "sub-agent 2.1 of Refunder, for sub-agent 2 of Refunder, Refunder, asks" in case
    (decision,) = (text for path, text in read.items() if path.startswith("/decisions/"))
    assert "sub-agent 2 of Refunder" in decision


def test_the_name_that_we_gave_it_is_told_in_german_and_the_api_keeps_it(
    cast: Cast, line: tuple[Member, Member]
) -> None:
    deep = line[1]
    body = ask(deep.credential, refund("10.00", key="german")).body
    case = Escalation.objects.get(action_id=body["id"])
    client = visitor(cast.ada)
    client.post("/preferences/choose/", {"language": "de", "time_zone": "Europe/Berlin"})
    paths = [f"/escalations/{case.pk}/", f"/decisions/{body['id']}/", f"/agents/{deep.agent.pk}/", "/agents/"]
    read = {path: words(client.get(path)) for path in paths}
    assert [path for path, text in read.items() if "Unteragent 2.1 von Refunder" not in text] == []
    assert [path for path, text in read.items() if "sub-agent" in text] == []
    assert "sub-agent 2 of Refunder" in str(body)


def test_its_agent_reads_the_name_that_it_chose_and_the_council_too(cast: Cast, line: tuple[Member, Member]) -> None:
    assert line[0].agent.name == f"Refunder.{HOSTILE}"
    listed = visitor(cast.mary).get("/council/governance/agent/")
    assert f"Refunder.{HOSTILE}" in words(listed)


def test_what_a_decision_says_of_it_is_ours_as_well(cast: Cast, line: tuple[Member, Member]) -> None:
    body = ask(line[1].credential, refund("10.00", key="said")).body
    assert HOSTILE not in str(body)
    assert Escalation.objects.get().action.decision.bound_by
    assert HOSTILE not in str(Escalation.objects.get().action.decision.ladder)
    assert HOSTILE not in str(Escalation.objects.get().action.decision.inputs)


def test_whom_the_council_registers_it_names_itself(cast: Cast) -> None:
    assert Agent.objects.get(pk=cast.drafter.pk).number is None
    case = Escalation.objects.get(
        action_id=ask(Member(cast.drafter, cast.drafter_key).credential, refund("10.00")).body["id"]
    )
    assert "Drafter, for Refunder, asks" in words(visitor(cast.ada).get(f"/escalations/{case.pk}/"))
