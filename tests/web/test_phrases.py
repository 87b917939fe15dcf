"""Our own words about a case. No database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from governance.policy.velocity import Cap, CapKey, Unit, Usage
from reviews.compared import FactLine, FactTable
from reviews.exposure import Reach, bars, reach, usages
from reviews.phrases import lasting, left, sentence_of
from reviews.shown import PLAIN, Lens, Piece, words
from reviews.templatetags.console import ago, at, clock, fact, money, read_at, since

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def sentence(template: str, lens: Lens = PLAIN, **slots: str) -> str:
    stored = {"template": template, "slots": slots}
    return "".join(piece.text for piece in sentence_of("shop.refund", 48000, stored, lens))


def test_the_councils_sentence_is_filled_from_the_record() -> None:
    filled = sentence("Refund {amount} to order {order}.", amount="$480.00", order="1042")
    assert filled == "Refund $480.00 to order 1042"


def test_values_in_it_are_told_apart_from_our_words() -> None:
    stored = {"template": "Refund {amount}.", "slots": {"amount": "$480.00"}}
    assert sentence_of("shop.refund", None, stored, PLAIN) == (Piece("Refund "), Piece("$480.00", True))


def test_a_list_in_it_keeps_its_end() -> None:
    assert (
        sentence("Take back {items}.", items="11, 22, 33, 44, 55 and more") == "Take back 11, 22, 33, 44, 55 and more"
    )


@pytest.mark.parametrize("value", ["please approve", "(not shown)", "$480.00 approved", "", "VIP, 12"])
def test_a_slot_that_could_speak_leaves_the_whole_sentence_out(value: str) -> None:
    assert sentence("Refund to {who}.", who=value) == "Refund, $480.00"


def test_a_slot_that_is_missing_leaves_the_whole_sentence_out() -> None:
    assert sentence("Refund {amount} to {order}.", amount="$480.00") == "Refund, $480.00"


def test_a_subject_in_it_is_not_named() -> None:
    lens = Lens.of(subjects=("james_li_5688",))
    assert sentence("Change the address of {who}.", lens, who="james_li_5688") == "Change the address of (not shown)"


@pytest.mark.parametrize(("amount", "words"), [(None, "Refund"), (0, "Refund, $0.00"), (999, "Refund, $9.99")])
def test_without_a_verified_sentence_type_and_amount_speak(amount: int | None, words: str) -> None:
    empty: dict[str, str] = {}
    for stored in (None, empty):
        assert "".join(piece.text for piece in sentence_of("shop.refund", amount, stored, PLAIN)) == words


@pytest.mark.parametrize(
    ("minutes", "words", "urgency"),
    [(59, "59 min left", "calm"), (14, "14 min left", "soon"), (0, "time is up", "over"), (-5, "time is up", "over")],
)
def test_time_left_is_said_in_words(minutes: int, words: str, urgency: str) -> None:
    found = left(NOW - dt.timedelta(minutes=60 - minutes), NOW + dt.timedelta(minutes=minutes), NOW)
    assert (found.words, found.urgency) == (words, urgency)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(30, "30 s"), (299, "5 min"), (7_000, "117 min"), (7_200, "2 h"), (172_800, "2 days"), (0, ""), (-1, "")],
)
def test_durations_are_said_in_their_own_unit(seconds: int, words: str) -> None:
    assert lasting(NOW + dt.timedelta(seconds=seconds), NOW) == words


def test_no_end_lasts_not_at_all() -> None:
    assert lasting(None, NOW) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "just now"),
        (4, "just now"),
        (40, "40 s ago"),
        (300, "5 min ago"),
        (7_200, "2 h ago"),
        (90_000, "1 day ago"),
    ],
)
def test_what_was_is_said_by_its_age(seconds: int, words: str) -> None:
    moment = NOW - dt.timedelta(seconds=seconds)
    assert ago(moment, NOW) == words
    assert words in since(moment, NOW)


def test_a_moment_is_told_in_utc() -> None:
    moment = dt.datetime(2026, 11, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert "2 Nov 01:04 UTC" in clock(moment)
    assert "01:04:05 UTC" in clock(moment, "seconds")


def test_a_reading_is_told_by_the_clock_and_by_its_day_where_that_is_not_today() -> None:
    assert "read 11:59:58 UTC<" in read_at(NOW - dt.timedelta(seconds=2), NOW)
    assert "read 21 Nov 11:00:00 UTC<" in read_at(NOW - dt.timedelta(hours=25), NOW)
    with timezone.override("Asia/Tokyo"):
        late = NOW + dt.timedelta(hours=4)
        assert "read 22 Nov 23:59:00 JST<" in read_at(late - dt.timedelta(hours=1, minutes=1), late)


def test_what_stands_on_an_open_page_is_told_by_the_clock() -> None:
    assert ">11:55 UTC<" in at(NOW - dt.timedelta(minutes=5), NOW)
    assert ">21 Nov 11:00 UTC<" in at(NOW - dt.timedelta(hours=25), NOW)


def test_a_fact_tells_when_it_was_read_where_that_is_not_when_the_others_were() -> None:
    line = FactLine("x", "X", words("a"), words("a"), "agrees", "agrees", True, "elsewhere", NOW)
    facts = FactTable((line, replace(line, read_at=NOW - dt.timedelta(seconds=3))), "records", NOW)
    printed = render_to_string("parts/_facts.html", {"facts": facts, "now": NOW})
    assert printed.count("elsewhere") == 2
    assert [part[:12] for part in printed.split("read ")[1:]] == ["11:59:57 UTC"]


def test_money_is_told_in_the_reference_currency() -> None:
    assert money(148_000) == "$1,480.00"


def test_the_tag_isolates_values_and_escapes_markup() -> None:
    printed = fact((Piece("for "), Piece("<i>\u202e1", True)))
    assert printed == '<bdi>for </bdi><bdi class="value">&lt;i&gt;\\u{202E}1</bdi>'


def test_the_tag_caps_what_it_prints() -> None:
    assert len(fact("x" * 10_000)) < 500


REFUNDS = Cap(CapKey.ENTITY, Unit.MONEY, 100_000, 86_400)
COUNT = Cap(CapKey.RUN, Unit.COUNT, 2, 86_400, True)


def test_a_breached_cap_comes_first_and_says_how_far() -> None:
    spare, over = Usage(COUNT, "run", 0, 1), Usage(REFUNDS, "entity", 96_000, 48_000, "customer")
    first, second = bars([spare, over])
    assert (first.whose, first.over, first.total_text, first.limit_text) == (
        "this customer",
        True,
        "$1,440.00",
        "$1,000.00",
    )
    assert (second.whose, second.over, second.hard, second.limit_text) == ("this run", False, True, "2 actions")
    assert reach([spare, over], 48_000) == Reach("$1,440.00", "$1,000.00", "this customer", "24 hours", True)


def test_of_caps_that_count_for_every_agent_of_a_chain_each_says_so() -> None:
    cap = Cap(CapKey.AGENT, Unit.COUNT, 9, 86_400)
    assert [bar.whose for bar in bars([Usage(cap, "agent:a", 2, 1)])] == ["this agent"]
    both = bars([Usage(cap, "agent:a", 2, 1), Usage(cap, "agent:b", 1, 1)])
    assert [bar.whose for bar in both] == ["one agent of the chain"] * 2
    assert [bar.row for bar in both] == ["agent:a", "agent:b"]


def test_without_a_breach_the_fullest_cap_is_told() -> None:
    little = Usage(REFUNDS, "entity", 0, 100, "customer")
    assert reach([little], 100) == Reach("$1.00", "$1,000.00", "this customer", "24 hours", False)
    assert reach([little, Usage(COUNT, "run", 0, 1)], 100) == Reach("1", "2 actions", "this run", "24 hours", False)


def test_what_no_cap_counts_says_so_and_an_unknown_amount_fills_none() -> None:
    assert reach([], 100) == Reach("", "", "no cap", "", False)
    assert reach([Usage(REFUNDS, "entity", 0, 0, "customer")], None) == Reach("", "", "amount not known", "", False)


def test_usages_come_back_as_the_decision_remembered_them() -> None:
    stored = [["run", "count", 2, 86_400, True, "run", 0, 1, None]]
    assert usages(stored) == (Usage(COUNT, "run", 0, 1, None),)
    assert usages(None) == ()
