"""A bundle's files: read from a folder, checked with their own tests, written back byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance import documents
from governance.engines import chosen
from governance.engines.children import Gone, Late
from governance.engines.protocol import Program
from governance.policy.bundles import (
    MANIFEST,
    MOST_BYTES,
    BundleSpec,
    bundle_digest,
    file_problems,
    modules,
    parse_bundle,
)
from governance.policy.documents import DocumentProblem
from governance.problems import Code, Problem

CHECK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Checked:
    """A bundle that can be used. `report` is what its tests gave: [[package, name, result]]."""

    spec: BundleSpec
    files: Mapping[str, str]
    digest: bytes
    report: dict[str, Any]


def read_folder(folder: Path) -> dict[str, str]:
    """The files of a folder, nothing below it. Problem INVALID for no folder, no UTF-8 text, a link, or too much."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
        # somebody else's folder: a link in it would show what only its reader may read
        if any(path.is_symlink() for path in paths) or sum(path.stat().st_size for path in paths) > MOST_BYTES:
            raise refused([DocumentProblem("bundle", f"A folder has files of its own, {MOST_BYTES} bytes at most.")])
        return {path.name: path.read_bytes().decode("utf-8") for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        raise refused([DocumentProblem("bundle", "The folder cannot be read, or a file in it is no text.")]) from error


def write_folder(files: Mapping[str, str], folder: Path) -> list[str]:
    """Write them as they were; the folder is made. Problem INVALID where that cannot be, or its name is no file's.

    A file of the same name is replaced; the names of others that would be read with them are returned.
    """
    wrong = file_problems({MANIFEST: "", "any.rego": "", **files})
    if wrong:
        raise refused(wrong)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in sorted(files.items()):
            (folder / name).write_bytes(text.encode("utf-8"))
        return sorted(path.name for path in folder.iterdir() if not {path.name} & {*files} and path.name[0] != ".")
    except OSError as error:
        raise refused([DocumentProblem("bundle", "The folder cannot be written.")]) from error


def spec_in(files: Mapping[str, object]) -> BundleSpec:
    """The manifest of a bundle, without running anything. Problem INVALID (all that is wrong)."""
    wrong = file_problems(files)
    if wrong:
        raise refused(wrong)
    try:
        document = documents.load(str(files[MANIFEST]))
    except documents.DocumentError as error:
        raise refused([DocumentProblem(MANIFEST, str(error))]) from error
    spec = parse_bundle(document)
    if isinstance(spec, list):
        raise refused(spec)
    return spec


def checked(files: Mapping[str, str]) -> Checked:
    """Everything the loader asks, and the tests of the bundle. Problems: INVALID (all that is wrong), UNAVAILABLE."""
    spec, digest = spec_in(files), bundle_digest(files)
    engine = chosen.checker()
    if engine is None:
        raise Problem(Code.UNAVAILABLE, "No engine for policies is installed here: install the extra `rego`.")
    try:
        found = engine.check(program(files, spec, digest), seconds=CHECK_SECONDS)
    except Late as late:
        raise refused([DocumentProblem("bundle", "It took longer than ten seconds to load and test it.")]) from late
    except Gone as gone:
        raise refused([DocumentProblem("bundle", "The engine stopped while it loaded or tested it.")]) from gone
    wrong = _wrong(spec, found)
    if wrong:
        raise refused(wrong)
    tests = [[package, name, result] for kind, package, name, result in _rows(found, "test", 4)]
    return Checked(spec, files, digest, {"tests": tests})


def program(files: Mapping[str, str], spec: BundleSpec, digest: bytes) -> Program:
    """A bundle as engines take it; rules that count come before those that are only logged."""
    rules = tuple((rule.id, rule.package) for rule in spec.rules)
    return Program(digest.hex(), spec.name, modules(files), rules)


def _wrong(spec: BundleSpec, found: list[Any]) -> list[DocumentProblem]:
    """What the engine found against it."""
    wrong = [
        DocumentProblem(file, f"{call} is not for policies: only the input decides.")
        for _, file, call in _rows(found, "refused", 3)
    ]
    unread = _rows(found, "wrong", 2)
    if unread:
        return [*wrong, *(DocumentProblem("rules", text) for _, text in unread)]
    known = {(package, name) for _, package, name in _rows(found, "rule", 3)}
    for rule in spec.rules:
        wrong += [
            DocumentProblem(MANIFEST, f"Package {rule.package} of rule {rule.id} does not define {name}.")
            for name in ("tier", "reasons")
            if (rule.package, name) not in known
        ]
    tests = _rows(found, "test", 4)
    if not tests:
        wrong.append(
            DocumentProblem("tests", "A bundle has tests: rules named test_ in a file that ends in _test.rego.")
        )
    wrong += [DocumentProblem(package, f"{name}: {result}") for _, package, name, result in tests if result != "passed"]
    return wrong


def _rows(found: list[Any], kind: str, length: int) -> list[Any]:
    return [row for row in found if row[0] == kind and len(row) == length]


def refused(problems: list[DocumentProblem]) -> Problem:
    """All that is wrong with a bundle, as one problem."""
    fields = tuple((problem.path, problem.detail) for problem in problems)
    return Problem(Code.INVALID, "The bundle cannot be used: " + "; ".join(map(str, problems[:3])), fields=fields)
