"""POST and GET actions/: what an agent is told when it asks."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from joserfc import jwt
from joserfc.jwk import KeySet
from pydantic import BaseModel

from governance import halt, narrow, permit, register
from governance.models import Action, Budget, Decision, Grant, Permission
from governance.policy.tiers import Tier
from reviews.api.documents import ActionShown, Decided, Refused
from reviews.models import Escalation
from tests.api.conftest import Desk, wanted
from tests.cast import BY, Cast

CAPPED = {"customer": "c1", "amount": {"amount": "480.00", "currency": "USD"}}


def held(model: type[BaseModel], answer: httpx.Response) -> httpx.Response:
    """The answer, after its body was held against the document that the API publishes."""
    model.model_validate_json(answer.text)
    return answer


def test_an_allowed_action_gets_a_grant_with_a_token_and_a_time_to_report(desk: Desk) -> None:
    answer = held(Decided, desk.ask())
    told = answer.json()
    assert answer.status_code == 200
    assert (told["outcome"], told["effective_tier"], told["effective_risk"]) == ("execute", "EXECUTE", "medium")
    assert told["grant"]["token"].count(".") == 2
    assert told["report_by"] > told["evaluated_at"]
    assert answer.headers["cache-control"] == "no-store"


def test_an_allowed_action_is_exactly_two_sql_statements(desk: Desk) -> None:
    desk.ask()  # warms what a process parses once
    with CaptureQueriesContext(connection) as seen:
        assert desk.ask().status_code == 200
    statements = [query["sql"].split("(")[0] for query in seen.captured_queries]
    assert statements == ["select placet_asked", "select placet_commit"]


def test_what_needs_a_person_is_accepted_with_the_address_of_its_case(desk: Desk) -> None:
    answer = held(Decided, desk.ask(elevate=True))
    told = answer.json()
    assert (answer.status_code, told["outcome"]) == (202, "escalate")
    assert answer.headers["location"] == told["escalation"]["href"]
    assert int(answer.headers["retry-after"]) > 0
    followed = desk.client.get(answer.headers["location"], headers={"Authorization": f"Bearer {desk.key}"})
    assert followed.json()["status"] == "checking"


def test_a_refusal_is_an_answer_and_a_problem_document_at_once(desk: Desk, cast: Cast) -> None:
    halt.halt("agent", str(cast.refunder.pk), reason="test", by=BY)
    answer = held(Refused, desk.ask())
    told = answer.json()
    assert (answer.status_code, told["outcome"], told["code"]) == (403, "refuse", "refused")
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["reasons"][0]["code"] == "halted"
    assert told["reasons"][0]["help"] == "The halt must be lifted."
    assert (
        desk.client.get(told["instance"], headers={"Authorization": f"Bearer {desk.key}"}).json()["state"] == "refused"
    )


def test_what_bound_the_answer_is_named(desk: Desk, cast: Cast) -> None:
    narrow.set_ceiling(cast.refunds, ceiling=Tier.PROPOSE, by=BY)
    told = desk.ask().json()
    assert told["bound_by"] == "project Refunds: ceiling PROPOSE"
    assert told["reasons"][0]["code"] == "ceiling"


def test_four_refunds_of_480_are_two_grants_one_case_and_one_cap_exhausted(desk: Desk) -> None:
    answers = [desk.ask(parameters=CAPPED) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 202, 403]
    last = answers[-1].json()
    assert last["code"] == "cap_exhausted"
    assert last["detail"].endswith("for this customer is exhausted: its case is open, or its window has not freed.")
    assert last["detail"].startswith("The cap of ")
    assert last["escalation"] == answers[2].json()["escalation"]["id"]
    assert int(answers[-1].headers["retry-after"]) > 3600


def test_a_dry_run_answers_alike_and_writes_nothing(desk: Desk) -> None:
    for elevate, status in ((False, 200), (True, 202)):
        answer = held(Decided, desk.ask(dry_run=True, elevate=elevate))
        told = answer.json()
        assert (answer.status_code, told["id"], told.get("grant")) == (status, None, None)
        assert told["dry_run"] is True
    assert not any(model._default_manager.exists() for model in (Action, Decision, Grant, Escalation, Budget))


def test_a_refused_dry_run_names_no_action(desk: Desk, cast: Cast) -> None:
    permit.revoke(Permission.objects.get(agent=cast.refunder, action_type=cast.refund), by=BY)
    told = held(Refused, desk.ask(dry_run=True)).json()
    assert told["id"] is None
    assert told["instance"].startswith("urn:uuid:")


@pytest.mark.parametrize(
    "changes",
    [{"uncertain": True}, {"elevate": True}, {"confidence": "0.5", "uncertain": True}],
)
def test_stated_doubt_makes_a_case(desk: Desk, changes: dict[str, Any]) -> None:
    assert desk.ask(**changes).status_code == 202


def test_the_note_is_sealed_and_told_to_nobody(desk: Desk) -> None:
    action = desk.ask(note="the customer cried").json()["id"]
    assert "cried" not in desk.get(f"actions/{action}/").text
    assert Action.objects.get(pk=action).sealed.fields == {"/note": "the customer cried"}


def test_the_trace_of_a_request_is_kept(desk: Desk) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    action = desk.post("actions/", wanted(), traceparent=f"00-{trace}-00f067aa0ba902b7-01").json()["id"]
    assert Action.objects.get(pk=action).trace_id == trace


def test_a_malformed_trace_hinders_nothing(desk: Desk) -> None:
    assert desk.post("actions/", wanted(), traceparent="00-zz").status_code == 200


def test_an_own_action_tells_how_it_stands(desk: Desk) -> None:
    asked = desk.ask().json()
    told = held(ActionShown, desk.get(f"actions/{asked['id']}/")).json()
    assert (told["state"], told["action_digest"]) == ("executing", asked["action_digest"])
    assert told["grant"]["id"] == asked["grant"]["id"]
    assert "token" not in str(told)
    assert told["decision"]["bound_by"] == asked["bound_by"]


def test_another_agents_action_does_not_exist(desk: Desk, cast: Cast) -> None:
    action = desk.ask().json()["id"]
    stranger = desk.holding(cast.drafter_key)
    assert stranger.get(f"actions/{action}/").status_code == 404
    assert stranger.post(f"actions/{action}/report/", {"status": "succeeded"}).status_code == 404
    assert stranger.post(f"actions/{action}/withdraw/").status_code == 404


def test_a_child_cannot_look_over_the_shoulder_of_its_parent_nor_the_other_way(desk: Desk, cast: Cast) -> None:
    drafted = desk.holding(cast.drafter_key).ask().json()
    assert desk.get(f"actions/{drafted['id']}/").status_code == 404
    assert desk.get(f"escalations/{drafted['escalation']['id']}/").status_code == 404


def test_a_revoked_key_is_no_key_anywhere(desk: Desk, cast: Cast) -> None:
    asked = desk.ask().json()
    register.revoke_key(cast.refunder.keys.get(), by=BY)
    for answer in (
        desk.ask(),
        desk.get(f"actions/{asked['id']}/"),
        desk.post(f"actions/{asked['id']}/report/", {"status": "succeeded"}),
        desk.post(f"grants/{asked['grant']['id']}/redeem/", {"digest": asked["action_digest"]}),
        desk.post("actions/", {"nothing": "right"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == 'Bearer realm="placet"'


def test_the_token_proves_offline_who_may_do_what_and_until_when(desk: Desk, cast: Cast) -> None:
    asked = desk.ask().json()
    keys = KeySet.import_key_set(desk.client.get("/.well-known/jwks.json").json())
    token = jwt.decode(asked["grant"]["token"], keys, algorithms=["EdDSA"])
    assert token.header["typ"] == "elevation+jwt"
    assert (token.claims["jti"], token.claims["action_hash"]) == (asked["grant"]["id"], asked["action_digest"])
    assert (token.claims["sub"], token.claims["aud"]) == (str(cast.refunder.pk), "refund_api")
    assert 0 < token.claims["exp"] - token.claims["iat"] <= 300


def test_the_published_keys_hold_nothing_private(desk: Desk) -> None:
    (key,) = desk.client.get("/.well-known/jwks.json").json()["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}
