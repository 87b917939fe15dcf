"""Reading of binding documents: a closed form, and every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from governance.policy.documents import DocumentProblem, Node
from governance.policy.facts import Compare, FactRule, Show
from governance.policy.identifiers import closed_pattern
from governance.policy.money import EXPONENTS
from governance.policy.waits import duration
from governance.records import grammar
from governance.records.bindings import (
    PARAMETERS,
    AsOf,
    Binding,
    BoundValue,
    FactSpec,
    Fixed,
    KeySource,
    Source,
    names_read,
)
from governance.records.grammar import GrammarError, Lookup, Path, Step, Value
from governance.records.parse_beside import parse_beside

ACTION_TYPE = re.compile(r"[a-z0-9_.]{1,64}", re.ASCII)
CONNECTOR = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*", re.ASCII)
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
COLUMN = re.compile(r"[a-z_][a-z0-9_]{0,62}", re.ASCII)
TABLE = re.compile(r"[a-z_][a-z0-9_]{0,62}\.[a-z_][a-z0-9_]{0,62}", re.ASCII)
CLAIM = re.compile(r"(?:claims|parameters)\.[a-z][a-z0-9_]{0,63}", re.ASCII)
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ,'()/-]{0,63}", re.ASCII)
TOOLS = re.compile(r"[A-Za-z0-9_.]{0,63}\*?", re.ASCII)
LITERAL = re.compile(r"[A-Za-z0-9_.:#@+-]{1,128}", re.ASCII)
WORDS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .-]{0,63}", re.ASCII)
SENTENCE = re.compile(r"(?:[A-Za-z0-9 .,:;'()#/-]|\{[a-z][a-z0-9_.]{0,80}\}){1,300}", re.ASCII)

# A month: whoever believes a copy for longer does not ask how old it is.
OLDEST = 31 * 86_400
MAX_JOINS, MAX_VALUES, MAX_FACTS, MAX_KEYS, MAX_OPTIONS = 4, 32, 32, 4, 64
_MONEY = (Compare.MONEY_EQUALS, Compare.COVERS)
_SEVERAL = (Compare.SUBSET, Compare.EXISTS)
_UNCLAIMED = (Compare.EXISTS, Compare.OWNER_IS_SUBJECT)
_NOTHING = Path((Step("nothing"),))


def parse_binding(document: object, path: str = "binding") -> Binding | list[DocumentProblem]:
    """Read a binding document: the binding, or everything that is wrong with it, each with its place."""
    node = Node(document, path)
    node.fields(
        required=("action_type", "connector", "values", "facts"),
        optional=(
            "record", "joins", "subject", "subject_from", "version", "as_of", "sentence", "changes", "derived", "payee",
            "paid",
        ),
    )  # fmt: skip
    record = node.at("record")
    if not record.absent:
        record.fields(required=("table", "by"), optional=("target",))
    values = {name: _value(at) for name, at in node.at("values").entries(NAME, MAX_VALUES).items()}
    joins = {name: _join(at) for name, at in node.at("joins").entries(NAME, MAX_JOINS).items()}
    facts = tuple(_fact(at, values) for at in node.at("facts").items(MAX_FACTS))
    binding = Binding(
        action_type=node.at("action_type").text(ACTION_TYPE, "The key of an action type is expected."),
        connector=node.at("connector").text(CONNECTOR, "The name of a connector is expected, in lower case."),
        record=None if record.absent else Source(_table(record), _keys(record.at("by"), of_record=True)),
        target=record.at("target").text(NAME, "The name of a claim is expected.") or None,
        joins=_in_order(node.at("joins"), joins),
        subject=_path(node.at("subject")),
        subject_from=node.at("subject_from").text(TOOLS, "A tool name is expected, which may end in *."),
        version=None if node.at("version").value == "digest" else _path(node.at("version")),
        values=values,
        facts=facts,
        sentence=node.at("sentence").text(SENTENCE, "Plain words with {slots} are expected, at most 300 parts."),
        beside=parse_beside(node, values, [spec.rule.name for spec in facts]),
        as_of=_as_of(node.at("as_of")),
    )
    _check(node, binding)
    return node.problems or binding


def _table(node: Node) -> str:
    return node.at("table").text(TABLE, "A table is written schema.table, in lower case.")


def _keys(node: Node, *, of_record: bool) -> dict[str, KeySource]:
    """Key columns with their sources: a parameter name for the record, a path or lookup for joins, or a literal."""
    found: dict[str, KeySource] = {}
    for column, at in node.entries(COLUMN, MAX_KEYS).items():
        if isinstance(at.value, Mapping):
            at.fields(required=("literal",))
            found[column] = Fixed(at.at("literal").text(LITERAL, "A plain literal is expected."))
        elif of_record:
            found[column] = Path((Step(PARAMETERS), Step(at.text(NAME, "The name of a parameter is expected."))))
        elif isinstance(source := _any(at), Path | Lookup):
            found[column] = source
        else:
            at.say("A key is a path or a lookup.")
    if not found:
        node.say("At least one key column is expected.")
    return found


def _join(node: Node) -> Source:
    node.fields(required=("table", "by"), optional=("many",))
    return Source(_table(node), _keys(node.at("by"), of_record=False), node.at("many").flag())


def _in_order(node: Node, joins: dict[str, Source]) -> dict[str, Source]:
    """Joins so that each comes after those it uses. Documents are stored without the order they were written in."""
    ordered: dict[str, Source] = {}
    while len(ordered) < len(joins):
        ready = [
            name
            for name, join in sorted(joins.items())
            if name not in ordered and all(path.root not in joins or path.root in ordered for path in join.paths())
        ]
        if not ready:
            node.say("These joins use each other.")
            return ordered
        ordered.update((name, joins[name]) for name in ready)
    return ordered


def _value(node: Node) -> BoundValue:
    """`expression`, or `{money: expression, currency: USD | path}`."""
    if not isinstance(node.value, Mapping):
        return BoundValue(_any(node))
    node.fields(required=("money", "currency"))
    currency: str | Path = str(node.at("currency").value)
    if currency not in EXPONENTS:
        currency = _path(node.at("currency")) or ""
    return BoundValue(_any(node.at("money")), True, currency)


def _any(node: Node) -> Value:
    try:
        return grammar.parse(node.value)
    except GrammarError as error:
        node.say(str(error))
        return _NOTHING


def _path(node: Node) -> Path | None:
    if node.absent:
        return None
    try:
        return grammar.parse_path(node.value)
    except GrammarError as error:
        node.say(str(error))
        return None


def _as_of(node: Node) -> AsOf | None:
    if node.absent:
        return None
    node.fields(required=("at", "within"))
    at, within = _path(node.at("at")), duration(node.at("within"), OLDEST)
    return AsOf(at or _NOTHING, within or 1)


def _fact(node: Node, values: Mapping[str, BoundValue]) -> FactSpec:
    node.fields(
        required=("name", "value", "compare"),
        optional=("label", "claim", "required", "material", "show", "options", "may_be_new", "pattern", "soft"),
    )
    name = node.at("name").text(NAME, "A fact name has lower-case letters, digits and underscores.")
    used = _value_names(node.at("value"), values)
    if_claimed = node.at("required").value == "if_claimed"
    rule = FactRule(
        name=name,
        value=",".join(used),
        claim=node.at("claim").text(CLAIM, "A claim is written claims.name or parameters.name.") or None,
        compare=Compare(node.at("compare").choice(tuple(Compare), Compare.EXISTS)),
        required=not if_claimed and node.at("required").flag(),
        material=node.at("material").flag(),
        show=Show(node.at("show").choice(tuple(Show), Show.MATCH)),
        options=tuple(at.text(WORDS, "Plain words are expected.") for at in node.at("options").items(MAX_OPTIONS)),
    )
    _check_fact(node, rule, used, values)
    label = node.at("label").text(LABEL, "A label is plain words.", name.replace("_", " ").capitalize())
    soft = node.at("soft").flag()
    if soft and not (rule.required or if_claimed):
        node.at("soft").say("Only a required fact can be approved over.")
    return FactSpec(rule, used, label, if_claimed, node.at("may_be_new").flag(), _pattern(node.at("pattern")), soft)


def _pattern(node: Node) -> re.Pattern[str] | None:
    found = closed_pattern(node.value) if isinstance(node.value, str) else None
    if found is None and not node.absent:
        node.say("A pattern with no letters but those that it spells out is expected, such as card_[0-9]{7}.")
    return found


def _value_names(node: Node, values: Mapping[str, BoundValue]) -> tuple[str, ...]:
    places = node.items(MAX_OPTIONS) if isinstance(node.value, list) else [node]
    names = [at.text(NAME, "The name of a value is expected.") for at in places]
    for at, name in zip(places, names, strict=True):
        if name and name not in values:
            at.say(f"There is no value called {name}.")
    if not names:
        node.say("The name of at least one value is expected.")
    return tuple(names)


def _check_fact(node: Node, rule: FactRule, used: tuple[str, ...], values: Mapping[str, BoundValue]) -> None:
    """What a comparison needs: money on both sides, a claim, options, a single value."""
    money = bool(used) and all(name in values and values[name].money for name in used)
    if rule.compare in _MONEY and not money:
        node.say(f"{rule.compare} needs a value that is money.")
    if len(used) > 1 and rule.compare not in _SEVERAL:
        node.say("Several values can only be compared by subset or exists.")
    if rule.compare is Compare.ONE_OF and not rule.options:
        node.say("one_of needs options.")
    if rule.compare in _UNCLAIMED and rule.claim is not None:
        node.say(f"{rule.compare} has no claim of its own.")
    if rule.compare not in (*_UNCLAIMED, Compare.ONE_OF) and rule.claim is None:
        node.say(f"{rule.compare} compares with a claim: claims.name or parameters.name.")


def _check(node: Node, binding: Binding) -> None:
    """What only the whole shows: names that must exist, and names that must differ."""
    names = [spec.rule.name for spec in binding.facts]
    if len(set(names)) != len(names):
        node.at("facts").say("Two facts have the same name.")
    if binding.subject is None and any(spec.rule.compare is Compare.OWNER_IS_SUBJECT for spec in binding.facts):
        node.at("subject").say("owner_is_subject needs a subject.")
    if binding.record is None and not binding.joins:
        node.at("record").say("Something must be read: a record, or what an action that makes one is held against.")
    if {PARAMETERS, "claims"} & set(binding.joins):
        node.at("joins").say("A join cannot be called parameters or claims.")
    if binding.as_of is not None and binding.as_of.at.root == PARAMETERS:
        node.at("as_of").say("The record says how old it is, never the agent.")
    _check_paths(node, binding)
    printable = {name for spec in binding.facts if spec.rule.show is Show.VALUE for name in spec.values}
    printable |= {name for name, value in binding.values.items() if value.money}
    for slot in binding.slots:
        if not slot.startswith("parameters.") and slot not in printable:
            node.at("sentence").say(f"{slot} is neither money nor shown as a value by a fact, so it is never printed.")


def _check_paths(node: Node, binding: Binding) -> None:
    """Values come from the record and the parameters, never from what is claimed; columns have the form of columns."""
    for path in binding.paths():
        if path.root == "claims":
            node.say("A value never comes from a claim.")
        if binding.record is None and path.root not in {PARAMETERS, *binding.joins}:
            node.at("record").say(f"Without a record there is no column {path.root}.")
        columns = names_read(path) if path.root in binding.joins else {path.root}
        for column in sorted(columns):
            if not COLUMN.fullmatch(column):
                node.say(f"{column} is not the name of a column: lower-case letters, digits and underscores.")
