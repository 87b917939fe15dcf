"""What the agents above have earned: a change of it that would lead to execute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from governance.policy.change import Change
from governance.policy.inputs import Inputs
from governance.policy.reasons import registry_name
from governance.policy.tiers import Level, Risk, Tier, earned_tier


def earned_above(inputs: Inputs, goal: Risk, required: Tier) -> Iterator[Change]:
    """The lowest level that earns enough, for every agent above that holds less."""
    least = next((level for level in Level if earned_tier(level, goal) >= required), Level.L3)
    for place, (name, level) in enumerate(inputs.above):
        if type(level) is not Level or level < least:
            sentence = f"The agent above, {registry_name(name)}, must hold level {least.name} for this action type."
            yield Change(sentence, _higher(place, least))


def _higher(place: int, level: Level) -> Callable[[Inputs], Inputs]:
    def higher(inputs: Inputs) -> Inputs:
        above = list(inputs.above)
        above[place] = (above[place][0], level)
        return replace(inputs, above=tuple(above))

    return higher
