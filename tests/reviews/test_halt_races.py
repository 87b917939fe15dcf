"""I5 with real processes: after a halt or narrowing has committed nothing succeeds above it, and nothing goes on.

Every guard is also taken out once, and the same race then fails.
"""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from governance import catalogue, halt, narrow, permit, register
from governance.models import Agent, AgentKey, Grant, LedgerEntry, Scope
from governance.policy.tiers import Level, Tier
from tests.cast import BENCH_REFUND, BY, Cast, committed_cast
from tests.reviews.racers import racing
from tests.reviews.test_commit_races import WIDER, alter
from tests.support.fixtures import Committed
from tests.support.proof import PROVE, tell

__all__ = ["committed_cast"]

pytestmark = pytest.mark.full

PULLS = 1_000 if PROVE else 10
PROCESSES, THREADS = (16, 1) if PROVE else (2, 8)
SPARE = max(PULLS // 10, 20)
WATCHED = {"action_decided": "execute", "grant_redeemed": "redeem", "action_continued": "continue"}

Step = Callable[[], object]


@dataclass(frozen=True)
class Pull:
    """Authority that was pulled: after which entry, until which (None: for good), and of one agent or of all.

    Whoever was running at a halt never goes on; at a narrowing they may when it is taken back.
    """

    after: int
    until: int | None
    agent: str | None
    is_halt: bool


@dataclass
class Race:
    """The people who pull and restore while agents run."""

    cast: Cast
    spare: list[tuple[Agent, AgentKey]]
    pulls: list[Pull] = field(default_factory=list)

    def go(self, most: int) -> None:
        for name in itertools.islice(itertools.cycle(self.ways()), most):
            pull, restore, agent = self.ways()[name]()
            pull()
            after = _last()
            time.sleep(0.015)
            if restore is not None:
                restore()
            until = None if restore is None else _last()
            self.pulls.append(Pull(after, until, agent, name.startswith("halt")))
            self.let_work_go_on()

    def until_late(self, *what: str) -> None:
        """Pull until something of each of these came late, or long enough."""
        while len(self.pulls) < 10 * SPARE and not set(what) <= set(late(self.pulls)):
            self.go(10)

    def ways(self) -> dict[str, Callable[[], tuple[Step, Step | None, str | None]]]:
        """Every way to pull authority from Refunder, by turns: what to do, how to take it back, whom it concerns."""
        one, refunder = str(self.cast.refunder.pk), self.cast.refunder
        return {
            "halt enterprise": lambda: self.halts("enterprise", "acme"),
            "ceiling of the project": lambda: self.narrows("refunds"),
            "halt domain": lambda: self.halts("domain", "service"),
            "tier of the agent": lambda: (
                lambda: register.change_agent(refunder, max_tier=Tier.PROPOSE, by=BY),
                lambda: register.change_agent(refunder, max_tier=Tier.EXECUTE, by=BY),
                one,
            ),
            "halt project": lambda: self.halts("project", "refunds"),
            "key": self.revokes,
            "halt agent": lambda: (*self.halts("agent", one)[:2], one),
            "level": lambda: (
                lambda: permit.set_level(refunder, self.cast.refund, level=Level.L0, by=BY),
                lambda: permit.set_level(refunder, self.cast.refund, level=Level.L2, by=BY),
                one,
            ),
            "halt type": lambda: self.halts("action_type", "bench.refund"),
            "ceiling of the domain": lambda: self.narrows("service"),
        }

    def halts(self, target: str, key: str) -> tuple[Step, Step, str | None]:
        declared: list[Any] = []
        return (
            lambda: declared.append(halt.halt(target, key, reason="race", by=BY)),
            lambda: halt.lift(declared[0], recovery=0, by=BY),
            None,
        )

    def narrows(self, key: str) -> tuple[Step, Step, str | None]:
        """Lowering a scope lowers what is below it; each is raised again by itself."""
        below = {
            "service": (("service", Tier.COMMIT), ("refunds", Tier.EXECUTE)),
            "refunds": (("refunds", Tier.EXECUTE),),
        }

        def restore() -> None:
            for name, tier in below[key]:
                narrow.set_ceiling(Scope.objects.get(key=name), ceiling=tier, by=BY)

        return (lambda: narrow.set_ceiling(Scope.objects.get(key=key), ceiling=Tier.PROPOSE, by=BY), restore, None)

    def revokes(self) -> tuple[Step, Step | None, str | None]:
        agent, key = self.spare.pop()
        return (lambda: register.revoke_key(key, by=BY), None, str(agent.pk))

    def let_work_go_on(self, some: int = 4, most: float = 10.0) -> None:
        """Let the machine authorise some more, and those go on, however busy this machine is."""
        used = Grant.objects.filter(redeemed_at__isnull=False)
        enough, stop = used.count() + some, time.monotonic() + most
        while used.count() < enough and time.monotonic() < stop:
            time.sleep(0.005)


def _last() -> int:
    """The last entry of those who pull, written under the exclusive lock: before it is committed before."""
    return LedgerEntry.objects.filter(actor=BY).order_by("-seq").values_list("seq", flat=True)[0]


def spares(cast: Cast) -> Iterator[tuple[Agent, AgentKey, str]]:
    """Agents with one key each: nobody else's entries are theirs when it is revoked."""
    for number in range(SPARE):
        agent = register.register_agent(
            name=f"Spare {number}",
            owner=cast.mary,
            project=cast.refunds,
            max_tier=Tier.EXECUTE,
            requests_per_minute=60_000,
            by=BY,
        )
        permit.set_level(agent, cast.refund, level=Level.L2, by=BY)
        key = register.issue_key(agent, by=BY)
        yield agent, AgentKey.objects.get(agent=agent), key


def late(pulls: list[Pull]) -> Counter[str]:
    """What agents got after a pull that was not taken back yet, or went on with after a halt, by commit order."""
    found: Counter[str] = Counter()
    began: dict[str, int] = {}
    entries = LedgerEntry.objects.filter(kind__in=WATCHED).order_by("seq").values_list("seq", "kind", "actor", "body")
    for seq, kind, actor, body in entries:
        told, agent = json.loads(bytes(body)), actor.removeprefix("agent:")
        if kind == "action_decided":
            if told["outcome"] != "execute":
                continue
            began[told["action"]] = seq
        since = began[told["action"]]
        for pull in pulls:
            concerns = pull.agent in (None, agent)
            under = pull.after < seq and (pull.until is None or seq < pull.until)
            went_on = kind == "action_continued" and pull.is_halt and since < pull.after < seq
            found[WATCHED[kind]] += concerns and (under or went_on)
    return +found


@contextmanager
def raced(cast: Cast, *, unlocked: bool = False) -> Iterator[tuple[Race, Counter[str]]]:
    """Agents at work, for people to pull authority in the body; what came of it for the agents afterwards."""
    catalogue.save_action_type({**BENCH_REFUND, "checkpoint": "60s"}, domain=cast.service, by=BY)
    made = list(spares(cast))
    race = Race(cast, [(agent, key) for agent, key, _ in made])
    # Refunder asks as often as all the others together
    keys = [each for _, _, spare in made for each in (cast.refunder_key, spare)]
    with racing("runners", processes=PROCESSES, threads=THREADS, keys=keys, unlocked=unlocked) as outcomes:
        race.let_work_go_on()
        yield race, outcomes


def test_i5_after_a_thousand_halts_and_narrowings_nothing_succeeds_redeems_or_continues(
    committed: Committed, committed_cast: Cast
) -> None:
    alter(committed, "placet_commit", WIDER)
    with raced(committed_cast) as (race, outcomes):
        race.go(PULLS)
    assert len(race.pulls) == PULLS
    assert late(race.pulls) == {}
    assert outcomes["succeeded"] > PULLS
    assert sum(count for outcome, count in outcomes.items() if outcome.startswith("stopped")) > 0
    tell(
        size=f"{PULLS:,} halts and narrowings, {PROCESSES * THREADS} agents at work",
        figure=f"0 later successes; {outcomes['succeeded']:,} actions succeeded in all",
    )


def test_without_the_epoch_check_the_same_race_lets_late_ones_through(
    committed: Committed, committed_cast: Cast
) -> None:
    alter(committed, "placet_commit", WIDER, ("epoch <> p_epoch", "false"))
    with raced(committed_cast) as (race, _):
        race.until_late("execute")
    assert late(race.pulls)["execute"] > 0


def test_without_the_authority_lock_of_their_verbs_late_ones_redeem_and_continue(committed_cast: Cast) -> None:
    with raced(committed_cast, unlocked=True) as (race, _):
        race.until_late("redeem", "continue")
    assert set(late(race.pulls)) == {"redeem", "continue"}
