"""The demo's agents at work on the running server, and what Grace had decided before you came.

Agents go through HTTP as they would anywhere; people go through the verbs that their pages call.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import httpx
from django.contrib.auth.models import User

from governance import register
from governance.locks import database_now
from governance.models import Action, Agent, AgentKey, Grant, Refusal
from governance.problems import Problem
from governance.proof import Proof
from reviews import judge, material, sample, showing, spot_review, take
from reviews.demo import together
from reviews.demo.authority import abroad, governed, granted, shared_work
from reviews.demo.cast import ROLES
from reviews.demo.incidents import incidents
from reviews.demo.scenario import Step, cases, history
from reviews.demo.seed import BY
from reviews.models import Draw, Escalation
from reviews.replay.envelope import Posting
from reviews.replay.send import TIMEOUT, Answered, Pace, report, send_all

KEY_LIFE = dt.timedelta(hours=1)
CONNECTIONS = 4
# Of the cases that agents may not decide alone: how many Grace approves, and decides; the rest waits for you.
APPROVED, DECIDED = 3, 4
# So many draws are left for you to judge, if so many were drawn.
LEFT_TO_JUDGE = 6
PATIENCE = 20.0


def open_cases(url: str, say: Callable[[str], None]) -> int:
    """Post what people must decide, and let Grace decide some of it; how many requests that were.

    A request that was answered before is not made again: a second call goes on where the first one stopped.
    """
    fresh = _fresh([*cases(), *incidents()])
    if not fresh:
        say("The cases of the demo were opened before.")
        return 0
    with _keys(step.agent for step in fresh) as keys:
        answers = _post(url, fresh, keys)
    decide_some()
    say(f"{sum(each.outcome == 'escalate' for each in answers)} cases were opened; Grace decided a few of them.")
    return len(answers)


def work(url: str, say: Callable[[str], None]) -> int:
    """Post what agents do on their own, pick up what Grace approved, draw, and let her judge most of the draws."""
    alone, under_policy = _fresh(history()), _fresh([*governed(), *granted(), *abroad()])
    if not alone and not under_policy and not _fresh([link.step for link in shared_work()]):
        say("The agents of the demo did their work before.")
        return 0
    with _keys(role.name for role in ROLES) as keys:
        answers = _post(url, alone, keys)
        say(f"{sum(each.outcome == 'execute' for each in answers)} actions ran on their own and were reported.")
        together.agree_on_policy(say)
        # one at a time: rules have 50 ms, and a busy machine that asks them for several at once may need more
        answers += _post(url, under_policy, keys, connections=1)
        together.watch_tools(url, keys)
        answers += together.share_work(url, keys)
        pick_up(url, keys)
    judge_some()
    say(f"{Draw.objects.filter(finding=None).count()} draws are waiting for a spot review.")
    return len(answers)


@contextmanager
def _keys(names: Iterable[str]) -> Iterator[dict[str, str]]:
    """A key for each of these agents, for as long as the block lasts."""
    until = database_now() + KEY_LIFE
    agents = Agent.objects.filter(name__in=set(names))
    keys = {agent.name: register.issue_key(agent, by=BY, expires_at=until) for agent in agents}
    try:
        yield keys
    finally:
        for key in keys.values():
            register.revoke_key(AgentKey.objects.get(prefix=key.split("_")[1]), by=BY)


def posting_of(step: Step) -> Posting:
    """A step of the scenario as the request it is."""
    return Posting(step.agent, step.type, step.key, step.body(), step.succeeded, step.call)


def _fresh(steps: Sequence[Step]) -> list[Step]:
    """Steps whose key nobody has answered yet, so that a warm start adds nothing, not even a day later."""
    keys = [step.key for step in steps]
    names = [role.name for role in ROLES]
    answered = {
        key
        for model in (Action, Refusal)
        for key in model.objects.filter(agent__name__in=names, idempotency_key__in=keys).values_list(
            "idempotency_key", flat=True
        )
    }
    return [step for step in steps if step.key not in answered]


def _post(url: str, steps: Sequence[Step], keys: dict[str, str], *, connections: int = CONNECTIONS) -> list[Answered]:
    answers: list[Answered] = []
    postings = [posting_of(step) for step in steps]
    send_all(url, postings, keys, connections=connections, pace=Pace(None), done=answers.append)
    return answers


def decide_some() -> None:
    """Grace approves and rejects the first cases of Drafter, as she would on their pages."""
    grace = User.objects.get(username="grace")
    drafted = Escalation.objects.filter(
        state="open", action__agent__name="Drafter", action__idempotency_key__startswith="demo:case:"
    )
    cases = [take.take(case.pk, reviewer=grace) for case in drafted.order_by("action__idempotency_key")[:DECIDED]]
    _read(cases, grace)
    for place, case in enumerate(cases):
        if place >= APPROVED:
            judge.reject(case.pk, reviewer=grace, reason="not_needed")
        elif case.snapshot is not None:
            shown = material.read(case.pk)
            judge.approve(
                case.pk,
                reviewer=grace,
                action_digest=shown.action_digest,
                snapshot_digest=shown.snapshot_digest,
                consent=shown.digest,
                proof=Proof(grace.pk, database_now(), second=False),
            )


def _read(cases: Sequence[Escalation], reviewer: User) -> None:
    """Their pages are handed out, and looked at as long as reading takes."""
    shown = [showing.note_shown(case.pk, reviewer=reviewer, material=material.read(case.pk)) for case in cases]
    until = max((moment for moment in shown if moment is not None), default=database_now())
    time.sleep(max(0.0, (until - database_now()).total_seconds()))


def pick_up(url: str, keys: dict[str, str]) -> None:
    """Drafter uses what was approved, once the hold is over, and reports it."""
    limit = time.monotonic() + PATIENCE
    with httpx.Client(
        base_url=url, timeout=TIMEOUT, trust_env=False, headers={"Authorization": f"Bearer {keys['Drafter']}"}
    ) as client:
        while (open_grants := _unused()) and time.monotonic() < limit:
            for grant in open_grants:
                digest = bytes(grant.digest).hex()
                if client.post(f"/api/v1/grants/{grant.pk}/redeem/", json={"digest": digest}).status_code == 200:
                    report(client, Posting("Drafter", "", "", {}, True), str(grant.action_id))
            time.sleep(0.5)


def _unused() -> list[Grant]:
    return list(
        Grant.objects.filter(agent__name="Drafter", issued_by="human", redeemed_at=None, voided_at=None).filter(
            action__idempotency_key__startswith="demo:case:", expires_at__gt=database_now()
        )
    )


def judge_some() -> None:
    """Draw what is due, and let Grace judge all but the last few, finding what the scenario knows to be wrong."""
    sample.draw_due()
    grace = User.objects.get(username="grace")
    wrong = {step.key: step.unsound for step in history()}
    names = [role.name for role in ROLES]
    drawn = Draw.objects.filter(finding=None, action__agent__name__in=names).select_related("action")
    waiting = list(drawn.order_by("action_id"))
    for draw in waiting[: max(0, len(waiting) - LEFT_TO_JUDGE)]:
        _judge(draw.pk, grace, wrong.get(str(draw.action.idempotency_key), ""))


def _judge(draw: UUID, reviewer: User, reason: str) -> None:
    try:
        spot_review.look_again(draw)
        spot_review.judge_draw(draw, reviewer=reviewer, sound=not reason, reason=reason)
    except Problem:
        return  # somebody at the screen was faster
