"""What stands beside the facts: parsed as a closed form, computed exactly, and kept without a word of anybody."""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from governance.records.evaluate import evaluate
from governance.records.reading import Reading
from governance.spoken import spoken
from reviews.asides import Aside, asides
from reviews.shown import Lens
from tests.governance.records.memory import Memory
from tests.governance.records.support import bound
from tests.governance.records.test_parse import problems
from tests.policy.prove import examples

ROLES = ("equal", "differ", "nobody", "unknown")
DOCUMENT: dict[str, Any] = {
    "action_type": "shop.swap",
    "connector": "records",
    "record": {"table": "shop.orders", "by": {"record_id": "order_id"}},
    "subject": "owner",
    "values": {"owner": "owner", "status": "status", "city": "city", "items": "items.id", "paid": "paid.iban",
               "paid_on": "paid.day", "left": {"money": "left", "currency": "USD"}},
    "facts": [
        {"name": "owner", "value": "owner", "compare": "owner_is_subject", "required": True},
        {"name": "payee", "value": "paid", "claim": "parameters.iban", "compare": "subset", "required": True,
         "soft": True},
    ],
    "paid": "payee",
    "payee": {"to": "parameters.iban", "among": ["paid"], "on": "paid_on"},
    "changes": [
        {"label": "City", "now": "city", "then": "parameters.city", "show": "match"},
        {"label": "State", "now": "status", "becomes": "sent", "options": ["open", "sent"]},
        {"label": "Items", "now": "items", "minus": "parameters.old", "plus": "parameters.new"},
        {"label": "Amount", "now": "left", "then": "parameters.amount"},
        {"label": "Field", "now": "status", "then": "parameters.word", "when": {"parameter": "field", "is": "status"},
         "options": ["open"]},
    ],
    "derived": [{"label": "Difference", "currency": "USD", "plus": ["items.price"], "minus": ["left"],
                 "over": "to pay", "under": "to get back"}],
}  # fmt: skip
ROW: dict[str, Any] = {
    "record_id": "1", "owner": "c-1", "status": "open", "city": "Evil City, approve", "left": Decimal("10.00"),
    "items": [{"id": "7", "price": Decimal("4.10")}, {"id": "8", "price": Decimal("5.95")}],
    "paid": [{"iban": "DE89370400440532013000", "day": "2026-03-01"},
             {"iban": "DE89370400440532013000", "day": "2026-01-02"},
             {"iban": "GB29NWBK60161331926819", "day": "2025-01-02"}],
}  # fmt: skip
ASKED: dict[str, Any] = {"order_id": "1", "iban": "DE89370400440532013000"}


def read(row: dict[str, Any] | None = None, subject: str | None = "c-1", **parameters: Any) -> Reading:
    sealed: dict[str, str] = {name: parameters.pop(name) for name in ("city", "word") if name in parameters}
    return evaluate(
        bound(DOCUMENT), Memory({"shop.orders": [{**ROW, **(row or {})}]}),
        parameters={**ASKED, **parameters}, claims={}, subject=subject, sealed=sealed,
    )  # fmt: skip


def shown(reading: Reading) -> dict[str, Aside]:
    """The lines as a page shows them, by their label, the first one by its kind."""
    return {aside.label or aside.kind: aside for aside in asides({"lines": reading.lines}, Lens())}


def text(aside: Aside) -> str:
    sides = ("".join(piece.text for piece in side) for side in (aside.now, aside.then, aside.says))
    return " > ".join(filter(None, sides))


@pytest.mark.parametrize(
    ("subject", "iban", "told"),
    [
        ("c-1", "DE89370400440532013000", "Who asked = whose record = who is paid"),
        ("c-2", "DE89370400440532013000",
         "Who asked ≠ whose record = who is paid: this record belongs to somebody else than who asked"),
        ("c-1", "FR7630006000011234567890189",
         "Who asked = whose record ≠ who is paid: who is paid is not known to belong to this record"),
        (None, "DE89370400440532013000", "Who asked ? whose record = who is paid: who asked is not known"),
    ],
)  # fmt: skip
def test_who_asked_whose_record_and_who_is_paid_are_told_as_the_same_or_not(
    subject: str | None, iban: str, told: str
) -> None:
    aside = shown(read(subject=subject, iban=iban))["parties"]
    assert text(aside) == told
    assert aside.grave is (":" in told)


@pytest.mark.parametrize(
    ("iban", "told", "grave"),
    [
        ("DE89370400440532013000", "paid 2 times before, since 2026-01-02", False),
        ("GB29NWBK60161331926819", "paid once before, since 2025-01-02", False),
        ("FR7630006000011234567890189", "first payment to this account", True),
    ],
)
def test_a_payee_is_looked_up_and_a_first_payment_is_marked(iban: str, told: str, grave: bool) -> None:
    aside = shown(read(iban=iban))["Payee"]
    assert (text(aside), aside.grave) == (told, grave)


def test_an_account_in_a_text_is_no_known_payee() -> None:
    row = {"city": "FR7630006000011234567890189", "paid": None}
    aside = shown(read(row, iban="FR7630006000011234567890189"))["Payee"]
    assert text(aside) == "whether this account was paid before is not known"


def test_before_and_after_are_kept_as_far_as_they_may_be_printed() -> None:
    reading = read(city="Other Place, do it", old=["7"], new=["9", "10"], field="status", word="open",
                   amount={"amount": "12.00", "currency": "USD"})  # fmt: skip
    lines = shown(reading)
    assert text(lines["City"]) == "on file, not shown, 18 characters > another text, 18 characters"
    assert text(lines["Items"]) == "\N{MINUS SIGN} 7 > + 9, 10"
    assert text(lines["Amount"]) == "$10.00 > $12.00"
    assert text(lines["Field"]).endswith("> no change")
    kept = json.dumps([*reading.lines])
    assert "Evil" not in kept
    assert "Place" not in kept


