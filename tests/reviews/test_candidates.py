"""Who would get a case: page, messages and the next case agree with one rule, and a statement written apart with it."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from django.contrib.auth.models import User

from governance import accounts, catalogue, mandates, permit, register
from governance.actors import REVIEWER
from governance.enrol import change_person as enrol_change
from governance.enrol import enrol
from governance.locks import database_now
from governance.policy.tiers import Level, Risk
from governance.policy.working_hours import DAYS, Hours
from reviews import judge, rows
from reviews.candidates import WHY, Shown, candidates, matter_now, next_case
from reviews.eligible import Hindrance
from reviews.hearing import hear
from reviews.leave import leave
from reviews.models import Escalation
from reviews.notify import audience
from reviews.practise import waive_practice
from tests.cast import BY
from tests.governance.family import Member, hired, ticket
from tests.reviews.scene import Scene
from tests.support.proof import PROVE, tell
from tests.web.reading import visitor, words

TOWNS = 20 if PROVE else 1
PEOPLE, CASES = 14, 8
HOUR = dt.timedelta(hours=1)


def seen(case: Escalation, *, to_reviewer: bool) -> tuple[Shown, ...]:
    return hear(case.pk, viewer=0, everybody=True).preview(to_reviewer=to_reviewer)


# Written apart from the rule: by the columns of the tables and the database's own clocks alone.
_ORACLE = """
with local as (
  select m.*, extract(isodow from clock_timestamp() at time zone m.work_zone)::int as day,
    (clock_timestamp() at time zone m.work_zone)::time as at
  from governance_mandate m where m.work_from is not null
)
select u.id from auth_user u join governance_mandate m on m.reviewer_id = u.id
where coalesce(m.expires_at > clock_timestamp(), true) and m.rank >= %(rank)s and m.max_risk >= %(risk)s
  and m.money_limit >= %(amount)s
  and ((select count(*) from governance_qualification q where q.mandate_id = m.id) = 0
    or %(type)s in (select q.action_type_id from governance_qualification q where q.mandate_id = m.id
      and coalesce(q.expires_at > clock_timestamp(), true)))
  and not exists (select 1 from local l where l.id = m.id and not (case when l.work_from < l.work_until
    then l.day = any(l.work_days) and l.at >= l.work_from and l.at < l.work_until
    else (l.day = any(l.work_days) and l.at >= l.work_from)
      or ((l.day + 5) %% 7 + 1 = any(l.work_days) and l.at < l.work_until) end))
  and not exists (select 1 from reviews_absence b where b.person_id = u.id and b.ended_at is null
    and clock_timestamp() between b.begins_at and b.ends_at)
  and coalesce(m.per_hour > (select count(*) from reviews_verdict v where v.reviewer_id = u.id
    and v.decided_at > clock_timestamp() - interval '1 hour'), true)
  and coalesce(m.per_day > (select count(*) from reviews_verdict v where v.reviewer_id = u.id
    and v.decided_at > clock_timestamp() - interval '1 day'), true)
  and u.id in (select d.reviewer_id from reviews_practised d)
  and not exists (select 1 from governance_account x join governance_action a on a.id = %(action)s
    where x.person_id = u.id and x.record in (a.subject, a.entity, a.parameters ->> 'order_id'))
  and not exists (select 1 from governance_agentkey k
    join governance_action a on k.agent_id = any(a.agent_id || a.chain)
    where a.id = %(action)s and k.issued_by_id = u.id and k.created_at < a.created_at)
  and not exists (select 1 from governance_agent g join governance_action a on g.id = any(a.agent_id || a.chain)
    where a.id = %(action)s and g.owner_id = u.id)
