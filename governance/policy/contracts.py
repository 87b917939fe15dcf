"""Contracts: the typed fields of an action type, read from its document and held against what an agent sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from governance.policy import fields
from governance.policy.fields import Bounds, FieldError
from governance.policy.money import EXPONENTS, Money, parse_money
from governance.policy.patterns import MAX_VALUE, PatternError, compile_pattern

MAX_FIELDS = 64
MAX_LIST = 1_000
MAX_PROBLEMS = 50

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
# Shorter than a bearer key: what an agent puts in the wrong place must not come back or be stored.
_SAFE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
_KEYS = frozenset({"type", "max", "min", "pattern", "values", "required", "nullable", "sealed", "of"})
_LENGTHS = {"id": (fields.DEFAULT_ID_LENGTH, MAX_VALUE), "text": (fields.DEFAULT_TEXT, fields.MAX_TEXT)}
_SEALABLE = frozenset({"id", "email", "iban", "postcode", "host", "text"})
# Which further keys each type reads; a key that would be ignored is refused, so that no bound is imaginary.
_OWN_KEYS: dict[str, frozenset[str]] = {
    "money": frozenset({"max", "min", "values"}),
    "decimal": frozenset({"max", "min"}),
    "integer": frozenset({"max", "min"}),
    "enum": frozenset({"values"}),
    "id": frozenset({"max", "pattern"}),
    "text": frozenset({"max"}),
}


class ContractError(ValueError):
    """A contract document that cannot be used; the message names the field and says what is wrong."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which values break a contract: JSON pointer, stable code, sentence. Never the value itself."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Problems:
    """All that is wrong with some values, at most 50 of it."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """Values that keep their contract.

    `values` is canonical JSON without the sealed fields; `sealed` holds those by name, by "name/0" inside lists.
    """

    values: dict[str, object]
    sealed: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Field:
    """One typed field of a contract. `most` is the largest number of elements of a list, None for a single value."""

    name: str
    type: str
    bounds: Bounds
    required: bool = True
    nullable: bool = False
    sealed: bool = False
    most: int | None = None

    def json_schema(self) -> dict[str, object]:
        """This field as documentation."""
        schema = _schema_of(self.type, self.bounds)
        if self.most is not None:
            schema = {"type": "array", "items": schema, "maxItems": self.most}
        if self.sealed:
            schema["description"] = "sealed: never shown"
        return {"anyOf": [schema, {"type": "null"}]} if self.nullable else schema


@dataclass(frozen=True, slots=True)
class Contract:
    """The closed set of fields that an action type (or its claims) may carry."""

    fields: Mapping[str, Field]

    @classmethod
    def from_document(cls, document: object, required: bool = True) -> Contract:
        """Read `{name: {type, max, min, pattern, values, required, nullable, sealed, of}}`; ContractError if wrong.

        A list is `{type: list, of: <type or spec>, max: n}`. `required` is what a field is that does not say:
        parameters are required, claims are not.
        """
        if document is None:
            return cls({})
        if not isinstance(document, Mapping) or len(document) > MAX_FIELDS:
            raise ContractError(f"A contract maps at most {MAX_FIELDS} field names to their types.")
        return cls({str(name): _field(name, spec, required) for name, spec in document.items()})

    def parse(self, values: object, at: str = "") -> Parsed | Problems:
        """Hold values against the contract; pointers of problems start with `at`. Total, whatever is passed."""
        if not isinstance(values, dict):
            return Problems((Problem(at, "type", "An object with named fields is expected."),))
        problems = [
            Problem(f"{at}/{_shown(name)}", "unknown_field", "This field is not part of the contract.")
            for name in values
            if name not in self.fields
        ]
        parsed = Parsed({}, {})
        for spec in self.fields.values():
            _read(spec, values, at, parsed, problems)
        return Problems(tuple(problems[:MAX_PROBLEMS])) if problems else parsed

    def json_schema(self) -> dict[str, object]:
        """The contract as a JSON Schema object, for documentation: `parse` is stricter in places."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: spec.json_schema() for name, spec in self.fields.items()},
            "required": [name for name, spec in self.fields.items() if spec.required],
        }


def _read(spec: Field, values: dict[str, object], at: str, parsed: Parsed, problems: list[Problem]) -> None:
    """Read one field out of the values into `parsed`, or note its problem."""
    pointer = f"{at}/{spec.name}"
    if spec.name not in values:
        if spec.required:
            problems.append(Problem(pointer, "missing", "This field is required."))
        return
    value = values[spec.name]
    if value is None:
        if spec.nullable:
            parsed.values[spec.name] = None
        else:
            problems.append(Problem(pointer, "null", "This field may not be null."))
        return
    if spec.most is None:
        _keep(spec, spec.name, _element(spec, value, pointer, problems), parsed)
        return
    _read_list(spec, value, pointer, parsed, problems)


def _read_list(spec: Field, value: object, pointer: str, parsed: Parsed, problems: list[Problem]) -> None:
    if not isinstance(value, list):
        problems.append(Problem(pointer, "type", "A list is expected."))
        return
    if len(value) > (spec.most or 0):
        problems.append(Problem(pointer, "too_many", f"At most {spec.most} elements are allowed."))
        return
    read = [_element(spec, element, f"{pointer}/{place}", problems) for place, element in enumerate(value)]
    if spec.sealed:
        for place, element in enumerate(read):
            _keep(spec, f"{spec.name}/{place}", element, parsed)
        return
    parsed.values[spec.name] = read


def _element(spec: Field, value: object, pointer: str, problems: list[Problem]) -> object:
    try:
        return fields.READERS[spec.type](value, spec.bounds)
    except FieldError as refused:
        problems.append(Problem(pointer, refused.code, refused.detail))
        return None


