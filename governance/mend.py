"""Tries a broken policy on what was recorded, so that one that answers again is known without waiting for traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from governance import policies
from governance.backtest import document, recorded
from governance.covering import loaded
from governance.engines import chosen
from governance.engines.protocol import BUDGET_SECONDS
from governance.locks import database_now
from governance.models import BundleState, BundleVersion
from governance.policy.memory import recalled
from governance.rule_on import said_by

# So many decisions from when it broke, what it failed on among them, and so many of the newest.
LOOKED_AT = 50
_BEFORE, _AFTER, _NEWEST = timedelta(minutes=2), timedelta(minutes=1), timedelta(minutes=10)
_LOAD_SECONDS = 5.0


def mend_due() -> int:
    """Try every active version that is told as broken; how many are well again, with an entry each."""
    told = BundleVersion.objects.select_related("bundle").filter(state=BundleState.ACTIVE.value)
    broken = [(version, version.broken_since) for version in told if version.broken_since is not None]
    return sum(answers(version, since) and policies.note_health(version.pk, broken=False) for version, since in broken)


def answers(version: BundleVersion, since: datetime) -> bool:
    """Whether its rules that count gave a sound answer, in the time of a decision, to all that it was tried on.

    False where nothing is recorded that it governs.
    """
    found = loaded(version)
    if found.program is None:
        return False
    engine = chosen.aside()
    engine.prepare([found.program], seconds=_LOAD_SECONDS)
    tried = False
    for row in _tried_on(since):
        try:
            asked = document(found, recalled(row["inputs"]), row)
        except ValueError:  # stored in a form that is no longer read
            continue
        if asked is None:
            continue
        if not all(rule.sound for rule in said_by(engine, found, asked, seconds=BUDGET_SECONDS) if rule.mandatory):
            return False
        tried = True
    return tried


def _tried_on(since: datetime) -> Iterator[Mapping[str, Any]]:
    """By the time of their actions, which is found without looking through all."""
    yield from recorded().filter(action__created_at__range=(since - _BEFORE, since + _AFTER))[:LOOKED_AT]
    yield from recorded().filter(action__created_at__gte=database_now() - _NEWEST)[:LOOKED_AT]
