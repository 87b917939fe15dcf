"""Lengths of time in the documents of action types: durations, and the waits of a standing."""

from __future__ import annotations

import re
from datetime import timedelta

from governance.policy.documents import Node
from governance.policy.holds import lasting
from governance.policy.standing import HEALTH, STATISTICAL, TERMS, Constants, Terms

# No latch is configured away: a wait is never shorter than these, nor longer than a year.
LEAST_COOLDOWN, LEAST_LEVEL_COOLDOWN = 60, 24 * 3600
MAX_COOLDOWN = 364 * 24 * 3600

_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


def duration(node: Node, most: int, least: int = 1) -> int | None:
    """Seconds of "5s", "90m", "4h" or "7d", from `least` to `most`; None where nothing is said."""
    if node.absent:
        return None
    match = _DURATION.fullmatch(node.value) if isinstance(node.value, str) else None
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not least <= seconds <= most:
        bounds = f"at most {lasting(most)}" if least == 1 else f"{lasting(least)} to {lasting(most)}"
        node.say(f'A duration is written "5s", "90m", "4h" or "7d", {bounds}.')
    return seconds


def standing_terms(node: Node) -> Terms:
    """`{health: {cooldown, longest}, statistical: {cooldown}}`; what is not said is as everywhere."""
    if node.absent:
        return TERMS
    node.fields(optional=("health", "statistical"))
    health, statistical = node.at("health"), node.at("statistical")
    if not health.absent:
        health.fields(optional=("cooldown", "longest"))
    if not statistical.absent:
        statistical.fields(optional=("cooldown",))
    terms = Terms(
        Constants(
            _wait(health.at("cooldown"), LEAST_COOLDOWN, HEALTH.cooldown),
            _wait(health.at("longest"), LEAST_COOLDOWN, HEALTH.longest),
        ),
        Constants(_wait(statistical.at("cooldown"), LEAST_LEVEL_COOLDOWN, STATISTICAL.cooldown), STATISTICAL.longest),
    )
    if terms.health.longest < terms.health.cooldown:
        health.say("The longest wait is not shorter than the cooldown.")
    return terms


def _wait(node: Node, least: int, default: timedelta) -> timedelta:
    seconds = duration(node, MAX_COOLDOWN)
    if seconds and seconds < least:
        node.say(f"A wait is at least {lasting(least)}.")
    return timedelta(seconds=max(seconds, least)) if seconds else default
