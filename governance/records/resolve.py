"""The value of an expression over what was read: exact, total, and None whenever anything on the way is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow

from governance.policy.money import EXPONENTS, MAX_DIGITS, Money
from governance.records.grammar import Condition, Count, Difference, Lookup, Path, Step, Value
from governance.records.protocol import Json

MAX_ELEMENTS = 2_000

# Inexact results are refused, so that no sum of money is ever rounded on the way.
_EXACT = Context(prec=60, Emax=999, Emin=-999, traps=[Inexact, InvalidOperation, Overflow])

# Names that an expression can start with: columns of the record, joins, and "parameters".
Document = Mapping[str, Json]


def resolve(value: Value, document: Document) -> Json:
    """What the expression is in this document; None if any part of it is missing, ambiguous or not a number."""
    if isinstance(value, Difference):
        left, right = resolve(value.left, document), resolve(value.right, document)
        return _difference(left, right)
    if isinstance(value, Path):
        return _path(value, document)
    if isinstance(value, Lookup):
        return _lookup(value, document)
    elements = resolve(value.of, document)
    if isinstance(value, Count):
        return _count(elements, value, document)
    return _sum(elements)


def text_of(value: Json) -> str | None:
    """The one text of a plain value, as keys and conditions compare it; None for lists, objects and nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 60:
        whole = value == value.to_integral_value()
        return format(value.to_integral_value() if whole else value.normalize(), "f")
    return None


def money_of(value: Json, currency: str) -> Money | None:
    """An exact amount in minor units; None for what is no amount of this currency, or has fractions of a unit."""
    exponent = EXPONENTS.get(currency)
    number = _number(value)
    if exponent is None or number is None:
        return None
    try:
        minor = _EXACT.scaleb(number, exponent)
    except DecimalException:
        return None
    if minor != minor.to_integral_value() or not 0 <= minor < 10**MAX_DIGITS:
        return None
    return Money(int(minor), currency)


def _number(value: Json) -> Decimal | None:
    """An exact number of sane size; texts are numbers only in plain decimal form."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    if isinstance(value, str) and not (len(value) <= 24 and value.isascii() and value.replace(".", "", 1).isdigit()):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def _count(elements: Json, value: Count, document: Document) -> int | None:
    """How many there are, or how many of them are like something: nothing where any of them cannot be compared."""
    if not isinstance(elements, list) or value.like is None:
        return len(elements) if isinstance(elements, list) else None
    wanted, texts = text_of(resolve(value.like, document)), [text_of(each) for each in elements]
    return None if wanted is None or None in texts else texts.count(wanted)


def _sum(elements: Json) -> Decimal | None:
    """The exact sum of a list of numbers. A sum over nothing proves nothing, so it is None."""
    if not isinstance(elements, list) or not elements:
        return None
    total: Decimal | None = Decimal(0)
    for element in elements:
        number = _number(element)
        total = None if number is None or total is None else _added(total, number)
    return total


def _difference(left: Json, right: Json) -> Decimal | None:
    first, second = _number(left), _number(right)
    difference = None if first is None or second is None else _added(first, second.copy_negate())
    return None if difference is None else difference.copy_abs()


def _added(left: Decimal, right: Decimal) -> Decimal | None:
    try:
        return _EXACT.add(left, right)
    except DecimalException:
        return None


def _path(path: Path, document: Document) -> Json:
    if path.where is None:
        return _follow(dict(document), path.steps)
    elements = _follow(dict(document), path.steps[:-1])
    kept = _kept(elements, path.where)
    return None if kept is None else _follow(kept, path.steps[-1:])


def _kept(elements: Json, where: Condition) -> list[Json] | None:
    if not isinstance(elements, list):
        return None
    kept: list[Json] = []
    for element in elements:
        if not isinstance(element, dict) or where.column not in element:
            return None
        if text_of(element[where.column]) == where.literal:
            kept.append(element)
    return kept


def _follow(value: Json, steps: Sequence[Step]) -> Json:
    """Follow the steps; a list is followed for each element and stays one flat list."""
    for step in steps:
        value = _step(value, step)
        if value is None:
            return None
    return value


def _step(value: Json, step: Step) -> Json:
    if isinstance(value, list):
        return _flat([_step(element, step) for element in value])
    if not isinstance(value, dict):
        return None
    found = value.get(step.name)
    if step.every and isinstance(found, dict):
        return _flat(list(found.values()))
    if step.every and not isinstance(found, list):
        return None
    return found


def _flat(elements: list[Json]) -> list[Json] | None:
    """One flat list; None if any element is missing, or if there are too many."""
    flat: list[Json] = []
    for element in elements:
        if element is None or len(flat) > MAX_ELEMENTS:
            return None
        if isinstance(element, list):
            flat.extend(element)
        else:
            flat.append(element)
    return flat if len(flat) <= MAX_ELEMENTS and None not in flat else None


def _lookup(lookup: Lookup, document: Document) -> Json:
    """What is found under the key, or, for a list of keys, under each of them in their order."""
    key = _path(lookup.key, document)
    table = _table(lookup.inside, document)
    if key is None or table is None:
        return None
    if not isinstance(key, list):
        return _found(table, key, lookup.then)
    found = [_found(table, each, lookup.then) for each in key]
    return None if any(each is None for each in found) else _flat(found)


def _found(table: Mapping[str, list[Json]], key: Json, then: Sequence[Step]) -> Json:
    """What all candidates under the key agree on; None if there is none, or if they do not agree."""
    name = text_of(key)
    if name is None or name not in table:
        return None
    if not then:
        return name
    values = [_follow(candidate, then) for candidate in table[name]]
    return values[0] if all(value == values[0] for value in values) else None


def _table(path: Path, document: Document) -> Mapping[str, list[Json]] | None:
    """Candidates by key: the entries of objects, or the elements of a list by the column the path ends in."""
    ends = _path(path, document)
    objects = [ends] if isinstance(ends, dict) else ends
    if not isinstance(objects, list) or len(objects) > MAX_ELEMENTS:
        return None
    table: dict[str, list[Json]] = {}
    if objects and all(isinstance(each, dict) for each in objects):
        for each in objects:
            for name, entry in each.items() if isinstance(each, dict) else ():
                table.setdefault(name, []).append(entry)
        return table
    return _by_column(path, document, table)


def _by_column(path: Path, document: Document, table: dict[str, list[Json]]) -> Mapping[str, list[Json]] | None:
    elements = _follow(dict(document), path.steps[:-1])
    for element in elements if isinstance(elements, list) else [elements]:
        name = text_of(_step(element, path.steps[-1]))
        if name is None:
            return None
        table.setdefault(name, []).append(element)
    return table
