"""Many writers on one customer, against two server processes: the cap holds exactly."""

from __future__ import annotations

from collections import Counter
from typing import Any

from governance import catalogue, permit
from governance.models import Action, Budget, Refusal, Reservation
from governance.policy.tiers import Level
from reviews.models import Escalation
from tests.cast import BENCH_REFUND, BY, Cast, committed_cast
from tests.journeys.racers import Shot, race
from tests.support.live import Servers

__all__ = ["committed_cast"]

WRITERS, SHOTS_EACH = 64, 3
CAPPED = {
    **BENCH_REFUND,
    "key": "race.refund",
    "family": "race",
    "caps": [{"key": "entity", "money": "2000.00", "window": "24h"}],
}


def shots(urls: list[str], cast: Cast, *, customer: str) -> list[list[Shot]]:
    """Every writer is a run of its own; neighbours use different servers."""
    amount = {"amount": "480.00", "currency": "USD"}

    def shot(writer: int, number: int) -> Shot:
        parameters = {"customer": customer, "amount": amount}
        body: dict[str, Any] = {"action_type": "race.refund", "parameters": parameters, "run": f"run-{writer}"}
        return Shot(urls[writer % len(urls)], cast.refunder_key, f"{customer}:{writer}:{number}", body)

    return [[shot(writer, number) for number in range(SHOTS_EACH)] for writer in range(WRITERS)]


def word(status: int, body: dict[str, Any]) -> str:
    return str(body["code"]) if status >= 400 else str(body["outcome"])


def test_64_writers_of_480_under_a_cap_of_2000_are_exactly_four_and_one_case(
    committed_cast: Cast, servers: Servers
) -> None:
    capped = catalogue.save_action_type(CAPPED, domain=committed_cast.service, by=BY)
    permit.set_level(committed_cast.refunder, capped, level=Level.L2, by=BY)
    urls = [servers.start("api"), servers.start("api")]
    outcomes = Counter(word(*answer) for answer in race(shots(urls, committed_cast, customer="c-1")))
    assert outcomes == {"execute": 4, "escalate": 1, "cap_exhausted": WRITERS * SHOTS_EACH - 5}
    paid = Action.objects.filter(state="executing")
    assert [action.amount for action in paid] == [48_000] * 4
    assert sum(Budget.objects.get().slots) == sum(sum(each.amounts) for each in Reservation.objects.all()) == 192_000
    case = Escalation.objects.get()
    assert case.action.amount == 48_000
    assert set(Refusal.objects.values_list("escalation_id", flat=True)) == {case.pk}


def test_writers_on_different_customers_do_not_take_from_each_other(committed_cast: Cast, servers: Servers) -> None:
    capped = catalogue.save_action_type(CAPPED, domain=committed_cast.service, by=BY)
    permit.set_level(committed_cast.refunder, capped, level=Level.L2, by=BY)
    url = servers.start("api")
    writers = [shots([url], committed_cast, customer=f"c-{number}")[number] for number in range(8)]
    outcomes = Counter(word(*answer) for answer in race(writers, processes=2))
    assert outcomes == {"execute": 8 * SHOTS_EACH}
