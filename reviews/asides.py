"""READ what stands beside the facts of a case: who is who, what changes, how amounts come about, who was paid.

In English, as a verdict covers it: a page says these words, listed in `closed_words`, in the language of its reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.policy.money import EXPONENTS, format_money
from reviews.shown import Lens, Piece, Pieces, pieces, words

_MINUS = "\N{MINUS SIGN} "
_SIGNS = {"equal": "=", "differ": "≠", "nobody": "", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class Aside:
    """One line. `now` and `then` are the sides of a change, `says` anything else. `grave`: it wants a second look."""

    kind: str
    label: str
    says: Pieces = ()
    now: Pieces = ()
    then: Pieces = ()
    grave: bool = False


def asides(stored: Mapping[str, Any] | None, lens: Lens) -> tuple[Aside, ...]:
    """The lines of a snapshot as a page shows them; a line that cannot be read is left out."""
    lines = (stored or {}).get("lines", ())
    return tuple(aside for line in lines if (aside := _aside(line, lens)) is not None)


def _aside(line: Mapping[str, Any], lens: Lens) -> Aside | None:
    kind = line.get("kind")
    if kind == "parties":
        return _parties(str(line["asked"]), str(line["paid"]))
    if kind == "payee":
        return _payee(line["times"], str(line["since"]))
    if kind == "change":
        return _change(line, lens)
    return _sum(line) if kind == "sum" else None


def _parties(asked: str, paid: str) -> Aside:
    """The first check: three roles, told as the same or not, never by name."""
    told = ["Who asked", f" {_SIGNS.get(asked, '?')} ", "whose record"] if asked != "nobody" else ["Nobody's record"]
    if paid != "nobody":
        told += [f" {_SIGNS.get(paid, '?')} ", "who is paid"]
    wrong = {
        ("asked", "differ"): "this record belongs to somebody else than who asked",
        ("asked", "unknown"): "who asked is not known",
        ("paid", "differ"): "who is paid is not known to belong to this record",
        ("paid", "unknown"): "who is paid is not known",
    }
    said = [wrong[part] for part in (("asked", asked), ("paid", paid)) if part in wrong]
    told += [text for sign, why in zip((": ", "; "), said, strict=False) for text in (sign, why)]
    return Aside("parties", "", tuple(map(Piece, told)), grave=bool(said))


def _payee(times: int | None, since: str) -> Aside:
    if times is None:
        return Aside("payee", "Payee", words("whether this account was paid before is not known"), grave=True)
    if times == 0:
        return Aside("payee", "Payee", words("first payment to this account"), grave=True)
    told = "paid once before" if times == 1 else f"paid {times} times before"
    return Aside("payee", "Payee", (Piece(told), *((Piece(", since "), Piece(since, True)) if since else ())))


def _change(line: Mapping[str, Any], lens: Lens) -> Aside:
    label = str(line["label"])
    if "then" not in line:
        taken = [Piece(_MINUS), *pieces(line["minus"], lens)] if "minus" in line else []
        put = [Piece("+ "), *pieces(line["plus"], lens)] if "plus" in line else []
        return Aside("change", label, now=tuple(taken), then=tuple(put))
    if line.get("same"):
        return Aside("change", label, now=_side(line["now"], lens, "on file, not shown"), then=words("no change"))
    return Aside(
        "change",
        label,
        now=_side(line["now"], lens, "on file, not shown"),
        then=_side(line["then"], lens, "another text"),
    )


def _side(value: object, lens: Lens, hidden: str) -> Pieces:
    """A side as its form allows; what was not kept is told by its length."""
    if value is None:
        return words("nothing")
    if isinstance(value, Mapping) and "hidden" in value:
        length = value.get("length")
        return words(f"{hidden}, {length} characters" if isinstance(length, int) else hidden)
    return pieces(value, lens)


def _sum(line: Mapping[str, Any]) -> Aside:
    label, currency, total = str(line["label"]), str(line["currency"]), line["total"]
    if total is None or currency not in EXPONENTS:
        return Aside("sum", label, words("cannot be computed from the record"), grave=True)
    found = [*_terms(line["terms"], currency)]
    if line.get("more"):
        found.append(Piece(f" and {line['more']} more"))
    if len(found) > 1:
        found += [Piece(" = "), Piece(format_money(total, currency), True)]
    says = str(line.get("says", ""))
    return Aside("sum", label, (*found, *words(f": {says}" if says else "")))


def _terms(terms: Iterable[tuple[int, int]], currency: str) -> Iterable[Piece]:
    for place, (sign, minor) in enumerate(terms):
        if place or sign < 0:
            yield Piece(" + " if sign > 0 else f" {_MINUS}")
        yield Piece(format_money(minor, currency), True)
