"""Reading of what a binding says beside its facts: a closed form, and every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Collection

from governance.policy.documents import Node
from governance.policy.facts import Show
from governance.policy.identifiers import closed_pattern
from governance.policy.money import EXPONENTS
from governance.records import grammar
from governance.records.beside import Beside, Change, Derived, Payee
from governance.records.grammar import GrammarError, Path, Value

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
PARAMETER = re.compile(r"parameters\.[a-z][a-z0-9_]{0,63}", re.ASCII)
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ,'()/-]{0,63}", re.ASCII)
WORDS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .-]{0,63}", re.ASCII)
MAX_LINES, MAX_TERMS, MAX_OPTIONS = 16, 8, 64
_AFTER = ("then", "becomes", "minus", "plus")


def parse_beside(node: Node, values: Collection[str], facts: Collection[str]) -> Beside:
    """The optional `changes`, `derived`, `payee` and `paid` of a binding document; `values`, `facts`: what it has."""
    paid = node.at("paid").text(NAME, "The name of a fact is expected.")
    if paid and paid not in facts:
        node.at("paid").say(f"There is no fact called {paid}.")
    return Beside(
        changes=tuple(_change(at, values) for at in node.at("changes").items(MAX_LINES)),
        derived=tuple(_derived(at) for at in node.at("derived").items(MAX_LINES)),
        payee=_payee(node.at("payee"), values),
        paid=paid,
    )


def _change(node: Node, values: Collection[str]) -> Change:
    node.fields(required=("label",), optional=("now", *_AFTER, "show", "options", "pattern", "when"))
    if node.at("then").absent + node.at("becomes").absent + (node.at("minus").absent and node.at("plus").absent) != 2:
        node.say("What comes after is one of then, becomes, or minus and plus.")
    options = (at.text(WORDS, "Plain words are expected.") for at in node.at("options").items(MAX_OPTIONS))
    return Change(
        label=node.at("label").text(LABEL, "A label is plain words."),
        now="" if node.at("now").absent else _known(node.at("now"), values),
        then=_parameter(node.at("then")),
        becomes=node.at("becomes").text(WORDS, "Plain words are expected."),
        minus=_parameter(node.at("minus")),
        plus=_parameter(node.at("plus")),
        show=Show(node.at("show").choice((Show.VALUE, Show.MATCH, Show.TYPED), Show.VALUE)),
        options=frozenset(options),
        pattern=_pattern(node.at("pattern")),
        when=_when(node.at("when")),
    )


def _pattern(node: Node) -> re.Pattern[str] | None:
    found = closed_pattern(node.value) if isinstance(node.value, str) else None
    if found is None and not node.absent:
        node.say("A pattern with no letters but those that it spells out is expected.")
    return found


def _when(node: Node) -> tuple[str, str] | None:
    if node.absent:
        return None
    node.fields(required=("parameter", "is"))
    parameter = node.at("parameter").text(NAME, "The name of a parameter is expected.")
    return parameter, node.at("is").text(WORDS, "Plain words are expected.")


def _derived(node: Node) -> Derived:
    node.fields(required=("label", "currency", "plus"), optional=("minus", "over", "under"))
    plus = tuple(_expression(at) for at in node.at("plus").items(MAX_TERMS))
    if not plus:
        node.at("plus").say("At least one expression is expected.")
    currency: str | Path = str(node.at("currency").value)
    if currency not in EXPONENTS:
        read = _expression(node.at("currency"))
        if not isinstance(read, Path):
            node.at("currency").say("A currency, or a path to one, is expected.")
        currency = read if isinstance(read, Path) else ""
    return Derived(
        label=node.at("label").text(LABEL, "A label is plain words."),
        currency=currency,
        plus=plus,
        minus=tuple(_expression(at) for at in node.at("minus").items(MAX_TERMS)),
        over=node.at("over").text(LABEL, "Plain words are expected."),
        under=node.at("under").text(LABEL, "Plain words are expected."),
    )


def _payee(node: Node, values: Collection[str]) -> Payee | None:
    if node.absent:
        return None
    node.fields(required=("to", "among"), optional=("on",))
    among = node.at("among")
    places = among.items(MAX_TERMS) if isinstance(among.value, list) else [among]
    if not places:
        among.say("The name of at least one value is expected.")
    on = "" if node.at("on").absent else _known(node.at("on"), values)
    return Payee(_parameter(node.at("to")), tuple(_known(at, values) for at in places), on)


def _known(node: Node, values: Collection[str]) -> str:
    name = node.text(NAME, "The name of a value is expected.")
    if name and name not in values:
        node.say(f"There is no value called {name}.")
    return name


def _parameter(node: Node) -> str:
    """The name behind `parameters.`."""
    return node.text(PARAMETER, "A parameter is written parameters.name.").removeprefix("parameters.")


def _expression(node: Node) -> Value:
    try:
        return grammar.parse(node.value)
    except GrammarError as error:
        node.say(str(error))
        return Path((grammar.Step("nothing"),))
