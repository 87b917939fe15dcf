"""Handing on, skipping, more time and the next case: what the page offers and where it leads."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import mandates
from governance.policy.tiers import Risk
from reviews import handover, verify
from reviews.models import Escalation, Handover
from reviews.preferences import THEN_COOKIE
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, stated
from tests.support.clients import SurfaceClient
from tests.web.reading import HTMX, buttons, said, visitor, words


@pytest.fixture
def ada(scene: Scene) -> SurfaceClient:
    return visitor(scene.cast.ada)


def at(case: Escalation, verb: str = "") -> str:
    return f"/escalations/{case.pk}/{verb}"


def verdict(case: Escalation) -> dict[str, str]:
    """What the form of its page states."""
    return {name: str(value) for name, value in stated(case).items()}


def test_whoever_has_a_case_may_hand_it_on_and_others_may_skip_it(scene: Scene, ada: SurfaceClient) -> None:
    case = scene.case()
    assert {"s"} == {*buttons(ada.get(at(case)))} & {"h", "e", "s"}
    scene.take(case)
    page = ada.get(at(case))
    assert {"h", "e", "s", "m"} <= {*buttons(page)}
    assert '<option value="grace">grace</option>' in page.content.decode()
    assert not {*buttons(visitor(scene.cast.grace).get(at(case)))} & {"h", "e", "s", "m"}
    assert not {*buttons(visitor(scene.cast.edith).get(at(case)))} & {"h", "e", "s", "m"}


def test_handing_over_leads_to_the_next_case_and_says_what_was_done(scene: Scene, ada: SurfaceClient) -> None:
    case, other = scene.take(scene.case(order="W1")), scene.case(order="W2")
    response = ada.post(at(case, "hand-over/"), {"why": "knows_better", "to": "grace"})
    assert response["Location"] == f"/queue/next/?after={case.pk}"
    page = ada.get(response["Location"], follow=True)
    assert page.redirect_chain[-1][0] == at(other)
    assert "The case was handed over." in words(page)
    told = words(visitor(scene.cast.grace).get(at(case)))
    assert "Passed on ada to grace: Somebody else knows this customer or type better" in told


def test_skipping_and_handing_up_work_without_and_with_scripts(scene: Scene, ada: SurfaceClient) -> None:
    case = scene.take(scene.case())
    answer = ada.post(at(case, "hand-up/"), {"why": "needs_authority"}, headers=HTMX)
    assert answer["HX-Redirect"] == f"/queue/next/?after={case.pk}"
    assert ada.post(at(case, "skip/"), {"why": "interest"}).status_code == 302
    assert [each.kind for each in Handover.objects.order_by("pk")] == ["rank", "skip"]
    told = words(ada.get(at(case)))
    assert "ada skipped it: I have an interest of my own in it" in told
    assert "ada up to rank 2: It needs more authority than mine" in told
    assert "skipped 1 time" in words(visitor(scene.cast.grace).get("/queue/"))


@pytest.mark.parametrize("verb", ["hand-over/", "hand-up/", "skip/"])
def test_without_a_reason_nothing_happens_and_the_page_says_so(scene: Scene, ada: SurfaceClient, verb: str) -> None:
    case = scene.take(scene.case())
    response = ada.post(at(case, verb), {"why": "whatever", "to": "grace"})
    assert (response.status_code, Handover.objects.count()) == (422, 0)
    assert "Choose a reason." in said(response)


def test_more_time_is_offered_until_it_is_used_up(scene: Scene, ada: SurfaceClient) -> None:
    case = scene.take(scene.case())
    assert "data-renew" not in ada.get(at(case, "clock/"), headers=HTMX).content.decode()
    backdate("update reviews_escalation set taken_until = taken_until - interval '3 minutes' where id = %s", case.pk)
    assert "data-renew" in ada.get(at(case, "clock/"), headers=HTMX).content.decode()
    answer = ada.post(at(case, "renew/"), headers=HTMX)
    assert "yours for 5 min" in words(answer)
    assert "data-renew" not in answer.content.decode()
    backdate("update reviews_escalation set renewals = 5 where id = %s", case.pk)
    assert "m" not in buttons(ada.get(at(case, "clock/"), headers=HTMX))
    assert "You have had this case for long" in said(ada.post(at(case, "renew/")))


def test_cases_about_the_same_and_repeats_are_told_beside_the_case(scene: Scene, ada: SurfaceClient) -> None:
    case, other = scene.case("5.00"), scene.case("6.00")
    backdate("update reviews_escalation set repeats = 2 where id = %s", case.pk)
    page = ada.get(at(case))
    assert "Also open about the same Refund, $6.00" in words(page)
    assert f'href="{at(other)}"' in page.content.decode()
    assert "The same action was asked 2 more times. An approval is for the first one alone." in words(page)
    assert "asked 2 more times" in words(ada.get("/queue/"))


# -- decide and next -------------------------------------------------------------------------------


def test_who_wants_the_next_case_gets_it_taken_in_the_answer_to_a_verdict(scene: Scene, ada: SurfaceClient) -> None:
    ada.post("/queue/then/", {"then": "next"})
    assert ada.cookies[THEN_COOKIE].value == "next"
    first, second = scene.take(scene.case(order="W1")), scene.case(order="W2")
    answer = ada.post(at(first, "approve/"), verdict(first), headers=HTMX)
    assert answer["HX-Push-Url"] == at(second)
    assert {"a", "r"} <= {*buttons(answer)}, "it is theirs already: the next verdict is one request away"
    assert "The case before this one is decided. See it, or withdraw" in words(answer)
    second.refresh_from_db()
    assert second.taken_by == scene.cast.ada
    page = ada.post(at(second, "reject/"), {"reason": "not_needed"})
    assert page["Location"] == at(second), "there is no other case, so it stays"


def test_without_scripts_the_next_case_is_a_page_that_names_the_one_before(scene: Scene, ada: SurfaceClient) -> None:
    ada.post("/queue/then/", {"then": "next"})
    first, second = scene.take(scene.case(order="W1")), scene.case(order="W2")
    answer = ada.post(at(first, "approve/"), verdict(first))
    assert answer["Location"] == f"{at(second)}?before={first.pk}"
    assert f'href="{at(first)}"' in ada.get(answer["Location"]).content.decode()


def test_a_refused_verdict_leads_nowhere(scene: Scene, ada: SurfaceClient) -> None:
    ada.post("/queue/then/", {"then": "next"})
    first, second = scene.case(order="W1"), scene.case(order="W2")
    verify.verify(first.pk)
    answer = ada.post(at(first, "approve/"), verdict(Escalation.objects.get(pk=first.pk)), headers=HTMX)
    assert (answer.status_code, "HX-Push-Url" in answer) == (409, False)
    second.refresh_from_db()
    assert second.taken_by is None


def test_a_case_handed_up_says_in_the_queue_which_rank_it_needs(scene: Scene, ada: SurfaceClient) -> None:
    case = scene.take(scene.case())
    handover.hand_up(case.pk, reviewer=scene.cast.ada, reason="needs_authority")
    assert "medium rank 2" in words(ada.get("/queue/?rank=2"))


def test_what_stands_around_a_case_costs_the_same_however_much_it_is(scene: Scene, ada: SurfaceClient) -> None:
    mandates.set_mandate(scene.cast.grace, rank=3, money_limit=10**9, max_risk=Risk.HIGH, by=BY)

    def statements(case: Escalation) -> int:
        with CaptureQueriesContext(connection) as captured:
            ada.get(at(case))
        return len(captured)

    case = scene.case("5.00")
    alone = statements(case)
    for amount in ("6.00", "7.00", "8.00"):
        scene.case(amount)
    assert statements(case) == alone


def test_who_signs_out_gives_back_what_they_have(scene: Scene, ada: SurfaceClient) -> None:
    case = scene.take(scene.case())
    assert ada.post("/accounts/logout/").status_code == 302
    case.refresh_from_db()
    assert case.taken_by is None
