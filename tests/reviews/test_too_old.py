"""A copy of a record that fell behind: nothing runs on it, nobody approves on it, and a newer one is believed again."""

from __future__ import annotations

import pytest

from governance import catalogue
from governance.problems import Code, Problem
from reviews.verify import verify
from tests.cast import BY
from tests.reviews.scene import BINDING, Scene
from tests.web.reading import buttons, visitor, words

AS_OF = {"at": "synced_at", "within": "15m"}


@pytest.fixture
def copied(scene: Scene) -> Scene:
    """The shop as a copy that says when it was brought up to date, just now."""
    scene.sql("alter table shop.orders add synced_at text default now()")
    for kind in ("shop.refund", "shop.express"):
        catalogue.save_binding({**BINDING, "action_type": kind, "as_of": AS_OF}, by=BY)
    return scene


def synced(scene: Scene, when: str) -> None:
    scene.sql(f"update shop.orders set synced_at = {when}")


def test_what_runs_on_facts_runs_on_a_copy_that_is_new_enough(copied: Scene) -> None:
    assert copied.ask("20.00", kind="shop.express").body["outcome"] == "execute"


@pytest.mark.parametrize(
    "when",
    [
        "now() - interval '16 minutes'",
        "now() + interval '16 minutes'",
        "null",
        "'yesterday'",
        "now() at time zone 'utc'",
    ],
)
def test_a_copy_that_is_too_old_or_does_not_say_is_a_case_of_facts_too_old(copied: Scene, when: str) -> None:
    synced(copied, when)
    body = copied.ask("20.00", kind="shop.express", claims={"status": "cancelled"}).body
    assert body["outcome"] == "escalate"
    codes = {reason["code"] for reason in body["reasons"]}
    assert "fact_stale" in codes
    assert "fact_differs" not in codes, "what was true once proves no claim wrong"


def test_nobody_approves_on_a_copy_that_is_too_old_until_it_caught_up(copied: Scene) -> None:
    synced(copied, "now() - interval '1 day'")
    case = copied.take(copied.case())
    page = visitor(copied.cast.ada).get(f"/escalations/{case.pk}/")
    assert "too old" in words(page)
    assert "disabled" in buttons(page)["a"] or "aria-disabled" in buttons(page)["a"]
    with pytest.raises(Problem) as refused:
        copied.approve(case)
    assert refused.value.code is Code.NOT_APPROVABLE
    synced(copied, "now()")
    verify(case.pk)
    assert copied.approve(case).approve


def test_the_agent_never_says_how_old_a_record_is(copied: Scene) -> None:
    with pytest.raises(Problem, match="binding"):
        catalogue.save_binding({**BINDING, "as_of": {**AS_OF, "at": "parameters.memo"}}, by=BY)
