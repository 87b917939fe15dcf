"""What shows how authority moves: grants of policy, euros, and one piece of work that three agents share. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reviews.demo import records
from reviews.demo.scenario import Step, delivered, eur, payment, refund, usd

# For how long one agent lets another act for it: as long as a case of it may wait.
TICKET_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain of work, asked for because of the step `below`: "" for the first."""

    step: Step
    below: str = ""
    by_ticket: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """What the gateway saw of a tool: the outcomes, oldest first."""

    tool: str
    outcomes: tuple[str, ...]


SIGNALS = (
    Signal("bank.payees", ("up",) * 10),
    # nine of ten answer as they should, and that is too few for anybody to rely on
    Signal("shop.warehouse", ("up",) * 7 + ("down", "degraded", "up") * 2 + ("degraded", "up", "up", "up")),
)
GOVERNED = 3
WATCHER = "Gateway"
GIVER, HELPER = "Refunder", "Resolver"


def governed() -> list[Step]:
    """Refunds as any other, under the policy that is in force by then: it finds nothing against them."""
    goods = records.shop()
    orders = delivered(goods)[-1 - GOVERNED : -1]
    return [refund(GIVER, f"demo:governed:{place}", goods, order) for place, order in enumerate(orders, start=1)]


def granted() -> list[Step]:
    """Two payments at high risk by an agent at L3: policy grants the first, the second misses the guardrail."""
    money = records.bank()
    return [
        payment("Treasurer", "demo:grant:inside", money, records.TREASURY_ACCOUNTS[0], usd("760.00")),
        payment("Treasurer", "demo:grant:over", money, records.TREASURY_ACCOUNTS[1], usd("940.00")),
    ]


def abroad() -> list[Step]:
    """Two payments in euros: the first is worth little, the second is under 500 in euros and over 500 in dollars."""
    money = records.bank()
    return [
        payment("Paymaster", f"demo:euro:{place}", money, account, eur(amount), kind="bank.pay_abroad")
        for place, (account, amount) in enumerate(zip(records.EURO_ACCOUNTS, ("180.00", "480.00"), strict=True), 1)
    ]


def shared_work() -> list[Link]:
    """A lost parcel: Refunder lets Resolver see to it, who asks for a refund that is not its to give."""
    goods = records.shop()
    order = delivered(goods)[-1]
    reading = _about(order, GIVER, "demo:chain:order", "shop.read_order")
    looking = _about(order, HELPER, "demo:chain:look", "shop.read_order")
    telling = _about(order, HELPER, "demo:chain:tell", "shop.draft_reply", template="order delayed")
    paying = refund(HELPER, "demo:chain:refund", goods, order)
    closing = _about(order, "Drafter", "demo:chain:close", "shop.draft_reply", template="refund confirmed")
    return [
        Link(reading),
        Link(looking, below=reading.key, by_ticket=True),
        Link(telling, below=looking.key, by_ticket=True),
        Link(paying, below=looking.key, by_ticket=True),
        Link(closing, below=paying.key),
    ]


def ticket() -> Mapping[str, Any]:
    """The delegation under which the helper acts: what it needs and nothing else."""
    types = sorted({link.step.type for link in shared_work() if link.by_ticket})
    return {"child": HELPER, "action_types": types, "expires_in": TICKET_SECONDS}


def _about(order: str, agent: str, key: str, kind: str, **more: str) -> Step:
    return Step(agent=agent, key=key, type=kind, parameters={"order_id": order, **more})
