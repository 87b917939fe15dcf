"""What the agents of the demo do, made from its records: always the same requests in the same order. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from reviews.demo.records import RESERVED, Collections, Record, bank, shop

REFUNDS, CANCELLED, ADDRESSES, MAILS, PAYMENTS, DRAFTS, READS = 90, 20, 60, 12, 70, 60, 20
CASES_OF_EACH = 5
FAILS_EVERY = 47

# In how many of a hundred actions an agent errs, and how. A reviewer sees it in a spot review; the facts agree.
HABITS: Mapping[str, tuple[int, str]] = {
    "Refunder": (4, "against_policy"),
    "Drafter": (25, "wrong_value"),
    "Shipper": (15, "wrong_record"),
    "Mailer": (0, ""),
    "Paymaster": (8, "not_asked"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of an agent. `unsound` is what a careful reviewer finds wrong with it, empty for nothing."""

    agent: str
    key: str
    type: str
    parameters: Mapping[str, Any]
    subject: str = ""
    run: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    call: str = "actions"
    succeeded: bool = True
    unsound: str = ""

    def body(self) -> dict[str, Any]:
        """The envelope; what is empty is left out."""
        optional = {"subject": self.subject, "claims": dict(self.claims), "note": self.note}
        return {
            "action_type": self.type,
            "parameters": dict(self.parameters),
            "run": self.run or self.key.replace(":", "-"),
            **{name: value for name, value in optional.items() if value},
            **self.more,
        }


def usd(amount: Decimal | str) -> dict[str, str]:
    """Canonical money."""
    return {"amount": f"{Decimal(amount):.2f}", "currency": "USD"}


def eur(amount: Decimal | str) -> dict[str, str]:
    """The same in euros."""
    return {**usd(amount), "currency": "EUR"}


def history() -> list[Step]:
    """A few hundred actions that run on their own, with the errors that each agent is in the habit of making."""
    goods, money = shop(), bank()
    steps = [*_refunds(goods), *_cancellations(goods), *_addresses(goods), *_mails(goods), *_payments(money)]
    steps += [*_drafts(goods), *_reads(goods)]
    chance = random.Random("placet habits")  # noqa: S311 - a scenario, the same every time
    return [_with_habit(step, number, chance) for number, step in enumerate(steps, start=1)]


def cases() -> list[Step]:
    """What agents may not do alone, correct in every fact: people have some of it decided, and the rest waits."""
    goods, money = shop(), bank()
    orders = delivered(goods)[REFUNDS : REFUNDS + CASES_OF_EACH]
    drafted = [
        refund("Drafter", f"demo:case:refund-{number}", goods, order) for number, order in enumerate(orders, start=1)
    ]
    accounts = list(money["accounts"])[PAYMENTS : PAYMENTS + CASES_OF_EACH]
    paid = [
        payment("Clerk", f"demo:case:payment-{number}", money, account, usd(Decimal(40 * number)))
        for number, account in enumerate(accounts, start=1)
    ]
    return [*drafted, *paid]


def _with_habit(step: Step, number: int, chance: random.Random) -> Step:
    """The step with its agent's slip, if it is its turn; seldom the tool fails, never twice within twenty reports."""
    share, reason = HABITS.get(step.agent, (0, ""))
    errs = chance.randrange(100) < share and step.type != "shop.read_order"
    return replace(step, unsound=reason if errs else "", succeeded=number % FAILS_EVERY != 0)


def _orders(goods: Collections, *statuses: str) -> list[str]:
    """The first order of each customer in one of these states, so that no customer's caps are near."""
    found: dict[str, str] = {}
    for order, row in goods["orders"].items():
        if row["status"] in statuses and row["customer_id"] not in RESERVED:
            found.setdefault(row["customer_id"], order)
    return list(found.values())


def delivered(goods: Collections) -> list[str]:
    """An order of each customer who has one that was delivered."""
    return _orders(goods, "delivered")


def _refunds(goods: Collections) -> Iterator[Step]:
    for number, order in enumerate(delivered(goods)[:REFUNDS], start=1):
        yield refund("Refunder", f"demo:refund:{number:03}", goods, order)


