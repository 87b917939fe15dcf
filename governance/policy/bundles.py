"""Policy bundles: what `bundle.yaml` and the names of its files say, read into a spec or everything that is wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from governance.policy.action_types import KEY, REASON
from governance.policy.documents import DocumentProblem, Node
from governance.policy.rulings import Enforcement

MANIFEST = "bundle.yaml"
MOST_FILES, MOST_BYTES = 32, 256 * 1024
MOST_RULES, MOST_REASONS, MOST_GOVERNED = 16, 64, 64
MOST_VERSION = 10**6

SLUG = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)
_FILE = re.compile(r"[a-z0-9][a-z0-9_]{0,59}\.rego", re.ASCII)
_SHOWN = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_PACKAGE = re.compile(r"[a-z][a-z0-9_]{0,39}(?:\.[a-z][a-z0-9_]{0,39}){0,5}", re.ASCII)
_SCOPE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)
_WORDS = "Plain words are expected, at most 200 characters."


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: package `package` answers `tier` and `reasons`."""

    id: str
    enforcement: Enforcement
    package: str


@dataclass(frozen=True, slots=True)
class BundleSpec:
    """One parsed manifest. It governs the domains and action types it names and nothing else."""

    name: str
    version: int
    domains: frozenset[str]
    action_types: frozenset[str]
    reasons: Mapping[str, str]
    rules: tuple[Rule, ...]

    def covers(self, action_type: str, domains: Iterable[str]) -> bool:
        """Whether an action of this type, by agents of these domains together, is governed."""
        return action_type in self.action_types or not self.domains.isdisjoint(domains)


def parse_bundle(document: object, packages: Iterable[str] | None = None) -> BundleSpec | list[DocumentProblem]:
    """Read a manifest; `packages` are those that the files define, None while they are not known."""
    node = Node(document, MANIFEST)
    node.fields(required=("name", "version", "governs", "rules"), optional=("reasons",))
    governs = node.at("governs")
    governs.fields(optional=("domains", "action_types"))
    reasons = {slug: at.text(REASON, _WORDS) for slug, at in node.at("reasons").entries(SLUG, MOST_REASONS).items()}
    spec = BundleSpec(
        name=node.at("name").text(SLUG, "A bundle's name has lower-case letters, digits and underscores, at most 40."),
        version=_version(node.at("version")),
        domains=frozenset(_keys(governs.at("domains"), _SCOPE, "The key of a domain is expected.")),
        action_types=frozenset(_keys(governs.at("action_types"), KEY, "The key of an action type is expected.")),
        reasons=reasons,
        rules=tuple(_rule(at) for at in node.at("rules").items(MOST_RULES)),
    )
    _check(node, spec, packages)
    return node.problems or spec


def file_problems(files: Mapping[str, object]) -> list[DocumentProblem]:
    """What is wrong with the names and sizes of the files of a bundle."""
    node = Node(files, "bundle")
    if MANIFEST not in files or len(files) < 2 or len(files) > MOST_FILES:
        node.say(f"A bundle has a {MANIFEST} and 1 to {MOST_FILES - 1} files of rules.")
    for name, text in sorted(files.items()):
        if name != MANIFEST and not _FILE.fullmatch(name):
            shown = name if _SHOWN.fullmatch(name) else "?"
            node.say(f"{shown}: a file of rules is named in lower-case letters, digits, underscores and ends in .rego.")
        if not isinstance(text, str) or "\x00" in text:
            node.say("A file is UTF-8 text.")
    if sum(len(text.encode("utf-8", "replace")) for text in files.values() if isinstance(text, str)) > MOST_BYTES:
        node.say(f"All files together have at most {MOST_BYTES} bytes.")
    return node.problems


def bundle_digest(files: Mapping[str, str]) -> bytes:
    """SHA-256 over the packed form: for each file in the order of names, lengths and bytes of name and text."""
    packed = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name].encode("utf-8", "surrogatepass")):
            packed.update(len(part).to_bytes(8, "big") + part)
    return packed.digest()


def modules(files: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The files of rules in the order of their names, those of tests too: what was tested is what governs."""
    return tuple((name, files[name]) for name in sorted(files) if name.endswith(".rego"))


def _version(node: Node) -> int:
    value = node.value
    if type(value) is not int or not 1 <= value <= MOST_VERSION:
        node.say("A version is a whole number from 1.")
        return 0
    return value


def _keys(node: Node, pattern: re.Pattern[str], what: str) -> list[str]:
    return [at.text(pattern, what) for at in node.items(MOST_GOVERNED)]


def _rule(node: Node) -> Rule:
    node.fields(required=("id", "enforcement", "package"))
    return Rule(
        id=node.at("id").text(SLUG, "A rule's id has lower-case letters, digits and underscores, at most 40."),
        enforcement=Enforcement(node.at("enforcement").choice(tuple(Enforcement), Enforcement.HARD)),
        package=node.at("package").text(_PACKAGE, "A package is written as placet.refunds."),
    )


def _check(node: Node, spec: BundleSpec, packages: Iterable[str] | None) -> None:
    """What no single field can say."""
    if not spec.rules:
        node.at("rules").say("A bundle has at least one rule.")
    if not spec.domains and not spec.action_types:
        node.at("governs").say("A bundle names the domains or action types it governs.")
    ids = [rule.id for rule in spec.rules]
    if len(set(ids)) != len(ids):
        node.at("rules").say("Every rule has an id of its own.")
    if packages is not None:
        known = set(packages)
        for rule in spec.rules:
            if rule.package not in known:
                node.at("rules").say(f"No file has package {rule.package}.")
