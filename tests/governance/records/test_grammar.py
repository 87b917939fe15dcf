"""The grammar of binding values is closed: what it has is read, everything else is refused with its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.records.grammar import (
    Condition,
    Count,
    Difference,
    GrammarError,
    Lookup,
    Path,
    Step,
    Sum,
    Value,
    parse,
    parse_path,
    paths,
)
from tests.policy.prove import examples


def path(*names: str, where: Condition | None = None) -> Path:
    return Path(tuple(Step(name.removesuffix("[*]"), name.endswith("[*]")) for name in names), where)


PRICES = Lookup(path("items", "item_id"), path("parameters", "item_ids"), (Step("price"),))

READ: list[tuple[str, Value]] = [
    ("status", path("status")),
    ("address.zip", path("address", "zip")),
    ("methods[*].id", path("methods[*]", "id")),
    ("user.ID_number", path("user", "ID_number")),
    ("sum", path("sum")),
    ("sum.where", path("sum", "where")),
    ("sum(items.price)", Sum(path("items", "price"))),
    ("sum(pay.amount where kind = payment)", Sum(path("pay", "amount", where=Condition("kind", "payment")))),
    ("count(pay.id where kind='a b')", Count(path("pay", "id", where=Condition("kind", "a b")))),
    ("items.id where price = 4.00", path("items", "id", where=Condition("price", "4.00"))),
    ("items.id where price = -4", path("items", "id", where=Condition("price", "-4"))),
    ("items.id where sold = true", path("items", "id", where=Condition("sold", "true"))),
    ("lookup(methods, parameters.m)", Lookup(path("methods"), path("parameters", "m"))),
    ("lookup(items.item_id, parameters.item_ids).price", PRICES),
    ("sum( lookup( items.item_id , parameters.item_ids ).price )", Sum(PRICES)),
    ("abs(paid - refunded)", Difference(path("paid"), path("refunded"))),
    ("count(users, parameters.user)", Count(path("users"), path("parameters", "user"))),
    ("abs(sum(a.b)-count(c.d))", Difference(Sum(path("a", "b")), Count(path("c", "d")))),
]


@pytest.mark.parametrize(("text", "value"), READ)
def test_what_the_grammar_has_is_read(text: str, value: Value) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a..b", ".a", "a.", "a b", "a - b", "a + b", "a * b", "1", "'text'", "a[0]", "a[b]", "a[]", "a[*",
        "sum()", "sum(a", "sum(a))", "sum(a, b)", "sum(sum(a))", "count(abs(a - b))", "max(a.b)",
        "abs(a)", "abs(a - )",
        "abs(a - b - c)", "abs(abs(a - b) - c)", "sum(abs(a - b))", "lookup(a)", "lookup(a, 'b')", "lookup(a, b, c)",
        "lookup(lookup(a, b), c)", "lookup(a, b).", "lookup(a, b) where c = d", "a where b = c",
        "a.b where c", "a.b where c =",
        "a.b where c = d and e = f", "a.b where c == d", "a.b where c > d", "a.b where c.d = e", "a.b where c = 'd",
        "a.b where c = d.e", "a.b where c = -'d'", "__import__('os')", "a.__class__()", "a;b", "a--b",
        "a/*b*/", "a\x00b",
        "ä.b", "a.b where c = ä", "a\u202eb", "lambda: 0", "a if b else c", "f'{a}'", "a" * 301, "a.b.c.d.e.f.g.h.i",
        "a" * 64, None, 7, True, ["a"], {"a": "b"},
    ],
)  # fmt: skip
def test_everything_else_is_refused(text: object) -> None:
    with pytest.raises(GrammarError) as refused:
        parse(text)
    assert str(refused.value)


@pytest.mark.parametrize("text", ["sum(a.b)", "a.b where c = d", "lookup(a, b)", "abs(a - b)"])
def test_only_a_plain_path_is_a_path(text: str) -> None:
    with pytest.raises(GrammarError):
        parse_path(text)
    assert parse_path("a.b") == path("a", "b")


def test_every_path_that_is_read_is_known_keys_included() -> None:
    value = parse("abs(sum(lookup(products.variants, parameters.new).price) - sum(items.price where kind = x))")
    assert [found.root for found in paths(value)] == ["products", "parameters", "items"]


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in ("where",))
STEPS = st.builds(Step, NAMES, st.booleans())
PATHS = st.builds(lambda steps: Path(tuple(steps)), st.lists(STEPS, min_size=1, max_size=4))
LITERALS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_]{1,10}", fullmatch=True), st.from_regex(r"-?[0-9]{1,5}\.[0-9]{1,2}", fullmatch=True)
)
CONDITIONAL = st.builds(
    lambda steps, column, literal: Path(tuple(steps), Condition(column, literal)),
    st.lists(STEPS, min_size=2, max_size=4), NAMES, LITERALS,
)  # fmt: skip
LOOKUPS = st.builds(lambda a, b, then: Lookup(a, b, tuple(then)), PATHS, PATHS, st.lists(STEPS, max_size=2))
LISTS = st.one_of(PATHS, CONDITIONAL, LOOKUPS)
OPERANDS = st.one_of(LISTS, st.builds(Sum, LISTS), st.builds(Count, LISTS))
VALUES = st.one_of(OPERANDS, st.builds(Difference, OPERANDS, OPERANDS))


def written(value: Any) -> str:
    """An expression as somebody would write it."""
    if isinstance(value, Difference):
        return f"abs({written(value.left)} - {written(value.right)})"
    if isinstance(value, Sum | Count):
        return f"{type(value).__name__.lower()}({written(value.of)})"
    if isinstance(value, Lookup):
        then = "".join(f".{step.name}{'[*]' * step.every}" for step in value.then)
        return f"lookup({written(value.inside)}, {written(value.key)}){then}"
    text = ".".join(f"{step.name}{'[*]' * step.every}" for step in value.steps)
    return text if value.where is None else f"{text} where {value.where.column} = {value.where.literal}"


@examples(200)
@given(VALUES)
def test_what_is_written_is_what_is_read(value: Value) -> None:
    assert parse(written(value)) == value


@examples(200)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="ab.(),=-[*]' whersumlookpct0", max_size=60)))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    try:
        value = parse(text)
    except GrammarError:
        return
    assert parse(written(value)) == value or "'" in text
