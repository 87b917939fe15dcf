"""Escalation triggers as an agent meets them: who asks for too much at once waits for a person."""

from __future__ import annotations

from typing import Any

import pytest

from governance import catalogue, permit, register
from governance.models import Action, Breach, Grant
from governance.policy.contracts import MAX_LIST
from governance.policy.tiers import Level
from reviews.api.parser import MAX_BODY
from reviews.models import Escalation
from tests.api.conftest import Desk
from tests.cast import BY, Cast

MAIL: dict[str, Any] = {
    "key": "crm.mail",
    "class": "act",
    "risk": "low",
    "parameters": {
        "contacts": {"type": "list", "of": {"type": "id"}, "max": MAX_LIST, "required": False},
        "hidden": {"type": "list", "of": {"type": "id"}, "max": MAX_LIST, "required": False, "sealed": True},
        "recipients": {"type": "integer", "min": 1, "required": False},
    },
    "evidence": ["contract"],
}
MANY = 10_000


def listed(count: int, name: str = "contacts") -> dict[str, Any]:
    return {name: [f"c{number}" for number in range(count)]}


def to_many(counted: str, count: int) -> dict[str, Any]:
    return {counted: count} if counted == "recipients" else listed(count, counted)


@pytest.fixture(params=["contacts", "hidden", "recipients"])
def counted(request: pytest.FixtureRequest, cast: Cast) -> str:
    """Mail to more than a hundred is high risk; how many is the length of a list, sealed or not, or a number."""
    thresholds = {"quantity": 100, "quantity_of": request.param}
    mail = catalogue.save_action_type({**MAIL, "thresholds": thresholds}, domain=cast.service, by=BY)
    permit.set_level(cast.refunder, mail, level=Level.L2, by=BY)
    return str(request.param)


def test_one_mail_to_ten_thousand_contacts_waits_for_a_person(desk: Desk, counted: str) -> None:
    few = desk.ask(action_type="crm.mail", parameters=to_many(counted, 100)).json()
    used = desk.post(f"grants/{few['grant']['id']}/redeem/", {"digest": few["action_digest"]})
    assert (few["outcome"], used.status_code) == ("execute", 200)
    size = MANY if counted == "recipients" else MAX_LIST
    answer = desk.ask(action_type="crm.mail", parameters=to_many(counted, size))
    told = answer.json()
    assert (answer.status_code, told["outcome"], told["effective_risk"]) == (202, "escalate", "high")
    sentences = [reason["sentence"] for reason in told["reasons"]]
    assert f"The quantity {size} is over 100, so the risk is high." in sentences
    assert Escalation.objects.filter(pk=told["escalation"]["id"], state="open").count() == 1
    assert (Action.objects.filter(state="executing").count(), Grant.objects.count()) == (1, 1)


def test_ten_thousand_contacts_in_full_are_more_than_a_contract_or_a_body_can_hold(desk: Desk, counted: str) -> None:
    over = desk.ask(action_type="crm.mail", parameters=listed(MAX_LIST + 1))
    assert (over.status_code, over.json()["code"]) == (422, "contract_broken")
    assert Breach.objects.count() == 1
    whole = desk.ask(action_type="crm.mail", parameters=listed(MANY))
    assert (whole.status_code, whole.json()["code"]) == (413, "body_too_large")
    assert len(str(listed(MANY))) > MAX_BODY
    assert not Action.objects.exists()


def test_data_of_a_class_over_the_threshold_waits_for_a_person(desk: Desk, cast: Cast) -> None:
    document = {
        "key": "crm.export",
        "class": "read",
        "risk": "low",
        "parameters": {"dataset": {"type": "enum", "values": ["prices", "cards"], "required": False}},
        "thresholds": {"data_class": "internal"},
        "data_class": {"parameter": "dataset", "classes": {"prices": "public", "cards": "restricted"}},
        "evidence": ["contract"],
    }
    export = catalogue.save_action_type(document, domain=cast.service, by=BY)
    permit.set_level(cast.refunder, export, level=Level.L2, by=BY)
    given = {"prices": {"dataset": "prices"}, "cards": {"dataset": "cards"}, "unsaid": {}}
    told = {name: desk.ask(action_type="crm.export", parameters=each).json() for name, each in given.items()}
    assert {name: each["outcome"] for name, each in told.items()} == {
        "prices": "execute",
        "cards": "escalate",
        "unsaid": "escalate",
    }
    codes = {name: {reason["code"] for reason in each["reasons"]} for name, each in told.items()}
    assert "data_class_over_threshold" in codes["cards"]
    assert "data_class_unknown" in codes["unsaid"]


def test_a_type_may_require_that_the_agent_is_certain_or_that_its_errors_are_known(desk: Desk, cast: Cast) -> None:
    for key, kind in (("crm.note", "uncertainty"), ("crm.merge", "error_rate")):
        document = {**MAIL, "key": key, "evidence": ["contract", kind]}
        saved = catalogue.save_action_type(document, domain=cast.service, by=BY)
        permit.set_level(cast.refunder, saved, level=Level.L2, by=BY)
    certain = desk.ask(action_type="crm.note", parameters={}).json()
    doubting = desk.ask(action_type="crm.note", parameters={}, uncertain=True).json()
    unknown = desk.ask(action_type="crm.merge", parameters={}).json()
    assert [told["outcome"] for told in (certain, doubting, unknown)] == ["execute", "escalate", "escalate"]
    assert [[reason["code"] for reason in told["reasons"]] for told in (doubting, unknown)] == [
        ["uncertain"],
        ["error_rate"],
    ], "each is told once"


def test_an_agent_that_asks_too_often_is_told_when_to_come_back(desk: Desk, cast: Cast) -> None:
    register.change_agent(cast.refunder, requests_per_minute=1, by=BY)
    answers = [desk.ask(key="same") for _ in range(11)]
    last = answers[-1]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert (last.json()["code"], last.headers["content-type"]) == ("rate_limited", "application/problem+json")
    assert 50 <= int(last.headers["retry-after"]) <= 60
