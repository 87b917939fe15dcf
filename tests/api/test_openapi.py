"""The OpenAPI document says everything a client needs, and nothing that is not so."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from django.urls import URLPattern, URLResolver
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from config.urls_api import urlpatterns
from governance.problems import STATUS
from reviews.api import examples
from reviews.api.openapi import CODES, document
from reviews.api.urls import api

DOCUMENT = document(api)
CALLS: dict[str, dict[str, Any]] = {
    call["operationId"]: call for methods in DOCUMENT["paths"].values() for call in methods.values()
}


def resolved(schema: dict[str, Any]) -> Draft202012Validator:
    """A validator of a schema of the document, with the document's components in reach."""
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def test_it_is_served_to_anybody_as_it_is(agents_surface: httpx.Client) -> None:
    answer = agents_surface.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == DOCUMENT
    assert answer.json()["openapi"] == "3.1.0"


def paths_of(patterns: list[URLPattern | URLResolver], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for each in patterns:
        route = prefix + str(each.pattern)
        found |= paths_of(each.url_patterns, route) if isinstance(each, URLResolver) else {route}
    return found


def test_every_address_of_the_surface_is_in_it() -> None:
    served = {"/" + re.sub(r"<\w+:(\w+)>", r"{\1}", path) for path in paths_of(urlpatterns)}
    # the document does not describe itself, and the root of ninja is no address
    assert served - {"/api/v1/openapi.json", "/api/v1/"} == set(DOCUMENT["paths"])


def test_operation_ids_are_distinct() -> None:
    assert len(CALLS) == sum(len(methods) for methods in DOCUMENT["paths"].values())


@pytest.mark.parametrize("call", CODES)
def test_every_call_tells_each_status_that_it_can_answer_with(call: str) -> None:
    told = set(CALLS[call]["responses"])
    assert {str(STATUS[code]) for code in CODES[call]} | {"500"} <= told
    for status, answer in CALLS[call]["responses"].items():
        assert answer["description"]
        kind = "application/json" if int(status) < 400 else "application/problem+json"
        assert list(answer["content"]) == [kind]


@pytest.mark.parametrize("call", CODES)
def test_every_call_tells_who_may_and_what_it_takes_from_headers(call: str) -> None:
    told = CALLS[call]
    assert told["summary"]
    assert told["security"] == ([] if call in ("errors", "error") else [{"agent": []}])
    headers = {each["name"]: each["required"] for each in told.get("parameters", []) if each["in"] == "header"}
    keys = ("ask", "escalate", "register_agent", "rotate_key", "delegate", "signal")
    keyed = {"Idempotency-Key": True} if call in keys else {}
    assert headers == (keyed | {"traceparent": False} if call in ("ask", "escalate") else keyed)


def test_what_is_waited_for_says_when_to_ask_again() -> None:
    assert set(CALLS["ask"]["responses"]["202"]["headers"]) == {"Location", "Retry-After", "traceparent"}
    assert set(CALLS["escalation"]["responses"]["200"]["headers"]) == {"Retry-After"}
    assert "Retry-After" in CALLS["redeem_grant"]["responses"]["409"]["headers"]
    for call in ("ask", "escalate"):  # a refused action has a trace as well, a cap's counter has none
        assert set(CALLS[call]["responses"]["403"]["headers"]) == {"Retry-After", "traceparent"}
    for call in CODES:
        if "503" in CALLS[call]["responses"]:
            assert "Retry-After" in CALLS[call]["responses"]["503"]["headers"]


@pytest.mark.parametrize("call", examples.REQUESTS)
def test_the_example_of_a_request_keeps_its_schema(call: str) -> None:
    body = CALLS[call]["requestBody"]["content"]["application/json"]
    resolved(body["schema"]).validate(body["example"])
    with pytest.raises(Exception, match="additional"):
        resolved(body["schema"]).validate({**body["example"], "surplus": 1})


def test_every_answer_and_refusal_has_an_example_that_keeps_its_schema() -> None:
    for name, call in CALLS.items():
        for status, answer in call["responses"].items():
            for body in answer["content"].values():
                shown = [each["value"] for each in body.get("examples", {}).values()]
                shown += [body["example"]] if "example" in body else []
                assert shown or name in ("errors", "error", "jwks"), (name, status)
                for example in shown:
                    resolved(body["schema"]).validate(example)


def test_no_schema_invites_what_the_parser_refuses() -> None:
    """No field of a request is a number with a point, may be null, or has a default that is not one."""

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            assert node.get("type") not in ("number", "null")
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    for name, schema in DOCUMENT["components"]["schemas"].items():
        if name.endswith("Payload"):
            assert schema["additionalProperties"] is False
            walk(schema["properties"])


PUBLIC = {"errors", "error", "jwks"}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("key", [None, "Bearer plc_abcdefgh_" + "A" * 43], ids=["no key", "an unknown key"])
def test_i20_every_call_needs_a_live_key_unless_it_is_public(
    agents_surface: httpx.Client, call: str, key: str | None
) -> None:
    path, method = next(
        (path, method) for path, each in DOCUMENT["paths"].items() for method in each if each[method] is CALLS[call]
    )
    address = path.format(id="00000000-0000-4000-8000-000000000000", code="refused")
    headers = {"Idempotency-Key": "a"} | ({} if key is None else {"Authorization": key})
    answer = agents_surface.request(method, address, json=examples.REQUESTS.get(call), headers=headers)
    assert answer.status_code == (200 if call in PUBLIC else 401)
