"""The error catalogue: every code is explained, and every problem document leads to its explanation."""

from __future__ import annotations

import re

import httpx
import pytest

from governance.problems import STATUS, Code
from reviews.api.catalogue import CATALOGUE
from reviews.api.openapi import CODES


@pytest.mark.parametrize("code", list(Code))
def test_every_code_is_explained_with_its_status(code: Code) -> None:
    entry = CATALOGUE[code.value]
    assert entry.status == STATUS[code]
    for text in (entry.title, entry.remedy):
        assert text.endswith(".")
        assert len(text) < 160


def test_no_code_is_left_without_a_status() -> None:
    assert set(STATUS) == set(Code)


def test_titles_are_as_distinct_as_the_codes() -> None:
    assert len({entry.title for entry in CATALOGUE.values()}) == len(CATALOGUE)


def test_the_catalogue_is_served_to_anybody(agents_surface: httpx.Client) -> None:
    answer = agents_surface.get("/api/v1/errors/")
    assert answer.status_code == 200
    assert [entry["code"] for entry in answer.json()["errors"]] == list(CATALOGUE)


@pytest.mark.parametrize("code", CATALOGUE)
def test_the_type_of_a_problem_leads_to_its_entry(agents_surface: httpx.Client, code: str) -> None:
    answer = agents_surface.get(CATALOGUE[code].type)
    assert answer.status_code == 200
    assert answer.json() == CATALOGUE[code].document()


@pytest.mark.parametrize("code", ["nothing", "a-b", "CAP_EXHAUSTED", "..", "%2e%2e", "%00", "x" * 5_000])
def test_there_is_no_entry_for_anything_else(agents_surface: httpx.Client, code: str) -> None:
    answer = agents_surface.get(f"/api/v1/errors/{code}/")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_calls_name_only_codes_of_the_catalogue() -> None:
    assert {code for codes in CODES.values() for code in codes} <= set(Code)


def test_codes_are_words_that_never_need_escaping() -> None:
    assert all(re.fullmatch(r"[a-z_]{3,40}", code) for code in CATALOGUE)
