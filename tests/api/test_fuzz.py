"""I17: no input yields a 5xx. Requests are made from the published document, kept and broken."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.surface import dispatcher
from governance import register
from governance.models import Agent
from reviews.api.catalogue import CATALOGUE
from reviews.api.openapi import document
from reviews.api.urls import api
from tests.api.conftest import Desk, wanted
from tests.api.wsgi import Transport
from tests.cast import BY, Cast
from tests.support.proof import PROVE

# 10,000 over all calls when proven.
EXAMPLES = 1_250 if PROVE else 40
SCHEMA = schemathesis.openapi.from_dict(document(api))
FOUND: list[Any] = list(SCHEMA.get_all_operations())
OPERATIONS = {each.ok().definition.raw["operationId"]: each.ok() for each in FOUND}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def desk(committed_cast: Cast) -> Iterator[Desk]:
    """Refunder at a surface where commits are real: an aborted statement must not hide behind a rolled back test."""
    with httpx.Client(transport=Transport(dispatcher("api")), base_url="http://testserver") as client:
        yield Desk(client, committed_cast.refunder_key)


@pytest.mark.full
@pytest.mark.parametrize("call", OPERATIONS)
def test_i17_no_input_yields_a_5xx(desk: Desk, call: str) -> None:
    operation, turns, statuses = OPERATIONS[call], itertools.count(), Counter[int]()
    asked = desk.ask(elevate=True).json()
    known = {"actions": asked["id"], "escalations": asked["escalation"]["id"], "errors": "refused"}
    # another action: the one that waits is joined by whoever asks for it again
    known["grants"] = desk.post("actions/", wanted(customer="c2", run=desk.run)).json()["grant"]["id"]
    terms = {"child": "Drafter", "action_types": ["bench.refund"], "expires_in": 600}
    known["delegations"] = desk.post("delegations/", terms).json()["id"]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 1_000,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)))
    def ask(case: Any) -> None:
        turn = next(turns)
        if call == "revoke_key" and turn % 2:
            # the one before may be gone
            desk.key = register.issue_key(Agent.objects.get(name="Refunder"), by=BY)
        # without this every id would be nobody's and every type unknown
        if turn % 2 and case.path_parameters:
            case.path_parameters = {name: known[case.path.split("/")[3]] for name in case.path_parameters}
        if turn % 3 and isinstance(case.body, dict) and "action_type" in case.body:
            case.body |= {"action_type": "bench.refund"} | ({} if turn % 2 else {"parameters": wanted()["parameters"]})
        answer = send(desk, case)
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400 and answer.content:
            assert CATALOGUE[answer.json()["code"]].type == answer.json()["type"]

    ask()
    assert max(statuses) < 500
    if call not in ("errors", "jwks"):
        assert len(statuses) > 1, statuses


def send(desk: Desk, case: Any) -> httpx.Response:
    """A generated request with a live key, over our own transport."""
    made = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    headers = [(name.encode("latin-1"), raw(value)) for name, value in made.headers.items() if name != "Authorization"]
    headers.append((b"Authorization", f"Bearer {desk.key}".encode()))
    return desk.client.request(made.method or "GET", made.url or "", headers=headers, content=raw(made.body or b""))


def raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8")
