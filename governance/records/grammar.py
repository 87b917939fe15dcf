"""The closed grammar of binding values: read into a small tree, never evaluated as code.

value    = "abs(" operand "-" operand ")" | operand
operand  = "sum(" list ")" | "count(" list [ "," path ] ")" | list
list     = path [ "where" column "=" literal ] | "lookup(" path "," path ")" [ "." path ]
path     = step { "." step }        step = name [ "[*]" ]
literal  = word | 'text' | number | true | false
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_TEXT = 300
MAX_STEPS = 8

_TOKEN = re.compile(r"\s*([A-Za-z0-9_]+|'[^'\x00-\x1f]{0,64}'|\[\*\]|[().,=-])", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)


class GrammarError(ValueError):
    """An expression outside the grammar; the message says where, and is fit for the council."""


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path; `every` fans out over the entries of an object."""

    name: str
    every: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """Keep the elements whose `column` holds `literal`."""

    column: str
    literal: str


@dataclass(frozen=True, slots=True)
class Path:
    """Columns and fields to follow; lists on the way are followed for each element."""

    steps: tuple[Step, ...]
    where: Condition | None = None

    @property
    def root(self) -> str:
        return self.steps[0].name


@dataclass(frozen=True, slots=True)
class Lookup:
    """What `inside` holds under `key`, and `then` what to take of it (nothing: the key itself)."""

    inside: Path
    key: Path
    then: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    of: Path | Lookup


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; with `like`, how many of them are what that path has."""

    of: Path | Lookup
    like: Path | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """The absolute difference of two numbers."""

    left: Operand
    right: Operand


Operand = Path | Lookup | Sum | Count
Value = Operand | Difference


def parse(text: object) -> Value:
    """Read one expression; GrammarError for anything the grammar does not have."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_TEXT:
        raise GrammarError(f"An expression is text of 1 to {MAX_TEXT} characters.")
    reader = _Reader(text)
    value = reader.value()
    reader.end()
    return value


def parse_path(text: object) -> Path:
    """Read a plain path, without a condition; GrammarError for anything else."""
    value = parse(text)
    if not isinstance(value, Path) or value.where is not None:
        raise GrammarError("Only a plain path, such as customer.email, is possible here.")
    return value


def paths(value: Value) -> Iterator[Path]:
    """Every path that an expression reads, keys of lookups included."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, Lookup):
        yield from (value.inside, value.key)
    elif isinstance(value, Difference):
        yield from paths(value.left)
        yield from paths(value.right)
    else:
        yield from paths(value.of)
        if isinstance(value, Count) and value.like is not None:
            yield value.like


class _Reader:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.position = 0

    def value(self) -> Value:
        if not self._calls("abs"):
            return self._operand()
        left = self._operand()
        self._take("-")
        right = self._operand()
        self._take(")")
        return Difference(left, right)

    def end(self) -> None:
        if self._peek():
            raise GrammarError(f"Unexpected {self._peek()!r} behind the expression.")

    def _operand(self) -> Operand:
        if self._calls("sum"):
            total = Sum(self._list())
            self._take(")")
            return total
        if self._calls("count"):
            number = Count(self._list(), self._path() if self._skip(",") else None)
            self._take(")")
            return number
        return self._list()

    def _list(self) -> Path | Lookup:
        if not self._calls("lookup"):
            return self._conditional(self._path())
        inside = self._path()
        self._take(",")
        key = self._path()
        self._take(")")
        return Lookup(inside, key, self._steps() if self._skip(".") else ())

    def _conditional(self, path: Path) -> Path:
        if not self._skip("where"):
            return path
        if len(path.steps) < 2:
            raise GrammarError("A condition needs a list and a column of it, such as items.price where kind = sale.")
        column = self._name()
        self._take("=")
        return Path(path.steps, Condition(column, self._literal()))

    def _path(self) -> Path:
        return Path(self._steps())

    def _steps(self) -> tuple[Step, ...]:
        steps = [self._step()]
        while self._skip("."):
            steps.append(self._step())
        if len(steps) > MAX_STEPS:
            raise GrammarError(f"A path has at most {MAX_STEPS} steps.")
        return tuple(steps)

    def _step(self) -> Step:
        return Step(self._name(), self._skip("[*]"))

    def _name(self) -> str:
        token = self._peek()
        if not _NAME.fullmatch(token):
            raise GrammarError(f"A name was expected, not {token!r}." if token else "The expression ends too early.")
        self.position += 1
        return token

    def _literal(self) -> str:
        negative = "-" if self._skip("-") else ""
        token = self._peek()
        if token.startswith("'") and not negative:
            self.position += 1
            return token[1:-1]
        if not _WORD.fullmatch(token):
            raise GrammarError("A condition compares with a word, a number or 'text'.")
        self.position += 1
        if token.isdigit() and self._skip("."):
            fraction = self._peek()
            if not fraction.isdigit():
                raise GrammarError("Digits were expected behind the point.")
            self.position += 1
            token = f"{token}.{fraction}"
        return negative + token

    def _calls(self, name: str) -> bool:
        if self.tokens[self.position : self.position + 2] != [name, "("]:
            return False
        self.position += 2
        return True

    def _skip(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self.position += 1
        return True

    def _take(self, token: str) -> None:
        if not self._skip(token):
            found = repr(self._peek()) if self._peek() else "the end"
            raise GrammarError(f"{token!r} was expected, not {found}.")

    def _peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""


def _tokens(text: str) -> Iterator[str]:
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise GrammarError(f"Character {position + 1} is not part of the grammar.")
        position = match.end()
        yield match[1]
