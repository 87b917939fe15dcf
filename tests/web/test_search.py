"""Search by id: from any page to the page of what an id names, and no further than whoever asks may see."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from governance.enrol import enrol
from governance.models import Action, LedgerEntry
from reviews import judge, sample, search
from reviews.answers import span_of
from reviews.models import Draw
from reviews.report import report
from tests.cast import BY, Cast
from tests.reviews.scene import Scene
from tests.web.reading import visitor, words


def asked(user: User, text: object, **more: Any) -> Any:
    return visitor(user).get("/search/", {"q": str(text)}, **more)


def kinds(user: User, text: object, *groups: str) -> list[str]:
    return [hit.kind for hit in search.find(str(text), viewer=user.pk, groups=groups).hits]


def test_an_id_leads_to_its_page(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "selected", lambda *given: True)
    ada, refunder = scene.cast.ada, scene.cast.refunder
    ran = scene.running()
    report(ran.pk, caller=scene.refunder, status="succeeded", latency_ms=90)
    sample.draw_due()
    verdict = scene.approve(scene.case())
    grant = verdict.escalation.action.grants.get()
    draw = Draw.objects.get()
    places = {
        refunder.pk: f"/agents/{refunder.pk}/",
        ran.pk: f"/decisions/{ran.pk}/",
        verdict.escalation_id: f"/escalations/{verdict.escalation_id}/",
        grant.pk: f"/decisions/{grant.action_id}/",
        draw.pk: f"/spot-reviews/{draw.pk}/",
    }
    for named, place in places.items():
        for text in (str(named), str(named)[:8], f" {named.hex.upper()} ", str(named)[:11]):
            assert asked(ada, text)["Location"] == place
    assert asked(ada, verdict.pk)["Location"] == f"/escalations/{verdict.escalation_id}/"


def test_every_page_has_the_field_and_keeps_what_was_typed_in_it(scene: Scene) -> None:
    assert 'name="q" value=""' in visitor(scene.cast.ada).get(f"/escalations/{scene.case().pk}/").content.decode()
    found = asked(scene.cast.ada, 'nothing "<b>like this')
    assert found.status_code == 200
    assert 'name="q" value="nothing &quot;&lt;b&gt;like this"' in found.content.decode()
    assert "Nothing that you may see has this id." in words(found)
    assert 'type="search"' not in visitor(None).get("/accounts/login/").content.decode()


def test_a_run_and_a_record_are_found_by_exactly_their_id(scene: Scene) -> None:
    answer = scene.ask(order="W7")
    action = Action.objects.get(pk=answer.body["id"])
    assert action.entity
    for text in (action.run, action.entity):
        assert asked(scene.cast.ada, text)["Location"] == f"/decisions/{action.pk}/"
        assert kinds(scene.cast.ada, text[:-1], "reviewer") == []


def test_the_first_action_of_a_trace_is_named_beside_its_trace(scene: Scene) -> None:
    first = Action.objects.get(pk=scene.ask(order="W1").body["id"])
    scene.ask(order="W2", trace_id=first.trace_id, parent_span=span_of(first.pk))
    found = asked(scene.cast.ada, first.trace_id[:8])
    assert kinds(scene.cast.ada, first.trace_id, "reviewer") == ["action", "trace"]
    assert f'href="/traces/{first.trace_id}/"' in found.content.decode()
    assert f'href="/decisions/{first.pk}/"' in found.content.decode()


def test_seven_characters_are_too_few_and_a_prefix_is_no_middle(scene: Scene) -> None:
    case = scene.case()
    assert kinds(scene.cast.ada, str(case.pk)[:7], "reviewer") == []
    assert kinds(scene.cast.ada, str(case.pk)[9:], "reviewer") == []


def test_an_operator_finds_agents_and_cannot_tell_a_case_from_nothing(scene: Scene) -> None:
    operator = enrol("Olga", groups=["operator"], by=BY)
    case, nothing = scene.case(), "00000000-0000-4000-8000-000000000000"
    assert asked(operator, scene.cast.refunder.pk)["Location"] == f"/agents/{scene.cast.refunder.pk}/"
    there, not_there = asked(operator, case.pk), asked(operator, nothing)
    assert (there.status_code, words(there)) == (not_there.status_code, words(not_there))
    for text in (case.action.run, case.action.entity, case.action_id):
        assert kinds(operator, text, "operator") == []


def test_a_ledger_entry_is_found_by_those_who_may_read_the_ledger(cast: Cast) -> None:
    entry = LedgerEntry.objects.latest("seq")
    place = f"/council/governance/ledgerentry/{entry.pk}/change/"
    assert asked(cast.edith, entry.pk)["Location"] == asked(cast.mary, entry.pk)["Location"] == place
    assert kinds(cast.ada, entry.pk, "reviewer") == []


def test_the_number_of_a_verdict_tells_no_other_judge_that_an_open_case_had_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "hold_seconds", lambda spec: 60)
    verdict = scene.approve(scene.case())
    assert kinds(scene.cast.grace, verdict.pk, "reviewer") == ["verdict"]
    judge.withdraw(verdict.pk, reviewer=scene.cast.ada)
    assert kinds(scene.cast.grace, verdict.pk, "reviewer") == []
    assert kinds(scene.cast.ada, verdict.pk, "reviewer") == ["verdict"]
    assert kinds(scene.cast.edith, verdict.pk, "auditor")[0] == "verdict"


def test_of_many_the_newest_are_listed_and_the_page_says_that_there_are_more(scene: Scene) -> None:
    for number in range(search.MOST + 1):
        scene.ask("1.00", order="W3", claims={"status": "delivered"} if number else {})
    entity = Action.objects.latest("created_at").entity
    found = search.find(entity, viewer=scene.cast.ada.pk, groups=["reviewer"])
    newest = Action.objects.filter(entity=entity).order_by("-created_at", "-id")[: search.MOST]
    assert [hit.key for hit in found.hits] == [str(action.pk) for action in newest]
    assert found.more
    page = asked(scene.cast.ada, entity)
    assert "There are more: type more of it." in words(page)
    assert newest[0].run not in page.content.decode()


@pytest.mark.parametrize("text", ["", " ", "-" * 40, "9" * 19, "x" * 200, "é", "%", "f" * 33, "' or true --"])
def test_whatever_is_typed_is_answered_by_a_page(cast: Cast, text: str) -> None:
    assert asked(cast.edith, text).status_code == 200
