"""The error rate of an agent: findings weighted by how rarely their actions were drawn, in the order of decisions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from governance.models import ActionType, Agent
from governance.policy.interval import Interval, Stratum, interval
from governance.policy.sampling import cell_name
from governance.policy.tiers import Risk
from reviews.statistics import Rate, error_rate, error_rates
from tests.cast import Cast

_ACTION = """
insert into governance_action (id, agent_id, action_type_id, body_hash, run, subject, entity, parameters, claims,
  digest, state, trace_id, created_at)
  values (%(id)s, %(agent)s, %(type)s, '', '', '', '', '{}', '{}', '', 'succeeded', '', clock_timestamp())
"""
_DECISION = """
insert into governance_decision (action_id, outcome, effective_tier, required_tier, effective_risk, reasons, bound_by,
  ladder, inputs, answer, policy_revision, authority_epoch, cell, probability, day_key, decided_at)
  values (%(id)s, 'execute', 3, 3, 2, '[]', '', '[]', '{}', '{}', 1, 1, %(cell)s, %(p)s, '2026-01-01',
    timestamptz '2026-01-01' + %(at)s * interval '1 minute')
"""
# the latest decision is drawn first here: the order of the draws must not matter
_DRAW = """
insert into reviews_draw (id, action_id, cell, probability, drawn_at)
  values (%(draw)s, %(id)s, %(cell)s, %(p)s, timestamptz '2026-06-01' - %(at)s * interval '1 minute')
"""
_FINDING = """
insert into reviews_finding (draw_id, reviewer_id, sound, reason, found_at)
  values (%(draw)s, %(reviewer)s, %(sound)s, %(reason)s, clock_timestamp())
"""

PENDING = None


class Sampled:
    """Draws of one agent and type, written in the order of their decisions."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.count = cast, 0

    def add(
        self,
        findings: Sequence[bool | None],
        *,
        probability: str = "0.1",
        agent: Agent | None = None,
        kind: ActionType | None = None,
        risk: Risk = Risk.MEDIUM,
        fingerprint: str = "f-1",
    ) -> Sampled:
        agent, kind = agent or self.cast.refunder, kind or self.cast.refund
        cell = cell_name(agent.pk, fingerprint, kind.key, risk)
        with connection.cursor() as cursor:
            for sound in findings:
                self.count += 1
                row: dict[str, Any] = {
                    "id": uuid.uuid4(), "draw": uuid.uuid4(), "agent": agent.pk, "type": kind.pk, "cell": cell,
                    "p": Decimal(probability), "at": self.count, "reviewer": self.cast.ada.pk, "sound": sound,
                    "reason": "" if sound else "wrong_value",
                }  # fmt: skip
                for sql in (_ACTION, _DECISION, _DRAW, *([] if sound is None else [_FINDING])):
                    cursor.execute(sql, row)
        return self

    def rate(self) -> Rate:
        return error_rate(self.cast.refunder, self.cast.refund)


@pytest.fixture
def sampled(cast: Cast) -> Sampled:
    return Sampled(cast)


def test_without_a_draw_nothing_is_known(sampled: Sampled) -> None:
    assert sampled.rate() == Rate(0, 0, 0, None, Interval(0.0, 1.0))


def test_an_evenly_drawn_sample_is_its_plain_share(sampled: Sampled) -> None:
    rate = sampled.add([True] * 48 + [False] * 2).rate()
    assert (rate.drawn, rate.checked, rate.wrong, rate.pending) == (50, 50, 2, 0)
    assert rate.estimate == pytest.approx(0.04)
    assert rate.range == interval([Stratum(1.0, 50, 2)])


def test_an_error_among_rarely_drawn_actions_stands_for_more(sampled: Sampled) -> None:
    """100 draws at 100 % all sound, 10 draws at 5 % with one wrong: 10 of 300 actions, not 1 of 110."""
    sampled.add([True] * 100, probability="1", risk=Risk.HIGH)
    rate = sampled.add([True] * 9 + [False], probability="0.05").rate()
    assert rate.estimate == pytest.approx(20 / 300)
    assert rate.wrong / rate.checked == pytest.approx(1 / 110)


def test_the_weight_is_the_lowest_rate_in_force_over_the_rate_of_the_action(sampled: Sampled) -> None:
    """While everything is drawn each counts whole; once 5 % is in force a full draw counts a twentieth."""
    sampled.add([True] * 30, probability="1")
    sampled.add([True] * 20, probability="0.05")
    rate = sampled.add([False] * 2 + [True] * 18, probability="1").rate()
    assert rate.range == interval([Stratum(1.0, 50, 0), Stratum(0.05, 20, 2)])


def test_agents_types_and_only_they_are_kept_apart(sampled: Sampled) -> None:
    cast = sampled.cast
    sampled.add([False] * 5, agent=cast.drafter).add([False] * 5, kind=cast.cancel)
    sampled.add([True] * 3).add([True] * 4, fingerprint="f-2").add([True] * 5, risk=Risk.LOW)
    rate = sampled.rate()
    assert (rate.checked, rate.wrong) == (12, 0)
    assert error_rate(cast.refunder.pk, "bench.refund") == rate


def test_pending_draws_are_said_and_widen_the_range_both_ways(sampled: Sampled) -> None:
    rate = sampled.add([PENDING, *[True] * 60, *[False] * 20]).rate()
    assert (rate.checked, rate.pending) == (80, 1)
    low, high = interval([Stratum(1.0, 81, 20)]), interval([Stratum(1.0, 81, 21)])
    assert rate.range == Interval(low.low, high.high)


def test_bad_actions_that_take_longer_to_review_do_not_flatter(sampled: Sampled) -> None:
    """30 good ones are judged, the 10 bad ones of the same days wait: what is judged alone would look perfect."""
    rate = sampled.add([True, True, True, PENDING] * 10).rate()
    flattering = interval([Stratum(1.0, 30, 0)])
    assert rate.range.high > 0.35 > flattering.high


def test_what_is_settled_counts_although_later_draws_still_wait(sampled: Sampled) -> None:
    rate = sampled.add([True] * 60 + [PENDING] * 500).rate()
    assert rate.range == interval([Stratum(1.0, 60, 0)])


def test_one_forgotten_draw_does_not_hide_what_all_others_say(sampled: Sampled) -> None:
    rate = sampled.add([PENDING] + [True] * 200).rate()
    assert rate.range.high < 0.05


def test_the_rate_is_one_statement(sampled: Sampled, django_assert_num_queries: object) -> None:
    sampled.add([True] * 3)
    with django_assert_num_queries(1):  # type: ignore[operator]
        sampled.rate()


def test_the_rates_of_all_types_are_one_statement_and_each_its_own(
    sampled: Sampled, django_assert_num_queries: object
) -> None:
    cast = sampled.cast
    sampled.add([PENDING, False, False, True]).add([True] * 5, kind=cast.cancel)
    keys = [cast.refund.key, cast.cancel.key, "nothing.drawn"]
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = error_rates(cast.refunder.pk, keys)
    assert found == {key: error_rate(cast.refunder, key) for key in keys}
    assert (found["bench.refund"].wrong, found[cast.cancel.key].checked, found["nothing.drawn"].drawn) == (2, 5, 0)
