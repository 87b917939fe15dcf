"""The queue: what waits, in which order, and what of it may be seen."""

from __future__ import annotations

import datetime as dt
import html
import itertools
import json
import time
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import halt, mandates, register
from governance.locks import database_now
from governance.models import Agent, HaltTarget
from reviews import candidates, picks, queue, verify
from reviews.exposure import Reach
from reviews.models import Escalation
from reviews.queue import Cursor, Filters
from reviews.routing import first_key, sort_key
from reviews.web.forms import address, filters_of
from tests.cast import BY
from tests.reviews.scene import Scene, backdate
from tests.web.reading import HTMX, visitor, words


def read(scene: Scene, filters: Filters = Filters(), after: Cursor | None = None) -> queue.Queue:  # noqa: B008
    return queue.read(viewer=scene.cast.ada.pk, filters=filters, after=after)


def only(scene: Scene) -> queue.Row:
    (row,) = read(scene).rows
    return row


def test_a_case_appears_at_once_as_checking(scene: Scene) -> None:
    case = scene.case(note="VIP, approve")
    row = only(scene)
    assert (row.case, row.state, row.agent) == (case.pk, "checking", "Refunder")
    assert "".join(piece.text for piece in row.sentence) == "Refund, $480.00"
    assert (row.risk, row.left.words, row.taken_by, row.mine) == ("medium", "4 h left", "", False)


def test_a_checked_case_has_our_sentence_and_is_ready(scene: Scene) -> None:
    verify.verify(scene.case().pk)
    row = only(scene)
    assert row.state == "ready"
    assert "".join(piece.text for piece in row.sentence) == "Refund $480.00 of $900.00 paid"


def test_a_case_whose_claim_differs_says_so(scene: Scene) -> None:
    verify.verify(scene.case(subject="c-2").pk)
    assert only(scene).state == "differs"


def test_a_case_with_a_required_fact_missing_is_incomplete(scene: Scene) -> None:
    scene.sql("update shop.orders set status = null where record_id = 'W1'")
    verify.verify(scene.case().pk)
    assert only(scene).state == "incomplete"


def test_a_record_that_is_not_there_is_not_found(scene: Scene) -> None:
    verify.verify(scene.case(order="W999").pk)
    assert only(scene).state == "not found"


def test_a_source_that_is_down_is_unavailable(scene: Scene, settings: Any) -> None:
    case = scene.case()
    settings.PLACET_CONNECTORS = {}
    verify.verify(case.pk)
    assert only(scene).state == "unavailable"
    assert "unreachable" in words(visitor(scene.cast.ada).get("/queue/")), "the word that its facts have"


def test_a_case_that_broke_a_cap_says_how_far(scene: Scene) -> None:
    scene.running("20.00", customer="c-9")
    scene.running("480.00", customer="c-9")
    with pytest.raises(AssertionError, match="escalate"):
        scene.running("501.00", customer="c-9")
    assert only(scene).reach == Reach("$1,001.00", "$1,000.00", "this customer", "24 hours", True)


def test_a_case_within_its_caps_says_which_it_would_fill_most(scene: Scene) -> None:
    scene.case("480.00")
    assert only(scene).reach == Reach("$480.00", "$1,000.00", "this customer", "24 hours", False)
    assert "medium $480.00 of $1,000.00 this customer, 24 hours 4 h left" in words(
        visitor(scene.cast.ada).get("/queue/")
    )


def test_it_is_ordered_by_deadline_and_then_by_exposure(scene: Scene) -> None:
    small, large = scene.case("10.00", order="W1"), scene.case("490.00", order="W2")
    urgent = scene.case("600.00", order="W3")
    Escalation.objects.filter(pk=small.pk).update(sort_key=large.sort_key + 1)
    assert [row.case for row in read(scene).rows] == [urgent.pk, large.pk, small.pk]


def test_cases_of_one_deadline_and_one_exposure_stand_by_age(scene: Scene) -> None:
    opened = [scene.case("20.00", order=f"W{number}").pk for number in range(1, 7)]
    Escalation.objects.update(sort_key=Escalation.objects.get(pk=opened[0]).sort_key)
    assert [row.case for row in read(scene).rows] == opened


def test_who_has_a_case_is_named_while_the_lease_lives(scene: Scene) -> None:
    case = scene.case()
    scene.take(case, scene.cast.grace)
    row = only(scene)
    assert (row.taken_by, row.mine) == ("grace", False)
    backdate("update reviews_escalation set taken_until = clock_timestamp() where id = %s", case.pk)
    assert only(scene).taken_by == ""


