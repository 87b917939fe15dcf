from __future__ import annotations

import pytest

from governance.models import Breach, LedgerEntry
from governance.problems import Code, Problem
from reviews.intake import Ask, ask
from tests.cast import Cast, cast
from tests.reviews.test_intake import by, refund

__all__ = ["cast"]


def refused(cast: Cast, request: Ask) -> None:
    with pytest.raises(Problem) as problem:
        ask(by(cast), request)
    assert problem.value.code is Code.CONTRACT_BROKEN


def test_asking_the_same_broken_request_again_is_the_same_breach(cast: Cast) -> None:
    for _ in range(3):
        refused(cast, refund("480.000"))
    assert Breach.objects.count() == LedgerEntry.objects.filter(kind="contract_breached").count() == 1


def test_another_broken_body_under_the_same_key_is_another_breach(cast: Cast) -> None:
    refused(cast, refund("480.000"))
    refused(cast, refund("481.000"))
    assert Breach.objects.count() == 2


def test_another_key_is_another_breach(cast: Cast) -> None:
    refused(cast, refund("480.000"))
    refused(cast, refund("480.000", key="k2"))
    assert Breach.objects.count() == 2


def test_a_dry_run_that_breaks_its_contract_writes_nothing(cast: Cast) -> None:
    refused(cast, refund("480.000", dry_run=True))
    assert not Breach.objects.exists()
