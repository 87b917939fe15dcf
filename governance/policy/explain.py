"""Why a decision is as it is: its ladder, what it required, and what would have to change for execute.

Nothing here is guessed: every change that is named was applied to the inputs and decided again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from governance.policy.changed import at_most
from governance.policy.changes import Change, routes
from governance.policy.conditions import asks, raised_risk
from governance.policy.decision import Decision, Outcome, decide
from governance.policy.inputs import Inputs
from governance.policy.reasons import SENTENCES, Reason
from governance.policy.tiers import Level, Risk, Tier, required_tier

_EVIDENCE, _REQUEST = "evidence", "request"


@dataclass(frozen=True, slots=True)
class Step:
    """One limiter: the tier it allows, whether it bound the result, whether it is enough for what is required."""

    name: str
    tier: Tier
    bound: bool
    enough: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision made again and explained.

    `required_because`: why the required tier is what it is. `changes`: all of them together lead to execute, none can
    be left out. They are empty where it executes, or where no change leads there: then `barred` says why not.
    """

    decision: Decision
    steps: tuple[Step, ...]
    required_because: tuple[str, ...]
    changes: tuple[Change, ...]
    barred: tuple[str, ...]

    @property
    def executes(self) -> bool:
        """Whether it executes as it is."""
        return self.decision.outcome is Outcome.EXECUTE

    @property
    def reachable(self) -> bool:
        """Whether it executes, or would after the named changes."""
        return not self.barred


def explain(inputs: Inputs) -> Explanation:
    """Decide again and explain. Total, as `decide` is: inputs that cannot be decided are explained as such."""
    decision = decide(inputs)
    if not _sound(inputs, decision):
        return Explanation(decision, _steps(decision, asked=False), (), (), (SENTENCES[Reason.DECISION_ERROR],))
    changes, barred = ((), ()) if decision.outcome is Outcome.EXECUTE else _needed(inputs)
    return Explanation(
        decision=decision,
        steps=_steps(decision, asked=bool(asks(inputs, decision.risk))),
        required_because=_because(inputs),
        changes=changes,
        barred=barred,
    )


def applied(inputs: Inputs, changes: Iterable[Change]) -> Inputs:
    """The inputs with all these changes."""
    for change in changes:
        inputs = change.apply(inputs)
    return inputs


def _sound(inputs: Inputs, decision: Decision) -> bool:
    """Whether the whole rule can be gone through, also behind a halt or a missing permission."""
    if type(inputs) is not Inputs:
        return False
    behind = decide(
        replace(inputs, halts=(), inactive=(), level=Level.L3, ancestors_permitted=True, ticket_stands=True)
    )
    return all(given.code is not Reason.DECISION_ERROR for given in (*decision.reasons, *behind.reasons))


def _needed(inputs: Inputs) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """The smallest set of changes that leads to execute, or what stands against every way."""
    ways, found = routes(inputs), []
    for route in ways:
        least = _least(inputs, route)
        found += [least] if least is not None else []
        if least is not None and len(least) == 1 and least[0].most is None:
            break
    if found:
        return _easiest(found), ()
    left = decide(applied(inputs, ways[0]))
    return (), tuple(dict.fromkeys(given.sentence for given in left.reasons))


def _easiest(found: list[tuple[Change, ...]]) -> tuple[Change, ...]:
    """The fewest changes, of as many the first; if that bounds the amount, the one that leaves the most of it."""
    fewest = [each for each in found if len(each) == min(map(len, found))]
    bound = [each for each in fewest if _most(each) is not None]
    return max(bound, key=lambda each: _most(each) or 0) if fewest[0] in bound else fewest[0]


def _most(changes: tuple[Change, ...]) -> int | None:
    return min((change.most for change in changes if change.most is not None), default=None)


def _least(inputs: Inputs, route: tuple[Change, ...]) -> tuple[Change, ...] | None:
    """The route without what is not needed; None when it does not lead to execute."""
    if not _executes(inputs, route):
        return None
    kept, shrinks = route, True
    while shrinks:
        shrinks = False
        for change in kept:
            rest = tuple(each for each in kept if each is not change)
            if _executes(inputs, rest):
                kept, shrinks = rest, True
    return kept


def _executes(inputs: Inputs, changes: Iterable[Change]) -> bool:
    """Whether it executes with them; where they bound the amount also with nothing: what is said must be so of all of
    it, and an elevation that policy grants at high risk is asked of a person below that."""
    changes = tuple(changes)
    after = applied(inputs, changes)
    tried = (after, at_most(0)(after)) if _most(changes) is not None else (after,)
    return all(decide(each).outcome is Outcome.EXECUTE for each in tried)


def _steps(decision: Decision, *, asked: bool) -> tuple[Step, ...]:
    """The ladder; a request for a person stands on it as PROPOSE, since no tier passes it."""
    by, _, _ = decision.bound_by.partition(": ")
    steps = [
        Step(rung.name, rung.tier, _bound(by, rung.name, rung.bound), _enough(decision, rung.name, rung.tier))
        for rung in decision.ladder
    ]
    if asked and len(steps) > 1:
        steps.append(Step(_REQUEST, Tier.PROPOSE, by == _REQUEST, False))
    return tuple(steps)


def _bound(by: str, name: str, lowest: bool) -> bool:
    """What bound the result: a person or evidence can, also where the tiers would do."""
    return name == by if by in (_EVIDENCE, _REQUEST) else lowest


def _enough(decision: Decision, name: str, tier: Tier) -> bool:
    """Evidence against an action asks for a person whatever the action requires, so less than all is not enough."""
    return tier >= (Tier.COMMIT if name == _EVIDENCE else decision.required)


def _because(inputs: Inputs) -> tuple[str, ...]:
    base = inputs.base_risk.name.lower()
    needs = required_tier(inputs.action_class, Risk.LOW).name
    first = f"An action of class {inputs.action_class.value} needs {needs}; the base risk of this type is {base}."
    risk, over, unknown = raised_risk(inputs)
    high = ("At high risk every action needs COMMIT.",) if risk is Risk.HIGH else ()
    return (first, *(given.sentence for given in (*over, *unknown)), *high)