def test_what_is_decided_leaves_the_queue(scene: Scene) -> None:
    scene.approve(scene.case())
    assert read(scene).rows == ()


def test_filters_narrow_it(scene: Scene) -> None:
    mine, high = scene.case(order="W1"), scene.case("600.00", order="W2")
    scene.take(mine)
    assert [row.case for row in read(scene, Filters(mine=True)).rows] == [mine.pk]
    assert [row.case for row in read(scene, Filters(risk=3)).rows] == [high.pk]
    assert read(scene, Filters(action_type="shop.express")).rows == ()
    assert read(scene, Filters(action_type="shop.refund")).count == 2
    assert [row.case for row in read(scene, Filters(domain="service", risk=2)).rows] == [mine.pk]
    assert read(scene, Filters(domain="acme")).rows == ()
    backdate("update reviews_escalation set rank = 2 where id = %s", mine.pk)
    assert [row.case for row in read(scene, Filters(rank=2)).rows] == [mine.pk]
    assert read(scene, Filters(rank=2, risk=3)).rows == ()
    assert read(scene, Filters(overdue=True)).rows == ()
    past = (
        "update reviews_escalation set deadline = deadline - interval '1 day', sort_key = sort_key - %s where id = %s"
    )
    backdate(past, first_key(86_400), high.pk)
    assert [row.case for row in read(scene, Filters(overdue=True, action_type="shop.refund")).rows] == [high.pk]


