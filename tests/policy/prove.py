"""Two sizes of every property: a modest one for each run, a large one when PLACET_PROVE=1."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

FACTOR = 40 if os.environ.get("PLACET_PROVE") == "1" else 1


def examples(modest: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Settings for a property: `modest` examples, many more when proving; never a deadline on a shared machine."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=modest * FACTOR, deadline=None, suppress_health_check=checks, database=None)
