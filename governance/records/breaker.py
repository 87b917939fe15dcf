"""After repeated failures to reach a system of record, fail at once for a few seconds instead of waiting each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Opens after `failures` in a row for `seconds`; then one attempt at a time tells whether it closes."""

    def __init__(self, failures: int = 3, seconds: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._failures, self._seconds, self._clock = failures, seconds, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._open_until = 0.0

    def allows(self) -> bool:
        """Whether an attempt may be made now. Past the pause, each `True` keeps the others out for another one."""
        with self._lock:
            if self._failed < self._failures:
                return True
            now = self._clock()
            if now < self._open_until:
                return False
            self._open_until = now + self._seconds
            return True

    def succeeded(self) -> None:
        """The system answered."""
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        """The system could not be reached, or did not answer in time."""
        with self._lock:
            self._failed += 1
            self._open_until = self._clock() + self._seconds
