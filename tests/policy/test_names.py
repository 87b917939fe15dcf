from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.names import MAX_NAME, display_name, same_name, scope_key


@pytest.mark.parametrize("name", ["Refunder", "gpt-4o retail v1.2", "R2", "a_b.c-d", "x" * 80])
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert display_name(name) == name


def test_wide_letters_and_doubled_spaces_become_the_plain_name() -> None:
    assert display_name("  \uff32efunder \u00a0 Two ") == "Refunder Two"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "-Refunder",
        "R\u0435funder",  # a Cyrillic letter that looks like e
        "Refund\u200ber",
        "Refunder\u202e",
        "Refunder <b>",
        "Refunder!",
        "caf\u00e9",
        "x" * 81,
        None,
        7,
    ],
)
def test_a_name_that_could_mislead_a_reader_is_refused_without_repeating_it(name: object) -> None:
    with pytest.raises(ValueError, match="A name") as refused:
        display_name(name)
    assert not isinstance(name, str) or len(name.strip()) < 3 or name not in str(refused.value)


def test_a_name_keeps_no_line_end() -> None:
    assert display_name("Refunder\n") == "Refunder"


@given(st.text(max_size=100))
def test_whatever_is_taken_as_a_name_is_short_plain_ascii(text: str) -> None:
    try:
        name = display_name(text)
    except ValueError:
        return
    assert name.isascii()
    assert name.isprintable()
    assert 0 < len(name) <= MAX_NAME
    assert display_name(name) == name


def test_two_names_are_one_when_only_case_or_form_differ() -> None:
    assert same_name("Refunder", "REFUNDER")
    assert same_name("Refunder", "\uff32efunder")
    assert not same_name("Refunder", "Refunder 2")


@pytest.mark.parametrize("key", ["acme", "a.b-c_d", "0", "x" * 64])
def test_a_plain_key_stays_as_it_is(key: str) -> None:
    assert scope_key(key) == key


@pytest.mark.parametrize("key", ["", "Acme", "-a", "a b", "x" * 65, "a\n", "\u0430", None])
def test_a_key_with_anything_else_is_refused(key: object) -> None:
    with pytest.raises(ValueError, match="A key"):
        scope_key(key)
