"""A slow model of authority over time, written from the design's text and not from the code.

It keeps every event since the beginning and looks at all of them for each answer. Nothing of Placet is imported:
tiers are words in an order of its own, time is whole seconds, money whole cents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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
COOLDOWN, LONGEST = 15 * MINUTE, DAY


def lowest(*tiers: str) -> str:
    """The lowest of some tiers."""
    return min(tiers, key=TIERS.index)


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
    project: str
    above: str | None
    most: str
    active: bool = True
    levels: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Cap:
    """At most `limit` in any `window` seconds, for each value of the key."""

    key: str
    unit: str
    limit: int
    window: int


@dataclass(frozen=True)
class Kind:
    """An action type."""

    name: str
    act: str
    risk: str
    family: str
    tool: str
    threshold: int
    caps: tuple[Cap, ...]
    needs: frozenset[str]


@dataclass(frozen=True)
class Ask:
    """What an agent asks for."""

    agent: str
    kind: str
    run: str
    customer: str
    subject: str
    amount: int


@dataclass
class Spent:
    """What was authorised under one key, when, and how much."""

    budget: tuple[str, ...]
    at: int
    amount: int


@dataclass
class Answer:
    """What the model expects, with what follows from it."""

    outcome: str
    tier: str
    breached: list[tuple[str, ...]] = field(default_factory=list)
    judged: bool = True


@dataclass(frozen=True)
class Colour:
    """Something red or green of one agent: about a whole agent, a type of its actions or a budget."""

    agent: str
    about: tuple[str, ...]
    at: int
    red: bool


@dataclass
class World:
    """Everything that happened. Every question is answered from the whole of it."""

    scopes: dict[str, Scope]
    kinds: dict[str, Kind]
    agents: dict[str, Agent] = field(default_factory=dict)
    now: int = 0
    halts: set[tuple[str, str]] = field(default_factory=set)
    lifted: list[tuple[tuple[str, str], int, int]] = field(default_factory=list)
    readings: list[tuple[str, int, bool]] = field(default_factory=list)
    breaches: list[tuple[str, str, int]] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    cases: list[tuple[str, ...]] = field(default_factory=list)
    subjects: dict[tuple[str, str], str] = field(default_factory=dict)
    colours: list[Colour] = field(default_factory=list)

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

    # questions

    def targets_over(self, agent: str, kind: str) -> set[tuple[str, str]]:
        """What a halt can stop this by: the type, the agent, an agent above, or a scope above one of them."""
        covered = {("action_type", kind)}
        for each in (agent, *self.ancestors(agent)):
            covered.add(("agent", each))
            covered |= {(scope.kind, scope.name) for scope in self.scopes_of(each)}
        return covered

    def recovering(self, agent: str, kind: str) -> str:
        """After a halt two stages: to propose, then to execute."""
        covered, tier = self.targets_over(agent, kind), "COMMIT"
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
        return "unknown" if read[-1][0] < self.now - 600 else "red"

    def contract_colour(self, agent: str, kind: str) -> str:
        """Contract integrity from the breaches of ten minutes."""
        recent = [
            at for who, what, at in self.breaches if (who, what) == (agent, kind) and at > self.now - BREACH_WINDOW
        ]
        return "green" if not recent else "red" if len(recent) >= 3 else "amber"

    def budgets(self, ask: Ask) -> list[tuple[Cap, tuple[str, ...], int]]:
        """Every cap of the action with its budget and what the action adds."""
        kind, agent = self.kinds[ask.kind], self.agents[ask.agent]
        root = [ask.agent, *self.ancestors(ask.agent)][-1]
        project = self.scopes[agent.project]
        adds = {"money": ask.amount, "count": 1}
        counted = {
            "entity": ask.customer,
            "run": f"{root}/{ask.run}",
            "agent": ask.agent,
            "root": root,
            "owner": "mary",
            "project": project.name,
            "domain": str(project.above),
            "enterprise": "acme",
        }
        return [
            (cap, (cap.key, counted[cap.key], kind.family, cap.unit, str(cap.window)), adds[cap.unit])
            for cap in kind.caps
        ]

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
        return sorted(over, key=lambda budget: KEYS.index(budget[0]))

    # the rule

    def decide(self, ask: Ask, epoch: int) -> Answer:
        """What the text says about this action at this moment."""
        kind = self.kinds[ask.kind]
        line = [ask.agent, *self.ancestors(ask.agent)]
        if self.halts & self.targets_over(ask.agent, ask.kind) or not all(self.agents[name].active for name in line):
            return Answer("refuse", "HALT", judged=False)
        if not all(ask.kind in self.agents[name].levels for name in line):
            return Answer("refuse", "HALT", judged=False)
        risk = "high" if ask.amount > kind.threshold else kind.risk
        required = "COMMIT" if risk == "high" else NEEDS[kind.act]
        over = self.passed(ask, epoch)
        doubt = self.evidence(ask, over)
        tier = lowest(
            EARNED[self.agents[ask.agent].levels[ask.kind], risk],
            *(self.agents[name].most for name in line),
            *(scope.ceiling for name in line for scope in self.scopes_of(name)),
            self.recovering(ask.agent, ask.kind),
            *(self.standing(name, about) for name in line for about in self.abouts(ask)),
            doubt,
        )
        if doubt == "COMMIT" and at_least(tier, required):
            return Answer("execute", tier)
        return Answer("escalate" if at_least(tier, "PROPOSE") else "refuse", tier, over)

    def evidence(self, ask: Ask, over: list[tuple[str, ...]]) -> str:
        """HALT for a red tool that is needed, PROPOSE for any doubt, COMMIT when there is none."""
        kind = self.kinds[ask.kind]
        tool = self.tool_colour(kind.tool) if "tool" in kind.needs else "green"
        if tool == "red":
            return "HALT"
        contract = self.contract_colour(ask.agent, ask.kind) if "contract" in kind.needs else "green"
        doubts = (tool != "green", contract != "green", bool(over), self.contradicts(ask))
        return "PROPOSE" if any(doubts) else "COMMIT"

    def abouts(self, ask: Ask) -> list[tuple[str, ...]]:
        """What a standing can be about that matters to this action."""
        return [("agent",), ("type", ask.kind), *(("key", *budget) for _, budget, _ in self.budgets(ask))]

    def episodes(self, agent: str, about: tuple[str, ...]) -> tuple[int, int | None, int | None]:
        """Strikes that are not forgiven, when the last episode began, and when it ended."""
        strikes, began, ended = 0, None, None
        for each in self.colours:
            if (each.agent, each.about) != (agent, about):
                continue
            if each.red and (began is None or ended is not None):
                strikes, began, ended = self.forgiven(strikes, ended, each.at) + 1, each.at, None
            elif not each.red and began is not None and ended is None:
                ended = each.at
        return strikes, began, ended

    def forgiven(self, strikes: int, ended: int | None, at: int) -> int:
        """One strike less for each day at the restored tier, which takes two waits to reach."""
        if ended is None:
            return strikes
        days = (at - ended - 2 * self.wait(strikes)) // DAY
        return max(0, strikes - max(0, days))

    def wait(self, strikes: int) -> int:
        """Fifteen minutes, doubled by every strike after the first, a day at most."""
        return min(COOLDOWN * 2 ** (strikes - 1), LONGEST)

    def standing(self, agent: str, about: tuple[str, ...]) -> str:
        """PROPOSE from the first red on; then up one tier for each whole wait of green."""
        strikes, began, ended = self.episodes(agent, about)
        if began is None:
            return "COMMIT"
        if ended is None:
            return "PROPOSE"
        return TIERS[min(4, 2 + (self.now - ended) // self.wait(strikes))]

    def turns(self, agent: str, about: tuple[str, ...], *, red: bool) -> None:
        """Something red or green was seen now."""
        self.colours.append(Colour(agent, about, self.now, red))

    def breaks(self, agent: str, kind: str) -> None:
        """A request broke its contract; the third within ten minutes is red."""
        self.breaches.append((agent, kind, self.now))
        if self.contract_colour(agent, kind) == "red":
            self.turns(agent, ("type", kind), red=True)

    def seen(self, ask: Ask, answer: Answer) -> None:
        """What this written action says of its agent."""
        reds: set[tuple[str, ...]] = {("type", ask.kind)} if self.contradicts(ask) else set()
        over = {budget for budget in answer.breached if budget[0] != "agent"}
        reds |= {("key", *budget) for budget in over}
        began = {each.about[1:] for each in self.colours if each.agent == ask.agent and each.about[0] == "key"}
        late = {key for key in began if (self.episodes(ask.agent, ("key", *key))[1] or 0) > self.now - HOUR}
        if (over and len({key[:3] for key in over | late}) >= 3) or len(over) < len(answer.breached):
            reds.add(("agent",))
        greens: set[tuple[str, ...]] = set()
        if answer.outcome != "refuse":
            needs = self.kinds[ask.kind].needs
            contract = self.contract_colour(ask.agent, ask.kind) if "contract" in needs else "green"
            if contract == "green" and not ("velocity" in needs and answer.breached) and not self.contradicts(ask):
                greens |= {("agent",), ("type", ask.kind)}
            greens |= {("key", *budget) for _, budget, _ in self.budgets(ask) if budget not in answer.breached}
        for about in reds:
            self.turns(ask.agent, about, red=True)
        for about in greens - reds:
            self.turns(ask.agent, about, red=False)

    def contradicts(self, ask: Ask) -> bool:
        """A run acts for the subject that its first action names."""
        pinned = self.subjects.get((ask.agent, ask.run))
        return pinned is not None and ask.subject not in ("", pinned)

    def happened(self, ask: Ask, answer: Answer) -> None:
        """An action was written with this answer."""
        if answer.judged:
            self.seen(ask, answer)
        if ask.subject:
            self.subjects.setdefault((ask.agent, ask.run), ask.subject)
        if answer.outcome == "execute":
            self.spent += [Spent(budget, self.now, adds) for _, budget, adds in self.budgets(ask)]
        if answer.outcome == "escalate" and answer.breached:
            self.cases.append(answer.breached[0])

    def is_exhausted(self, answer: Answer) -> bool:
        """Whether a budget that would be passed has its case already."""
        return answer.outcome == "escalate" and any(budget in self.cases for budget in answer.breached)
