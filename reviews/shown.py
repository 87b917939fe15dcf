"""What of a value may be seen on a reviewer's page: decided by its form, never by who wrote it.

Numbers, money, dates, identifiers with hardly any letters, and what the council listed by word or pattern are printed.
Everything else could carry a sentence, so the page only says what it is and how long, or whether it matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from governance.policy.codes import COUNTRIES
from governance.policy.facts import Result, Show
from governance.policy.identifiers import Listed, closed_pattern, identifies, identify
from governance.policy.money import format_money, parse_money

LONGEST = 36
MOST_ELEMENTS = 6

_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{5,15}Z?)?", re.ASCII)
_WORD = re.compile(r"[A-Z]{3}", re.ASCII)
_POSTCODE = re.compile(r"[A-Z0-9]{2,5}[ -][A-Z0-9]{2,5}", re.ASCII)
_JOINED = re.compile(r"[a-z]+(?:_[a-z]+)+", re.ASCII)
_INITIAL = re.compile(r"(?<![A-Za-z])[A-Za-z]", re.ASCII)
# Parts of an address as record systems call them; any other name of a part is itself text out of a record.
_PARTS = ("address1", "address2", "street", "house", "city", "state", "region", "zip", "postcode", "country")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text on a page: a value as it is (`literal`), or our own words."""

    text: str
    literal: bool = False


Pieces = tuple[Piece, ...]


_NONE = Listed()


@dataclass(frozen=True, slots=True)
class Lens:
    """How values of one case are seen: words from closed lists are printed, subjects never are."""

    closed: Listed = _NONE
    hidden: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *documents: object, subjects: Iterable[str | None] = ()) -> Lens:
        """The lens of a case: the council's documents about it, and everybody it may concern."""
        listed = Listed(closed_words(*documents), closed_patterns(*documents))
        return cls(listed).hiding(*subjects)

    def hiding(self, *subjects: str | None) -> Lens:
        """The same words for a case about these people, who are never printed."""
        return replace(self, hidden=frozenset(subject for subject in subjects if subject))


PLAIN = Lens()


@dataclass(frozen=True, slots=True)
class Shown:
    """Both sides of a comparison as a page may print them."""

    claimed: Pieces
    recorded: Pieces


def words(text: str) -> Pieces:
    """Our own words."""
    return (Piece(text),)


def label(name: str) -> str:
    """A registry name such as "payment_method" or "shop.refund" as words: "Payment method", "Refund"."""
    last = name.rsplit(".", 1)[-1].replace("_", " ").strip()
    return last[:1].upper() + last[1:] if last else name


def closed_words(*documents: object) -> frozenset[str]:
    """Every word that contracts and bindings list as an allowed value: `values` of enums, `options` of facts."""
    found: set[str] = set()
    for document in documents:
        found.update(_listed(document))
    return frozenset(found)


def closed_patterns(*documents: object) -> tuple[re.Pattern[str], ...]:
    """Every pattern of contracts and bindings that spells out the letters of what it matches."""
    found = {text: closed_pattern(text) for document in documents for text in _patterns(document)}
    return tuple(pattern for pattern in found.values() if pattern is not None)


def pieces(value: object, lens: Lens = PLAIN) -> Pieces:
    """A value as it may be printed, or our words for what it is. Total."""
    if isinstance(value, list | tuple):
        return _elements(list(value), lens)
    if isinstance(value, Mapping):
        return _mapping(value, lens)
    return (_piece(value, lens),)


def is_sealed(value: object) -> bool:
    """Whether this stands for a sealed text: the number of its characters."""
    return isinstance(value, Mapping) and set(value) == {"sealed"} and type(value["sealed"]) is int


def both_sides(claimed: object, recorded: object, result: str, show: str, lens: Lens) -> Shown:
    """A fact's two sides in its show mode. An unknown mode, or a subject, shows as little as `match` does."""
    if any(isinstance(side, str) and side in lens.hidden for side in (claimed, recorded)):
        show = Show.MATCH
    if show == Show.VALUE or show == Show.TYPED:
        return Shown(
            pieces(claimed, lens) if claimed is not None else words("not stated"),
            pieces(recorded, lens) if recorded is not None else words(_absent(result)),
        )
    stated = words("stated" if claimed is not None else "not stated")
    if show == Show.INITIALS:
        return Shown(_initials(claimed) or stated, _initials(recorded) or words(_match(claimed, recorded, result)))
    return Shown(stated, words(_match(claimed, recorded, result)))


def _piece(value: object, lens: Lens) -> Piece:
    if value is None:
        return Piece("nothing")
    if isinstance(value, bool):
        return Piece("yes" if value else "no")
    if isinstance(value, str):
        return _text(value, lens)
    number = str(value)
    return Piece(number, True) if _NUMBER.fullmatch(number) else Piece("a number out of range")