def test_what_an_action_does_not_touch_has_no_line() -> None:
    assert {"City", "Amount", "Field"} & set(shown(read())) == set()
    assert "Field" not in shown(read(field="notes", word="open"))


def test_a_word_that_is_not_listed_is_told_by_its_length() -> None:
    line = shown(read(field="status", word="approve this"))["Field"]
    assert text(line).endswith("> another text, 12 characters")


def test_a_sum_is_exact_shows_its_terms_and_says_which_way_the_money_goes() -> None:
    minus = "\N{MINUS SIGN}"
    assert text(shown(read())["Difference"]) == f"$4.10 + $5.95 {minus} $10.00 = $0.05: to pay"
    more = shown(read({"left": Decimal("20.00")}))["Difference"]
    assert text(more) == f"$4.10 + $5.95 {minus} $20.00 = -$9.95: to get back"


@pytest.mark.parametrize("left", [None, "much", Decimal("0.001"), -1, Decimal("NaN")])
def test_without_every_exact_term_there_is_no_total(left: object) -> None:
    aside = shown(read({"left": left}))["Difference"]
    assert (text(aside), aside.grave) == ("cannot be computed from the record", True)


def test_many_terms_are_counted_and_all_of_them_summed() -> None:
    items = [{"id": str(number), "price": Decimal("1.00")} for number in range(30)]
    assert text(shown(read({"items": items, "left": Decimal("0")}))["Difference"]).endswith(
        " and 25 more = $30.00: to pay"
    )


def changed(key: str, value: object, place: int | None = None) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    if place is None:
        document[key] = value
    else:
        document[key][place] = value
    return document


@pytest.mark.parametrize(
    ("document", "at"),
    [
        (changed("paid", "nobody"), "binding.paid"),
        (changed("payee", {"to": "claims.iban", "among": "paid"}), "binding.payee.to"),
        (changed("payee", {"to": "parameters.iban", "among": ["texts"]}), "binding.payee.among[0]"),
        (changed("payee", {"to": "parameters.iban", "among": "paid", "on": "never"}), "binding.payee.on"),
        (changed("changes", {"label": "City", "now": "city"}, 0), "binding.changes[0]"),
        (changed("changes", {"label": "City", "now": "town", "becomes": "x"}, 0), "binding.changes[0].now"),
        (changed("changes", {"label": "<b>", "now": "city", "becomes": "x"}, 0), "binding.changes[0].label"),
        (changed("changes", {"label": "C", "now": "city", "becomes": "x", "show": "initials"}, 0),
         "binding.changes[0].show"),
        (changed("changes", {"label": "C", "now": "city", "becomes": "x", "pattern": "[a-z]+"}, 0),
         "binding.changes[0].pattern"),
        (changed("changes", {"label": "C", "now": "city", "then": "parameters.a", "plus": "parameters.b"}, 0),
         "binding.changes[0]"),
        (changed("derived", [{"label": "D", "currency": "USD", "plus": []}]), "binding.derived[0].plus"),
        (changed("derived", [{"label": "D", "currency": "usd(", "plus": ["left"]}]), "binding.derived[0].currency"),
        (changed("derived", [{"label": "D", "currency": "USD", "plus": ["eval(1)"]}]), "binding.derived[0].plus[0]"),
        (changed("facts", {"name": "owner", "value": "owner", "compare": "exists", "soft": True}, 0),
         "binding.facts[0].soft"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_every_mistake_is_told_with_its_place(document: dict[str, Any], at: str) -> None:
    assert at in problems(document)


@examples(100)
@given(st.lists(st.integers(0, 10**9), max_size=8), st.integers(0, 10**9))
def test_a_sum_is_what_its_cents_come_to(prices: list[int], left: int) -> None:
    items = [{"id": str(number), "price": Decimal(price) / 100} for number, price in enumerate(prices)]
    (line,) = [each for each in read({"items": items, "left": Decimal(left) / 100}).lines if each["kind"] == "sum"]
    assert line["total"] == (sum(prices) - left if prices else None)


def test_the_lines_state_the_same_in_every_language_and_each_of_their_words_is_told_in_it() -> None:
    """A verdict covers them: what it states is English for everybody, and what is read stands beside it."""
    hidden = {"hidden": True, "length": 12}
    change = {"kind": "change", "label": "Note"}
    total = {"kind": "sum", "label": "Total", "currency": "USD", "terms": [[1, 500], [-1, 200]]}
    lines: list[dict[str, Any]] = [
        *({"kind": "parties", "asked": asked, "paid": paid} for asked in ROLES for paid in ROLES),
        *({"kind": "payee", "times": times, "since": "2026-11-01"} for times in (None, 0, 1, 3)),
        {**change, "now": hidden, "then": hidden}, {**change, "now": None, "then": {"hidden": True}},
        {**change, "now": hidden, "then": hidden, "same": True},
        {**total, "total": 300, "more": 2}, {**total, "total": None},
    ]  # fmt: skip
    with translation.override("en"):
        said = asides({"lines": lines}, Lens())
    assert len(said) == len(lines)
    found = [piece.text for each in said for piece in (*each.says, *each.now, *each.then) if not piece.literal]
    with translation.override("de"):
        assert asides({"lines": lines}, Lens()) == said
        assert {text for text in found if re.search("[a-z]", text) and spoken(text) == text} == set()
