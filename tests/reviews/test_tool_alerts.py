"""A tool that turns red is told once, by the reading that turned it; its silence is not told."""

from __future__ import annotations

from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.db import connection

from governance import audit, permit, register
from governance.enrol import enrol
from governance.models import Agent, LedgerEntry
from governance.policy.evidence import Signal
from governance.policy.health import Source, source_health
from governance.policy.tiers import Level
from governance.record import Event
from governance.watch import set_watch
from reviews import alerts
from reviews.acknowledge import Shown, acknowledge
from reviews.models import Alert, AlertKind
from tests.cast import BY, Cast, cast
from tests.governance.asking import entries
from tests.reviews.reading_racers import race
from tests.reviews.test_tool_health import CONNECTOR, TOOL, read
from tests.support.fixtures import Committed
from tests.support.proof import PROVE
from tests.web.reading import visitor, words

__all__ = ["cast"]

ROUNDS = 200 if PROVE else 20


def heard(good: int, bad: int = 0, **more: object) -> int:
    """Readings that come one after the other, each judged at its commit; how many alerts there are by now."""
    for place in range(good + bad):
        read(int(place < good), int(place >= good), **more)  # type: ignore[arg-type]
        commit()
    return Alert.objects.filter(kind=AlertKind.TOOL_RED).count()


def commit() -> None:
    """Let speak what waits for a commit."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def watching(cast: Cast, name: str) -> Agent:
    agent = register.register_agent(name=name, owner=cast.joan, project=cast.refunds, by=BY)
    set_watch(agent, TOOL, heartbeat_seconds=None, by=BY)
    return agent


def test_one_alert_for_each_turn_and_none_for_each_reading(cast: Cast) -> None:
    assert heard(0, 4) == 0
    assert heard(0, 1) == 1, "the fifth makes enough of them"
    assert heard(0, 10) == 1
    assert heard(30) == 1
    assert heard(0, 10) == 1, "half of twenty is not failing yet"
    assert heard(0, 9) == 2
    assert [entry["tool"] for entry in entries_of_turns()] == [TOOL, TOOL]


def entries_of_turns() -> list[dict[str, object]]:
    return entries(Event.TOOL_TURNED_RED)


def test_a_good_reading_that_makes_enough_of_them_turns_a_tool_too(cast: Cast) -> None:
    assert heard(0, 4) == 0
    assert heard(1) == 1


def test_silence_raises_none_and_ends_no_turn(cast: Cast) -> None:
    assert heard(0, 5, seconds=1200) == 1
    assert heard(0, 1) == 1, "who tried it once more after a silence found what was told already"


def test_a_second_source_is_told_only_where_the_first_fell_silent(cast: Cast) -> None:
    gateway, monitor = watching(cast, "Gateway"), watching(cast, "Monitor")
    assert heard(0, 5) == 1
    assert heard(0, 5, source="signal", watcher=gateway) == 1, "it is red already"
    assert heard(20) == 1
    assert heard(0, 5, source="signal", watcher=monitor) == 1, "the gateway still says so"
    other = "connector:records"
    assert heard(0, 5, tool=other, seconds=700) == 2
    assert heard(0, 5, tool=other, source="signal", watcher=gateway) == 3, "what is silent makes no tool red"


def test_everybody_who_answers_for_a_user_of_the_tool_is_told_once(cast: Cast) -> None:
    olga = enrol("olga", groups=[], by=BY)
    for name in ("One", "Two"):
        agent = register.register_agent(name=name, owner=olga, project=cast.refunds, by=BY)
        permit.set_level(agent, cast.refund, level=Level.L0, by=BY)
    heard(0, 5, tool=cast.refund.document["tool"])
    assert Counter(owners()) == {cast.mary: 1, olga: 1}


def test_a_tool_that_nobody_uses_is_told_to_those_who_oversee(cast: Cast) -> None:
    heard(0, 5, tool="nobodys_tool")
    assert owners() == [None]
    assert alerts.waiting(cast.mary.pk) == 0


def owners() -> list[User | None]:
    return [alert.owner for alert in Alert.objects.filter(kind=AlertKind.TOOL_RED)]


def test_the_page_says_which_tool_and_its_lines_are_acknowledged_apart(cast: Cast) -> None:
    heard(0, 5)
    heard(0, 5, tool=CONNECTOR)
    response = visitor(cast.mary).get("/alerts/")
    assert "A tool is failing refund_api" in words(response)
    assert "A tool is failing Connector records" in words(response)
    lines = alerts.read(viewer=cast.mary.pk, every=True).lines
    assert {(line.kind, line.what, line.count) for line in lines} == {
        ("tool_red", "refund_api", 1),
        ("tool_red", "Connector records", 1),
    }
    first = lines[0]
    assert acknowledge(Shown(first.first, first.last, first.count, own=False), by=cast.mary) == 1
    assert [line.what for line in alerts.read(viewer=cast.mary.pk, every=True).lines] == [lines[1].what]


@pytest.mark.parametrize(
    ("good", "bad"), [(0, 4), (0, 5), (1, 4), (2, 3), (3, 2), (3, 3), (9, 11), (10, 10), (0, 20), (5, 20), (12, 9)]
)
def test_the_database_calls_red_what_the_rule_calls_red(cast: Cast, good: int, bad: int) -> None:
    read(20, tool="old_tool", seconds=7 * 86_400 + 60)
    for tool in ("old_tool", "new_tool"):
        read(good, bad, tool=tool)
        last = ([True] * good + [False] * bad)[-20:]
        said = source_health(Source(sum(last), len(last), len(last) - sum(last), 0))
        with connection.cursor() as cursor:
            cursor.execute("select enough, red from placet_source(%s, null)", [tool])
            assert cursor.fetchone() == (said is not None, said is Signal.RED)


def test_readings_that_come_at_once_raise_exactly_one_alert(committed_cast: Cast, committed: Committed) -> None:
    """Four at once make enough of them: none may miss the others, and none repeat what another told."""
    for number in range(ROUNDS):
        read(0, 2, tool=f"tool_{number}")
    assert race(processes=4, rounds=ROUNDS) == [0] * 4
    told = Counter(Alert.objects.filter(kind=AlertKind.TOOL_RED).values_list("tool", flat=True))
    assert told == {f"tool_{number}": 1 for number in range(ROUNDS)}
    assert audit.verify().entries == LedgerEntry.objects.count()
