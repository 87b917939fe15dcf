"""A slow model of authority over time, written from the design's text and not from the code.

It keeps every event since the beginning and looks at all of them for each answer. Nothing of Placet is imported:
tiers are words in an order of its own, time is whole seconds, money whole cents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.machine.judging import Case
    from tests.machine.running import Running

TIERS = ("HALT", "OBSERVE", "PROPOSE", "EXECUTE", "COMMIT")
EARNED = {
    (0, "low"): "PROPOSE", (0, "medium"): "PROPOSE", (0, "high"): "PROPOSE",
    (1, "low"): "EXECUTE", (1, "medium"): "PROPOSE", (1, "high"): "PROPOSE",
    (2, "low"): "EXECUTE", (2, "medium"): "EXECUTE", (2, "high"): "PROPOSE",
    (3, "low"): "EXECUTE", (3, "medium"): "EXECUTE", (3, "high"): "PROPOSE",
}  # fmt: skip
NEEDS = {"read": "OBSERVE", "draft": "PROPOSE", "act": "EXECUTE"}
KEYS = ("entity", "run", "agent", "root", "owner", "project", "domain", "enterprise")
MINUTE, HOUR, DAY = 60, 3600, 86400
BREACH_WINDOW = 10 * MINUTE


def lowest(*tiers: str) -> str:
    """The lowest of some tiers."""
    return min(tiers, key=TIERS.index)


def wait(strikes: int, latch: str = "") -> int:
    """The green time of one rung: a quarter of an hour, doubled by each further strike, a day at most.

    For what reviews found it is what the type says, here a day, up to a year.
    """
    first, most = (DAY, 364 * DAY) if latch.startswith("errors") else (15 * MINUTE, DAY)
    return min(first << max(0, strikes - 1), most)


def at_least(tier: str, needed: str) -> bool:
    """Whether a tier covers another."""
    return TIERS.index(tier) >= TIERS.index(needed)


@dataclass
class Scope:
    """A node of the tree."""

    name: str
    kind: str
    above: str | None
    ceiling: str


@dataclass
class Agent:
    """A registered agent; `levels` by action type."""

    name: str
    owner: str
    project: str
    above: str | None
    most: str
    active: bool = True
    levels: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Cap:
    """At most `limit` in any `window` seconds, for each value of the key; a hard one is for people too."""

    key: str
    unit: str
    limit: int
    window: int
    hard: bool = False


@dataclass(frozen=True)
class Rail:
    """A guardrail: policy grants up to `granted`, the type lets it up to `most`, and `count` times in `window`."""

    granted: int
    most: int
    count: int
    window: int


@dataclass(frozen=True)
class Kind:
    """An action type. `eyes`: from which amount people of which ranks must approve, each another.

    `at_once`: how many may be under way for whom an action is about, and for a line of agents.
    `most_open`: how many of its cases a line may have open.
    """

    name: str
    act: str
    risk: str
    family: str
    tool: str
    threshold: int
    caps: tuple[Cap, ...]
    needs: frozenset[str]
    lease: int | None = None
    rail: Rail | None = None
    warm_up: int = 0
    by_people: bool = False
    eyes: tuple[int, tuple[int, ...]] | None = None
    at_once: tuple[tuple[str, int], ...] = ()
    most_open: int | None = None


@dataclass(frozen=True)
class Ask:
    """What an agent asks for."""

    agent: str
    kind: str
    run: str
    customer: str
    subject: str
    amount: int
    ticket: str | None = None
    uncertain: bool = False
    elevate: bool = False


@dataclass
class Ticket:
    """A delegation: `child` may act for `parent` in these types, resting on another ticket or on none."""

    parent: str
    child: str
    kinds: frozenset[str]
    via: str | None
    ends: int


@dataclass
class Spent:
    """What was authorised under one key, when, how much, and whether by a person."""

    budget: tuple[str, ...]
    at: int
    amount: int
    person: bool = False


@dataclass
class Answer:
    """What the model expects, with what follows from it."""

    outcome: str
    tier: str
    breached: list[tuple[str, ...]] = field(default_factory=list)
    crowded: list[tuple[str, ...]] = field(default_factory=list)
    judged: bool = False


@dataclass
class World:
    """Everything that happened. Every question is answered from the whole of it."""

    scopes: dict[str, Scope]
    kinds: dict[str, Kind]
    agents: dict[str, Agent] = field(default_factory=dict)
    now: int = 0
    halts: set[tuple[str, str]] = field(default_factory=set)
    declared: list[tuple[tuple[str, str], int]] = field(default_factory=list)
    lifted: list[tuple[tuple[str, str], int, int]] = field(default_factory=list)
    readings: list[tuple[str, int, bool]] = field(default_factory=list)
    breaches: list[tuple[str, str, int]] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    under_way: list[Running] = field(default_factory=list)
    subjects: dict[tuple[str, str], str] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    colours: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)
    handled: dict[tuple[str, str], list[tuple[str, int]]] = field(default_factory=dict)
    pulls: dict[tuple[str, str], str] = field(default_factory=dict)

    # what is above what

    def scopes_of(self, agent: str) -> Iterator[Scope]:
        """The project of an agent and everything above it."""
        name: str | None = self.agents[agent].project
        while name is not None:
            yield self.scopes[name]
            name = self.scopes[name].above

    def ancestors(self, agent: str) -> list[str]:
        """The agents above one, nearest first."""
        above = self.agents[agent].above
        return [] if above is None else [above, *self.ancestors(above)]

    def line(self, agent: str, ticket: str | None) -> list[str]:
        """An agent and everybody above it, nearest first: by registry, then by the ticket it acts under."""
        found = [agent, *self.ancestors(agent)]
        while ticket is not None:
            held = self.tickets[ticket]
            found += [name for name in (held.parent, *self.ancestors(held.parent)) if name not in found]
            ticket = held.via
        return found

    def stands(self, ticket: str, agent: str, kind: str) -> bool:
        """Whether an agent may act under a ticket: each link is its holder's, in force, and covers the type."""
        held = self.tickets[ticket]
        good = held.child == agent and self.now < held.ends and kind in held.kinds
        return good and (held.via is None or self.stands(held.via, held.parent, kind))

    def children(self, name: str) -> list[str]:
        """The scopes right below one."""
        return [scope.name for scope in self.scopes.values() if scope.above == name]

    # changes

    def set_ceiling(self, name: str, tier: str) -> bool:
        """Whether it is possible; then everything below stands at most as high."""
        above = self.scopes[name].above
        if above is not None and not at_least(self.scopes[above].ceiling, tier):
            return False
        self.scopes[name].ceiling = tier
        for child in self.children(name):
            self.set_ceiling(child, lowest(tier, self.scopes[child].ceiling))
        return True

    def set_most(self, name: str, tier: str) -> bool:
        """The same for an agent and those below it."""
        above = self.agents[name].above
        if above is not None and not at_least(self.agents[above].most, tier):
            return False
        self.agents[name].most = tier
        for child in self.agents.values():
            if child.above == name:
                self.set_most(child.name, lowest(tier, child.most))
        return True

    def pull(self, agent: str, latch: str, tier: str) -> bool:
        """Whether it is possible: somebody holds an agent down, further than it was. Only a person lifts it."""
        held = self.pulls.get((agent, latch))
        if held is not None and at_least(tier, held):
            return False
        self.pulls[agent, latch] = tier
        return True

    def restore(self, agent: str, latch: str) -> bool:
        """Whether it is possible: what turned red meanwhile stays as it is."""
        return self.pulls.pop((agent, latch), None) is not None

    # questions

    def targets_over(self, line: list[str], kind: str) -> set[tuple[str, str]]:
        """What a halt can stop this by: the type, the agent, an agent above, or a scope above one of them."""
        covered = {("action_type", kind)}
        for each in line:
            covered.add(("agent", each))
            covered |= {(scope.kind, scope.name) for scope in self.scopes_of(each)}
        return covered

    def recovering(self, line: list[str], kind: str) -> str:
        """After a halt two stages: to propose, then to execute."""
        covered, tier = self.targets_over(line, kind), "COMMIT"
        for target, at, stage in self.lifted:
            if target in covered and self.now < at + 2 * stage:
                tier = lowest(tier, "PROPOSE" if self.now < at + stage else "EXECUTE")
        return tier

    def tool_colour(self, tool: str) -> str:
        """Health of a tool from its last twenty readings of a week; red for ten minutes after the last of them."""
        read = [(at, good) for name, at, good in self.readings if name == tool and at > self.now - 7 * DAY][-20:]
        if len(read) < 5:
            return "unknown"
        share = sum(good for _, good in read) / len(read)
        if share >= 0.5:
            return "green" if share >= 0.95 else "amber"
        return "unknown" if read[-1][0] < self.now - 10 * MINUTE else "red"

    def contract_colour(self, agent: str, kind: str) -> str:
        """Contract integrity from the breaches of ten minutes."""
        recent = [
            at for who, what, at in self.breaches if (who, what) == (agent, kind) and at > self.now - BREACH_WINDOW
        ]
        return "green" if not recent else "red" if len(recent) >= 3 else "amber"

    def budgets(self, ask: Ask) -> list[tuple[Cap, tuple[str, ...], int]]:
        """Every cap of the action with each budget it counts in and what the action adds.

        Who acts for others spends what is theirs too.
        """
        kind, line = self.kinds[ask.kind], self.line(ask.agent, ask.ticket)
        roots = self.roots(ask)
        projects = [self.scopes[self.agents[name].project] for name in line]
        counted = {
            "entity": [ask.customer],
            "run": [f"{root}/{ask.run}" for root in roots],
            "agent": line,
            "root": roots,
            "owner": [self.agents[name].owner for name in line],
            "project": [project.name for project in projects],
            "domain": [str(project.above) for project in projects],
            "enterprise": ["acme"],
        }
        adds = {"money": ask.amount, "count": 1}
        return [
            (cap, (cap.key, each, kind.family, cap.unit, str(cap.window)), adds[cap.unit])
            for cap in kind.caps
            for each in dict.fromkeys(counted[cap.key])
        ]

    def roots(self, ask: Ask) -> list[str]:
        """Who of its chain has nobody above."""
        return [name for name in self.line(ask.agent, ask.ticket) if self.agents[name].above is None]

    def crowded(self, ask: Ask) -> list[tuple[str, ...]]:
        """For whom as much is under way as may be: what was authorised, by whomever, and is not reported."""
        kind = self.kinds[ask.kind]
        keys = [
            (("at once", key, each, kind.family), most)
            for key, most in kind.at_once
            for each in ([ask.customer] if key == "entity" else self.line(ask.agent, ask.ticket))
        ]
        found = [each.ask for each in self.under_way if self.kinds[each.ask.kind].family == kind.family]
        lines = [(each.customer, *self.line(each.agent, each.ticket)) for each in found]
        return [key for key, most in keys if sum(key[2] in line for line in lines) >= most]

    def live(self, budget: tuple[str, ...], window: int, epoch: int) -> int:
        """What counts against a budget now: sixty slots and the one that is running."""
        width = -(-window * 1000 // 60)

        def slot(at: int) -> int:
            return (epoch + at) * 1000 // width

        return sum(each.amount for each in self.spent if each.budget == budget and slot(each.at) >= slot(self.now) - 60)

    def passed(self, ask: Ask, epoch: int) -> list[tuple[str, ...]]:
        """The budgets that this action would pass, in the fixed order of keys."""
        over = [
            budget for cap, budget, adds in self.budgets(ask) if self.live(budget, cap.window, epoch) + adds > cap.limit
        ]
        return sorted(dict.fromkeys(over), key=lambda budget: KEYS.index(budget[0]))

    # the rule

    def needed(self, ask: Ask) -> tuple[str, str]:
        """The tier that an action needs, and its risk: an amount over the threshold makes it high."""
        kind = self.kinds[ask.kind]
        risk = "high" if ask.amount > kind.threshold else kind.risk
        return "COMMIT" if risk == "high" else NEEDS[kind.act], risk

    def earned(self, agent: str, kind: str, risk: str, *, inside: bool) -> str:
        """What its level lets an agent do; at high risk L3 is a grant of policy for this one action, or a case."""
        level = self.agents[agent].levels[kind]
        return "COMMIT" if inside and (level, risk) == (3, "high") else EARNED[level, risk]

    def is_inside(self, ask: Ask, epoch: int) -> bool:
        """Whether policy grants it, and it is inside the guardrail of its type with all that was granted before."""
        rail = self.kinds[ask.kind].rail
        if rail is None or ask.amount > min(rail.granted, rail.most):
            return False
        return self.live(self.granted(ask, rail), rail.window, epoch) < rail.count

    @staticmethod
    def granted(ask: Ask, rail: Rail) -> tuple[str, ...]:
        """Under which key the grants of policy are counted: of this agent, for this type."""
        return ("guardrail", ask.agent, ask.kind, "count", str(rail.window))

    def decide(self, ask: Ask, epoch: int) -> Answer:
        """What the text says about this action at this moment."""
        line = self.line(ask.agent, ask.ticket)
        if self.halts & self.targets_over(line, ask.kind) or not all(self.agents[name].active for name in line):
            return Answer("refuse", "HALT")
        if not all(ask.kind in self.agents[name].levels for name in line):
            return Answer("refuse", "HALT")
        required, risk = self.needed(ask)
        over, crowded = self.passed(ask, epoch), self.crowded(ask)
        inside = self.is_inside(ask, epoch)
        granted = inside and (self.agents[ask.agent].levels[ask.kind], risk) == (3, "high")
        doubt = self.evidence(ask, over + crowded)
        tier = lowest(
            *(self.earned(name, ask.kind, risk, inside=inside) for name in line),
            *(self.agents[name].most for name in line),
            *(scope.ceiling for name in line for scope in self.scopes_of(name)),
            self.recovering(line, ask.kind),
            *(self.standing(name, latch) for name in line for latch in self.latches(ask)),
            *(self.pulled(name, ask.kind) for name in line),
            doubt,
        )
        # who asks to be elevated gets a person, unless policy grants it; nothing lifts what is always for people
        for_people = self.kinds[ask.kind].by_people or (ask.elevate and not granted)
        if doubt == "COMMIT" and at_least(tier, required) and not for_people:
            return Answer("execute", tier)
        return Answer("escalate" if at_least(tier, "PROPOSE") else "refuse", tier, over, crowded, judged=True)

    def evidence(self, ask: Ask, over: list[tuple[str, ...]]) -> str:
        """HALT for a red tool that is needed, PROPOSE for any doubt, COMMIT when there is none."""
        kind = self.kinds[ask.kind]
        tool = self.tool_colour(kind.tool) if "tool" in kind.needs else "green"
        if tool == "red":
            return "HALT"
        contract = self.contract_colour(ask.agent, ask.kind) if "contract" in kind.needs else "green"
        # what the record is read through must answer as well
        record = self.tool_colour("records") if "tool" in kind.needs else "green"
        green = all(each == "green" for each in (tool, contract, record))
        doubts = (not green, bool(over), self.contradicts(ask), ask.uncertain, self.is_new(ask))
        return "PROPOSE" if any(doubts) else "COMMIT"

    def is_new(self, ask: Ask) -> bool:
        """Whether an agent has not handled the like: too little in all, nobody of this name, or never near as much.

        Handled is what was authorised, by whomever, and has succeeded. Far is above the largest of the last hundred
        amounts and above their upper quartile by more than three times the distance of the quartiles.
        """
        kind = self.kinds[ask.kind]
        if "novelty" not in kind.needs:
            return False
        handled = self.handled.get((ask.agent, ask.kind), [])
        if len(handled) < kind.warm_up or ask.customer not in {customer for customer, _ in handled}:
            return True
        amounts = sorted(amount for _, amount in handled[-100:])
        lower, upper = (amounts[-(-len(amounts) * quarter // 4) - 1] for quarter in (1, 3))
        return ask.amount > amounts[-1] and ask.amount > upper + 3 * (upper - lower)

    # standing

    def latches(self, ask: Ask) -> list[str]:
        """What of an agent can hold this action: the agent as a whole, the type, its reviewed errors, each budget."""
        return [
            "agent",
            "cases",
            f"type {ask.kind}",
            f"errors {ask.kind}",
            *(" ".join(budget) for _, budget, _ in self.budgets(ask)),
        ]

    def turn(self, agent: str, latch: str, colour: str) -> None:
        """Something about an agent was seen to be red or green."""
        self.colours.setdefault((agent, latch), []).append((self.now, colour))

    def standing(self, agent: str, latch: str) -> str:
        """The tier of one latch, lived through from its first red."""
        strikes, since, is_red = 0, 0, False
        for at, colour in self.colours.get((agent, latch), []):
            if colour == "red" and not is_red:
                if strikes and at >= since + 2 * wait(strikes, latch):
                    strikes = max(0, strikes - (at - since - 2 * wait(strikes, latch)) // DAY)
                strikes, is_red = strikes + 1, True
            elif colour == "green" and is_red:
                since, is_red = at, False
        if is_red:
            return "PROPOSE"
        return (
            "COMMIT"
            if not strikes
            else ("PROPOSE", "EXECUTE", "COMMIT")[min(2, (self.now - since) // wait(strikes, latch))]
        )

    def pulled(self, agent: str, kind: str) -> str:
        """What people hold an agent down to, as a whole or for a type."""
        return lowest("COMMIT", *(self.pulls.get((agent, latch), "COMMIT") for latch in ("agent", f"type {kind}")))

    def reddens(self, ask: Ask, over: list[tuple[str, ...]]) -> None:
        """What a decision that was written says against its agent."""
        if self.contradicts(ask):
            self.turn(ask.agent, f"type {ask.kind}", "red")
        own = self.own(ask)
        keys = {" ".join(budget) for budget in over if budget[0] != "agent" or budget not in own}
        mine = {key for key in keys if tuple(key.split()) in own}
        recent = {latch for latch in self.red_keys(ask.agent) if self.turned_red(ask.agent, latch) > self.now - HOUR}
        if len(keys) < len(over) or (mine and len({tuple(key.split()[:3]) for key in mine | recent}) >= 3):
            self.turn(ask.agent, "agent", "red")
        for key in keys:
            self.turn(ask.agent, key, "red")

    def own(self, ask: Ask) -> list[tuple[str, ...]]:
        """The budgets that are not only those of the agents it acts for: of each cap the first."""
        firsts: dict[Cap, tuple[str, ...]] = {}
        for cap, budget, _ in self.budgets(ask):
            firsts.setdefault(cap, budget)
        return list(firsts.values())

    def red_keys(self, agent: str) -> list[str]:
        """The budgets of which an agent has ever passed one."""
        known = [latch for name, latch in self.colours if name == agent and latch.split()[0] in KEYS[:2] + KEYS[3:]]
        return [latch for latch in known if any(colour == "red" for _, colour in self.colours[agent, latch])]

    def turned_red(self, agent: str, latch: str) -> int:
        """When the last episode of a latch began."""
        began, is_red = -1, False
        for at, colour in self.colours[agent, latch]:
            if colour == "red" and not is_red:
                began = at
            is_red = colour == "red"
        return began

    def clears(self, ask: Ask, over: list[tuple[str, ...]]) -> None:
        """What a decision that was no refusal says for its agent."""
        for _, budget, _ in self.budgets(ask):
            if budget not in over:
                self.turn(ask.agent, " ".join(budget), "green")
        if not over and not self.contradicts(ask) and self.contract_colour(ask.agent, ask.kind) == "green":
            self.turn(ask.agent, "agent", "green")
            self.turn(ask.agent, f"type {ask.kind}", "green")

    def contradicts(self, ask: Ask) -> bool:
        """A run acts for the subject that its first action names, of the agent or of one above it."""
        line = self.line(ask.agent, ask.ticket)
        pinned = next((each for (name, run), each in self.subjects.items() if name in line and run == ask.run), None)
        return pinned is not None and ask.subject not in ("", pinned)

    def breaks(self, agent: str, kind: str) -> None:
        """A request broke its contract; the third within ten minutes is red."""
        self.breaches.append((agent, kind, self.now))
        if self.contract_colour(agent, kind) == "red":
            self.turn(agent, f"type {kind}", "red")

    def happened(self, ask: Ask, answer: Answer) -> None:
        """An action was written with this answer."""
        if answer.tier != "HALT" or answer.judged:
            self.reddens(ask, answer.breached)
        if answer.outcome != "refuse":
            self.clears(ask, answer.breached)
        if ask.subject:
            self.subjects.setdefault((ask.agent, ask.run), ask.subject)
        if answer.outcome == "execute":
            counted = {budget: adds for _, budget, adds in self.budgets(ask)}
            rail = self.kinds[ask.kind].rail
            if rail is not None and self.needed(ask)[1] == "high":
                counted[self.granted(ask, rail)] = 1
            self.spent += [Spent(budget, self.now, adds) for budget, adds in counted.items()]

    def is_exhausted(self, answer: Answer) -> bool:
        """Whether a budget that would be passed has its case already."""
        bound = (case.binds(budget, self.now) for budget in answer.breached + answer.crowded for case in self.cases)
        return answer.outcome == "escalate" and any(bound)
