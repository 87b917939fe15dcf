"""For what a test is not about: a busy machine may be late without changing what is shown."""

from __future__ import annotations

from governance.engines import protocol


def policy_takes_its_time() -> None:
    """Let a server wait for its policies. A sound one that is late would leave what it governs to a person."""
    protocol.BUDGET_SECONDS = 5.0
