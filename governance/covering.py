"""What governs now, as this process knows it: the active and shadow bundles of one policy revision, parsed once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from django.db import connection

from governance.bundle_files import program, spec_in
from governance.engines import chosen
from governance.engines.protocol import LOAD_SECONDS, Program
from governance.models import BundleVersion
from governance.policy.bundles import BundleSpec, bundle_digest
from governance.problems import Problem

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """One version that governs or runs as shadow. `spec` and `program` None: it is stored but cannot be used."""

    id: int
    name: str
    number: int
    shadow: bool
    broken: bool
    spec: BundleSpec | None
    program: Program | None

    def covers(self, action_type: str, domains: Iterable[str]) -> bool:
        """Whether it governs; what cannot be read may govern anything, so it counts everywhere."""
        return self.spec is None or self.spec.covers(action_type, domains)


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that governs at one policy revision."""

    revision: int
    versions: tuple[Loaded, ...]


_SQL = """
select i.policy_revision, v.id, b.name, v.number, v.shadow, v.broken_since is not null, v.digest, v.files
  from governance_instance i
  left join (governance_bundleversion v join governance_bundle b on b.id = v.bundle_id)
    on v.state = 'active' or v.shadow
  where i.id = 1 order by b.name, v.number
"""
_known: Standing | None = None


def standing(revision: int) -> Standing:
    """What governs at this revision, or at a newer one: then the caller's picture is old and is gathered again.

    One query when the revision is not the known one; nothing is ever used under a revision it was not read with.
    """
    global _known
    known = _known
    if known is None or known.revision != revision:
        known = _known = _read()
    return known


def broken_now() -> tuple[str, ...]:
    """The active versions that cannot be evaluated, as people name them: "refunds v3"."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select b.name || ' v' || v.number from governance_bundleversion v"
            " join governance_bundle b on b.id = v.bundle_id where v.broken_since is not null order by 1"
        )
        return tuple(row[0] for row in cursor.fetchall())


def governing(revision: int) -> Standing | None:
    """The same, or None when what is read is not of this revision."""
    found = standing(revision)
    return found if found.revision == revision else None


def loaded(version: BundleVersion) -> Loaded:
    """One version as it is stored now."""
    broken = version.broken_since is not None
    return _parsed(
        version.pk, version.bundle.name, version.number, version.shadow, broken, bytes(version.digest), version.files
    )


def _read() -> Standing:
    # revision and versions in one statement, so that they are of the same moment
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        rows = cursor.fetchall()
    versions = tuple(_loaded(*row[1:]) for row in rows if row[1] is not None)
    for shadow, engine in ((False, chosen.engine), (True, chosen.aside)):
        programs = [each.program for each in versions if each.program is not None and each.shadow is shadow]
        if programs:
            engine().prepare(programs, seconds=LOAD_SECONDS)
    return Standing(rows[0][0], versions)


def _loaded(pk: int, name: str, number: int, shadow: bool, broken: bool, digest: bytes, stored: str) -> Loaded:
    return _parsed(pk, name, number, shadow, broken, digest, json.loads(stored))


def _parsed(
    pk: int, name: str, number: int, shadow: bool, broken: bool, digest: bytes, files: dict[str, str]
) -> Loaded:
    try:
        spec = spec_in(files)
        if bundle_digest(files) != bytes(digest):
            raise ValueError("the stored files are not those of the digest")
    except (Problem, ValueError):
        _log.error("policy bundle cannot be used", bundle=name, version=number)
        return Loaded(pk, name, number, shadow, broken, None, None)
    return Loaded(pk, name, number, shadow, broken, spec, program(files, spec, bytes(digest)))