def _text(text: str, lens: Lens) -> Piece:
    if text in lens.hidden:
        return Piece("the subject, not shown")
    if text in lens.closed.words:
        return Piece(_read(text, lens), True)
    if text in lens.closed or text in COUNTRIES or _NUMBER.fullmatch(text) or _MOMENT.fullmatch(text):
        return Piece(text, True)
    if _postcode(text) or identifies(text):
        return Piece(text if len(text) <= LONGEST else f"{text[:18]}…{text[-8:]}", True)
    return measured(text)


def _read(word: str, lens: Lens) -> str:
    """A listed word as people read it, where it is words and no other listed word reads so."""
    plain = word.replace("_", " ")
    return plain if _JOINED.fullmatch(word) and plain not in lens.closed.words else word


def measured(text: str) -> Piece:
    """What is said of a text that is not printed."""
    return Piece(f"text of {len(text)} character{'s' if len(text) != 1 else ''}")


def apart(values: Iterable[object], lens: Lens) -> bool:
    """Whether what stands beside each other has too few letters to make a sentence; one value is judged by itself."""
    texts = [value for value in values if isinstance(value, str) and value not in lens.hidden]
    return len(texts) < 2 or identify([text for text in texts if _is_free(text, lens)])


def _is_free(text: str, lens: Lens) -> bool:
    """Whether it is printed, if at all, for the few letters in it."""
    return not (text in lens.closed or _NUMBER.fullmatch(text) or _MOMENT.fullmatch(text))


def _postcode(text: str) -> bool:
    return _POSTCODE.fullmatch(text) is not None and any(map(str.isdigit, text)) and not _WORD.search(text)


def _elements(values: list[object], lens: Lens) -> Pieces:
    if not values:
        return words("an empty list")
    found: list[Piece] = []
    readable = apart(values[:MOST_ELEMENTS], lens)
    for value in values[:MOST_ELEMENTS]:
        hides = not readable and isinstance(value, str) and _is_free(value, lens)
        found += [*((measured(str(value)),) if hides else pieces(value, lens)), Piece(", ")]
    rest = len(values) - MOST_ELEMENTS
    found[-1:] = [Piece(f" and {rest} more")] if rest > 0 else []
    return tuple(found)


def _mapping(value: Mapping[object, object], lens: Lens) -> Pieces:
    """Money, the length of a sealed text, or the parts of an address by their names."""
    if is_sealed(value):
        return words(f"sealed text, {value['sealed']} character{'s' if value['sealed'] != 1 else ''}")
    try:
        money = parse_money(dict(value))
    except ValueError:
        return _address(value, lens)
    return (Piece(format_money(money.minor, money.currency), True),)


def _address(value: Mapping[object, object], lens: Lens) -> Pieces:
    found: list[Piece] = []
    for name in _PARTS:
        if value.get(name) not in (None, ""):
            found += [Piece(f"{name} "), _piece(value[name], lens), Piece(", ")]
    hidden = sum(1 for name in value if name not in _PARTS)
    if hidden or not found:
        found.append(Piece(f"{hidden} further part{'s' if hidden != 1 else ''}, "))
    found[-1] = Piece(found[-1].text.removesuffix(", "), found[-1].literal)
    return tuple(piece for piece in found if piece.text)


def _initials(value: object) -> Pieces:
    """First letters of at most four words of a name; nothing when there are none."""
    if isinstance(value, Mapping):  # a reading keeps no more of a name than these
        value = " ".join(str(value.get("initials", "")))
    if not isinstance(value, str):
        return ()
    letters = _INITIAL.findall(value[:200])[:4]
    return (Piece(" ".join(f"{letter.upper()}." for letter in letters), True),) if letters else ()


def _match(claimed: object, recorded: object, result: str) -> str:
    known = {Result.AGREES.value: "matches", Result.DIFFERS.value: "differs"}
    if result == Result.UNVERIFIABLE and claimed is not None and recorded is not None:
        return "no match"  # "recorded" would read as if what is claimed were
    return known.get(result, _absent(result) if recorded is None else "recorded")


def _absent(result: str) -> str:
    return {Result.UNREACHABLE.value: "not reachable", Result.STALE.value: "too old"}.get(result, "not recorded")


def _listed(document: object) -> Iterable[str]:
    """Words under `values` and `options` anywhere in a document of the council."""
    if isinstance(document, Mapping):
        for name, part in document.items():
            if name in ("values", "options") and isinstance(part, list):
                yield from (word for word in part if isinstance(word, str))
            else:
                yield from _listed(part)
    elif isinstance(document, list | tuple):
        for part in document:
            yield from _listed(part)


def _patterns(document: object) -> Iterable[str]:
    """Texts under `pattern` anywhere in a document of the council."""
    if isinstance(document, Mapping):
        for name, part in document.items():
            if name == "pattern" and isinstance(part, str):
                yield part
            else:
                yield from _patterns(part)
    elif isinstance(document, list | tuple):
        for part in document:
            yield from _patterns(part)