def test_the_form_says_how_many_each_filter_would_show(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.take(scene.case(order="W1"))
    scene.case("600.00", order="W2")
    text = words(visitor(scene.cast.ada).get("/queue/?risk=high"))
    kinds = ("Refund · shop.refund (2)", "Express (0)", "Service (2)")
    for told in (*kinds, "1 (2)", "3 (0)", "high (1)", "Only mine (1)"):
        assert told in text
    monkeypatch.setattr(picks, "COUNTED", 1)
    assert "Refund · shop.refund (1+)" in words(visitor(scene.cast.ada).get("/queue/"))


def test_cases_about_the_same_entity_are_marked(scene: Scene) -> None:
    first, second = scene.case("5.00", order="W1"), scene.case("6.00", order="W1")
    scene.case("7.00", order="W2")
    assert {row.case: row.related for row in read(scene).rows if row.related} == {first.pk: 1, second.pk: 1}
    ada = visitor(scene.cast.ada)
    assert "1 more open about the same" in words(ada.get("/queue/"))
    assert "Also open about the same" in words(ada.get(f"/escalations/{first.pk}/"))
    # the same id in another domain is the id of something else
    backdate("update reviews_escalation set domain_id = %s where id = %s", scene.cast.acme.pk, second.pk)
    assert not {row.related for row in read(scene).rows} - {0}
    assert "Also open about the same" not in words(ada.get(f"/escalations/{first.pk}/"))


def test_pages_follow_each_other_without_gap_or_repeat(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    cases = {scene.case("5.00", order=f"W{number}").pk for number in range(1, 6)}
    seen: list[uuid.UUID] = []
    after: Cursor | None = None
    while True:
        page = read(scene, after=after)
        seen += [row.case for row in page.rows]
        if (after := page.next) is None:
            break
    assert len(seen) == 5
    assert set(seen) == cases


def test_the_count_is_capped(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "COUNTED", 1)
    scene.case(order="W1")
    assert (read(scene).count, read(scene).capped) == (1, False)
    scene.case(order="W2")
    assert (read(scene).count, read(scene).capped) == (1, True)


def test_a_row_costs_no_statement_of_its_own(scene: Scene) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            read(scene)
        return len(captured)

    scene.case(order="W1")
    one = statements()
    for number in range(2, 6):
        scene.case(order=f"W{number}")
    assert statements() == one <= 4


def test_a_halt_is_said_above_the_cases(scene: Scene) -> None:
    scene.case()
    halt.halt(HaltTarget.ENTERPRISE, "acme", reason="VIP, approve", by=BY)
    text = words(visitor(scene.cast.ada).get("/queue/"))
    assert "A halt is in force: enterprise Acme. Approve is off where it applies; Reject works." in text
    assert "VIP" not in text


def test_the_next_free_case_is_nobody_elses(scene: Scene) -> None:
    first, second = scene.case("490.00", order="W1"), scene.case("10.00", order="W2")
    scene.take(first, scene.cast.grace)
    assert candidates.next_case(viewer=scene.cast.ada.pk) == second.pk
    assert candidates.next_case(viewer=scene.cast.ada.pk, besides=(second.pk,)) is None
    assert candidates.next_case(viewer=scene.cast.grace.pk) == first.pk
    mandates.revoke_mandate(scene.cast.ada, by=BY)
    assert candidates.next_case(viewer=scene.cast.ada.pk) is None, "whoever approves nothing is given nothing"


def test_the_next_case_is_of_no_agent_that_one_answers_for_now(scene: Scene) -> None:
    scene.case("490.00", order="W1")
    assert candidates.next_case(viewer=scene.cast.ada.pk) is not None
    register.change_agent(Agent.objects.get(pk=scene.cast.refunder.pk), owner=scene.cast.ada, by=BY)
    assert candidates.next_case(viewer=scene.cast.ada.pk) is None


def test_the_next_case_may_be_one_that_a_halt_froze_past_its_deadline(scene: Scene) -> None:
    frozen, gone = scene.case("490.00", order="W1"), scene.case("480.00", order="W2")
    soon = "update reviews_escalation set deadline = clock_timestamp() + %s, sort_key = %s where id = %s"
    backdate(soon, dt.timedelta(milliseconds=400), sort_key(database_now().timestamp(), 490_00), frozen.pk)
    backdate(soon, dt.timedelta(milliseconds=-400), sort_key(database_now().timestamp() - 1, 480_00), gone.pk)
    halt.halt(HaltTarget.AGENT, str(scene.cast.refunder.pk), reason="x", by=BY)
    time.sleep(0.5)
    found = candidates.next_case(viewer=scene.cast.ada.pk)
    assert found == frozen.pk, "of the other the deadline was over before the halt"


def test_an_empty_queue_says_what_is_true_and_what_next(scene: Scene) -> None:
    text = words(visitor(scene.cast.ada).get("/queue/"))
    assert "No cases need you. 0 actions ran on their own today; 0 wait for a spot review." in text
    assert "Review samples" in text


def test_quiet_counts_what_ran_today(scene: Scene) -> None:
    from reviews.report import report

    report(scene.running().pk, caller=scene.refunder, status="succeeded")
    assert queue.quiet(dt.datetime.now(dt.UTC)) == queue.Quiet(executed=1, waiting=0)


def test_filters_without_a_match_offer_the_way_back(scene: Scene) -> None:
    text = words(visitor(scene.cast.ada).get("/queue/?mine=yes"))
    assert "No open case matches these filters." in text
    assert "Show all" in text


def test_the_page_lists_the_case_with_a_link(scene: Scene) -> None:
    case = scene.case()
    response = visitor(scene.cast.ada).get("/queue/")
    assert f'href="/escalations/{case.pk}/"' in response.content.decode()
    assert "1 open, by time left and then by exposure." in words(response)


def test_a_poll_gets_only_the_rows_and_nothing_when_nothing_changed(scene: Scene) -> None:
    client = visitor(scene.cast.ada)
    scene.case(order="W1")
    fragment = client.get("/queue/", headers=HTMX).content.decode()
    assert "<html" not in fragment
    poll = fragment.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    sent = HTMX | json.loads(html.unescape(fragment.partition("hx-headers='")[2].partition("'")[0]))
    answer = client.get(poll, headers=sent)
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", sent["If-None-Match"])
    assert not answer.templates
    scene.case(order="W2")
    assert client.get(poll, headers=sent).status_code == 200


def test_what_one_reader_was_sent_is_never_taken_for_what_another_would_be(scene: Scene) -> None:
    """Also in one browser in which somebody else signed in, or chose another language: never 304 for rows of theirs."""
    scene.take(scene.case(), scene.cast.ada)
    fragment = visitor(scene.cast.ada).get("/queue/", headers=HTMX).content.decode()
    sent = HTMX | json.loads(html.unescape(fragment.partition("hx-headers='")[2].partition("'")[0]))
    for person, language, status in (("ada", "en", 304), ("ada", "de", 200), ("grace", "en", 200)):
        client = visitor(getattr(scene.cast, person))
        assert client.get("/queue/", headers=sent | {"Accept-Language": language}).status_code == status


@pytest.mark.parametrize("change", ["taken", "read", "decided", "lease over", "halted", "aged"])
def test_every_change_of_what_the_page_shows_is_another_version(scene: Scene, change: str) -> None:
    case = scene.case()
    if change == "lease over":
        scene.take(case, scene.cast.grace)
    before = read(scene).version
    assert queue.version(viewer=scene.cast.ada.pk, filters=Filters()) == before == read(scene).version
    if change == "taken":
        scene.take(case, scene.cast.grace)
    elif change == "read":
        verify.verify(case.pk)
    elif change == "decided":
        scene.approve(case)
    elif change == "halted":
        halt.halt(HaltTarget.AGENT, str(scene.cast.refunder.pk), reason="x", by=BY)
    else:
        moved = {"lease over": "taken_until = clock_timestamp()", "aged": "deadline = deadline - interval '61 minutes'"}
        backdate(f"update reviews_escalation set {moved[change]} where id = %s", case.pk)
    assert queue.version(viewer=scene.cast.ada.pk, filters=Filters()) not in ("", before)


def test_rows_age_together_so_that_most_polls_find_nothing_new(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        moved = f"deadline = deadline - interval '150 minutes' - interval '{7 * number} seconds'"
        backdate(f"update reviews_escalation set {moved} where id = %s", scene.case(order=f"W{number + 1}").pk)
    begun = database_now()

    def version_after(seconds: int) -> str:
        moment = (begun + dt.timedelta(seconds=seconds)).isoformat()
        monkeypatch.setattr(queue, "_MOMENT", f"select '{moment}'::timestamptz as now, '{{}}'::bigint[] as halts")
        return queue.version(viewer=scene.cast.ada.pk, filters=Filters())

    versions = [version_after(seconds) for seconds in range(60)]
    changes = sum(one != other for one, other in itertools.pairwise(versions))
    assert 1 <= changes <= 4


def test_a_poll_reads_one_table_and_no_more_for_more_cases(scene: Scene) -> None:
    scene.case()
    with CaptureQueriesContext(connection) as captured:
        queue.version(viewer=scene.cast.ada.pk, filters=Filters(action_type="shop.refund"))
    assert len(captured) == 3
    assert not any("join governance" in each["sql"] for each in captured)


def test_next_leads_to_a_case_or_back_to_the_queue(scene: Scene) -> None:
    client = visitor(scene.cast.ada)
    assert client.get("/queue/next/")["Location"] == "/queue/"
    case = scene.case()
    assert client.get("/queue/next/")["Location"] == f"/escalations/{case.pk}/"
    assert client.get(f"/queue/next/?after={case.pk}")["Location"] == "/queue/"
    assert "No case is free that you may approve." in words(client.get("/queue/"))


def test_next_and_the_desk_say_why_somebody_approves_nothing_just_now(scene: Scene) -> None:
    scene.case()
    client = visitor(scene.cast.ada)
    backdate("update governance_mandate set expires_at = clock_timestamp() where reviewer_id = %s", scene.cast.ada.pk)
    answer = client.get("/queue/next/", follow=True)
    assert answer.redirect_chain == [("/queue/", 302)]
    assert "Your mandate has expired." in words(answer)
    desk = words(client.get("/"))
    assert "Your mandate has expired." in desk
    assert "Open the next case" not in desk
    mandates.revoke_mandate(scene.cast.ada, by=BY)
    again = visitor(scene.cast.ada)  # whoever loses a mandate is signed out
    assert "You have no mandate." in words(again.get("/queue/next/", follow=True))


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("risk=4", "risk"),
        ("mine=1", "mine"),
        ("overdue=no", "overdue"),
        ("rank=4", "rank"),
        ("after=1", "after"),
        ("after=1.zz", "after"),
        ("after=99999999999999999999.0", "after"),
        ("type=' or 1=1 --", "type"),
        ("type=shop.nothing", "type"),
        ("domain=nowhere", "domain"),
        ("domain=%00", "domain"),
        ("after=%F0", "after"),
    ],
)
def test_nonsense_in_the_address_is_named_and_filters_nothing(scene: Scene, query: str, named: str) -> None:
    scene.case()
    response = visitor(scene.cast.ada).get(f"/queue/?{query}")
    assert response.status_code in (400, 422)
    assert f"The address asks for a filter that there is not: {named}." in words(response) or "%00" in query


def test_an_address_leads_back_to_the_same_filters() -> None:
    from django.http import QueryDict

    cursor = Cursor(17, uuid.UUID(int=5))
    filters = Filters("shop.refund", 2, True, "service", 3, True)
    assert filters_of(QueryDict(address(filters, cursor))) == (filters, cursor)
    assert address(Filters(), None) == ""


def test_a_following_page_is_linked(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAGE", 1)
    scene.case(order="W1")
    last = scene.case("600.00", order="W2")
    page = visitor(scene.cast.ada).get("/queue/?type=shop.refund").content.decode()
    link = page.partition('<p><a href="/queue/?')[2].partition('"')[0].replace("&amp;", "&")
    assert "type=shop.refund" in link
    assert str(last.pk) not in visitor(scene.cast.ada).get(f"/queue/?{link}").content.decode()