def _keep(spec: Field, key: str, value: object, parsed: Parsed) -> None:
    if not spec.sealed:
        parsed.values[key] = value
    elif isinstance(value, str):
        parsed.sealed[key] = value


def _shown(name: object) -> str:
    """An unknown field's name if it is plain, else a star: a name is as untrusted as a value."""
    return name if isinstance(name, str) and _SAFE_NAME.fullmatch(name) else "*"


def _field(name: object, spec: object, required: bool) -> Field:
    """Read one field of a contract document."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ContractError("A field name has lower-case letters, digits and underscores, at most 64.")
    if not isinstance(spec, Mapping) or not set(spec) <= _KEYS:
        raise ContractError(f"{name}: a field is described by {', '.join(sorted(_KEYS))} only.")
    defaults = {"required": required, "nullable": False, "sealed": False}
    flags = {key: spec.get(key, default) for key, default in defaults.items()}
    if not all(type(flag) is bool for flag in flags.values()):
        raise ContractError(f"{name}: required, nullable and sealed are true or false.")
    own = {key: value for key, value in spec.items() if key not in flags}
    most: int | None = None
    if own.get("type") == "list":
        most, own = _list_of(name, own)
    kind = own.get("type")
    if not isinstance(kind, str) or kind not in fields.READERS:
        raise ContractError(f"{name}: the type is one of {', '.join(sorted(fields.READERS))} or list.")
    if flags["sealed"] and kind not in _SEALABLE:
        raise ContractError(f"{name}: a field of type {kind} cannot be sealed.")
    # Free text is sealed whatever the document says: nothing else keeps it off the pages.
    flags["sealed"] = flags["sealed"] or kind == "text"
    return Field(name, kind, _bounds(name, kind, own), most=most, **flags)


def _list_of(name: str, own: dict[str, object]) -> tuple[int, dict[str, object]]:
    """The maximum of a list and the description of its elements."""
    most, element = own.get("max"), own.get("of")
    if type(most) is not int or not 0 < most <= MAX_LIST:
        raise ContractError(f"{name}: a list has a max of 1 to {MAX_LIST} elements.")
    inner = {"type": element} if isinstance(element, str) else element
    if not isinstance(inner, Mapping) or set(own) != {"type", "max", "of"}:
        raise ContractError(f"{name}: a list has type, max and of; the bounds of its elements are inside of.")
    if inner.get("type") == "list":
        raise ContractError(f"{name}: a list of lists is not a field type.")
    return most, dict(inner)


def _bounds(name: str, kind: str, own: dict[str, object]) -> Bounds:
    """Bounds of a single value; a key that the type does not read is refused."""
    if extra := set(own) - {"type"} - _OWN_KEYS.get(kind, frozenset()):
        raise ContractError(f"{name}: a field of type {kind} has no {', '.join(sorted(map(str, extra)))}.")
    values = _values(name, kind, own.get("values"))
    if kind in _LENGTHS:
        length = _length(name, own.get("max"), *_LENGTHS[kind])
        try:
            pattern = compile_pattern(own["pattern"], length) if "pattern" in own else fields.DEFAULT_ID
        except PatternError as error:
            raise ContractError(f"{name}: {error}") from error
        return Bounds(length=length, pattern=pattern)
    lowest, highest = (_bound(name, kind, own.get(key)) for key in ("min", "max"))
    return Bounds(lowest=lowest, highest=highest, values=values)


def _length(name: str, value: object, default: int, most: int) -> int:
    if value is None:
        return default
    if type(value) is not int or not 0 < value <= most:
        raise ContractError(f"{name}: max is a number of characters, 1 to {most}.")
    return value


def _bound(name: str, kind: str, value: object) -> Decimal | int | Money | None:
    """A bound of a number or of money, written as the values themselves are."""
    if value is None or kind not in ("money", "decimal", "integer"):
        return None
    try:
        read = fields.READERS[kind](value, Bounds())
    except FieldError as refused:
        raise ContractError(f"{name}: min and max are written like a {kind}: {refused.detail}") from refused
    if kind == "money":
        return parse_money(read)
    return Decimal(str(read)) if kind == "decimal" else int(str(read))


def _values(name: str, kind: str, values: object) -> tuple[str, ...]:
    """The closed list of an enum, or the allowed currencies of money."""
    if values is None and kind != "enum":
        return ()
    if not isinstance(values, list) or not 0 < len(values) <= 256 or len(set(map(str, values))) != len(values):
        raise ContractError(f"{name}: values is a list of 1 to 256 different words.")
    for value in values:
        if not isinstance(value, str) or not 0 < len(value) <= 128 or not (value.isascii() and value.isprintable()):
            raise ContractError(f"{name}: a listed value is visible ASCII text of at most 128 characters.")
        if kind == "money" and value not in EXPONENTS:
            raise ContractError(f"{name}: a listed currency is not known.")
    return tuple(values)


def _schema_of(kind: str, bounds: Bounds) -> dict[str, object]:
    if kind == "money":
        part = {"type": "string"}
        return {"type": "object", "properties": {"amount": part, "currency": part}, "required": ["amount", "currency"]}
    if kind in ("integer", "boolean"):
        return {"type": kind}
    if kind == "enum":
        return {"enum": list(bounds.values)}
    if kind == "id":
        return {"type": "string", "maxLength": bounds.length, "pattern": f"^(?:{bounds.pattern.pattern})$"}
    if kind == "text":
        return {"type": "string", "maxLength": bounds.length}
    return {"type": "string", "format": kind}
