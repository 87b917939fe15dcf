"""Policy in the way of a decision: what covers it is asked, what runs beside it is noted, what breaks is told once."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import DatabaseError

from governance import policies
from governance.covering import governing
from governance.gather import Gathered
from governance.policy.decision import Decision, Inputs, decide
from governance.rule_on import UNGOVERNED, Ruled, rule_on, ruled

_log = structlog.get_logger(__name__)


def judged(inputs: Inputs, gathered: Gathered, action_type: str) -> tuple[Inputs, Ruled] | None:
    """The inputs with what policy says of them; None when policy moved since they were gathered."""
    governs = governing(gathered.policy_revision)
    if governs is None:
        return None
    found = rule_on(
        governs,
        inputs,
        action_type=action_type,
        domain=gathered.domain,
        above=gathered.domains_above,
        now=gathered.now,
    )
    return (inputs if found is UNGOVERNED else ruled(inputs, found.ruling)), found


def shadow_rows(inputs: Inputs, found: Ruled, decision: Decision) -> list[dict[str, Any]]:
    """What each shadow would have made of the action, in place of the active version of its bundle."""
    return [
        {
            "version": each.version,
            "tier": int(each.alone.tier) if each.alone.available else None,
            "outcome": decide(ruled(inputs, each.instead)).outcome.value,
            "decided": decision.outcome.value,
        }
        for each in found.shadows
    ]


def note_health(found: Ruled) -> None:
    """Tell the ledger what began to fail, or answers again. The decision stands: it was committed before."""
    for version, broken in found.news():
        try:
            policies.note_health(version, broken=broken)
        except DatabaseError:
            _log.error("policy health not noted", version=version)
