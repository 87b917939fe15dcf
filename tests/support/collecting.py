"""Several processes that collect the whole suite share its compilation, and look through nothing for garbage meanwhile.

Where no test was compiled yet, as in every fresh checkout, these two were half of what collecting cost.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
from collections.abc import Iterator

import pytest

from config.services.stack import BASE


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """What is imported and collected stays to the end: it is never looked through for garbage."""
    gc.disable()
    _compile_in_turn(session.config)
    collected = yield
    gc.collect()
    gc.freeze()
    gc.enable()
    return collected


def _compile_in_turn(config: pytest.Config) -> None:
    """Each process begins at another module, so that most were compiled by one of the others when it comes there."""
    if not hasattr(config, "workerinput") or config.args != config.getini("testpaths"):
        return
    paths = sorted((BASE / "tests").rglob("test_*.py"))
    names = [".".join(path.relative_to(BASE).with_suffix("").parts) for path in paths]
    place, processes = int(config.workerinput["workerid"].removeprefix("gw")), config.workerinput["workercount"]
    first = place * len(names) // processes
    # what cannot be imported is told by the collection
    with contextlib.suppress(ImportError, SyntaxError):
        for name in (*names[first:], *names[:first]):
            importlib.import_module(name)
