"""Silence for tests of hundreds of refusals: each is logged, formatted once for every listener, and nobody reads it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet(level: int) -> Iterator[None]:
    """Nothing up to this level is logged meanwhile; `logging.WARNING` leaves what failed with its traceback."""
    logging.disable(level)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
