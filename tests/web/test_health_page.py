"""The page of tools and connectors: every source with what it says, by the same rule as a decision."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from governance import catalogue, enrol, register
from governance.locks import database_now
from governance.models import ActionType, ToolReading
from governance.policy.evidence import Kind, Signal
from governance.watch import set_watch
from reviews import health, whatif
from reviews.notify import rounds
from tests.cast import BENCH_REFUND, BY, Cast
from tests.reviews.scene import REFUND, Scene, backdate
from tests.web.reading import visitor, words

SILENT = "Nothing has been done in the background since"


def subject(name: str) -> health.Subject:
    return next(each for each in health.read().subjects if each.name == name)


def read(tool: str, good: int, bad: int = 0, seconds: int = 0, **more: object) -> None:
    at = database_now() - timedelta(seconds=seconds)
    given = {"source": "report", "read_at": at, **more}
    ToolReading.objects.bulk_create(ToolReading(tool=tool, good=place < good, **given) for place in range(good + bad))


def test_a_tool_that_nobody_used_is_unknown(cast: Cast) -> None:
    tool = subject("refund_api")
    (source,) = tool.sources
    assert (tool.signal, tool.connector, tool.types) == ("unknown", False, ("bench.refund",))
    assert (source.name, source.signal, source.total, source.last) == ("Reports of agents", "", 0, None)
    text = words(visitor(cast.ada).get("/health/"))
    assert "tool refund_api unknown" in text
    assert "Reports of agents too few readings" in text
    assert "Needed by bench.refund" in text


def test_one_table_holds_every_tool_and_what_many_types_need_is_folded(cast: Cast) -> None:
    for key in ("bench.b", "bench.c"):
        catalogue.save_action_type({**BENCH_REFUND, "key": key}, domain=cast.service, by=BY)
    response = visitor(cast.ada).get("/health/")
    assert response.content.decode().count('<table class="list') == 1
    assert "refund_api unknown Needed by 3 action types bench.b, bench.c, bench.refund" in words(response)


def test_what_fails_comes_first_and_what_nobody_heard_of_last(cast: Cast) -> None:
    for key, tool in (("bench.b", "b"), ("bench.c", "c"), ("bench.d", "d")):
        catalogue.save_action_type({**BENCH_REFUND, "key": key, "tool": tool}, domain=cast.service, by=BY)
    read("d", 0, 20)
    read("c", 20, degraded=True)
    read("b", 20)
    assert [each.name for each in health.read().subjects][:3] == ["d", "c", "b"]


def test_tools_come_before_connectors(cast: Cast) -> None:
    kinds = [each.connector for each in health.read().subjects]
    assert kinds == sorted(kinds)
    assert kinds[-1] is True
    assert "connector records" in words(visitor(cast.ada).get("/health/"))


@pytest.mark.parametrize(("seconds", "told"), [(86_400, "24 h"), (300, "5 min"), (90, "90 s")])
def test_a_heartbeat_is_told_in_the_unit_that_fits(cast: Cast, seconds: int, told: str) -> None:
    gateway = register.register_agent(name="Gateway", owner=cast.joan, project=cast.refunds, by=BY)
    set_watch(gateway, "refund_api", heartbeat_seconds=seconds, by=BY)
    read("refund_api", 5, source="signal", watcher=gateway)
    assert f"every {told}" in words(visitor(cast.ada).get("/health/"))


def test_every_source_is_told_with_its_shares_and_the_worst_counts(cast: Cast) -> None:
    gateway = register.register_agent(name="Gateway", owner=cast.joan, project=cast.refunds, by=BY)
    set_watch(gateway, "refund_api", heartbeat_seconds=60, by=BY)
    read("refund_api", 19, 1)
    read("refund_api", 2, 4, seconds=90, source="signal", watcher=gateway)
    tool = subject("refund_api")
    reports, watcher = tool.sources
    assert (reports.signal, reports.good, reports.slow, reports.total) == ("green", 95, 5, 20)
    assert (watcher.name, watcher.signal, watcher.good, watcher.slow) == ("Gateway", "red", 33, 67)
    assert (watcher.overdue, watcher.heartbeat, tool.signal) == (True, 60, "red")
    text = words(visitor(cast.ada).get("/health/"))
    assert "watcher Gateway red 6 33 % 67 % 1 min ago overdue" in text


def test_slow_is_what_the_strictest_type_calls_slow(cast: Cast) -> None:
    catalogue.save_action_type({**BENCH_REFUND, "key": "bench.slow", "latency_ms": 900}, domain=cast.service, by=BY)
    catalogue.save_action_type({**BENCH_REFUND, "key": "bench.fast", "latency_ms": 300}, domain=cast.service, by=BY)
    read("refund_api", 20, latency_ms=500)
    assert (subject("refund_api").signal, subject("refund_api").sources[0].slow) == ("amber", 100)


def test_the_queue_says_which_tools_fail(cast: Cast) -> None:
    quiet = words(visitor(cast.ada).get("/queue/"))
    assert "Failing" not in quiet
    read("refund_api", 0, 20)
    read("connector:records", 0, 20, source="connector")
    text = words(visitor(cast.ada).get("/queue/"))
    assert "Failing: refund_api. What needs such a tool is refused, and its approvals wait." in text
    assert health.failing() == ("refund_api",)


def test_an_empty_catalogue_has_an_empty_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "read", lambda: health.Health((), database_now()))
    assert "No tool and no connector is needed yet." in words(visitor(cast.ada).get("/health/"))


def test_everybody_with_a_seat_looks_and_nobody_else(cast: Cast) -> None:
    operator = enrol.enrol("oscar", groups=["operator"], by=BY)
    for person in (cast.ada, cast.mary, cast.edith, operator):
        assert visitor(person).get("/health/").status_code == 200
    assert visitor(cast.mallory).get("/health/").status_code == 403
    assert User.objects.get(username="oscar").groups.count() == 1


def test_the_council_supposes_the_health_of_a_connector_too(scene: Scene) -> None:
    evidence = [*REFUND["evidence"], "tool_health"]
    catalogue.save_action_type({**REFUND, "key": "shop.express", "family": "shop.express", "facts": "first",
                                "evidence": evidence}, domain=scene.cast.service, by=BY)  # fmt: skip
    read("shop.payments", 20)
    stands = whatif.present(scene.cast.refunder.pk, "shop.express")
    assert (stands.signals[Kind.TOOL_HEALTH], stands.inputs.connector_health) == (Signal.GREEN, Signal.UNKNOWN)
    sent = {"agent": str(scene.cast.refunder.pk), "type": "shop.express", "connector": "green"}
    response = visitor(scene.cast.mary).get("/what-if/", sent)
    text = words(response)
    assert "As supposed The answer is execute" in text
    assert "The connector records must read reliably again." in text
    assert ActionType.objects.filter(key="shop.express").exists()


def test_a_worker_that_goes_round_no_more_is_said_and_one_that_does_is_not(scene: Scene) -> None:
    scene.case()
    assert SILENT not in words(visitor(scene.cast.mary).get("/health/"))
    backdate("update reviews_occasion set due_at = due_at - interval '3 minutes'")
    assert SILENT in words(visitor(scene.cast.mary).get("/health/"))
    rounds.tell_due()
    assert SILENT not in words(visitor(scene.cast.mary).get("/health/"))
