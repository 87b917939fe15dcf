"""The draw: keyed, recomputable by an auditor, a superset at every higher probability."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.sampling import LADDER, cell_name, probability, selected
from governance.policy.tiers import Risk
from tests.policy.prove import FACTOR, examples

KEY = b"a key of one day, thirty-two byt"
CELL = "7|ab12|refund.issue|medium"


@pytest.mark.parametrize(
    ("risk", "floor", "override", "expected"),
    [
        (Risk.LOW, None, None, "0.05"),
        (Risk.MEDIUM, None, None, "0.1"),
        (Risk.HIGH, None, None, "0.2"),
        (Risk.LOW, Decimal("0.2"), None, "0.2"),
        (Risk.HIGH, Decimal("0.01"), None, "0.2"),
        (Risk.LOW, None, Decimal("0.01"), "0.01"),
        (Risk.LOW, None, Decimal("0.0001"), "0.01"),
        (Risk.LOW, None, Decimal("0.03"), "0.05"),
        (Risk.LOW, Decimal("0.1"), Decimal("0.02"), "0.1"),
        (Risk.HIGH, None, Decimal("0.51"), "1"),
        (Risk.LOW, Decimal(1), None, "1"),
    ],
)
def test_a_probability_is_a_rung_of_the_ladder(
    risk: Risk, floor: Decimal | None, override: Decimal | None, expected: str
) -> None:
    assert probability(risk, floor, override) == Decimal(expected)


@pytest.mark.parametrize("odd", [0, 1, 0.5, "0.5", Decimal(0), Decimal("-0.1"), Decimal("1.1"), Decimal("NaN")])
def test_what_is_not_a_probability_draws_everything(odd: object) -> None:
    assert probability(Risk.LOW, odd, None) == 1  # type: ignore[arg-type]
    assert probability(Risk.LOW, None, odd) == 1  # type: ignore[arg-type]
    assert probability(odd, None, None) == 1  # type: ignore[arg-type]
    assert selected(KEY, CELL, "action", odd)  # type: ignore[arg-type]


unit = st.decimals("0.0001", "1", places=4)


@given(st.sampled_from(Risk), st.none() | unit, st.none() | unit)
@examples(60)
def test_a_floor_only_raises(risk: Risk, floor: Decimal | None, override: Decimal | None) -> None:
    chosen = probability(risk, floor, override)
    assert chosen in LADDER
    assert chosen >= probability(risk, None, override)
    assert floor is None or chosen >= floor


def test_an_auditor_can_recompute_a_draw_by_hand() -> None:
    for action in map(str, range(200)):
        digest = hmac.new(KEY, f"{CELL}|{action}".encode(), hashlib.sha256).digest()
        drawn = Fraction(int.from_bytes(digest[:8], "big"), 2**64)
        for rung in LADDER:
            assert selected(KEY, CELL, action, rung) is (drawn < Fraction(rung))


@given(st.binary(min_size=16, max_size=32), st.uuids(), unit, unit)
@examples(60)
def test_a_higher_probability_only_adds_draws(key: bytes, action: object, one: Decimal, other: Decimal) -> None:
    lower, higher = sorted((one, other))
    assert selected(key, CELL, str(action), lower) <= selected(key, CELL, str(action), higher)


def test_at_one_everything_is_drawn() -> None:
    assert all(selected(KEY, CELL, str(number), Decimal(1)) for number in range(500))


@pytest.mark.full
@pytest.mark.parametrize("rung", LADDER[1:])
def test_the_share_that_is_drawn_is_the_probability(rung: Decimal) -> None:
    count = 5_000 * FACTOR
    drawn = sum(selected(KEY, CELL, str(number), rung) for number in range(count))
    spread = 5 * (count * float(rung) * (1 - float(rung))) ** 0.5
    assert abs(drawn - count * float(rung)) < spread


def test_another_key_cell_or_action_is_another_draw() -> None:
    half = Decimal("0.5")
    mine = [selected(KEY, CELL, str(number), half) for number in range(64)]
    assert mine == [selected(KEY, CELL, str(number), half) for number in range(64)]
    assert mine != [selected(KEY + b"!", CELL, str(number), half) for number in range(64)]
    assert mine != [selected(KEY, CELL + "!", str(number), half) for number in range(64)]


def test_a_cell_is_named_by_its_four_parts() -> None:
    assert cell_name(7, "ab12", "refund.issue", Risk.MEDIUM) == CELL


@pytest.mark.parametrize(
    "parts",
    [
        (7, "a|b", "refund.issue", Risk.LOW),
        (7, "", "refund.issue", Risk.LOW),
        ("", "ab", "refund.issue", Risk.LOW),
        (7, "ab\n", "refund.issue", Risk.LOW),
        (7, "\u00e5b", "refund.issue", Risk.LOW),
        (7, "ab", "refund.issue", 9),
    ],
)
def test_a_part_that_could_be_mistaken_is_refused(parts: tuple[object, str, str, Risk]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        cell_name(*parts)
