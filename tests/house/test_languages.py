"""Every text of the console is marked, and every marked text is there in every language."""

from __future__ import annotations

import gettext
import io
import re
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from django.utils import timezone, translation
from hypothesis import given, settings

from config.messages.collect import Message, collect, in_catalogue, in_python, in_template
from config.messages.po import Said, compiled, merged, read, written
from config.services.stack import BASE
from governance.policy.inputs import Inputs
from governance.spoken import spoken
from reviews.explained import tell
from tests.policy import strategies as some

CATALOGUES = sorted((BASE / "locale").glob("*/LC_MESSAGES/django.po"))
_SLOT = re.compile(r"\{\w+\}|%\(\w+\)s")
_MARKED = re.compile(
    r"\{% blocktranslate.*?\{% endblocktranslate %\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<!DOCTYPE html>"
    r"|<kbd[^>]*>.*?</kbd>|<code[^>]*>.*?</code>",
    re.DOTALL,
)
_SPOKEN_ATTRIBUTE = re.compile(r"\s(?:aria-label|data-head|title|placeholder|alt)=\"([^\"]*)\"")
_WORDS = re.compile(r"[A-Za-z]{2,}")
# Names that are the same in every language, a class that a block stands in for, and the name of a theme's class.
ENGLISH = re.compile(
    r"\b(the|of|for|is|must|none|not|this|actions?|grants?|cap|ceiling|quantity|internal|over|samples)\b"
)
NAMES = {"Placet", "Slack", "PROPOSE", "OBSERVE", "EXECUTE", "wide", "narrow", "column", "theme", "ltr", "rtl"}


def bare(source: str) -> set[str]:
    """The words of a template that are not marked, in its text and in what its attributes say."""
    left = _MARKED.sub("", source)
    said = " ".join(_SPOKEN_ATTRIBUTE.findall(left))
    text = re.sub(r"<[^>]*>|&\w+;", " ", left)
    return set(_WORDS.findall(f"{text} {said}")) - NAMES


@pytest.mark.parametrize("path", sorted((BASE / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_a_page_has_no_bare_text(path: Path) -> None:
    assert not bare(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>{% fact x %} waits</p>", {"waits"}),
        ('<nav aria-label="Pages">{% translate "Older" %}</nav>', {"Pages"}),
        ('<p>{% translate "Older" %}<kbd>Esc</kbd></p>', set()),
        ("{% blocktranslate %}{{ n }} wait{% endblocktranslate %}", set()),
    ],
)
def test_bare_text_is_found(source: str, words: set[str]) -> None:
    assert bare(source) == words


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_language_has_every_text(path: Path) -> None:
    entries, found = read(path), collect()
    assert entries.keys() == found, "run `make messages`, then translate what it says is lacking"
    assert not [message for message, said in entries.items() if said.fuzzy or not all(said.forms)]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_translation_has_the_slots_of_its_text(path: Path) -> None:
    for message, said in read(path).items():
        for form in said.forms:
            assert set(_SLOT.findall(form)) == set(_SLOT.findall(message.text)), message


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_what_is_looked_up_is_what_is_written(path: Path) -> None:
    language = path.parent.parent.name
    assert path.with_suffix(".mo").read_bytes() == compiled(read(path), language)
    assert path.read_text(encoding="utf-8") == written(read(path), language)


def test_there_is_a_second_language() -> None:
    assert [path.parent.parent.name for path in CATALOGUES] == ["de"]


def test_a_catalogue_is_read_as_it_was_written(tmp_path: Path) -> None:
    entries = {
        Message("", 'A "quoted" line\nand another'): Said(('Eine "zitierte" Zeile\nund noch eine',)),
        Message("said", "one day", "%(n)s days"): Said(("ein Tag", "%(n)s Tage")),
        Message("", "old"): Said(("alt",), fuzzy=True),
    }
    path = tmp_path / "django.po"
    path.write_text(written(entries, "de"), encoding="utf-8")
    assert read(path) == entries
    found = gettext.GNUTranslations(io.BytesIO(compiled(entries, "de")))
    assert found.npgettext("said", "one day", "%(n)s days", 2) == "%(n)s Tage"
    assert found.gettext("old") == "old"


def test_a_new_text_comes_without_its_translation_and_an_old_one_goes() -> None:
    kept, gone, new = Message("", "kept"), Message("", "gone"), Message("", "new")
    said = Said(("behalten",))
    assert merged({kept, new}, {kept: said, gone: said}) == {kept: said, new: Said(("",))}


def test_what_is_said_without_a_mark_is_found() -> None:
    source = (
        '"""Doc."""\nraise Problem(Code.X, f"It is {row.name} already.")\nlabel = _("Marked words.")\nkey = "a key"\n'
    )
    assert set(in_python(source, said=True)) == {Message("said", "It is {row1} already."), Message("", "Marked words.")}
    assert set(in_python(source, said=False)) == {Message("", "Marked words.")}
    assert set(in_template('{% translate "Go" %}')) == {Message("", "Go")}


def test_what_pages_say_of_a_catalogue_is_found() -> None:
    document = {
        "action_types": [{"key": "lab.pay_rent", "parameters": {"flat_id": {}}, "entities": ["flat_id"]}],
        "bindings": [
            {
                "facts": [{"name": "owner", "label": "Owner of it"}, {"name": "since"}],
                "sentence": "Pay {rent} to {x.owner}.",
            }
        ],
    }
    said = {"Pay rent", "Flat id", "this flat", "Owner of it", "Since", "Pay {told0} to {told1}"}
    assert set(in_catalogue(document)) == {Message("said", text) for text in said}


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "Refund $480.00 for sofa-1 of order (not shown), customer since 2025-01-16",
            "$480.00 für sofa-1 aus Bestellung (nicht gezeigt) erstatten, Kunde seit 2025-01-16",
        ),
        ("Project Refunds", "Projekt Refunds"),
        ("project refunds: ceiling PROPOSE", "Projekt refunds: Obergrenze PROPOSE"),
        ("enterprise acme: ceiling PROPOSE", "Unternehmen acme: Obergrenze PROPOSE"),
        ("recovery of agent Boss: PROPOSE", "Erholung von Agent Boss: PROPOSE"),
        (
            "With this action this customer would reach $1,440.00 within 24 hours; the cap is $1,000.00.",
            "Mit dieser Aktion wären es $1,440.00 in 24 Stunden (dieser Kunde); das Limit ist $1,000.00.",
        ),
        ("18 min left", "noch 18 Min."),
        ("Agent sub-agent 2 of Boss", "Agent Unteragent 2 von Boss"),
        ("sub-agent 2.1 of Boss", "Unteragent 2.1 von Boss"),
        ("ancestor sub-agent 2 of Boss: EXECUTE", "übergeordneter Agent Unteragent 2 von Boss: EXECUTE"),
        ("Refund 5 of order 7 to a stranger", "Refund 5 of order 7 to a stranger"),
        ("x" * 5000, "x" * 5000),
    ],
)
def test_a_sentence_of_the_machine_is_told_in_german(english: str, german: str) -> None:
    assert spoken(english) == english
    with translation.override("de"):
        assert spoken(english) == german


