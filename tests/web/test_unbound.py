"""The page of an action type without a record, and where the council sees that somebody asks for one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from governance import catalogue, entries
from reviews import verify
from reviews.models import BindingRequest, Escalation
from tests.cast import BY
from tests.reviews.gift import GIFT_BINDING, unbound
from tests.reviews.scene import Scene, backdate, stated
from tests.web.reading import HTMX, buttons, said, visitor, words


@pytest.fixture
def gift(scene: Scene) -> Escalation:
    """A case that was read as far as it could be."""
    return scene.take(unbound(scene), scene.cast.grace)


def ask(scene: Scene, case: Escalation, who: str = "ada", *, htmx: bool = True) -> Any:
    client = visitor(getattr(scene.cast, who))
    return client.post(f"/escalations/{case.pk}/request-binding/", headers=HTMX if htmx else {})


def shown(scene: Scene, case: Escalation, who: str = "ada") -> Any:
    return visitor(getattr(scene.cast, who)).get(f"/escalations/{case.pk}/")


def council(scene: Scene, path: str = "/authority/", who: str = "mary") -> str:
    return words(visitor(getattr(scene.cast, who)).get(path))


def test_approve_is_off_for_everyone_and_reject_and_asking_work(scene: Scene, gift: Escalation) -> None:
    page = shown(scene, gift, "grace")
    assert "No record is bound: nothing was verified. Nobody can approve it." in words(page)
    assert "disabled" in buttons(page)["a"]
    assert "disabled" not in buttons(page)["r"]
    assert "Ask the council for a binding b" in words(page)


def test_after_asking_the_page_says_so_and_the_button_is_gone(scene: Scene, gift: Escalation) -> None:
    answer = ask(scene, gift)
    assert answer.status_code == 200
    assert re.search(r"You asked for that on [0-9]+ \w+ [0-9:]{5} UTC\.", words(answer))
    assert "b" not in buttons(answer)
    assert BindingRequest.objects.get().reviewer == scene.cast.ada


def test_without_javascript_asking_leads_back_to_the_case(scene: Scene, gift: Escalation) -> None:
    answer = ask(scene, gift, htmx=False)
    assert (answer.status_code, answer["Location"]) == (302, f"/escalations/{gift.pk}/")


def test_who_comes_second_sees_who_asked_and_may_ask_as_well(scene: Scene, gift: Escalation) -> None:
    ask(scene, gift)
    seen = words(shown(scene, gift, "grace"))
    assert re.search(r"ada asked for that on [0-9]+ \w+ [0-9:]{5} UTC\. Ask as well", seen)
    assert re.search(r"ada asked for that on [^,]+ UTC, 1 more reviewer since\.", words(ask(scene, gift, "grace")))


def test_asking_twice_says_when_it_was_asked(scene: Scene, gift: Escalation) -> None:
    ask(scene, gift)
    again = ask(scene, gift)
    assert again.status_code == 409
    assert said(again).startswith("You asked the council for this on ")
    assert BindingRequest.objects.count() == 1


@pytest.mark.parametrize("who", ["mary", "edith"])
def test_who_does_not_judge_reads_that_it_was_asked_for_and_asks_nothing(
    scene: Scene, gift: Escalation, who: str
) -> None:
    ask(scene, gift)
    assert "ada asked for that" in words(shown(scene, gift, who))
    assert "b" not in buttons(shown(scene, gift, who))
    assert ask(scene, gift, who).status_code == 403


@pytest.mark.parametrize("who", ["mallory", "sudo"])
def test_a_stranger_asks_for_nothing(scene: Scene, gift: Escalation, who: str) -> None:
    assert ask(scene, gift, who).status_code == 403
    assert not BindingRequest.objects.exists()


def test_asking_is_a_post(scene: Scene, gift: Escalation) -> None:
    assert visitor(scene.cast.ada).get(f"/escalations/{gift.pk}/request-binding/").status_code == 405


def test_a_bound_case_offers_nothing_to_ask_for(scene: Scene) -> None:
    case = scene.take(scene.case())
    assert "b" not in buttons(shown(scene, case))
    answer = ask(scene, case)
    assert answer.status_code == 409
    assert said(answer).startswith("A record is bound to this action type already: verify the case again.")


def test_an_open_page_learns_that_somebody_asked_and_that_it_was_bound(scene: Scene) -> None:
    from reviews import verify

    case = unbound(scene)
    verify.verify(case.pk)
    client = visitor(scene.cast.grace)
    for step, sentence in (
        (lambda: ask(scene, case), "ada asked for that"),
        (lambda: catalogue.save_binding(GIFT_BINDING, by=BY), "A record has been bound since this was read."),
    ):
        poll = client.get(f"/escalations/{case.pk}/").content.decode().partition('data-live hx-get="')[2]
        address = poll.partition('"')[0]
        assert client.get(address, headers=HTMX).status_code == 204
        step()
        assert sentence in words(client.get(address, headers=HTMX))


def test_a_case_whose_type_was_bound_meanwhile_can_be_verified_and_approved(scene: Scene, gift: Escalation) -> None:
    ask(scene, gift)
    catalogue.save_binding(GIFT_BINDING, by=BY)
    page = shown(scene, gift, "grace")
    assert "A record has been bound since this was read." in words(page)
    assert "v" in buttons(page)
    visitor(scene.cast.grace).post(f"/escalations/{gift.pk}/verify/")
    assert "disabled" not in buttons(shown(scene, gift, "grace"))["a"]


def test_the_council_sees_who_asked_since_when_and_how_many_wait(scene: Scene, gift: Escalation) -> None:
    assert "Bindings that reviewers ask for" not in council(scene)
    ask(scene, gift)
    ask(scene, gift, "grace")
    text = council(scene)
    assert "Bindings that reviewers ask for" in text
    assert "Type Asked for by Since Open cases Gift shop.gift ada, grace just now 1" in text
    assert "Add a binding" in text
    assert "no record bound · asked for just now" in text
    catalogue.save_binding(GIFT_BINDING, by=BY)
    assert "Bindings that reviewers ask for" not in council(scene)


def test_an_auditor_reads_the_requests_and_is_led_to_no_form(scene: Scene, gift: Escalation) -> None:
    ask(scene, gift)
    text = council(scene, who="edith")
    assert "shop.gift ada just now 1" in text
    assert "Add a binding" not in text


def test_the_councils_desk_lists_requests_and_whether_they_were_answered(scene: Scene, gift: Escalation) -> None:
    ask(scene, gift)
    path = "/council/reviews/bindingrequest/"
    assert "shop.gift ada" in council(scene, path)
    answered = f'alt="{True}"'
    assert answered not in visitor(scene.cast.mary).get(path).content.decode()
    catalogue.save_binding(GIFT_BINDING, by=BY)
    assert answered in visitor(scene.cast.mary).get(path).content.decode()
    assert visitor(scene.cast.mary).get(f"{path}add/").status_code == 403
    request = BindingRequest.objects.get()
    assert visitor(scene.cast.mary).post(f"{path}{request.pk}/change/", {"asked_at": ""}).status_code == 403


# -- a catalogue entry that cannot be read ----------------------------------------------------------


def unread(scene: Scene, *, verified: bool = True) -> Escalation:
    """A case whose action type became one that an operator must look at, after or before it was verified."""
    case = scene.case()
    if verified:
        verify.verify(case.pk)
    backdate("update governance_actiontype set document = '{}', revision = revision + 1 where key = 'shop.refund'")
    entries._parsed.clear()
    return case


def test_a_case_whose_entry_cannot_be_read_says_so_and_can_be_rejected(scene: Scene) -> None:
    case = unread(scene)
    told = "The catalogue entry of this action cannot be read: an operator must look at it. It can be rejected."
    for who in ("ada", "grace", "mary", "edith"):
        assert shown(scene, case, who).status_code == 200, who
    assert told in words(shown(scene, case))
    client = visitor(scene.cast.ada)
    taken = client.post(f"/escalations/{case.pk}/take/", headers=HTMX)
    assert taken.status_code == 200
    assert told in words(taken)
    assert "disabled" in buttons(taken)["a"]
    assert "disabled" not in buttons(taken)["r"]
    refused = client.post(f"/escalations/{case.pk}/approve/", stated(case), headers=HTMX)
    assert (refused.status_code, Escalation.objects.get(pk=case.pk).state) == (503, "open")
    rejected = client.post(f"/escalations/{case.pk}/reject/", {"reason": "not_needed"}, headers=HTMX)
    assert rejected.status_code == 200
    assert Escalation.objects.get(pk=case.pk).state == "rejected"


def test_it_is_taken_and_rejected_also_where_nothing_of_it_was_ever_read(scene: Scene) -> None:
    case = unread(scene, verified=False)
    client = visitor(scene.cast.ada)
    assert client.post(f"/escalations/{case.pk}/take/", headers=HTMX).status_code == 200
    assert client.post(f"/escalations/{case.pk}/reject/", {"reason": "not_needed"}, headers=HTMX).status_code == 200
    assert Escalation.objects.get(pk=case.pk).state == "rejected"


def test_nobody_rejects_their_own_because_its_entry_cannot_be_read(scene: Scene) -> None:
    case = unread(scene)
    backdate("update governance_agent set owner_id = %s where id = %s", scene.cast.ada.pk, scene.cast.refunder.pk)
    assert "You answer for this agent" in words(shown(scene, case))
    assert visitor(scene.cast.ada).post(f"/escalations/{case.pk}/take/", headers=HTMX).status_code == 403
