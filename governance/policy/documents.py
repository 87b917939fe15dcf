"""Reading of configuration documents: every problem is collected under its place, none stops the reading."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

MAX_PROBLEMS = 50

_PLAIN = re.compile(r"[A-Za-z0-9_.*-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """What is wrong at one place of a document, such as `action_types[0].caps[1].window`."""

    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}"


@dataclass(slots=True)
class Node:
    """One place of a document. Readers note a problem and return a harmless value when it is wrong."""

    value: object
    path: str
    problems: list[DocumentProblem] = field(default_factory=list)
    absent: bool = False

    def say(self, detail: str) -> None:
        """Note a problem at this place."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(DocumentProblem(self.path, detail))

    def at(self, key: str) -> Node:
        """The place under `key`; absent if there is nothing."""
        inside = self.value if isinstance(self.value, Mapping) else {}
        return Node(inside.get(key), f"{self.path}.{key}" if self.path else key, self.problems, key not in inside)

    def fields(self, *, required: Collection[str] = (), optional: Collection[str] = ()) -> None:
        """Note what is not a mapping, unknown or missing among these keys."""
        if not isinstance(self.value, Mapping):
            self.say("A mapping with named entries is expected.")
            return
        for key in self.value:
            if key not in required and key not in optional:
                shown = key if isinstance(key, str) and _PLAIN.fullmatch(key) else "?"
                self.say(f"{shown} is not known here; possible are {', '.join(sorted({*required, *optional}))}.")
        for key in sorted(required):
            if key not in self.value:
                self.say(f"{key} is missing.")

    def entries(self, names: re.Pattern[str], most: int) -> dict[str, Node]:
        """The entries of a mapping whose keys match `names`; nothing is an empty mapping."""
        if self.absent:
            return {}
        if not isinstance(self.value, Mapping) or len(self.value) > most:
            self.say(f"A mapping with at most {most} entries is expected.")
            return {}
        good = [key for key in self.value if isinstance(key, str) and names.fullmatch(key)]
        if len(good) != len(self.value):
            self.say(f"A name here has the form {names.pattern}.")
        return {key: self.at(key) for key in good}

    def items(self, most: int) -> list[Node]:
        """The elements of a list; nothing is an empty list."""
        if self.absent:
            return []
        if not isinstance(self.value, list) or len(self.value) > most:
            self.say(f"A list with at most {most} elements is expected.")
            return []
        return [Node(value, f"{self.path}[{place}]", self.problems) for place, value in enumerate(self.value)]

    def text(self, pattern: re.Pattern[str], what: str, default: str = "") -> str:
        """Text that matches the whole of `pattern`; `what` says in the problem what it should be."""
        if self.absent:
            return default
        if not isinstance(self.value, str) or not pattern.fullmatch(self.value):
            self.say(what)
            return default
        return self.value

    def flag(self, default: bool = False) -> bool:
        """true or false."""
        if self.absent:
            return default
        if type(self.value) is not bool:
            self.say("true or false is expected.")
            return default
        return self.value

    def choice(self, allowed: Collection[str], default: str) -> str:
        """One of the allowed words."""
        if self.absent:
            return default
        if not isinstance(self.value, str) or self.value not in allowed:
            self.say(f"One of {', '.join(allowed)} is expected.")
            return default
        return self.value