@pytest.mark.parametrize(
    "english",
    [
        "No sample has been reviewed yet.",
        "Unsound: 1 of 34 reviewed samples. The true rate is from 0 % to 20 %.",
        "Unsound: 1 of 34 reviewed samples (2 waits). The true rate is from 0 % to 20 %.",
        "permission: none for this action type",
        "permission: none above for this action type",
        "not active: Sleeper",
        "halt: agent Concierge",
        "delegation: not in force",
        "decision: could not be completed",
        "The quantity must be at most 3.",
        "The class of the data must be at most internal.",
        "The data class restricted is over internal, so the risk is high.",
        "The cap of 1 action in 30 minutes for this customer must have room for this action again: it frees with time.",
        "The cap of $300.00 in 30 minutes for this agent must have room for $250.00 again: it frees with time.",
        "The cap of 2 actions in 24 hours for this agent must be at least 4 actions.",
        "With this action this agent would reach 2 actions within 30 minutes; the cap is 1 action.",
        "Required evidence is not green: tool health of lab.bench is amber.",
        "The evidence of tool health of lab.bench must become green.",
        "This action is outside the guardrail of its type: $940.00 is over $900.00.",
        "This action is outside the guardrail of its type: with it there would be 6 grants in 24 hours, over 5.",
        "The guardrail of 10 grants in 24 hours must have room again: it frees with time.",
    ],
)
def test_what_is_put_together_is_told_whole_in_german(english: str) -> None:
    with translation.override("de"):
        told = spoken(english)
    assert not ENGLISH.search(told), told


def test_no_reason_of_a_decision_is_left_in_english() -> None:
    from governance.policy.reasons import HELP, SENTENCES

    with translation.override("de"):
        for text in (*SENTENCES.values(), *HELP.values()):
            filled = re.sub(r"\{\w+\}", "Qx", text)
            assert spoken(filled) != filled, text


@settings(max_examples=150, deadline=None)
@given(some.every_input)
def test_nothing_that_an_explanation_tells_is_left_in_english(inputs: Inputs) -> None:
    """But what a bundle says, and whose standing it is: that is text of others."""
    told = tell(replace(inputs, policy_rules=(), standing_hold=None))
    texts = {told.bound_by, told.by_person, *told.because, *told.changes, *told.barred, *chain(*told.reasons)}
    texts |= {step.name for step in told.steps} | {each.label for each in told.evidence}
    with translation.override("de"):
        for text in texts - {""}:
            assert spoken(text) != text
            assert not ENGLISH.search(spoken(text)), text


def test_a_time_is_told_in_the_zone_of_whoever_looks_also_where_the_clock_is_put_back() -> None:
    import datetime as dt
    from zoneinfo import ZoneInfo

    from reviews.moments import local, local_times

    first, second = (dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC) for hour in (0, 1))
    spring = dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert (local(first), local(second)) == ("25 Oct 02:30 CEST", "25 Oct 02:30 CET")
        assert local(spring, seconds=True) == "03:00:00 CEST"
        assert local_times("until 2026-01-01 23:30 UTC.") == "until 2026-01-02 00:30 CET."
        assert local_times("until 2026-99-01 23:30 UTC.") == "until 2026-99-01 23:30 UTC."
    with timezone.override(ZoneInfo("Asia/Tashkent")):
        assert local(first).endswith(" UTC+05")
    assert local(first) == "25 Oct 00:30 UTC"
