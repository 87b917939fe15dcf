"""The alerts: what a person must see, in lines, and that they saw it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from governance import delegate, halt, locks, record, register
from governance.enrol import enrol
from governance.models import Halt
from governance.models.agents import AgentState
from governance.policy.standing import Constants, Why
from governance.problems import Problem
from governance.redden import turn_red
from reviews import alerts
from reviews.acknowledge import Shown, acknowledge
from reviews.models import Alert, AlertKind
from tests.cast import BY, Cast
from tests.governance.family import Member, hired, ticket
from tests.reviews.scene import Scene, entries, refused
from tests.web.reading import visitor, words


def inbox(person: User, **sent: str) -> Any:
    return visitor(person).get("/alerts/", sent)


def shown(person: User, *, every: bool = False) -> Shown:
    """The first line as this person sees it."""
    line = alerts.read(viewer=person.pk, every=every).lines[0]
    return Shown(line.first, line.last, line.count, own=not every)


def alert_of(cast: Cast, place: int) -> Alert:
    """An alert of one of three lines."""
    agent, action_type = ((cast.refunder, None), (cast.drafter, None), (cast.refunder, cast.refund))[place]
    about = {"agent": agent, "action_type": action_type, "owner": cast.mary}
    return Alert.objects.create(kind=AlertKind.RED, raised_at=locks.database_now(), **about)


def owner() -> User:
    """Somebody who owns an agent and has no role."""
    return enrol("olga", groups=[], by=BY)


def test_executions_at_medium_risk_are_one_line_with_a_count_and_the_latest_decision(scene: Scene) -> None:
    first, last = scene.running(), scene.running()
    response = inbox(scene.cast.mary)
    assert "2 alerts to be seen" in words(response)
    assert "Ran by itself at medium risk" in words(response)
    assert f'href="/decisions/{last.pk}/"' in response.content.decode()
    assert f"/decisions/{first.pk}/" not in response.content.decode()
    assert {(alert.owner, alert.agent) for alert in Alert.objects.all()} == {(scene.cast.mary, scene.cast.refunder)}


def test_a_claim_that_the_record_contradicts_is_an_alert_of_its_own(scene: Scene) -> None:
    answer = scene.ask("950.00", kind="shop.express")
    assert answer.body["outcome"] == "escalate"
    assert Alert.objects.get().kind == AlertKind.RED
    assert entries("action_decided")[0]["alert"] == "red"
    assert "Evidence turned red" in words(inbox(scene.cast.mary))


def test_a_red_of_another_kind_is_an_alert_when_its_episode_begins(cast: Cast) -> None:
    for latch in (f"type:{cast.refund.pk}", f"type:{cast.refund.pk}", "agent"):
        with transaction.atomic():
            locks.share_authority()
            turn_red(cast.refunder.pk, latch, Why.BREACHES, Constants(timedelta(minutes=10), timedelta(hours=1)))
            record.append(event=record.Event.CONTRACT_BREACHED, actor=BY, body={"latch": latch})
    of_type, of_agent = Alert.objects.order_by("pk")
    assert (of_type.kind, of_type.agent, of_type.action_type, of_type.owner) == (
        AlertKind.RED, cast.refunder, cast.refund, cast.mary,
    )  # fmt: skip
    assert (of_agent.kind, of_agent.action_type) == (AlertKind.RED, None)
    why = f'href="/agents/{cast.refunder.pk}/#standing">Why its standing is low</a>'
    assert inbox(cast.mary).content.decode().count(why) == 2
    assert 'id="standing"' in visitor(cast.mary).get(f"/agents/{cast.refunder.pk}/").content.decode()


def test_an_ordinary_case_is_no_alert(scene: Scene) -> None:
    scene.case()
    assert not Alert.objects.exists()
    assert "No alert waits for you." in words(inbox(scene.cast.mary))


@pytest.mark.parametrize(
    ("target", "key"),
    [("agent", "refunder"), ("action_type", "bench.refund"), ("project", "refunds"), ("domain", "service"),
     ("enterprise", "acme")],
)  # fmt: skip
def test_a_halt_tells_every_owner_of_an_agent_that_it_stops_once(cast: Cast, target: str, key: str) -> None:
    olga = owner()
    register.change_agent(cast.drafter, owner=olga, by=BY)
    halt.halt(target, str(cast.refunder.pk) if target == "agent" else key, reason="x", by=BY)
    assert {alert.owner for alert in Alert.objects.filter(kind="halt")} == {cast.mary, olga}
    assert Alert.objects.count() == 2
    assert "Halted" in words(inbox(olga))
    assert "The halt" not in words(inbox(olga)), "whoever has no role cannot open it"
    assert f'href="/halts/{Halt.objects.get().pk}/">The halt</a>' in inbox(cast.mary).content.decode()


def test_a_halt_tells_the_owners_of_agents_that_act_under_a_ticket_of_a_halted_one(cast: Cast) -> None:
    refunder = Member(cast.refunder, cast.refunder_key)
    translator, printer = (hired(cast, name, shared=True, owner=enrol(name, groups=[], by=BY)) for name in "TP")
    given = ticket(refunder, translator)
    ticket(translator, printer, via=given)
    former = hired(cast, "F", shared=True, owner=owner())
    delegate.end_ticket(ticket(refunder, former).pk, by=refunder.caller)
    halt.halt("agent", str(cast.refunder.pk), reason="x", by=BY)
    told = {alert.owner for alert in Alert.objects.all()}
    assert told == {cast.mary, translator.agent.owner, printer.agent.owner}


def test_a_halt_that_stops_no_agent_is_told_to_those_who_oversee(cast: Cast) -> None:
    register.change_agent(cast.drafter, state=AgentState.RETIRED, by=BY)
    register.change_agent(cast.refunder, state=AgentState.RETIRED, by=BY)
    halt.halt("project", "refunds", reason="x", by=BY)
    assert Alert.objects.get().owner is None
    assert "Project Refunds" in words(inbox(cast.joan))


def test_an_owner_sees_their_own_agents_and_those_who_oversee_everybodys(scene: Scene) -> None:
    scene.running()
    assert "1 alert to be seen" in words(inbox(scene.cast.joan))
    assert "No alert waits for you." in words(inbox(scene.cast.joan, whose="mine"))
    assert "1 alert to be seen" in words(inbox(scene.cast.edith))
    for stranger in (scene.cast.ada, scene.cast.mallory):
        assert "No alert waits for you." in words(inbox(stranger, whose="all"))


def test_a_kind_filters_and_a_word_that_is_none_does_not(scene: Scene) -> None:
    scene.running()
    assert "No alert waits for you." in words(inbox(scene.cast.mary, kind="halt"))
    assert "1 alert to be seen" in words(inbox(scene.cast.mary, kind="'; drop"))


@pytest.mark.parametrize(("most", "lines"), [(4, 100), (5_000, 2), (4, 2), (1, 1)], ids=str)
def test_every_alert_is_on_one_page_however_many_there_are(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, most: int, lines: int
) -> None:
    monkeypatch.setattr(alerts, "MOST", most)
    monkeypatch.setattr(alerts, "LINES", lines)
    raised = [alert_of(cast, place) for place in (0, 1, 2, 0, 0, 1, 2, 2, 2, 1, 0)]
    client, address, met = visitor(cast.mary), "/alerts/", []
    while address:
        page = client.get(address)
        inbox = page.context["inbox"]
        assert len(inbox.lines) <= lines
        assert inbox.count == sum(line.count for line in inbox.lines) <= most
        for line in inbox.lines:
            named = (line.agent_id, line.action_type)
            alike = [one for one in raised if (one.agent_id, one.action_type.key if one.action_type else "") == named]
            met += [one.pk for one in alike if line.first <= one.pk <= line.last]
        found = re.search(r'rel="next" href="([^"]+)"', page.content.decode())
        address = found.group(1).replace("&amp;", "&") if found else ""
    assert sorted(met) == [one.pk for one in raised]


def test_what_is_acknowledged_on_an_older_page_leads_back_to_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "MOST", 2)
    raised = [alert_of(cast, 0) for _ in range(5)]
    client = visitor(cast.mary)
    page = client.get("/alerts/", {"whose": "mine", "upto": str(raised[2].pk)})
    assert "2 older alerts to be seen" in words(page)
    (line,) = page.context["inbox"].lines
    sent = {"first": line.first, "last": line.last, "count": line.count, "whose": "mine", "upto": raised[2].pk}
    assert f'name="upto" value="{raised[2].pk}"' in page.content.decode()
    back = client.post("/alerts/acknowledge/", sent)
    assert back["Location"] == f"/alerts/?whose=mine&upto={raised[2].pk}"
    left = set(Alert.objects.filter(acknowledged_at=None).values_list("pk", flat=True))
    assert left == {raised[0].pk, raised[3].pk, raised[4].pk}
    assert "1 older alert to be seen" in words(client.get(back["Location"]))


@pytest.mark.parametrize("upto", ["", "x", "-1", "9" * 30, "٣"], ids=repr)
def test_an_address_that_names_no_alert_begins_with_the_newest(cast: Cast, upto: str) -> None:
    alert_of(cast, 0)
    assert "1 alert to be seen" in words(inbox(cast.mary, upto=upto))


def test_acknowledging_a_line_is_one_entry_and_empties_it(scene: Scene) -> None:
    scene.running()
    scene.running()
    line = shown(scene.cast.mary)
    response = visitor(scene.cast.mary).post(
        "/alerts/acknowledge/",
        {"first": line.first, "last": line.last, "count": line.count, "whose": "mine", "kind": ""},
    )
    assert (response.status_code, response.headers["Location"]) == (302, "/alerts/?whose=mine")
    assert set(Alert.objects.values_list("acknowledged_by__username", flat=True)) == {"mary"}
    (entry,) = entries("alerts_acknowledged")
    assert (entry["count"], entry["kind"], entry["agent"]) == (2, "medium_execution", str(scene.cast.refunder.pk))
    assert "No alert waits for you." in words(inbox(scene.cast.mary))


def test_what_came_in_later_is_not_acknowledged_with_what_was_shown(scene: Scene) -> None:
    scene.running()
    line = shown(scene.cast.mary)
    scene.running()
    assert acknowledge(line, by=scene.cast.mary) == 1
    assert alerts.waiting(scene.cast.mary.pk) == 1


def test_a_line_that_holds_more_than_was_shown_is_not_acknowledged(scene: Scene) -> None:
    """A number given before its row was committed: what nobody saw stays."""
    for _ in range(3):
        scene.running()
    line = shown(scene.cast.mary)
    with pytest.raises(Problem) as more:
        acknowledge(Shown(line.first, line.last, 2, own=True), by=scene.cast.mary)
    assert refused(more) == "wrong_state"
    assert alerts.waiting(scene.cast.mary.pk) == 3


def test_a_line_is_acknowledged_once(scene: Scene) -> None:
    scene.running()
    line = shown(scene.cast.mary)
    acknowledge(line, by=scene.cast.mary)
    with pytest.raises(Problem) as again:
        acknowledge(line, by=scene.cast.mary)
    assert refused(again) == "wrong_state"
    assert len(entries("alerts_acknowledged")) == 1


def test_only_the_owner_the_council_and_operators_acknowledge(scene: Scene) -> None:
    scene.running()
    line = shown(scene.cast.mary)
    olga = owner()
    for person in (scene.cast.ada, scene.cast.edith, scene.cast.mallory, olga, scene.cast.sudo):
        with pytest.raises(Problem) as no:
            acknowledge(line, by=person)
        assert refused(no) == "forbidden"
    olga.groups.add(Group.objects.get_or_create(name="operator")[0])
    assert acknowledge(Shown(line.first, line.last, 1, own=False), by=olga) == 1


def test_who_sees_everybodys_and_acknowledges_only_their_own_touches_no_other(scene: Scene) -> None:
    scene.running()
    register.change_agent(scene.cast.refunder, owner=owner(), by=BY)
    scene.running()
    assert acknowledge(shown(scene.cast.mary), by=scene.cast.mary) == 1
    assert Alert.objects.get(acknowledged_at=None).owner == User.objects.get(username="olga")


@pytest.mark.parametrize("sent", [{}, {"first": "x", "last": "1", "count": "1"}, {"first": "1", "last": "1"}], ids=str)
def test_a_form_that_says_nothing_is_told_so(cast: Cast, sent: dict[str, str]) -> None:
    assert visitor(cast.mary).post("/alerts/acknowledge/", sent).status_code == 422
    missing = {"first": "1", "last": "999999999", "count": "1"}
    assert visitor(cast.mary).post("/alerts/acknowledge/", missing).status_code == 404


def test_the_navigation_counts_what_waits_for_an_owner(scene: Scene) -> None:
    assert "Alerts Agents" in words(inbox(scene.cast.mary))
    scene.running()
    assert "Alerts 1 Agents" in words(inbox(scene.cast.mary))
    assert "Alerts Agents" in words(inbox(scene.cast.joan))
    with CaptureQueriesContext(connection) as captured:
        assert alerts.waiting(scene.cast.mary.pk) == 1
    assert len(captured) == 1


def test_an_auditor_reads_and_has_no_button(scene: Scene) -> None:
    scene.running()
    assert "/alerts/acknowledge/" not in inbox(scene.cast.edith).content.decode()
    assert "/alerts/acknowledge/" in inbox(scene.cast.joan).content.decode()
