"""The engine of this process: OPA where the settings name one, else regorus where it is installed, else none."""

from __future__ import annotations

import atexit
import os
from functools import lru_cache
from importlib.util import find_spec

from django.conf import settings

from governance.engines.children import Children
from governance.engines.opa import Opa
from governance.engines.protocol import Engine, NoEngine


def engine() -> Engine:
    """The engine whose answers count."""
    return _made(os.getpid(), aside=False)


def aside() -> Engine:
    """An engine of its own for what is only logged, so that nothing of it holds up what counts."""
    return _made(os.getpid(), aside=True)


def replayer() -> Engine:
    """An engine that takes any bundle and holds up nothing that is decided. An OPA has only what it was given."""
    return aside() if find_spec("regorus") is None else _replays(os.getpid())


def checker() -> Children | None:
    """The engine that can look into a bundle and run its tests; None where none is installed."""
    made = engine()
    return made if isinstance(made, Children) else Children() if find_spec("regorus") is not None else None


def engine_name() -> str:
    """In words, for `check` and `manage.py policy`."""
    if settings.PLACET_OPA_URL:
        return "OPA over HTTP"
    return "none" if find_spec("regorus") is None else "regorus"


@lru_cache(maxsize=4)
def _replays(process: int) -> Engine:
    made = Children(most=1)
    atexit.register(made.close)
    return made


@lru_cache(maxsize=4)
def _made(process: int, *, aside: bool) -> Engine:
    """One for each process: a worker belongs to the process that started it."""
    if settings.PLACET_OPA_URL:
        return Opa(settings.PLACET_OPA_URL)
    if find_spec("regorus") is None:
        return NoEngine()
    made = Children(most=1) if aside else Children()
    atexit.register(made.close)
    return made
