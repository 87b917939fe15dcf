"""Whoever is next to decide a case that needs several reads on every page what they would if nobody had decided it.

One case, two worlds: in one somebody had it and let it go, in the other they approved it. All addresses of the console
that a reviewer may open are asked in both; what differs between them tells of the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from governance import catalogue
from reviews import judge, take
from reviews.models import Escalation, Verdict
from reviews.notify import rounds
from tests.cast import BY
from tests.house.access import REVIEWER, WEB
from tests.reviews.scene import REFUND, Scene
from tests.reviews.test_blindness import peer
from tests.support.proof import PROVE
from tests.web.reading import HTMX, visitor

# A peer, a lead and the highest rank.
READERS = ("barbara", "carol", "grace")
# What a placeholder stands for here; a page about something else than the case tells nothing of it.
BESIDE = ("accounts/", "council/", "practice/<", "spot-reviews/<", "halts/<", "queue/next/")
# Time goes on between two looks, tokens are drawn for each, and a mark of what changed says no more than that.
_MOVES = re.compile(
    r'<time.*?</time>|[\d.]+ m?s\b|csrfmiddlewaretoken" value="\w+|"X-CSRFToken": "\w+|seen=\w+|\\"\w{16}\\"'
)


@pytest.fixture
def pair(scene: Scene) -> Scene:
    """The shop where a refund needs two peers."""
    four = {"stages": [{"rank": 1}, {"rank": 1}]}
    catalogue.save_action_type({**REFUND, "four_eyes": four}, domain=scene.cast.service, by=BY)
    return scene


def addresses(scene: Scene, case: Escalation) -> list[str]:
    """All that a reviewer may look at, and the numbers of verdicts."""
    named = {"<uuid:case>": case.pk, "<uuid:action>": case.action_id, "<str:trace>": case.action.trace_id}
    named["<uuid:agent>"] = scene.cast.refunder.pk
    routes = [rule.route for rule in WEB if REVIEWER in rule.who.get("GET", ()) and not rule.route.startswith(BESIDE)]
    for name, value in named.items():
        routes = [route.replace(name, str(value)) for route in routes]
    last = Verdict.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    searches = (f"search/?q={number}" for number in (last + 1, last + 2, case.pk, case.action.entity))
    return [f"/{route}" for route in (*routes, "queue/?mine=yes", "queue/?rank=1", "queue/?rank=2", *searches)]


def world(
    scene: Scene, case: Escalation, reader: User, happens: Callable[[], object], *, most: int | None = None
) -> dict[str, Any]:
    """What somebody reads everywhere after something happened, whole pages and fragments, and when they take it."""
    with transaction.atomic():
        paths = addresses(scene, case)[:most]
        happens()
        rounds.tell_due()
        browser, read = visitor(reader), {}
        for path in paths:
            read[path] = told(browser.get(path))
        for path in (path for path in paths if path.startswith(("/queue/", "/escalations/"))):
            read[f"{path} as a fragment"] = told(browser.get(path, headers=HTMX))
        for act in ("take", "verify", "extend", "release"):
            read[act] = told(browser.post(f"/escalations/{case.pk}/{act}/", headers=HTMX))
        transaction.set_rollback(True)
    return read


def told(answer: Any) -> tuple[Any, ...]:
    kept = {name: value for name, value in answer.headers.items() if name not in ("Content-Length", "ETag")}
    kept.pop("Content-Security-Policy", None)
    return answer.status_code, kept, _MOVES.sub("#", answer.content.decode())


@pytest.mark.full
@pytest.mark.parametrize("reader", READERS if PROVE else READERS[2:])
def test_who_is_next_reads_nothing_of_who_was_there_before(pair: Scene, reader: str, no_hold: None) -> None:
    ada, people = pair.cast.ada, {"barbara": peer("barbara"), "carol": peer("carol", 2), "grace": pair.cast.grace}
    case = pair.take(pair.case(), ada)

    def approved() -> None:
        pair.approve(case, ada)

    after = world(pair, case, people[reader], approved)
    before = world(pair, case, people[reader], lambda: take.release(case.pk, reviewer=ada))
    assert [path for path, answer in after.items() if answer != before[path]] == []
    assert "another reviewer" not in after[f"/escalations/{case.pk}/"][2]


@pytest.mark.full
@pytest.mark.parametrize("reader", READERS if PROVE else READERS[1:2])
def test_while_it_can_be_withdrawn_it_looks_as_if_somebody_was_deciding(pair: Scene, reader: str) -> None:
    ada, people = pair.cast.ada, {"barbara": peer("barbara"), "carol": peer("carol", 2), "grace": pair.cast.grace}
    case = pair.take(pair.case(), ada)
    after = world(pair, case, people[reader], lambda: pair.approve(case, ada))
    before = world(pair, case, people[reader], lambda: None)
    assert [path for path, answer in after.items() if answer != before[path]] == []
    assert "another reviewer" in after[f"/escalations/{case.pk}/"][2]


def test_a_world_that_differs_is_noticed(pair: Scene) -> None:
    ada, barbara = pair.cast.ada, peer("barbara")
    case = pair.take(pair.case(), ada)
    after = world(pair, case, barbara, lambda: judge.reject(case.pk, reviewer=ada, reason="not_needed"), most=9)
    assert after != world(pair, case, barbara, lambda: None, most=9)
