"""A policy that was repaired is known to be well without a decision that says so."""

from __future__ import annotations

import pytest

from governance import mend, policies, rule_on
from governance.engines import chosen
from governance.engines.children import Children
from governance.engines.protocol import NoEngine
from governance.models import BundleVersion
from reviews.tasks import mend_policies
from tests.cast import Cast
from tests.governance.policies.rego import children
from tests.governance.policies.test_policies import active
from tests.reviews.scene import entries
from tests.reviews.test_policy_decisions import outcome, patient

__all__ = ["children", "patient"]

PICKY = """package p
tier := "commit" if input.amount.minor < 3000
reasons := []
# its own test gives it no amount
tier := "commit" if not input.amount
"""


@pytest.fixture(autouse=True)
def unhurried(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mend, "BUDGET_SECONDS", 5.0)


def broken() -> bool:
    return BundleVersion.objects.get().broken_since is not None


def test_an_engine_that_answers_again_mends_what_it_broke_without_a_decision(
    cast: Cast, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    active(cast, tier="commit")
    with monkeypatch.context() as gone:
        gone.setattr(chosen, "engine", NoEngine)
        gone.setattr(chosen, "aside", NoEngine)
        assert outcome(cast) == "escalate"
        mend_policies()
        assert broken(), "there still is no engine"
    mend_policies()
    assert not broken()
    assert len(entries("policy_mended")) == 1
    mend_policies()
    assert len(entries("policy_mended")) == 1


def test_what_it_failed_on_is_tried_among_what_it_answered(cast: Cast) -> None:
    active(cast, rego=PICKY)
    assert outcome(cast, amount="40.00") == "escalate"
    assert [outcome(cast, amount="20.00") for _ in range(3)] == ["execute"] * 3
    assert (mend.mend_due(), broken()) == (0, True)


def test_where_nothing_is_recorded_nothing_is_known(cast: Cast) -> None:
    version = active(cast, tier="commit")
    policies.note_health(version.pk, broken=True)
    assert (mend.mend_due(), broken()) == (0, True)
    assert outcome(cast, amount="20.00") == "execute"
    assert (mend.mend_due(), broken()) == (1, False)


def test_what_it_broke_on_is_looked_at_however_long_ago_that_is(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    version = active(cast, tier="commit")
    assert outcome(cast, amount="20.00") == "execute"
    policies.note_health(version.pk, broken=True)
    monkeypatch.setattr(mend, "_NEWEST", -mend._NEWEST)  # as if nothing happened lately
    assert (mend.mend_due(), broken()) == (1, False)


def test_a_rule_that_only_advises_keeps_no_policy_broken(cast: Cast) -> None:
    version = active(cast, rego=PICKY, enforcement="advisory")
    outcome(cast, amount="40.00")
    policies.note_health(version.pk, broken=True)
    assert (mend.mend_due(), broken()) == (1, False)


def test_what_goes_on_failing_is_told_again_where_somebody_found_it_well(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = active(cast, rego=PICKY)
    assert outcome(cast, amount="40.00") == "escalate"
    policies.note_health(version.pk, broken=False)
    assert outcome(cast, amount="40.00") == "escalate"
    assert not broken(), "told by this process a moment ago"
    monkeypatch.setattr(rule_on, "RETOLD_SECONDS", 0)
    assert outcome(cast, amount="40.00") == "escalate"
    assert broken()
    assert len(entries("policy_broken")) == 2
