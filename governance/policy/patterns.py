"""Closed patterns for identifiers: a small part of regular expressions whose worst case is bounded before use.

Patterns are written by the council, matched against what agents send. Allowed: plain ASCII characters, escapes of
punctuation, `\\d` and `\\w`, character sets, groups with alternatives, and the quantifiers `? * + {n} {n,m}`. A group
may be made optional or repeated a fixed number of times, not without bound. No anchors (the whole value must match),
no dot, no set of what is excluded, no look-around, no references.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

MAX_PATTERN = 200
MAX_VALUE = 256
# The product of all the ways in which a pattern can split a value. Three free parts of a 128-character value fit.
MAX_WAYS = 128**3

_ATOM = re.compile(
    r"""(?P<set>\[(?:\\[dw\-\]\[\\^.]|[A-Za-z0-9_ .:;,/#@+*=&%!?~$<>'"(){}|-])+\])
      | (?P<escape>\\[dw.\-+*?()\[\]{}|^$\\/#])
      | (?P<open>\((?:\?:)?)
      | (?P<close>\))
      | (?P<either>\|)
      | (?P<plain>[A-Za-z0-9_ :;,/\#@=&%!~<>'"-])""",
    re.VERBOSE | re.ASCII,
)
_QUANTIFIER = re.compile(r"\?|\*|\+|\{(\d{1,3})(?:,(\d{1,3}))?\}", re.ASCII)


class PatternError(ValueError):
    """A pattern outside the closed language; the message says why."""


@dataclass(slots=True)
class _Group:
    """What has been read of a group so far: the ways to match it, and how many alternatives it has."""

    ways: int = 1
    alternatives: int = 1


def compile_pattern(text: object, longest: int) -> re.Pattern[str]:
    """Compile a closed pattern for values of at most `longest` characters; PatternError if it is outside of it."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_PATTERN or not text.isascii():
        raise PatternError(f"A pattern is ASCII text of 1 to {MAX_PATTERN} characters.")
    if _ways(text, longest) > MAX_WAYS:
        raise PatternError("The pattern has too many parts of free length.")
    try:
        return re.compile(text, re.ASCII)
    except re.error as error:
        raise PatternError("The pattern is not a valid expression.") from error


def spells_its_letters(text: str) -> bool:
    """Whether whatever matches a valid pattern has only letters that the pattern itself spells out, each once."""
    position = 0
    while atom := _ATOM.match(text, position):
        position = atom.end()
        is_open = atom["set"] or atom["escape"]
        if is_open and any(re.match(atom[0], letter, re.ASCII) for letter in string.ascii_letters):
            return False
        quantifier = _QUANTIFIER.match(text, position)
        if quantifier is not None:
            position = quantifier.end()
            if quantifier[0] != "?" and (atom["close"] or atom[0] in string.ascii_letters):
                return False
    return position == len(text)


def _ways(text: str, longest: int) -> int:
    """Upper bound of the ways in which the pattern can try to match a value of at most `longest` characters."""
    groups, position = [_Group()], 0
    while position < len(text):
        atom = _ATOM.match(text, position)
        if atom is None:
            raise PatternError(f"The pattern uses something that is not allowed, at character {position + 1}.")
        position, ways, is_group = atom.end(), 1, False
        if atom["open"]:
            groups.append(_Group())
            continue
        if atom["either"]:
            groups[-1].alternatives += 1
            continue
        if atom["close"]:
            ways, is_group = _closed(groups), True
        if quantifier := _QUANTIFIER.match(text, position):
            position, ways = quantifier.end(), _repeated(quantifier, ways, is_group, longest)
        groups[-1].ways = min(groups[-1].ways * ways, MAX_WAYS + 1)
    if len(groups) != 1:
        raise PatternError("A group of the pattern is not closed.")
    return groups[0].ways * groups[0].alternatives


def _closed(groups: list[_Group]) -> int:
    if len(groups) == 1:
        raise PatternError("A group of the pattern is closed but was not opened.")
    group = groups.pop()
    return group.ways * group.alternatives


def _repeated(quantifier: re.Match[str], ways: int, is_group: bool, longest: int) -> int:
    """The ways of a quantified part: a fixed repetition multiplies them, a free one adds its range."""
    sign = quantifier[0]
    if sign == "?":
        return ways + 1
    if sign in "*+":
        least, most = 0, longest
    else:
        least, most = int(quantifier[1]), int(quantifier[2] or quantifier[1])
    if least == most:
        return int(min(ways**most, MAX_WAYS + 1)) if most <= MAX_VALUE else MAX_WAYS + 1
    if is_group:
        raise PatternError("A group of the pattern may be optional or repeated a fixed number of times, not freely.")
    return min(most, longest) - least + 1
