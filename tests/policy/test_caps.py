"""Caps as they are written in a document, and as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from governance.policy.velocity import Cap, CapError, CapKey, Unit, parse_caps, window_of

DAY = 24 * 3600


def test_the_reference_rule_of_the_incident_is_two_caps_in_one_entry() -> None:
    caps = parse_caps([{"key": "entity", "money": "1000.00", "count": 2, "window": "24h"}])
    assert caps == (
        Cap(CapKey.ENTITY, Unit.COUNT, 2, DAY),
        Cap(CapKey.ENTITY, Unit.MONEY, 1_000_00, DAY),
    )


def test_a_single_cap_is_read_with_all_its_parts() -> None:
    document = {"key": "enterprise", "money": {"amount": "5.50", "currency": "USD"}, "window": 3600, "hard": True}
    assert Cap.from_document(document) == Cap(CapKey.ENTERPRISE, Unit.MONEY, 5_50, 3600, hard=True)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("24h", DAY), ("10m", 600), ("7d", 7 * DAY), ("60s", 60), ("3s", 3), (900, 900), ("400d", 400 * DAY)],
)
def test_a_window_is_a_number_with_its_unit(written: object, seconds: int) -> None:
    assert window_of(written) == seconds


NOT_WINDOWS: list[object] = [
    *(None, "", "24", "h", "1.5h", "-1h", "0m", "024h", "24 h", "24H", "1w", "2s", "100s", "401d", "99999999999h"),
    *("\u0663h", "24h\n", 0, -60, 61, 3.0, True, [], {}),
]


@pytest.mark.parametrize("written", NOT_WINDOWS)
def test_a_window_that_is_not_one_is_refused(written: object) -> None:
    with pytest.raises(CapError):
        window_of(written)


GOOD: dict[Any, Any] = {"key": "run", "count": 3, "window": "1h"}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "run",
        {},
        {**GOOD, "key": "galaxy"},
        {**GOOD, "key": None},
        {**GOOD, "key": ["run"]},
        {**GOOD, "count": -1},
        {**GOOD, "count": True},
        {**GOOD, "count": "3"},
        {**GOOD, "count": 2.5},
        {**GOOD, "count": 10**16},
        {**GOOD, "hard": "yes"},
        {**GOOD, "hard": None},
        {**GOOD, "colour": "red"},
        {**GOOD, 7: 7},
        {"key": "run", "window": "1h"},
        {"key": "run", "count": 3},
        {"key": "run", "money": 1000, "window": "1h"},
        {"key": "run", "money": 1000.5, "window": "1h"},
        {"key": "run", "money": "1000", "window": "1h"},
        {"key": "run", "money": "-5.00", "window": "1h"},
        {"key": "run", "money": {"amount": "5.00", "currency": "EUR"}, "window": "1h"},
    ],
)
def test_a_cap_that_is_not_one_is_refused_with_a_sentence(document: object) -> None:
    with pytest.raises(CapError) as refused:
        parse_caps([document])
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("documents", [None, {}, "caps", (GOOD,)])
def test_caps_are_a_list(documents: object) -> None:
    with pytest.raises(CapError):
        parse_caps(documents)


def test_a_document_of_one_cap_has_one_limit() -> None:
    with pytest.raises(CapError):
        Cap.from_document({**GOOD, "money": "5.00"})


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (DAY, "24 hours"),
        (7 * DAY, "7 days"),
        (3600, "1 hour"),
        (2 * 3600, "2 hours"),
        (600, "10 minutes"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (36 * 3600, "36 hours"),
    ],
)
def test_a_window_reads_in_its_largest_whole_unit(window: int, text: str) -> None:
    assert Cap(CapKey.RUN, Unit.COUNT, 1, window).window_text == text


def test_a_limit_reads_in_its_unit() -> None:
    assert Cap(CapKey.RUN, Unit.COUNT, 3, DAY).limit_text == "3 actions"
    assert Cap(CapKey.RUN, Unit.COUNT, 1, DAY).limit_text == "1 action"
    assert Cap(CapKey.RUN, Unit.MONEY, 1_000_00, DAY).limit_text == "$1,000.00"
