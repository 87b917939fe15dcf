"""What stands beside the facts of one reading, as it is stored: nothing unprintable is kept, no sum is guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from governance.policy.facts import Compare, Fact, Result, Show
from governance.policy.identifiers import Listed
from governance.policy.money import EXPONENTS, Money
from governance.records.beside import Change, Derived, Payee
from governance.records.bindings import Binding
from governance.records.comparing import Found, Stated
from governance.records.grammar import Value
from governance.records.protocol import Json
from governance.records.reading import hidden, kept, to_json
from governance.records.resolve import money_of, resolve, text_of

Line = dict[str, object]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_STANDS = {Result.AGREES: "equal", Result.DIFFERS: "differ"}
# More terms of a sum are counted, not listed.
MOST_TERMS = 6
MOST_MEMBERS = 50


def lines_of(binding: Binding, stated: Stated, found: Found, facts: Sequence[Fact]) -> tuple[Line, ...]:
    """Every line beside the facts, in the order of a page: parties, payee, changes, sums."""
    beside = binding.beside
    # of a record that is nobody's, and from which nobody is paid, there is nothing to say
    has_parties = binding.subject is not None or bool(beside.paid)
    lines: list[Line] = [_parties(binding, facts)] if has_parties else []
    if beside.payee is not None and stated.parameters.get(beside.payee.to) is not None:
        lines.append(_paid_before(beside.payee, stated, found))
    lines += [line for change in beside.changes for line in _changed(binding, change, stated, found)]
    lines += [_sum(each, found) for each in beside.derived]
    return tuple(lines)


def _parties(binding: Binding, facts: Sequence[Fact]) -> Line:
    """Who asked, whose record it is, who is paid: whether they are one, never who they are."""
    pairs = list(zip(binding.facts, facts, strict=True))
    owners = [fact.result for spec, fact in pairs if spec.rule.compare is Compare.OWNER_IS_SUBJECT]
    named = [fact for fact in facts if fact.name == binding.beside.paid]
    paid = [fact.result for fact in named if fact.required or fact.claimed is not None]
    nobody = "nobody" if binding.subject is None else "unknown"
    return {"kind": "parties", "asked": _stands(owners, nobody), "paid": _stands(paid, "nobody")}


def _stands(results: Sequence[Result], otherwise: str) -> str:
    return _STANDS.get(results[0], "unknown") if results else otherwise


def _paid_before(payee: Payee, stated: Stated, found: Found) -> Line:
    """How often this payee was paid, and since when; a column that cannot be read proves nothing either way."""
    to = text_of(_json(stated.parameters.get(payee.to)))
    columns = [found.values.get(name) for name in payee.among]
    if to is None or not all(isinstance(column, list) for column in columns):
        return {"kind": "payee", "times": None, "since": ""}
    paid = [text_of(each) == to for column in columns if isinstance(column, list) for each in column]
    return {"kind": "payee", "times": sum(paid), "since": _since(paid, found.values.get(payee.on))}


def _since(paid: Sequence[bool], days: Json | Money) -> str:
    """The first day on which they were paid, where the record has one for every payment of its first column."""
    if not isinstance(days, list) or len(days) > len(paid):
        return ""
    texts = [str(day)[:10] for day, is_theirs in zip(days, paid, strict=False) if is_theirs]
    return min(texts) if texts and all(map(_DAY.fullmatch, texts)) else ""


def _changed(binding: Binding, change: Change, stated: Stated, found: Found) -> Iterator[Line]:
    """One line of before and after; none where the action does not touch it."""
    if change.when is not None and text_of(_json(stated.parameters.get(change.when[0]))) != change.when[1]:
        return
    now, words = _single(found.values.get(change.now), change), _words(binding, change)
    if change.is_list:
        yield {"kind": "change", "label": change.label, **_members(change, stated, words)}
        return
    then: object = change.becomes or stated.sealed.get(change.then, stated.parameters.get(change.then))
    if then is None:
        return
    same = now is not None and text_of(_json(_plain(now))) == text_of(_json(_plain(then)))
    line: Line = {"kind": "change", "label": change.label, "same": same}
    yield line | {"now": _kept(now, change.show, words), "then": _kept(then, change.show, words)}


def _single(value: Json | Money, change: Change) -> Json | Money:
    """What is recorded several times over, once."""
    is_same = isinstance(value, list) and bool(value) and all(each == value[0] for each in value)
    return value[0] if is_same and isinstance(value, list) and not change.is_list else value


def _members(change: Change, stated: Stated, words: Listed) -> Line:
    """What is taken out of a list and what is put in, as far as it may be printed."""
    sides = ((name, stated.parameters.get(part)) for name, part in (("minus", change.minus), ("plus", change.plus)))
    return {name: _kept(given[:MOST_MEMBERS], change.show, words) for name, given in sides if isinstance(given, list)}


def _words(binding: Binding, change: Change) -> Listed:
    """What may be printed of both sides: what the facts list about the value, and what the line lists itself."""
    listed = binding.words.get(change.now, Listed())
    becomes = frozenset({change.becomes} - {""})
    patterns = () if change.pattern is None else (change.pattern,)
    return Listed.joined([listed, Listed(change.options | becomes, patterns)])


def _kept(value: object, show: Show, words: Listed) -> object:
    """A side as it is stored; of a text that is not printed, its length besides a digest."""
    plain = to_json(value)
    left = kept(value, show, words)
    if isinstance(left, dict) and "hidden" in left and isinstance(plain, str):
        return {**hidden(value), "length": len(plain)}  # type: ignore[dict-item]
    return left


def _plain(value: object) -> object:
    """Money and what stands for money as one form, so that both sides meet."""
    if isinstance(value, Money):
        value = value.to_wire()
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    return value


def _json(value: object) -> Json:
    return value if isinstance(value, str | bool | int | Decimal | list | dict) else None


def _sum(derived: Derived, found: Found) -> Line:
    """The terms in minor units and what they come to; no total where any of them is not an exact amount."""
    currency = (
        derived.currency if isinstance(derived.currency, str) else _only(resolve(derived.currency, found.document))
    )
    terms = [(sign, value) for sign, side in ((1, derived.plus), (-1, derived.minus)) for value in side]
    amounts = [(sign, _amounts(value, found, currency)) for sign, value in terms]
    line: Line = {"kind": "sum", "label": derived.label, "currency": currency if currency in EXPONENTS else ""}
    if any(found_amounts is None for _, found_amounts in amounts):
        return {**line, "terms": [], "total": None, "says": ""}
    parts = [[sign, minor] for sign, found_amounts in amounts for minor in found_amounts or ()]
    total = sum(sign * minor for sign, minor in parts)
    says = derived.over if total > 0 else derived.under if total < 0 else ""
    return {**line, "terms": parts[:MOST_TERMS], "more": max(0, len(parts) - MOST_TERMS), "total": total, "says": says}


def _amounts(value: Value, found: Found, currency: str) -> list[int] | None:
    """Every number of an expression in minor units; None when there is none, or one that is no exact amount."""
    resolved = resolve(value, found.document)
    numbers = resolved if isinstance(resolved, list) else [resolved]
    exact = [money_of(number, currency) for number in numbers]
    known = [money.minor for money in exact if money is not None]
    return known if known and len(known) == len(exact) else None


def _only(value: Json) -> str:
    """The one word of a list of equal words."""
    words = Counter(value if isinstance(value, list) else [value]) if _hashable(value) else Counter[str]()
    word = next(iter(words), None)
    return word if len(words) == 1 and isinstance(word, str) else ""


def _hashable(value: Json) -> bool:
    return all(isinstance(each, str) for each in (value if isinstance(value, list) else [value]))
