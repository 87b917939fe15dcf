"""Refunder at L3 with a high-risk refund that has a guardrail, under a policy that grants it."""

from __future__ import annotations

import dataclasses
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest.mock import patch

from governance import catalogue, narrow, permit, register, weigh
from governance.policy.inputs import Inputs
from governance.policy.tiers import Level, Tier
from reviews import intake, reconsider
from tests.cast import BENCH_REFUND, BY, Cast

GUARDRAIL = {"money": "200.00", "count": 3, "window": "24h"}
HIGH = {**BENCH_REFUND, "risk": "high", "guardrail": GUARDRAIL, "caps": []}


def railed(cast: Cast, **changes: Any) -> None:
    """Let Refunder reach COMMIT at L3 for the high-risk refund; `changes` of its document."""
    narrow.set_ceiling(cast.refunds, ceiling=Tier.COMMIT, by=BY)
    register.change_agent(cast.refunder, max_tier=Tier.COMMIT, by=BY)
    refund = catalogue.save_action_type({**HIGH, **changes}, domain=cast.service, by=BY)
    permit.set_level(cast.refunder, refund, level=Level.L3, by=BY)


def policy(grants: bool = True) -> AbstractContextManager[object]:
    """From now on what a policy that covers the type answers, also when it is judged again: COMMIT, or no grant."""

    def answered(*given: Any) -> Inputs:
        return dataclasses.replace(weigh.weigh(*given), policy_grants=grants)

    answers = ExitStack()
    for module in (intake, reconsider):
        answers.enter_context(patch.object(module, "weigh", answered))
    return answers
