"""Who is in the demo: five people and ten agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.actors import AUDITOR, COUNCIL, REVIEWER
from governance.policy.tiers import Level, Tier

# By user name: the group, and what the welcome says about them.
PEOPLE: Mapping[str, tuple[str, str]] = {
    "ada": (REVIEWER, "reviewer, rank 1, up to $500"),
    "grace": (REVIEWER, "reviewer, rank 3, up to $10,000 and high risk"),
    "mary": (COUNCIL, "council"),
    "joan": (COUNCIL, "council"),
    "edith": (AUDITOR, "auditor"),
}


@dataclass(frozen=True, slots=True)
class Role:
    """One agent: where it works, how high it may stand, what it has earned, below whom, and who answers for it.

    `shared`: any agent may delegate to it. `watches`: tools it reports on, with the seconds of its heartbeat.
    """

    name: str
    project: str
    tier: Tier
    levels: Mapping[str, Level]
    parent: str | None = None
    owner: str = "mary"
    shared: bool = False
    watches: Mapping[str, int | None] = field(default_factory=dict)


_L0, _L1, _L2, _L3 = Level.L0, Level.L1, Level.L2, Level.L3
A_DAY = 24 * 3600

ROLES = (
    Role(
        "Refunder", "refunds", Tier.EXECUTE,
        {"shop.refund": _L2, "shop.cancel_order": _L2, "shop.read_order": _L1, "shop.draft_reply": _L1},
    ),
    Role("Drafter", "refunds", Tier.PROPOSE, {"shop.draft_reply": _L1, "shop.refund": _L0}, parent="Refunder"),
    Role("Shipper", "orders", Tier.EXECUTE, {"shop.change_address": _L2, "shop.reship_order": _L1}),
    Role("Mailer", "orders", Tier.EXECUTE, {"shop.send_mail": _L2}),
    Role(
        "Paymaster", "payments", Tier.EXECUTE, {"bank.send_payment": _L2, "bank.pay_abroad": _L2}, owner="joan"
    ),
    Role("Treasurer", "treasury", Tier.COMMIT, {"bank.send_payment": _L3}, owner="joan"),
    Role("Clerk", "payments", Tier.EXECUTE, {"bank.send_payment": _L1, "bank.change_payee": _L1}, owner="joan"),
    Role(
        "Resolver", "refunds", Tier.EXECUTE,
        {"shop.refund": _L1, "shop.read_order": _L1, "shop.draft_reply": _L1}, shared=True,
    ),
    # it pays and refunds nothing, so it may say how the tools of others are
    Role("Gateway", "orders", Tier.PROPOSE, {}, watches={"shop.warehouse": None, "bank.payees": A_DAY}),
    Role("Concierge", "orders", Tier.PROPOSE, {"shop.draft_reply": _L0}),
)  # fmt: skip
