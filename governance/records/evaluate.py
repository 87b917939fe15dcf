"""One reading of the system of record for one action: found by typed parameters, compared with typed claims."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from governance.policy.facts import Fact, Result
from governance.policy.identifiers import Listed
from governance.policy.money import REFERENCE_CURRENCY, Money
from governance.records.bindings import PARAMETERS, Binding, BoundValue, Fixed, KeySource, Source
from governance.records.comparing import Found, Stated, facts_of, facts_without, source_of
from governance.records.grammar import Path, Step
from governance.records.lines import lines_of
from governance.records.protocol import Connector, Json, Key, Outage, Row, Rows, Session, Unavailable
from governance.records.reading import NOT_VERIFIED, Reading, Sentence, Status, printable, slot_text, to_json
from governance.records.resolve import money_of, resolve, text_of

MOST_ROWS = 500
# One is looked for; a second one shows that the key does not tell records apart.
ONE_ROW = 2
LONGEST = 128


def evaluate(
    binding: Binding,
    connector: Connector,
    *,
    parameters: Mapping[str, object],
    claims: Mapping[str, object],
    subject: str | None,
    sealed: Mapping[str, str] | None = None,
) -> Reading:
    """Read the record that the parameters name and hold it against what is claimed. Total: outages are a status.

    `parameters`, `claims` and `sealed` are what the contract parsed; a sealed field is compared only when it is given.
    """
    plain = {name: value for name, value in parameters.items() if not _is_seal(value)}
    stated = Stated(plain, claims, subject, _unsealed(sealed or {}))
    begun = time.monotonic()
    reading = _evaluated(binding, connector, plain, stated)
    return replace(reading, took_ms=int((time.monotonic() - begun) * 1000))


def words_of(binding: Binding, connector: Connector, *, parameters: Mapping[str, object]) -> dict[str, str] | None:
    """Free text among the values of a record as it is now, by name; None where no record was read.

    For whoever may see sealed text: what a page may print as it is, is left out here.
    """
    plain = {name: value for name, value in parameters.items() if not _is_seal(value)}
    with connector.reading() as session:
        found = _read(binding, session, {PARAMETERS: cast(Json, plain)})
    if not isinstance(found, Found):
        return None
    texts: dict[str, str] = {}
    for name, value in found.values.items():
        members = value if isinstance(value, list) else [value]
        written = [each for each in members if isinstance(each, str) and not printable(each, binding.words[name])]
        texts |= {f"{name} {place}": text for place, text in enumerate(written, 1)}
    return texts


def _evaluated(binding: Binding, connector: Connector, plain: Mapping[str, object], stated: Stated) -> Reading:
    with connector.reading() as session:
        found = _read(binding, session, {PARAMETERS: cast(Json, {**plain, **stated.sealed})})
    source = source_of(binding, binding.read_from)
    if isinstance(found, Unavailable):
        # The record system's clock is out of reach, so this moment is ours.
        at = dt.datetime.now(dt.UTC)
        facts = tuple(facts_without(binding, stated, Result.UNREACHABLE, at))
        return Reading(Status.UNAVAILABLE, source, at, facts=facts, outage=found.reason)
    if isinstance(found, dt.datetime):
        facts = tuple(facts_without(binding, stated, Result.MISSING, found))
        return Reading(Status.NOT_FOUND, source, found, facts=facts)
    return _reading(binding, stated, replace(found, version=_version(binding, found)), source)


def _is_seal(value: object) -> bool:
    """What a stored action keeps of sealed text: that it is there and how long it is."""
    return isinstance(value, Mapping) and set(value) == {"sealed"}


def _unsealed(sealed: Mapping[str, str]) -> dict[str, object]:
    """Sealed fields by name; the elements of a sealed list, kept as "name/0", become a list again."""
    values: dict[str, object] = {name: value for name, value in sealed.items() if "/" not in name}
    listed = [(*name.split("/", 1), value) for name, value in sealed.items() if "/" in name]
    for name, _, value in sorted(listed, key=lambda part: (part[0], int(part[1]))):
        elements = values.setdefault(name, [])
        if isinstance(elements, list):
            elements.append(value)
    return values


def _read(binding: Binding, session: Session, document: dict[str, Json]) -> Found | Unavailable | dt.datetime:
    """The record and its joins; the moment of reading alone when there is not exactly one such record."""
    at: dt.datetime | None = None
    if binding.record is not None:
        got = _fetch(session, binding.record, binding.columns, document)
        if isinstance(got, Unavailable):
            return got
        if len(got.rows) != 1:
            return got.read_at
        at = got.read_at
        # Joins and parameters win over a column of the same name.
        document = {**got.rows[0], **document}
    for name, join in binding.joins.items():
        joined = _fetch(session, join, binding.join_columns[name], document)
        if isinstance(joined, Unavailable):
            return joined
        document[name] = _joined(join, joined.rows)
        at = at or joined.read_at
    if at is None:
        # what is saved reads something; of anything else nothing may be said
        return Unavailable(Outage.NOT_CONFIGURED, binding.connector)
    values = {name: _value(value, document) for name, value in binding.values.items()}
    return Found(document, at, values)


def _fetch(
    session: Session, source: Source, columns: frozenset[str], document: Mapping[str, Json]
) -> Rows | Unavailable:
    keys = {column: _key(key, document, source.many) for column, key in source.by.items()}
    return session.fetch(source.table, columns=columns, keys=keys, most=MOST_ROWS if source.many else ONE_ROW)


def _key(source: KeySource, document: Mapping[str, Json], many: bool) -> Sequence[Key]:
    """The values a key column may have. A list finds rows only where several are expected."""
    value: Json = source.literal if isinstance(source, Fixed) else resolve(source, document)
    texts = [text_of(element) for element in (value if isinstance(value, list) and many else [value])]
    return [] if None in texts else [text for text in texts if text is not None]


def _joined(join: Source, rows: Sequence[Row]) -> Json:
    if join.many:
        return [dict(row) for row in rows]
    return dict(rows[0]) if len(rows) == 1 else None


def _value(value: BoundValue, document: Mapping[str, Json]) -> Json | Money:
    found = resolve(value.of, document)
    if not value.money:
        return found
    currency = value.currency if isinstance(value.currency, str) else resolve(value.currency, document)
    if isinstance(currency, list) and currency and all(each == currency[0] for each in currency):
        currency = currency[0]
    return money_of(found, currency) if isinstance(currency, str) else None


def _reading(binding: Binding, stated: Stated, found: Found, source: str) -> Reading:
    plain = {name: _plain(value, binding.words[name]) for name, value in found.values.items()}
    facts = tuple(facts_of(binding, stated, found))
    return Reading(
        status=Status.OK,
        source=source,
        read_at=found.read_at,
        version=found.version,
        subject=_subject(binding, found),
        values={name: value for name, value in plain.items() if value is not None},
        money={name: value for name, value in found.values.items() if isinstance(value, Money)},
        facts=facts,
        sentence=_sentence(binding, stated, found, facts),
        lines=lines_of(binding, stated, found, facts),
    )


def _plain(value: Json | Money, words: Listed) -> str | int | bool | None:
    """A single value fit for a page; money of the reference currency as minor units. None for everything else."""
    if isinstance(value, Money):
        return value.minor if value.currency == REFERENCE_CURRENCY else None
    if value is None or isinstance(value, list | dict) or not printable(value, words):
        return None
    return value if isinstance(value, int) else text_of(value)


def _subject(binding: Binding, found: Found) -> str | None:
    """Who the record says it belongs to: a short text that can be stored, or nobody."""
    subject = None if binding.subject is None else text_of(resolve(binding.subject, found.document))
    return subject if subject and len(subject) <= LONGEST and subject.isprintable() else None


def _version(binding: Binding, found: Found) -> str:
    """The record's own version, or a digest of everything that was read."""
    own = None if binding.version is None else text_of(resolve(binding.version, found.document))
    if own and printable(own):
        return own
    read = {name: value for name, value in found.document.items() if name != PARAMETERS}
    text = json.dumps(to_json(read), sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _sentence(binding: Binding, stated: Stated, found: Found, facts: Sequence[Fact]) -> Sentence | None:
    """The binding's sentence from verified facts: what the agent alone says is not repeated."""
    if not binding.sentence:
        return None
    slots: dict[str, str] = {}
    for slot in binding.slots:
        kind, _, name = slot.rpartition(".")
        if kind == PARAMETERS:
            slots[slot] = _stated_text(binding, stated, found, facts, name)
        else:
            slots[slot] = slot_text(found.values.get(name), binding.words.get(slot, ()))
    return Sentence(binding.sentence, slots)


def _stated_text(binding: Binding, stated: Stated, found: Found, facts: Sequence[Fact], name: str) -> str:
    """The text of a parameter that the record confirms: it found the record, or what compares it agrees."""
    pairs = zip(binding.facts, facts, strict=True)
    compared = [(spec, fact) for spec, fact in pairs if spec.rule.claim == f"{PARAMETERS}.{name}"]
    results = {fact.result for _, fact in compared}
    agrees = Result.AGREES in results and Result.DIFFERS not in results
    # a word by which the council tells the lines of the page apart: it says what would run, not what is recorded
    tells = {change.when[1] for change in binding.beside.changes if change.when and change.when[0] == name}
    said = stated.parameters.get(name)
    if isinstance(said, str) and said in tells:
        return slot_text(said, tells)
    if not agrees and not _finds(binding, stated, found, name):
        return NOT_VERIFIED
    return slot_text(stated.parameters.get(name), Listed.joined(spec.listed for spec, _ in compared))


def _finds(binding: Binding, stated: Stated, found: Found, name: str) -> bool:
    """Whether the record was found by this parameter, and has it just as it was stated."""
    key = Path((Step(PARAMETERS), Step(name)))
    said = text_of(cast(Json, stated.parameters.get(name)))
    columns = [column for column, source in binding.keys.items() if source == key]
    return said is not None and any(text_of(found.document.get(column)) == said for column in columns)
