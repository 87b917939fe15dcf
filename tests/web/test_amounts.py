"""Amounts as whoever reads writes them; what a verdict covers keeps one form."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.codes import EXPONENTS
from governance.policy.money import format_money
from governance.spoken import local_figure, spoken
from reviews.amounts import local_amount, local_amounts
from reviews.shown import Piece
from reviews.templatetags.console import claim, fact


@pytest.mark.parametrize(
    ("ours", "read"),
    [
        ("$1,000.00", "1.000,00 $"),
        ("-€480.00", "-480,00 €"),
        ("CHF 1,234,567.80", "1.234.567,80 CHF"),
        ("¥500", "500 ¥"),
        ("The amount $640.00 is over $500.00, so", "The amount 640,00 $ is over 500,00 $, so"),
        ("$250.00 + $10.00.", "250,00 $ + 10,00 $."),
    ],
)
def test_an_amount_is_written_as_the_language_writes_it(ours: str, read: str) -> None:
    assert local_amounts(ours) == ours, "English has the form that is kept"
    with translation.override("de"):
        assert local_amounts(ours).replace("\N{NO-BREAK SPACE}", " ") == read


@pytest.mark.parametrize(
    "text", ["$5", "$1,0000.00", "$1.000", "¥500.00", "API 500.00", "US$5.00", "x$5.00", "$5.00x", "1,000.00", "$5.001"]
)
def test_what_is_no_amount_of_ours_stays_as_it_is(text: str) -> None:
    with translation.override("de"):
        assert local_amounts(text) == text


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(EXPONENTS)))
def test_no_two_amounts_read_alike_and_each_is_found(minor: int, currency: str) -> None:
    ours = format_money(minor, currency)
    with translation.override("de"):
        read = local_amount(ours)
    assert read.endswith(("$", "€", "£", "¥", currency))
    # back from the German form: nothing is lost
    sign, _, figure = read.rpartition("\N{NO-BREAK SPACE}")[0].rpartition("-")
    plain = figure.translate(str.maketrans(".,", ",."))
    assert ours.removeprefix("-").lstrip("$€£¥ABCDEFGHIJKLMNOPQRSTUVWXYZ ") == plain
    assert (minor < 0) == ours.startswith("-") == read.startswith("-"), sign


def test_beside_an_amount_that_is_read_stands_what_a_verdict_covers() -> None:
    amount = (Piece("$1,000.00", literal=True),)
    assert claim(amount) == '<bdi class="value claim">$1,000.00</bdi>'
    with translation.override("de"):
        read = "1.000,00\N{NO-BREAK SPACE}$"
        assert claim(amount) == f'<bdi class="value claim" data-ours="$1,000.00">{read}</bdi>'
        assert fact("$1,000.00") == f'<bdi data-ours="$1,000.00">{read}</bdi>'
        assert fact("It comes to $1,000.00 in all.").endswith(f">It comes to {read} in all.</bdi>")
        # an identifier that holds an amount is no amount
        assert "data-ours" not in claim((Piece("order $1,000.00", literal=True),))


def test_a_share_has_the_point_of_the_language() -> None:
    assert local_figure("0.6 %") == "0.6 %"
    with translation.override("de"):
        assert local_figure("0.6 %") == "0,6 %"


@pytest.mark.parametrize(
    ("ours", "read"),
    [
        (
            "The stated confidence 0.850 is under the threshold 0.900.",
            "Die angegebene Zuversicht 0,850 liegt unter der Schwelle 0,900.",
        ),
        (
            "The evidence score 0.60 is under the threshold 0.92.",
            "Der Wert der Belege 0,60 liegt unter der Schwelle 0,92.",
        ),
        (
            "The agent must state a confidence of at least 0.9.",
            "Der Agent muss eine Zuversicht von mindestens 0,9 angeben.",
        ),
        ("2.5 s", "2,5 s"),
        # a place among sub-agents is no figure, nor is what somebody calls an agent
        ("sub-agent 1.2 of Refunder", "Unteragent 1.2 von Refunder"),
        ("agent 4.1", "Agent 4.1"),
    ],
)
def test_figures_in_our_sentences_have_the_point_of_the_language(ours: str, read: str) -> None:
    assert spoken(ours) == ours
    with translation.override("de"):
        assert spoken(ours) == read
