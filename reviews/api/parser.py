"""Strict JSON: one reading of a request body, or a problem that names what is wrong and repeats nothing of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from governance.problems import Code, Problem

MAX_BODY = 64 * 1024
MAX_DEPTH = 12
MAX_INTEGER = 2**53 - 1
MAX_PROBLEMS = 50

# A name is as untrusted as a value: only a plain one, shorter than a bearer key, is repeated in a pointer.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)
_MEDIA_TYPE = re.compile(r'application/json(?:\s*;\s*charset="?utf-8"?)?', re.ASCII | re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"

Field = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Refused:
    """Stands in the tree for a number that is not taken, until its place is known."""

    detail: str


class _Repeated(dict[str, Any]):
    """An object in which a name came twice."""

    again: frozenset[str] = frozenset()


def _integer(text: str) -> int | _Refused:
    # The length is judged before the value: converting a long run of digits takes quadratic time.
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        return _Refused("The number is out of the range that every JSON reader holds exactly.")
    if text == "-0":
        return _Refused("Zero has no sign.")
    return int(text)


def _fraction(_text: str) -> _Refused:
    return _Refused("Numbers with a point or an exponent are not taken: a decimal is written as a string.")


def _constant(_text: str) -> _Refused:
    return _Refused("NaN and Infinity are not numbers of JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) == len(pairs):
        return read
    repeated = _Repeated(read)
    repeated.again = frozenset(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return repeated


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`: UTF-8 of at most 64 KiB, 12 levels, integers of 53 bits and no other number.

    Raises `Problem`: 413 for its size, 400 for what is not JSON at all, 422 with the place of everything else.
    """
    if len(body) > MAX_BODY:
        raise too_large()
    tree = _decoded(_text(body))
    if not isinstance(tree, dict):
        raise Problem(Code.INVALID_ENVELOPE, "The body must be a JSON object.", fields=(("", "It is no object."),))
    if not _clean(tree, 1):
        found = tuple(_first(_faults(tree, "", 1)))
        raise Problem(Code.INVALID_ENVELOPE, "The body holds what is not taken here.", fields=found)
    return tree


def plain(name: str) -> str:
    """A member's name as a pointer may show it: itself if it is plain, else a star."""
    return name if _PLAIN.fullmatch(name) else "*"


def too_large() -> Problem:
    """The problem of a body over the limit."""
    return Problem(Code.BODY_TOO_LARGE, f"A body has at most {MAX_BODY} bytes.")


def _text(body: bytes) -> str:
    if body.startswith(_BOM):
        raise Problem(Code.MALFORMED_JSON, "The body must not begin with a byte order mark.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        # the cause quotes the bytes: it must reach neither the answer nor a log
        raise Problem(Code.MALFORMED_JSON, "The body is not UTF-8.") from None


def _decoded(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Problem(Code.MALFORMED_JSON, f"The body is not JSON: see character {error.pos}.") from None
    except RecursionError:
        raise Problem(Code.INVALID_ENVELOPE, _DEEP, fields=(("", _DEEP),)) from None


_DEEP = f"At most {MAX_DEPTH} levels of nesting are taken."


def _clean(node: Any, depth: int) -> bool:
    """Whether there is nothing to complain about: asked of every body, so without building any pointer."""
    kind = type(node)
    if kind is str:
        return "\x00" not in node and (node.isascii() or _storable(node))
    if kind is dict:
        if depth > MAX_DEPTH:
            return False
        for name, value in node.items():
            if "\x00" in name or not (name.isascii() or _storable(name)) or not _clean(value, depth + 1):
                return False
        return True
    if kind is list:
        return depth <= MAX_DEPTH and all(_clean(element, depth + 1) for element in node)
    return kind is not _Refused and kind is not _Repeated


def _first(faults: Iterator[Field]) -> Iterator[Field]:
    for _, fault in zip(range(MAX_PROBLEMS), faults, strict=False):
        yield fault


def _faults(node: Any, at: str, depth: int) -> Iterator[Field]:
    """All that JSON allows and we do not, with its place."""
    if isinstance(node, str):
        if not _storable(node):
            yield at, "The text has a character that cannot be stored."
    elif isinstance(node, _Refused):
        yield at, node.detail
    elif isinstance(node, dict | list):
        if depth > MAX_DEPTH:
            yield at, _DEEP
        elif isinstance(node, list):
            for place, element in enumerate(node):
                yield from _faults(element, f"{at}/{place}", depth + 1)
        else:
            yield from _object_faults(node, at, depth)


def _object_faults(node: dict[str, Any], at: str, depth: int) -> Iterator[Field]:
    if isinstance(node, _Repeated):
        yield from ((f"{at}/{plain(name)}", "The name occurs more than once.") for name in sorted(node.again))
    for name, value in node.items():
        if not _storable(name):
            yield f"{at}/*", "The name has a character that cannot be stored."
        yield from _faults(value, f"{at}/{plain(name)}", depth + 1)


def _storable(text: str) -> bool:
    """No NUL, which PostgreSQL refuses, and no half of a surrogate pair, which is no character."""
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text))


class StrictParser(Parser):
    """The only reader of request bodies: media type, encoding and size first, then `parse`."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body of a request as one JSON object. Raises `Problem`."""
        meta = request.META
        if not _MEDIA_TYPE.fullmatch(meta.get("CONTENT_TYPE", "").strip()):
            raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, "The Content-Type must be application/json in UTF-8.")
        if meta.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity":
            raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, "A Content-Encoding is not taken.")
        if meta.get("QUERY_STRING"):
            raise Problem(Code.INVALID_ENVELOPE, "Query parameters are not taken: everything is in the body.")
        return parse(request.body)
