"""Draws that wait, one of them as its page shows it, and what the two buttons do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from governance.enrol import enrol
from governance.models import Action, Agent
from reviews import inspection, sample
from reviews.models import Draw, Finding
from reviews.report import report
from reviews.spot_review import look_again
from tests.cast import BY
from tests.reviews.scene import Scene, backdate
from tests.web.reading import HTMX, buttons, said, undrawn, visitor, words


@pytest.fixture
def every_action_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "selected", lambda *given: True)


def drawn(scene: Scene, *, kind: str = "bench.refund", **more: Any) -> Draw:
    """An action that ran by itself, was reported and drawn."""
    action = scene.running(**more) if kind == "bench.refund" else _express(scene, **more)
    report(action.pk, caller=scene.refunder, status="succeeded", latency_ms=240)
    sample.draw_due()
    return Draw.objects.get(action=action)


def _express(scene: Scene, **more: Any) -> Action:
    answer = scene.ask("20.00", kind="shop.express", **more)
    assert answer.body["outcome"] == "execute", answer.body
    return Action.objects.get(pk=answer.body["id"])


pytestmark = pytest.mark.usefixtures("every_action_is_drawn")


def post(scene: Scene, draw: Draw, verb: str, data: Any = None, *, who: str = "ada", htmx: bool = False) -> Any:
    headers = HTMX if htmx else {}
    return visitor(getattr(scene.cast, who)).post(f"/spot-reviews/{draw.pk}/{verb}/", data or {}, headers=headers)


def test_draws_wait_oldest_first(scene: Scene) -> None:
    draws = [drawn(scene) for _ in range(2)]
    found = inspection.waiting()
    assert [row.draw for row in found.rows] == [draw.pk for draw in draws]
    assert (found.count, found.capped) == (2, False)
    text = words(visitor(scene.cast.edith).get("/spot-reviews/"))
    assert "2 actions ran on their own and were drawn for a look, oldest first." in text


def test_an_empty_list_says_what_is_true(scene: Scene) -> None:
    assert "No samples wait." in words(visitor(scene.cast.ada).get("/spot-reviews/"))


def test_the_page_says_what_was_done_and_why_it_was_allowed(scene: Scene) -> None:
    draw = drawn(scene)
    text = words(visitor(scene.cast.ada).get(f"/spot-reviews/{draw.pk}/"))
    assert "Refunder did this on its own · medium risk · drawn just now with a chance of 10%" in text
    assert "Refund, $20.00" in text
    assert "succeeded" in text
    assert "after 240 ms" in text
    assert "The effective tier EXECUTE covers the required tier EXECUTE." in text
    assert "No record is bound: nothing can be verified." in text


def test_record_then_and_record_now_stand_one_under_the_other(scene: Scene) -> None:
    draw = drawn(scene, kind="shop.express")
    scene.sql("update shop.orders set status = 'cancelled' where record_id = 'W1'")
    response = post(scene, draw, "look", htmx=True)
    found = inspection.read(draw.pk)
    assert found.before is not None
    assert found.after is not None
    results = [
        {line.name: line.result for line in read.facts.lines} for read in (found.before, found.after) if read.facts
    ]
    assert (results[0]["state"], results[1]["state"]) == ("agrees", "differs")
    text = words(response)
    assert text.index("What the record said when it was decided") < text.index("What the record says now")


def test_a_record_that_says_the_same_is_not_told_twice(scene: Scene) -> None:
    draw = drawn(scene, kind="shop.express")
    response = post(scene, draw, "look", htmx=True)
    text = words(response)
    assert re.search(r"What the record says now The same in every value, read \d\d:\d\d:\d\d UTC\.", text)
    assert text.count("System of record") == 1


def test_a_value_that_changed_is_told_also_where_the_page_shows_no_more_than_a_match(scene: Scene) -> None:
    draw = drawn(scene, kind="shop.express")
    scene.sql("update shop.orders set note = 'another one' where record_id = 'W1'")
    text = words(post(scene, draw, "look", htmx=True))
    assert "The same in every value" not in text
    assert text.count("System of record") == 2


def test_the_record_is_read_again_once(scene: Scene) -> None:
    draw = drawn(scene, kind="shop.express")
    assert post(scene, draw, "look").status_code == 302
    assert look_again(draw.pk).pk == look_again(draw.pk).pk


def test_sound_is_found_once(scene: Scene) -> None:
    draw = drawn(scene)
    assert post(scene, draw, "sound").status_code == 302
    assert Finding.objects.get().sound
    again = post(scene, draw, "unsound", {"reason": "harmful"}, who="grace", htmx=True)
    assert again.status_code == 409
    assert said(again).startswith("ada found this action sound.")
    assert "ada found this sound" in words(again)


def test_unsound_needs_a_listed_reason(scene: Scene) -> None:
    draw = drawn(scene)
    response = post(scene, draw, "unsound", {"reason": "bad"}, htmx=True)
    assert (response.status_code, said(response)) == (422, "Choose what is unsound about it.")
    assert not Finding.objects.exists()
    response = post(scene, draw, "unsound", {"reason": "wrong_value"}, htmx=True)
    assert "ada found this unsound" in words(response)
    assert "Reason: An amount or value is wrong." in words(response)


def test_auditors_read_and_judge_nothing(scene: Scene) -> None:
    draw = drawn(scene, kind="shop.express")
    response = visitor(scene.cast.edith).get(f"/spot-reviews/{draw.pk}/")
    assert "Nobody has judged this yet. Reviewers do; you can read it." in words(response)
    assert not set(buttons(response)) & {"a", "r", "v"}


def test_the_owner_of_the_agent_is_refused(scene: Scene) -> None:
    draw = drawn(scene)
    backdate("update governance_agent set owner_id = %s where id = %s", scene.cast.ada.pk, scene.cast.refunder.pk)
    response = post(scene, draw, "sound")
    assert response.status_code == 403
    assert said(response).startswith("You answer for this agent")


def test_next_leads_to_the_oldest_draw_of_somebody_elses_agent(scene: Scene) -> None:
    client = visitor(scene.cast.ada)
    assert client.get("/spot-reviews/next/")["Location"] == "/spot-reviews/"
    draw = drawn(scene)
    assert client.get("/spot-reviews/next/")["Location"] == f"/spot-reviews/{draw.pk}/"
    backdate("update governance_agent set owner_id = %s where id = %s", scene.cast.ada.pk, scene.cast.refunder.pk)
    assert client.get("/spot-reviews/next/")["Location"] == "/spot-reviews/"
    assert Agent.objects.filter(owner=scene.cast.ada).exists()


def test_a_newcomer_reads_a_draw_and_is_led_to_practice(scene: Scene) -> None:
    draw = drawn(scene)
    newcomer = visitor(enrol("zoe", groups=["reviewer"], by=BY))
    page = newcomer.get(f"/spot-reviews/{draw.pk}/")
    assert "Finish the practice cases first: spot reviews come after them." in words(page)
    assert not set(buttons(page)) & {"a", "r", "v"}
    assert newcomer.get("/spot-reviews/next/")["Location"] == "/practice/"


def test_no_free_text_of_action_or_record_is_shown(scene: Scene) -> None:
    draw = drawn(scene, kind="shop.express", parameters={"memo": "VIP, approve at once"}, note="approve this")
    post(scene, draw, "look")
    source = undrawn(visitor(scene.cast.ada).get(f"/spot-reviews/{draw.pk}/").content.decode())
    assert "VIP" not in source
    assert "approve this" not in source
    assert "sealed text, 20 characters" in source
