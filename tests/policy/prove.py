"""Two sizes of every property: a modest one for each run, a large one when PLACET_PROVE=1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.proof import PROVE

FACTOR = 40 if PROVE else 1


def examples(modest: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Settings for a property: `modest` examples, many more when proving; never a deadline on a shared machine."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    sized = settings(max_examples=modest * FACTOR, deadline=None, suppress_health_check=checks, database=None)
    return lambda test: pytest.mark.full(sized(test))
