"""What tests begin with, built once in a process: a database that holds it is cloned and never built again.

A test begins on the stage whose name it takes as a fixture, alone or with ``committed_`` before it. Stages
are built by the verbs of the console, like everything else; whoever takes one gets copies of its objects.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, connections

from config.env import database as parse_database
from config.services.databases import Access
from tests.support import templates

BARE = "bare"
_PARTS = ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
# Options that are no part of an address: how values are bound decides what PostgreSQL makes of a statement.
_AS_SET = ("pool", "prepare_threshold", "server_side_binding")


@dataclass(frozen=True)
class Stage:
    """Rows that many tests begin with, on top of those of another stage, whose objects ``build`` is given."""

    name: str
    build: Callable[..., Any]
    below: str | None = None


_STAGES: dict[str, Stage] = {}


def register(name: str, build: Callable[..., Any], *, below: str | None = None) -> None:
    """Make a stage known; one that stands on another comes after it."""
    _STAGES[name] = Stage(name, build, below)


def stage_of(fixtures: Collection[str]) -> str:
    """Where a test begins that takes these fixtures: the highest stage that is among them."""
    taken = [name for name in _STAGES if name in fixtures or f"committed_{name}" in fixtures]
    return taken[-1] if taken else BARE


@contextlib.contextmanager
def connected(url: str) -> Iterator[None]:
    """Point Django's default connection, of every thread, at another database for a while."""
    target = connections.settings["default"]
    before = {part: target[part] for part in _PARTS}
    point_at(url)
    try:
        yield
    finally:
        _disconnect()
        target.update(before)


def point_at(url: str) -> None:
    """Point Django's default connection, of every thread, at another database."""
    target = connections.settings["default"]
    parsed = parse_database(url, "the test database")
    parsed["OPTIONS"] |= {name: target["OPTIONS"][name] for name in _AS_SET}
    _disconnect()
    target.update({part: parsed[part] for part in _PARTS})


def _disconnect() -> None:
    mine = connections["default"]
    mine.close()
    mine.close_pool()  # type: ignore[attr-defined]


@dataclass
class Stages:
    """The stages of this process: of each a database that nobody connects to, and one for tests that roll back."""

    access: Access
    template: str
    databases: contextlib.ExitStack
    sources: dict[str, str] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    held: dict[str, Any] = field(default_factory=dict)
    current: str | None = None

    def source(self, name: str) -> str:
        """The database to clone for a test that begins on this stage."""
        if name == BARE:
            return self.template
        if name not in self.sources:
            self.sources[name] = self._built(_STAGES[name])
        return self.sources[name]

    def _built(self, stage: Stage) -> str:
        below = stage.below or BARE
        database = self._clone(self.source(below))
        with connected(self.access.url("app", database)):
            self.held[stage.name] = stage.build(*([self.objects(below)] if stage.below else []))
        return database

    def _clone(self, source: str) -> str:
        return self.databases.enter_context(templates.clone(self.access, source))

    def enter(self, name: str) -> None:
        """Let the tests that follow, which roll back, begin on this stage."""
        if name == self.current or connection.in_atomic_block:
            return
        if name not in self.shared:
            self.shared[name] = self._clone(self.source(name))
        point_at(self.access.url("app", self.shared[name]))
        self.current = name

    def objects(self, name: str) -> Any:
        """The objects of a stage as they were when it was built."""
        return copy.deepcopy(self.held[name])
