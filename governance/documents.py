from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 20


class DocumentError(ValueError):
    """A YAML text that cannot be used; the message names the line and never repeats the text."""


class _Loader(yaml.SafeLoader):
    """YAML as far as JSON goes: no aliases, no tags, no duplicate keys, no guessed dates, floats or `no`.

    `500.00` stays the text "500.00", for money is never a float, and `NO` stays a country.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _at("aliases are not allowed", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise _at("tags are not allowed", event.start_mark)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _at("this is nested too deeply", event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise _at("a key is text", key.start_mark)
            if key.value in seen:
                raise _at("this key stands here twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]{0,14})", list("-0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z", re.ASCII), _first)


def load(text: str) -> Any:
    """The one document of a YAML text. Raises `DocumentError`."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise DocumentError(f"A file has at most {MAX_BYTES} bytes.")
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader, narrowed
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f"line {mark.line + 1}: "
        raise DocumentError(f"This is not the YAML we read: {line}{error.problem or 'unreadable'}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise DocumentError("This is not the YAML we read.") from error


def dump(document: Any) -> str:
    """A document as YAML for a form; `load` reads it back to the same."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=100)


class _Dumper(yaml.SafeDumper):
    """Writes what `_Loader` reads: text that only standard YAML would take for something else is quoted anyway."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _at(problem: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, mark)