"""


def oracle(case: Escalation) -> set[int]:
    matter = matter_now(case)
    assert matter is not None
    assert matter.amount is not None
    values = {
        "rank": matter.rank, "risk": int(matter.risk), "amount": matter.amount, "type": matter.action_type,
        "action": case.action_id,
    }  # fmt: skip
    return {row["id"] for row in rows.fetch(_ORACLE, values)}


def somebody(scene: Scene, chance: random.Random, name: str, now: dt.datetime) -> User:
    """A reviewer with any mandate, absence and records of their own; one term in three is there at all."""
    person = enrol(name, groups=[REVIEWER], by=BY)
    if chance.random() < 0.9:
        waive_practice(person, by=BY)
    types = {scene.refund: None, scene.cast.refund: None, scene.express: now + HOUR}
    if chance.random() < 0.9:
        mandates.set_mandate(
            person,
            rank=chance.choice([1, 2, 3]),
            money_limit=chance.choice([0, 100_00, 500_00, 5_000_00]),
            max_risk=chance.choice([Risk.LOW, Risk.MEDIUM, Risk.HIGH, Risk.HIGH]),
            action_types=chance.choice([{}, {}, dict(chance.sample(sorted(types.items(), key=str), 2))]),
            hours=chance.choice([None, None, _hours(chance)]),
            per_hour=chance.choice([None, None, 1]),
            per_day=chance.choice([None, None, 1, 2]),
            by=BY,
        )
    if chance.random() < 0.2:
        begins = now + chance.choice([-HOUR, HOUR])
        leave(reviewer=person, begins=begins, ends=begins + 2 * HOUR)
    if chance.random() < 0.2:
        accounts.set_accounts(person, chance.sample(["c-1", "W2", "c-3", "W4", "c-55"], 2), by=BY)
    return person


def _hours(chance: random.Random) -> Hours:
    zone = chance.choice(["Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "UTC"])
    times = [dt.time(chance.randrange(24), chance.choice([0, 30])) for _ in range(2)]
    return Hours(zone, frozenset(chance.sample(DAYS, chance.randint(1, 7))), *times)


def crew(scene: Scene, seed: int, chief: User, owner: User, issuer: User) -> list[dict[str, Any]]:
    """How a sub-agent of Refunder's asks, and one that acts under the ticket of a chief's agent; who issued its key."""
    enrol_change(issuer, groups=["council", REVIEWER], by=BY)
    lead = hired(scene.cast, f"Lead {seed}", owner=chief)
    helper = hired(scene.cast, f"Helper {seed}", owner=owner, shared=True)
    for agent in (lead.agent, helper.agent, scene.cast.drafter):
        permit.set_level(agent, scene.refund, level=Level.L2, by=BY)
    given = ticket(Member(lead.agent, register.issue_key(lead.agent, by=issuer)), helper, types=["shop.refund"])
    return [{"key": helper.key, "delegation": given.pk}, {"key": helper.key}, {"key": scene.cast.drafter_key}]


def town(scene: Scene, seed: int) -> tuple[list[User], list[Escalation]]:
    """People and open cases as chance would have it; some decided something, two issued a key, two own an agent."""
    chance, now = random.Random(seed), database_now()
    people = [somebody(scene, chance, f"person-{seed}-{number}", now) for number in range(PEOPLE)]
    for number, person in enumerate(people[:4]):
        case = scene.case("20.00", order=f"W{40 + number}")
        if next_case(viewer=person.pk) is not None:
            scene.take(case, person)
            judge.reject(case.pk, reviewer=person, reason="not_needed")
    key = register.issue_key(scene.cast.refunder, by=scene.cast.mary)
    amounts = ("30.00", "480.00", "600.00")
    asks = [{}, {"key": key}, *crew(scene, seed, *people[4:7])]
    for number in range(1, CASES + 1):
        scene.case(chance.choice(amounts), order=f"W{number}", **chance.choice(asks))
    return people, list(Escalation.objects.filter(state="open").order_by("sort_key", "id"))


@pytest.mark.full
def test_page_messages_and_next_case_agree_with_a_statement_written_apart(scene: Scene) -> None:
    said = 0
    for seed in range(TOWNS):
        people, cases = town(scene, seed)
        first: dict[int, Escalation] = {}
        for case in cases:
            able = oracle(case)
            found = {each.id: each.hindrance for each in candidates(case)}
            assert {person for person, why in found.items() if why is None} == able & found.keys()
            assert set(audience.judges(case, most=10_000)) == able & found.keys() or not able
            assert {each.name for each in seen(case, to_reviewer=False) if each.may} == {
                user.username for user in User.objects.filter(pk__in=able & found.keys())
            }
            for one in able:
                first.setdefault(one, case)
            said += len(found)
        for person in people:
            assert next_case(viewer=person.pk) == (first[person.pk].pk if person.pk in first else None)
    tell(size=f"{said:,} pairs of person and case", figure="0 differences")


def test_every_reason_has_its_sentence() -> None:
    assert WHY.keys() == {*Hindrance}


def test_the_page_says_who_would_get_a_case_to_council_and_leads_alone(scene: Scene) -> None:
    case = scene.case("600.00")
    for name, told in (("mary", True), ("grace", True), ("ada", False), ("edith", False)):
        page = words(visitor(getattr(scene.cast, name)).get(f"/escalations/{case.pk}/"))
        assert ("Who would get this case" in page) is told, name
    page = words(visitor(scene.cast.mary).get(f"/escalations/{case.pk}/"))
    assert "grace 3 yes ada 1 no: The risk is beyond their mandate." in page
    now = database_now()
    leave(reviewer=scene.cast.grace, begins=now, ends=now + HOUR, cover="ada")
    assert "grace 3 no: They are away." in words(visitor(scene.cast.mary).get(f"/escalations/{case.pk}/"))


def test_of_several_approvers_a_lead_learns_nothing_of_those_before(scene: Scene) -> None:
    case = scene.case()
    assert seen(case, to_reviewer=True)
    document = {**scene.refund.document, "four_eyes": {"stages": [{"rank": 1}, {"rank": 1}]}}
    catalogue.save_action_type(document, domain=scene.cast.service, by=BY)
    assert seen(case, to_reviewer=True) == ()
    assert seen(case, to_reviewer=False)


def test_whoever_covers_is_told_instead_of_whoever_is_away(scene: Scene) -> None:
    case, now = scene.case(), database_now()
    assert audience.judges(case, most=1) == [scene.cast.ada.pk]
    zoe = enrol("zoe", groups=[REVIEWER], by=BY)
    waive_practice(zoe, by=BY)
    mandates.set_mandate(zoe, rank=3, money_limit=500_00, by=BY)
    leave(reviewer=scene.cast.ada, begins=now, ends=now + HOUR, cover="zoe")
    assert audience.judges(case, most=1) == [zoe.pk]
    assert not audience.is_judge(case, scene.cast.ada.pk)
    mandates.revoke_mandate(zoe, by=BY)
    assert audience.judges(case, most=1) == [scene.cast.grace.pk], "to cover gives no authority"


def test_outside_of_hours_people_are_told_only_where_nobody_else_may_approve(scene: Scene) -> None:
    case = scene.case()
    day = database_now().astimezone(dt.UTC).isoweekday()
    off = Hours("UTC", frozenset({*DAYS} - {day}), dt.time(), dt.time())
    mandates.set_mandate(scene.cast.ada, rank=1, money_limit=500_00, hours=off, by=BY)
    assert audience.judges(case, most=9) == [scene.cast.grace.pk]
    mandates.set_mandate(scene.cast.grace, rank=3, money_limit=500_00, hours=off, by=BY)
    assert set(audience.judges(case, most=9)) == {scene.cast.ada.pk, scene.cast.grace.pk}


def test_whoever_is_away_is_told_of_no_case_also_of_one_that_nobody_may_approve(scene: Scene) -> None:
    cast, now = scene.cast, database_now()
    barbara = enrol("barbara", groups=[REVIEWER], by=BY)
    waive_practice(barbara, by=BY)
    for person in (cast.ada, cast.grace):
        mandates.set_mandate(person, rank=1, money_limit=1_00, by=BY)
    case = scene.case()
    assert set(audience.judges(case, most=5)) == {cast.ada.pk, cast.grace.pk, barbara.pk}
    leave(reviewer=cast.ada, begins=now, ends=now + HOUR, cover="barbara")
    assert {each.hindrance for each in candidates(case, only=cast.ada.pk)} == {Hindrance.MONEY}
    assert set(audience.judges(case, most=5)) == {cast.grace.pk, barbara.pk}
    assert not audience.is_judge(case, cast.ada.pk)
    assert audience.is_judge(case, barbara.pk)
    assert audience.judges(case, most=1) in ([barbara.pk], [cast.grace.pk])
