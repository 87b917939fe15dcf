"""What a decision waits for its policies: one budget for all of them together, and none for what keeps stopping."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

import pytest

from governance import rule_on
from governance.bundle_files import program, spec_in
from governance.covering import Loaded, Standing
from governance.engines import chosen
from governance.engines.protocol import BUDGET_SECONDS, Program, Raw, all_failed
from governance.policy.bundles import bundle_digest
from governance.policy.rulings import Ruling
from governance.policy.tiers import Tier
from tests.governance.policies.rego import files
from tests.policy.build import inputs

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Stub:
    """An engine that answers COMMIT, after `takes` seconds of a clock of its own, until it stops on a `bad` bundle."""

    def __init__(self, takes: float = 0.0) -> None:
        self.takes, self.now, self.given = takes, 1000.0, list[tuple[str, float]]()
        self.bad: set[str] = set()

    def monotonic(self) -> float:
        """The clock."""
        return self.now

    def evaluate(self, programs: Sequence[Program], document: str, *, seconds: float) -> list[Raw]:
        """As an engine does."""
        self.given += [(each.name, round(seconds, 3)) for each in programs]
        self.now += self.takes
        good = list(itertools.takewhile(lambda each: each.name not in self.bad, programs))
        found = [Raw(each.digest, rule, "commit", [], "") for each in good for rule, _ in each.rules]
        return found + all_failed(programs[len(good) :], "slow")


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    made = Stub()
    monkeypatch.setattr(chosen, "engine", lambda: made)
    monkeypatch.setattr(chosen, "aside", lambda: made)
    monkeypatch.setattr(rule_on, "time", made)
    for kept in ("_seen", "_late", "_breakers"):
        monkeypatch.setattr(rule_on, kept, {})
    return made


def loaded(place: int, name: str, *, enforcement: str = "hard_mandatory", shadow: bool = False) -> Loaded:
    stored = files("commit", name=name, enforcement=enforcement)
    spec, digest = spec_in(stored), bundle_digest(stored)
    return Loaded(place, name, 1, shadow, False, spec, program(stored, spec, digest))


def asked(*versions: Loaded) -> Ruling:
    standing = Standing(1, versions)
    return rule_on.rule_on(standing, inputs(), action_type="bench.refund", domain="service", now=NOW).ruling


def test_what_counts_and_what_is_only_logged_share_one_budget(stub: Stub) -> None:
    stub.takes = BUDGET_SECONDS / 2
    asked(loaded(1, "counts"), loaded(2, "logged", enforcement="advisory"), loaded(3, "beside", shadow=True))
    assert stub.given == [("counts", BUDGET_SECONDS), ("logged", BUDGET_SECONDS / 2)], "nothing is left for the shadow"


def test_what_is_only_logged_and_too_late_takes_nothing_from_what_counted(stub: Stub) -> None:
    stub.takes = BUDGET_SECONDS
    ruling = asked(loaded(1, "counts"), loaded(2, "logged", enforcement="advisory"))
    assert [name for name, _ in stub.given] == ["counts"]
    assert (ruling.tier, ruling.available) == (Tier.COMMIT, True)
    assert [rule.failure for rule in ruling.rules] == ["", "slow"]


def test_i12_what_stopped_its_engine_twice_running_is_not_asked_and_takes_no_time_from_the_others(stub: Stub) -> None:
    versions = (loaded(1, "hangs"), loaded(2, "works"))
    stub.bad = {"hangs"}
    for _ in range(2):
        assert asked(*versions).tier is Tier.PROPOSE
    stub.given.clear()
    ruling = asked(*versions)
    assert [name for name, _ in stub.given] == ["works"]
    assert (ruling.tier, ruling.available) == (Tier.PROPOSE, False)
