"""Asks the policies that cover an action, within one budget of time, and makes one cap of what they say."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from governance.covering import Loaded, Standing
from governance.engines import chosen
from governance.engines.protocol import BUDGET_SECONDS, Engine, Program, Raw, all_failed
from governance.policy.bundles import Rule
from governance.policy.decision import Inputs
from governance.policy.policy_input import policy_input
from governance.policy.rulings import Enforcement, Failure, RuleSaid, Ruling, read_answer, rule_together
from governance.records.breaker import Breaker

_STOPPED = frozenset({Failure.SLOW, Failure.CRASHED})


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What a version beside the active policy said of an action: `alone`, and in place of the active one."""

    version: int
    alone: Ruling
    instead: Ruling


@dataclass(frozen=True, slots=True)
class Ruled:
    """What policy makes of an action: of all that `said` something, the active versions that were `asked`."""

    ruling: Ruling
    shadows: tuple[Shadowed, ...] = ()
    asked: tuple[Loaded, ...] = ()
    said: tuple[RuleSaid, ...] = ()

    def news(self) -> tuple[tuple[int, bool], ...]:
        """(version row, broken) where that is to be told. Asked by who tells it: once told it is no news any more."""
        return _health(self.asked, self.said)


class _Seen(NamedTuple):
    """What this process knows of a version, by its monotonic clock."""

    broken: bool
    failed: float
    told: float


UNGOVERNED = Ruled(Ruling())
# A bundle that failed is well again when it has answered for so long.
MENDED_SECONDS = 60.0
# One that goes on failing is told again after so long: another process may have found it well meanwhile.
RETOLD_SECONDS = 60.0
# One late answer tells of a busy machine; so many running tell of the rule. Any other failure counts at once.
LATE_RUNNING = 5
_seen: dict[int, _Seen] = {}
_late: dict[int, int] = {}
_breakers: dict[str, Breaker] = {}
_guard = threading.Lock()


def rule_on(
    standing: Standing, inputs: Inputs, *, action_type: str, domain: str, above: Sequence[str] = (), now: datetime
) -> Ruled:
    """Ask every covering bundle. Never raises for what a policy does; waits `BUDGET_SECONDS` for all of them together.

    `domain` is that of the agent, `above` are those of whom it acts for: what governs one of them governs the action.
    What nothing covers costs nothing: no cap, no input built.
    """
    covering = [each for each in standing.versions if each.covers(action_type, (domain, *above))]
    if not covering:
        return UNGOVERNED
    deadline = time.monotonic() + BUDGET_SECONDS
    document = json.dumps(policy_input(inputs, action_type=action_type, domain=domain, now=now))
    active = [each for each in covering if not each.shadow]
    said = _said(active, document, deadline, mandatory=True)
    logged = _said(active, document, deadline, mandatory=False)
    ruling = rule_together([*said, *logged], loaded=all(each.spec is not None for each in active))
    if ruling.grants and not all(_grants_in(active, action_type, each) for each in (domain, *above)):
        ruling = replace(ruling, grants=False)
    shadows = tuple(_shadowed(each, ruling, document, deadline) for each in covering if each.shadow)
    return Ruled(ruling, shadows, tuple(active), tuple(said))


def said_by(engine: Engine, version: Loaded, document: str, *, seconds: float) -> list[RuleSaid]:
    """What every rule of one version says, outside of any decision and its budget."""
    if version.program is None or version.spec is None:
        return []
    rules = {rule.id: rule for rule in version.spec.rules}
    raws = engine.evaluate([version.program], document, seconds=seconds)
    return [_read(version, rules[raw.rule], raw) for raw in raws]


def ruled(inputs: Inputs, ruling: Ruling) -> Inputs:
    """The inputs with what policy said."""
    return replace(
        inputs,
        policy=ruling.tier,
        policy_available=ruling.available,
        policy_grants=ruling.grants,
        policy_rules=ruling.rules,
    )


def _grants_in(active: Sequence[Loaded], action_type: str, domain: str) -> bool:
    """Whether a rule that counts governs agents of this domain by themselves: nobody is granted what is another's."""
    return any(each.covers(action_type, (domain,)) and _counts(each) for each in active)


