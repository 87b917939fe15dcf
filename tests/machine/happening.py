"""The events of a run: what each is given, and how often it is drawn beside the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.machine import town

_F = TypeVar("_F", bound=Callable[..., None])

EVENTS: dict[str, Mapping[str, st.SearchStrategy[Any]]] = {}
OFTEN: list[str] = []

places = st.integers(0, 99)
kinds = st.sampled_from(list(town.KINDS))
names = st.sampled_from(list(town.AGENTS))
tiers = st.sampled_from(["COMMIT", "COMMIT", "COMMIT", "EXECUTE", "EXECUTE", "PROPOSE", "OBSERVE"])


def happens(often: int, **draws: st.SearchStrategy[Any]) -> Callable[[_F], _F]:
    """One of the events of a run, drawn this often beside the others, with what it is given."""

    def register_event(method: _F) -> _F:
        EVENTS[method.__name__] = draws
        OFTEN.extend([method.__name__] * often)
        return method

    return register_event


def drawn() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """The name of an event and what it is given."""
    return st.sampled_from(OFTEN).flatmap(_given)


def _given(name: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(dict(EVENTS[name])))
