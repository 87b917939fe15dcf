"""docs/reference/api.md says what the code does."""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest

from config.services.stack import BASE
from governance.policy.continuing import Stop
from reviews.api import parser
from reviews.api.catalogue import CATALOGUE
from reviews.api.documents import State, Status
from reviews.api.openapi import document
from reviews.api.payloads import AskPayload, EscalatePayload
from reviews.api.urls import api

PAGE = (BASE / "docs" / "reference" / "api.md").read_text()


def test_the_error_catalogue_in_the_docs_is_the_one_in_the_code() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(entry.code, str(entry.status), entry.title, entry.remedy) for entry in CATALOGUE.values()]


def test_every_call_is_in_the_docs() -> None:
    for path, methods in document(api)["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path.removeprefix('/api/v1/')}" in PAGE


@pytest.mark.parametrize("word", [*get_args(State), *get_args(Status)])
def test_every_state_is_in_the_docs(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize("stop", Stop)
def test_every_stop_is_in_the_docs(stop: Stop) -> None:
    assert f"| `{stop.value}` |" in PAGE


def test_every_field_of_the_asking_calls_is_in_the_docs() -> None:
    for model in (AskPayload, EscalatePayload):
        for name in model.model_fields:
            assert re.search(rf"`[^`]*\b{name}\b[^`]*`", PAGE), name


def test_the_limits_in_the_docs_are_those_of_the_parser() -> None:
    assert f"at most {parser.MAX_BODY} bytes and {parser.MAX_DEPTH} levels" in PAGE


def test_the_example_of_the_docs_is_a_body_that_is_taken() -> None:
    body = re.search(r"\n(\{.*?\})\n```", PAGE, re.DOTALL)
    assert body is not None
    AskPayload.model_validate(parser.parse(body[1].encode()))
    assert json.loads(body[1])["parameters"]["amount"]["amount"] == "480.00"
