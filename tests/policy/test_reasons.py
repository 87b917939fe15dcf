"""Reasons: a closed list, one sentence and one help each, and nothing of an agent in them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.reasons import HELP, MAX_NAME, SENTENCES, UNREADABLE, Given, Reason, registry_name
from tests.policy.prove import examples

SLOTS = {
    *(
        "effective",
        "required",
        "name",
        "amount",
        "quantity",
        "data_class",
        "threshold",
        "kind",
        "tier",
        "level",
        "risk",
    ),
    *("rule", "why", "signal", "confidence", "score", "key", "total", "limit", "window", "whose", "until"),
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_one_sentence_and_one_help(reason: Reason) -> None:
    for text in (SENTENCES[reason], HELP[reason]):
        assert text.endswith(".")
        assert text[0].isupper() or text[0] == "{"
        assert {name for _, name, _, _ in string.Formatter().parse(text) if name is not None} <= SLOTS


def test_the_lists_are_closed() -> None:
    assert set(SENTENCES) == set(HELP) == set(Reason)
    assert len(set(SENTENCES.values())) == len(Reason)
    assert all(reason.value == reason.name.lower() for reason in Reason)
    with pytest.raises(TypeError):
        SENTENCES[Reason.HALTED] = "x"  # type: ignore[index]


@given(st.sampled_from(Reason), st.dictionaries(st.sampled_from(sorted(SLOTS)), st.text(max_size=8)))
@examples(60)
def test_a_sentence_never_fails_whatever_slots_it_has(reason: Reason, slots: dict[str, str]) -> None:
    given_reason = Given(reason, slots)
    assert given_reason.sentence
    assert given_reason.help


def test_a_slot_that_was_not_given_reads_unknown() -> None:
    assert Given(Reason.HALTED, {}).sentence == "A halt is in force: unknown."


def test_a_value_is_never_read_as_a_template() -> None:
    assert Given(Reason.HALTED, {"name": "{name.__class__}"}).sentence == "A halt is in force: {name.__class__}."


@pytest.mark.parametrize("name", ["refunds", "Refund desk (EU)", "agent Refunder", "Cr\u00e9dit", "\u5165\u91d1"])
def test_a_registry_name_stands_as_it_is(name: str) -> None:
    assert registry_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "x" * (MAX_NAME + 1), "a\nb", "a\tb", "a\x00", "a\u202eb", "a\u200bb", "a\u00a0b", "a\ufeffb", "\ud800"),
        *("a\u3164", "\u115f", "\U000e0041", "a\ufe0f", "a\U000e0100", "a\U0001d173b", "\u2800", "\ue000", "a\u2028b"),
        *(None, 7, b"x", ["refunds"], 1.5),
    ],
)
def test_a_name_that_could_deceive_is_not_repeated(name: object) -> None:
    assert registry_name(name) == UNREADABLE
