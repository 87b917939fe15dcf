"""I12: 300 broken policies, none above PROPOSE, and the engine answers the next one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from governance import rule_on as rule_on_module
from governance.covering import Loaded, Standing
from governance.engines import chosen
from governance.engines.children import Children
from governance.policy.bundles import BundleSpec, parse_bundle
from governance.policy.decision import Outcome, decide
from governance.policy.rulings import Failure
from governance.policy.tiers import Tier
from governance.rule_on import rule_on, ruled
from tests.governance.policies.rego import rules
from tests.policy.build import inputs
from tests.policy.test_policy_input import NOW
from tests.support.proof import PROVE, tell

OK = 'reasons contains "because" if false\n'
# Each breaks in its own way; {n} makes a family of one.
SHAPES = [
    "package p\ntier := := {n}\n",
    "package p\ntier = \"commit\" {{ {n} }}\n",
    "package q\ntier := \"commit\"\n" + OK,
    "package p\ntier := \"commit\"\n",
    "package p\ntier := \"commit\"\nreasons := \"because{n}\"\n",
    "package p\ntier := \"commit\"\nreasons := [\"other{n}\"]\n",
    "package p\ntier := \"commit\"\nreasons := {n}\n",
    "package p\ntier := {n}\n" + OK,
    "package p\ntier := \"commit{n}\"\n" + OK,
    "package p\ntier := \"COMMIT\"\nx := {n}\n" + OK,
    "package p\ntier := [\"commit\", {n}]\n" + OK,
    "package p\ntier := {{\"commit\": {n}}}\n" + OK,
    "package p\ntier := null\nx := {n}\n" + OK,
    "package p\ntier := true\nx := {n}\n" + OK,
    "package p\ntier := 1e400\nx := {n}\n" + OK,
    "package p\ntier := {n} / 0\n" + OK,
    "package p\ntier := \"commit\" if input.nothing > {n}\n" + OK,
    "package p\ntier := \"commit\" if to_number(\"NaN\") < {n}\n" + OK,
    "package p\ntier := \"commit\" if {n} < 0\n" + OK,
    "package p\ntier := \"commit\"\ntier := \"halt\" if {n} > 0\n" + OK,
    "package p\ntier := x\nx := y\ny := tier\nz := {n}\n" + OK,
    "package p\ntier := data.p.tier\nz := {n}\n" + OK,
    "package p\nf(a) := f(a + {n})\ntier := f(1)\n" + OK,
    "package p\ntier := undefined_function({n})\n" + OK,
    "package p\ntier := http.send({{\"method\": \"get\", \"url\": \"http://127.0.0.1:{n}\"}})\n" + OK,
    "package p\ntier := sprintf(\"%d\", [\"commit{n}\"])\n" + OK,
    "package p\ntier := concat(\"\", [\"commit\" | some i in numbers.range(1, 2000 + {n})])\n" + OK,
    "package p\ntier := \"<undefined>\"\nz := {n}\n" + OK,
    "package p\ntier := \"commit\"\nreasons := [\"because\" | some i in numbers.range(1, 5000 + {n})]\n",
    "package p\ntier := \"commit\"\nreasons := [x | some x in numbers.range(1, 9 + {n})]\n",
]  # fmt: skip
# These take their engine down or never end, so that each costs its whole time.
GRAVE = [
    "package p\nf(a) := f([a, {n}])\ntier := f(1)\n" + OK,
    "package p\nl := [1 | some i in numbers.range(1, 9000); some j in numbers.range({n}, 9000)]\n"
    "tier := \"commit\" if count(l) > 5\n" + OK,
    "package p\nbig := [x | some x in numbers.range({n}, 100000000)]\ntier := \"commit\" if count(big) > 0\n"
    + OK,
    "package p\ntier := " + "(" * 4000 + "{n}" + ")" * 4000 + "\n" + OK,
]  # fmt: skip
SPEC = parse_bundle(
    {
        "name": "tests",
        "version": 1,
        "governs": {"action_types": ["shop.refund"]},
        "reasons": {"because": "The rule says so."},
        "rules": [{"id": "only", "enforcement": "hard_mandatory", "package": "p"}],
    }
)


def broken(number: int) -> Iterator[str]:
    """So many broken policies: every shape first, then the shapes with other numbers in random order."""
    chance = random.Random(11)
    yield from itertools.islice(_endless(chance), number)


def _endless(chance: random.Random) -> Iterator[str]:
    for turn in itertools.count():
        shapes = [*SHAPES, *(GRAVE if turn == 0 or PROVE else [])]
        if turn:
            chance.shuffle(shapes)
        yield from (shape.format(n=turn + 1) for shape in shapes)


@pytest.mark.full
def test_i12_no_broken_policy_is_above_propose(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(SPEC, BundleSpec)
    monkeypatch.setattr(chosen, "engine", lambda: children)
    monkeypatch.setattr(chosen, "aside", lambda: children)
    for kept in ("_seen", "_late", "_breakers"):  # what other tests made of versions of these numbers
        monkeypatch.setattr(rule_on_module, kept, {})
    children.prepare([], seconds=10)
    done = 0
    for number, text in enumerate(broken(300 if PROVE else len(SHAPES) + len(GRAVE))):
        loaded = Loaded(number, "tests", 1, False, False, SPEC, rules(text))
        found = rule_on(Standing(1, (loaded,)), inputs(), action_type="shop.refund", domain="service", now=NOW)
        assert found.ruling.tier <= Tier.PROPOSE, text
        assert not found.ruling.available, text
        assert not found.ruling.grants, text
        assert decide(ruled(inputs(), found.ruling)).outcome is not Outcome.EXECUTE, text
        # lateness is told when it goes on: a busy machine is late too
        is_late = {rule.failure for rule in found.ruling.rules} == {Failure.SLOW}
        assert found.news() == (() if is_late else ((number, True),)), text
        done += 1
    assert done >= len(SHAPES) + len(GRAVE)
    tell(size=f"{done} broken policies", figure="0 above PROPOSE")


def test_the_same_rule_in_order_executes(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be seen if the harness above broke everything it is given."""
    assert isinstance(SPEC, BundleSpec)
    monkeypatch.setattr(chosen, "engine", lambda: children)
    monkeypatch.setattr(chosen, "aside", lambda: children)
    monkeypatch.setattr("governance.rule_on.BUDGET_SECONDS", 5)
    loaded = Loaded(1, "tests", 1, False, False, SPEC, rules('package p\ntier := "commit"\n' + OK))
    found = rule_on(Standing(1, (loaded,)), inputs(), action_type="shop.refund", domain="service", now=NOW)
    assert found.ruling.grants
    assert decide(ruled(inputs(), found.ruling)).outcome is Outcome.EXECUTE
    elsewhere = rule_on(Standing(1, (loaded,)), inputs(), action_type="shop.other", domain="service", now=NOW)
    assert elsewhere.ruling.rules == ()