def _counts(version: Loaded) -> bool:
    return version.spec is not None and any(rule.enforcement is not Enforcement.ADVISORY for rule in version.spec.rules)


def _shadowed(version: Loaded, ruling: Ruling, document: str, deadline: float) -> Shadowed:
    loaded = version.spec is not None
    said = _said([version], document, deadline, mandatory=None)
    others = [rule for rule in ruling.rules if rule.bundle != version.name]
    return Shadowed(version.id, rule_together(said, loaded=loaded), rule_together([*others, *said], loaded=loaded))


def _said(versions: Sequence[Loaded], document: str, deadline: float, *, mandatory: bool | None) -> list[RuleSaid]:
    """The answers of the rules that count, of those that are only logged, or of all (None), asked together."""
    engine = chosen.engine() if mandatory else chosen.aside()
    asked = [(each, _part(each, mandatory)) for each in versions]
    programs = [program for _, program in asked if program is not None and program.rules]
    raws = {(raw.digest, raw.rule): raw for raw in _evaluated(engine, programs, document, deadline)}
    found: list[RuleSaid] = []
    for each, program in asked:
        if program is not None and each.spec is not None:
            rules = {rule.id: rule for rule in each.spec.rules}
            found += [_read(each, rules[rule], raws[program.digest, rule]) for rule, _ in program.rules]
    return found


def _part(version: Loaded, mandatory: bool | None) -> Program | None:
    """The program with the rules of one kind only."""
    if version.program is None or version.spec is None or mandatory is None:
        return version.program
    wanted = tuple(
        (rule.id, rule.package) for rule in version.spec.rules if (rule.enforcement.value != "advisory") is mandatory
    )
    return replace(version.program, rules=wanted)


def _evaluated(engine: Engine, programs: Sequence[Program], document: str, deadline: float) -> list[Raw]:
    """What stopped its engine twice running is not asked for a while: it must not take the time of all others."""
    let, found = [], []
    for program in programs:
        if _breaker(program.digest).allows():
            let.append(program)
        else:
            found += all_failed([program], Failure.SLOW)
    left = deadline - time.monotonic()
    if not let or left <= 0:
        return found + all_failed(let, Failure.SLOW)
    raws = engine.evaluate(let, document, seconds=left)
    # what comes after the first that stopped was never reached: nothing is known of it
    stopped = [raw.digest for raw in raws if raw.failure in _STOPPED]
    for program in let:
        if program.digest not in stopped:
            _breaker(program.digest).succeeded()
        elif program.digest == stopped[0]:
            _breaker(program.digest).failed()
    return found + raws


def _read(version: Loaded, rule: Rule, raw: Raw) -> RuleSaid:
    declared = {} if version.spec is None else version.spec.reasons
    tier, reasons, failure = read_answer(raw.tier, raw.reasons, declared)
    failure = raw.failure or failure
    return RuleSaid(version.name, version.number, raw.digest, rule.id, rule.enforcement, tier, reasons, failure)


def _health(versions: Sequence[Loaded], said: Sequence[RuleSaid]) -> tuple[tuple[int, bool], ...]:
    """The versions that begin or go on to fail, and those that have not failed for a while: each told now and then."""
    failed = {each.digest for each in said if not each.sound}
    wrong = {each.digest for each in said if not each.sound and each.failure != Failure.SLOW}
    now, found = time.monotonic(), []
    for each in versions:
        known = _seen.get(each.id, _Seen(each.broken, now, now))
        digest = None if each.program is None else each.program.digest
        _late[each.id] = _late.get(each.id, 0) + 1 if digest in failed - wrong else 0
        if digest is None or digest in wrong or _late[each.id] >= LATE_RUNNING:
            tell = not known.broken or now - known.told >= RETOLD_SECONDS
            _seen[each.id] = _Seen(True, now, now if tell else known.told)
        else:
            tell = known.broken and now - known.failed >= MENDED_SECONDS
            _seen[each.id] = known._replace(broken=known.broken and not tell)
        if tell:
            found.append((each.id, _seen[each.id].broken))
    return tuple(found)


def _breaker(digest: str) -> Breaker:
    with _guard:
        if len(_breakers) > 256:
            _breakers.clear()
        return _breakers.setdefault(digest, Breaker(failures=2))