def refund(agent: str, key: str, goods: Collections, order: str) -> Step:
    """A refund of the first item of an order, correct in every fact."""
    row = goods["orders"][order]
    item = row["items"][0]
    return Step(
        agent=agent,
        key=key,
        type="shop.refund",
        subject=row["customer_id"],
        parameters={
            "order_id": order,
            "item_ids": [item["item_id"]],
            "amount": usd(item["price"]),
            "method_id": _method(goods, row),
        },
        claims={"target_id": order, "customer_id": row["customer_id"], "status": row["status"]},
        note="The customer sent the item back; the parcel arrived.",
    )


def _cancellations(goods: Collections) -> Iterator[Step]:
    refunded = {goods["orders"][order]["customer_id"] for order in delivered(goods)[: REFUNDS + CASES_OF_EACH]}
    fresh = [order for order in _orders(goods, "open") if goods["orders"][order]["customer_id"] not in refunded]
    for number, order in enumerate(fresh[:CANCELLED], start=1):
        yield Step(
            agent="Refunder",
            key=f"demo:cancel:{number:03}",
            type="shop.cancel_order",
            subject=goods["orders"][order]["customer_id"],
            parameters={"order_id": order, "reason": "no longer needed"},
            claims={"amount": usd(goods["orders"][order]["paid"])},
        )


def _addresses(goods: Collections) -> Iterator[Step]:
    for number, order in enumerate(_orders(goods, "open")[:ADDRESSES], start=1):
        row = goods["orders"][order]
        yield Step(
            agent="Shipper",
            key=f"demo:address:{number:03}",
            type="shop.change_address",
            subject=row["customer_id"],
            parameters={"order_id": order, **row["address"]},
        )


def _mails(goods: Collections) -> Iterator[Step]:
    small = [(name, row) for name, row in goods["segments"].items() if row["contacts"] <= 50]
    for number, (segment, row) in enumerate(small[:MAILS], start=1):
        yield Step(
            agent="Mailer",
            key=f"demo:mail:{number:03}",
            type="shop.send_mail",
            parameters={"segment_id": segment, "contacts": row["contacts"], "template": "order delayed"},
        )


def _payments(money: Collections) -> Iterator[Step]:
    chance = random.Random("placet payments")  # noqa: S311 - a scenario, the same every time
    for number, account in enumerate(list(money["accounts"])[:PAYMENTS], start=1):
        amount = Decimal(chance.randrange(2_000, 16_000)) / 100
        yield payment("Paymaster", f"demo:payment:{number:03}", money, account, usd(amount))


def payment(
    agent: str, key: str, money: Collections, account: str, amount: Mapping[str, str], kind: str = "bank.send_payment"
) -> Step:
    """A payment to a payee of the account that was paid before, correct in every fact."""
    payee = f"y-{account[2:]}-2"
    return Step(
        agent=agent,
        key=key,
        type=kind,
        subject=money["accounts"][account]["owner_id"],
        parameters={
            "account_id": account,
            "payee_id": payee,
            "iban": money["payees"][payee]["iban"],
            "amount": amount,
            "reference": f"Invoice {key.rpartition(':')[2]}",
        },
        note="The invoice is due this week.",
    )


def _drafts(goods: Collections) -> Iterator[Step]:
    for number, order in enumerate(list(goods["orders"])[:DRAFTS], start=1):
        yield Step(
            agent="Drafter",
            key=f"demo:draft:{number:03}",
            type="shop.draft_reply",
            parameters={"order_id": order, "template": "refund confirmed"},
        )


def _reads(goods: Collections) -> Iterator[Step]:
    for number, order in enumerate(list(goods["orders"])[:READS], start=1):
        yield Step(
            agent="Refunder", key=f"demo:read:{number:03}", type="shop.read_order", parameters={"order_id": order}
        )


def _method(goods: Collections, order: Record) -> str:
    method: str = goods["customers"][order["customer_id"]]["methods"][0]["id"]
    return method
