"""Every kind of field with values that break its contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.api.hostile.request import GOOD_VALUES, Hostile, everything


def each(*values: Any) -> dict[str, Any]:
    """Values named by how they look, shortened."""
    return {f"{len(repr(value))} {repr(value)[:40]}": value for value in values}


WRONG_MONEY: dict[str, Any] = {
    "a number": 480, "a string": "480.00", "null": None, "a list": ["480.00", "USD"], "empty": {},
    "no currency": {"amount": "480.00"}, "no amount": {"currency": "USD"},
    "a third member": {"amount": "480.00", "currency": "USD", "minor": "48000"},
} | {
    f"the amount {text!r}": {"amount": text, "currency": "USD"}
    for text in (
        "480", "480.0", "480.000", "0480.00", "+480.00", "-480.00", "-0.00", " 480.00", "480.00 ", "480,00", "4,800.00",
        "4_800.00", "4.8e2", "48e1", "NaN", "Infinity", "1e400", ".50", "480.", "", "$480.00", "480.00 USD", "0x1e0",
        "\u0664\u0668\u0660.\u0660\u0660", "\uff14\uff18\uff10.00", "480\u200b.00", "480.00\n",
        "480.00\u0000"[:-1] + "\u00a0",
        "99999999999999999.00", "9" * 400 + ".00", "1000.01", "four hundred",
    )
} | {
    f"the currency {text!r}": {"amount": "480.00", "currency": text}
    for text in ("usd", "US", "USDT", "XXX", "", "U\u0405D", "EUR", "JPY", None, 840)
} | {"the amount is a number": {"amount": 480, "currency": "USD"}}  # fmt: skip

BROKEN_VALUES: dict[str, dict[str, Any]] = {
    "money": WRONG_MONEY,
    "decimal": each(
        None, 12, True, "", "12.", ".5", "1e2", "+1", "-1", "-0", "012", "NaN", "Infinity", "101", "1,5", " 1", "1 ",
        "1" * 25, "\u0661", [], {}, "1.2.3",
    ),
    "integer": each(None, "7", True, False, -1, 101, 2**53 - 1, [], {}, [7]),
    "flag": each(None, 0, 1, "true", "", [], {}),
    "choice": each(None, "Red", "red ", "blue", "", 0, True, [], ["red"], {"red": 1}),
    "day": each(
        None, "2026-11-31", "2026-13-01", "2026-2-3", "20261122", "22.11.2026", "2026-11-22T00:00:00Z", "", 20261122,
        "0000-01-01", "2025-02-29", "\u0662\u0660\u0662\u0666-11-22", "2026-11-22 ", "today",
    ),
    "moment": each(
        None, "2026-11-22T10:00:00", "2026-11-22T10:00:00+00:00", "2026-11-22 10:00:00Z", "2026-11-22T25:00:00Z",
        "2026-11-22T10:00:60Z", "2026-11-22T10:00Z", "2026-11-22t10:00:00z", "now", "", 1763805600, "2026-11-22",
    ),
    "order": each(
        None, "", "#W123", "#W12345678", "W1234567", "#w1234567", "#W1234567\n", "#W123456\u0661", "\uff03W1234567",
        "#W1234567' or '1'='1", "#W1234567/../", 1234567, ["#W1234567"], {"id": "#W1234567"}, "#W1234567\u200d",
    ),
    "mail": each(
        None, "", "ada", "ada@", "@shop.example", "ada@shop", "ada@@shop.example", "ada@shop.example\nBcc: x@y.example",
        "\"ada\"@shop.example", "ada@sh\u00f6p.example", "\u0430da@shop.example", "ada@shop.example,x@y.example",
        "ada (x)@shop.example", "a" * 250 + "@shop.example", "ada@[127.0.0.1]", 7, [],
    ),
    "iban": each(
        None, "", "DE89370400440532013001", "DE89 3704 0044 0532 0130 00", "de89370400440532013000",
        "XX89370400440532013000",
        "DE8937040044053201300", "DE" + "8" * 60, 7, [], "DE8937040044053201300\u0660",
    ),
    "country": each(None, "", "de", "DEU", "XX", "D", "D\u0415", 49, [], "DE "),
    "postcode": each(
        None, "", "x" * 13, "10115\n", "101\u20109", "1011<b>", 10115, [], " 10115", "10115 ", "sw1a",
    ),
    "host": each(
        None, "", "shop", "127.0.0.1", "[::1]", "localhost", "http://shop.example", "shop.example:8080",
        "shop.example/x",
        "SHOP.example", "sh\u00f6p.example", "-shop.example", "shop..example", "169.254.169.254",
        "a@shop.example", 7, [],
        "shop.example.", "x" * 64 + ".example",
    ),
    "memo": each(None, 7, True, [], {}, "x" * 51, ["as agreed"]),
}  # fmt: skip
BROKEN_LISTS: tuple[tuple[str, str, Any], ...] = (
    ("items", "", None),
    ("items", "", "a1"),
    ("items", "", {"0": "a1"}),
    ("items", "", ["a1"] * 4),
    ("items", "/1", ["a1", None]),
    ("items", "/1", ["a1", "a 2"]),
    ("items", "/0", [7]),
    ("items", "/0", [["a1"]]),
    ("items", "/2", ["a1", "a2", "a\u202e3"]),
    ("sums", "/0", ["1.00"]),
    ("sums", "/1", [{"amount": "1.00", "currency": "USD"}, {"amount": "1.0", "currency": "USD"}]),
    ("sums", "", [{"amount": "1.00", "currency": "USD"}] * 3),
)


def contracts() -> Iterator[Hostile]:
    """Every kind of field with values that break it, unknown fields, and fields that are missing."""
    for name, values in BROKEN_VALUES.items():
        for what, value in values.items():
            yield Hostile(f"{name}: {what}", 422, everything(**{name: value}), pointer=f"/parameters/{name}")
    for name, place, value in BROKEN_LISTS:
        what = f"{name}{place}: {json.dumps(value)[:40]}"
        yield Hostile(what, 422, everything(**{name: value}), pointer=f"/parameters/{name}{place}")
    for name in GOOD_VALUES:
        body = everything()
        del body["parameters"][name]
        yield Hostile(f"{name} is missing", 422, body, pointer=f"/parameters/{name}")
    for name in ("surplus", "__class__", "money.amount"):
        yield Hostile(f"parameters: surplus {name}", 422, everything(**{name: 1}), pointer=f"/parameters/{name}")
    yield Hostile("parameters: a surplus name with markup", 422, everything(**{"<b>": 1}), pointer="/parameters/*")
    for what, claims in {
        "a surplus claim": ({"owner": "c1"}, "/claims/owner"),
        "a claim off the list": ({"status": "paid"}, "/claims/status"),
        "a claim of another type": ({"status": 1}, "/claims/status"),
        "a claim that is null": ({"status": None}, "/claims/status"),
    }.items():
        yield Hostile(what, 422, everything() | {"claims": claims[0]}, pointer=claims[1])
