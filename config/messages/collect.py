"""What there is to translate: marked texts, sentences of Python, and the words of the catalogues that come with it."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation.template import templatize

from config.services.stack import BASE
from governance.admin.named import NAMES
from governance.documents import load
from governance.policy.velocity import CapKey, whose
from governance.spoken import CONTEXT
from reviews.closed_words import WORDS
from reviews.shown import label

FOLDERS = ("config", "governance", "reviews")
_MARKS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2, "ngettext_lazy": 2}
# A sentence of ours: it begins and ends like one. Docstrings are none.
_SENTENCE = re.compile(r"[A-Z{][^\n]* [^\n]*[.?]", re.ASCII)
# Not said to people on a page: what operators and agents read, and what the notation of the catalogue, of bindings and
# of bundles answers to whoever writes it. That notation is English.
_SILENT = (
    "config", "governance/migrations", "reviews/migrations", "governance/management", "reviews/management",
    "reviews/api", "reviews/replay", "reviews/demo", "governance/engines", "governance/checks.py",
    "governance/records", "governance/documents.py", "governance/bundle_files.py", "governance/catalogue.py",
    "governance/delegate.py", "governance/sub_agents.py", "governance/genesis.py", "governance/seeded.py",
    "reviews/intake.py", "reviews/redeem.py", "reviews/report.py", "reviews/checkpoint.py", "reviews/withdraw.py",
    "governance/policy/contracts.py", "governance/policy/action_types.py", "governance/policy/patterns.py",
    "governance/policy/fields.py", "governance/policy/identifiers.py", "governance/policy/documents.py",
    "governance/policy/bundles.py", "governance/policy/data_classes.py", "governance/policy/sampling.py",
    "governance/policy/novelty.py", "governance/policy/guardrails.py", "governance/policy/waits.py",
    "governance/policy/type_terms.py", "governance/policy/velocity.py", "governance/policy/memory.py",
    "governance/policy/interval.py",
)  # fmt: skip
_VALUE = re.compile(r"\{[a-z][a-z0-9_.]*\}", re.ASCII)
_CALL = re.compile(r"\b(?:gettext|_)\(\s*(u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")\s*\)")
_PLURAL = re.compile(
    r"\bngettext\(\s*(u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\"),\s*(u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")"
)


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """One text: `plural` is empty for one without numbers, `context` only for what is said by Python unmarked."""

    context: str
    text: str
    plural: str = ""


def collect() -> set[Message]:
    """Every text of the console."""
    found = {Message(CONTEXT, word) for word in (*WORDS, *NAMES)}
    for path in sorted((BASE / "templates").rglob("*.html")):
        found.update(in_template(path.read_text(encoding="utf-8")))
    for folder in FOLDERS:
        for path in sorted((BASE / folder).rglob("*.py")):
            found.update(in_python(path.read_text(encoding="utf-8"), said=_speaks(path)))
    for path in sorted((BASE / "governance" / "catalogues").glob("*.yaml")):
        found.update(in_catalogue(load(path.read_text(encoding="utf-8"))))
    return found


def in_catalogue(document: Mapping[str, Any]) -> Iterator[Message]:
    """What pages say of an entry: its names as words, and its sentence with a slot for each value."""
    for entry in document.get("action_types", ()):
        names = (entry["key"], entry.get("family", ""), *entry.get("parameters", ()), *entry.get("claims", ()))
        yield from (Message(CONTEXT, label(name)) for name in names if name)
        yield from (Message(CONTEXT, whose(CapKey.ENTITY, name)) for name in entry.get("entities", ()))
    for binding in document.get("bindings", ()):
        told = (*binding["facts"], *binding.get("changes", ()), *binding.get("derived", ()))
        yield from (Message(CONTEXT, each.get("label") or label(each["name"])) for each in told)
        places = itertools.count()
        if sentence := binding.get("sentence"):
            yield Message(CONTEXT, _VALUE.sub(lambda _: f"{{told{next(places)}}}", sentence.removesuffix(".")))  # noqa: B023


def in_template(source: str) -> Iterator[Message]:
    """What a template marks."""
    code = templatize(source)
    for match in _CALL.finditer(code):
        yield Message("", ast.literal_eval(match[1]))
    for match in _PLURAL.finditer(code):
        yield Message("", ast.literal_eval(match[1]), ast.literal_eval(match[2]))


def in_python(source: str, *, said: bool) -> Iterator[Message]:
    """What a module marks and, where people read it, the whole sentences it says unmarked."""
    tree = ast.parse(source)
    skipped = set(_documentation(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (count := _MARKS.get(getattr(node.func, "id", ""), 0)):
            texts = [_text(each) for each in node.args[:count]]
            if all(texts):
                yield Message("", *texts)
            skipped.update(id(each) for each in node.args)
        if isinstance(node, ast.JoinedStr):
            skipped.update(id(each) for each in node.values)
    for node in ast.walk(tree) if said else ():
        text = "" if id(node) in skipped else _text(node)
        if _SENTENCE.fullmatch(text):
            yield Message(CONTEXT, text)


def _speaks(path: Path) -> bool:
    name = path.relative_to(BASE).as_posix()
    return not any(name == silent or name.startswith(f"{silent}/") for silent in _SILENT)


def _documentation(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def _text(node: ast.AST) -> str:
    """A string, or an f-string with its values as slots."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"{{{_slot(part, place)}}}"
        for place, part in enumerate(node.values)
    )


def _slot(part: ast.AST, place: int) -> str:
    """The name of the value if it has one, with its place, so that no two slots of a sentence are alike."""
    value = getattr(part, "value", part)
    while isinstance(value, ast.Call) and value.args:
        value = value.args[0]
    if isinstance(value, ast.Attribute) and value.attr in ("name", "value"):
        value = value.value
    name = getattr(value, "attr", getattr(value, "id", "value"))
    return f"{name}{place}"
