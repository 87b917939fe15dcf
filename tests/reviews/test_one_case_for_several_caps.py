from __future__ import annotations

import pytest

from governance.models import Refusal
from governance.problems import Code, Problem
from reviews.intake import ask
from reviews.models import Escalation
from tests.cast import Cast, cast
from tests.reviews.test_intake import by, refund

__all__ = ["cast"]


def test_an_action_over_two_caps_is_refused_by_the_one_that_has_its_case(cast: Cast) -> None:
    for number in (1, 2, 3):
        ask(by(cast), refund(key=f"k{number}", customer=f"c-{number}"))
    case = Escalation.objects.get()
    assert str(case.cap_key).startswith("run:")
    ask(by(cast), refund(key="k4", customer="c-1", run="run-2"))
    with pytest.raises(Problem) as refused:
        ask(by(cast), refund(key="k5", customer="c-1"))
    assert refused.value.code is Code.CAP_EXHAUSTED
    assert Refusal.objects.get().escalation_id == case.pk
    assert Escalation.objects.count() == 1
