"""What a manifest and the names of its files may say, and the identity of what they say."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from governance.policy.bundles import (
    MOST_BYTES,
    BundleSpec,
    bundle_digest,
    file_problems,
    modules,
    parse_bundle,
)
from governance.policy.rulings import Enforcement

GOOD: dict[str, Any] = {
    "name": "refunds",
    "version": 3,
    "governs": {"domains": ["service"], "action_types": ["shop.refund"]},
    "reasons": {"amount_large": "The amount is over 500.00."},
    "rules": [{"id": "small_refunds", "enforcement": "soft_mandatory", "package": "placet.refunds.small"}],
}


def spec(**changes: Any) -> BundleSpec:
    found = parse_bundle({**GOOD, **changes})
    assert isinstance(found, BundleSpec), found
    return found


def test_a_manifest_says_what_it_governs_and_nothing_else() -> None:
    found = spec()
    assert found.covers("shop.refund", ["elsewhere"])
    assert found.covers("anything", ["elsewhere", "service"])
    assert not found.covers("shop.cancel", ["elsewhere"])
    assert found.rules[0].enforcement is Enforcement.SOFT
    assert found.reasons == {"amount_large": "The amount is over 500.00."}


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("bundle.yaml", {"surprise": 1}),
        ("bundle.yaml.name", {"name": "Refunds!"}),
        ("bundle.yaml.version", {"version": 0}),
        ("bundle.yaml.version", {"version": True}),
        ("bundle.yaml.version", {"version": "3"}),
        ("bundle.yaml.governs", {"governs": {}}),
        ("bundle.yaml.governs", {"governs": {"projects": ["x"]}}),
        ("bundle.yaml.governs.domains[0]", {"governs": {"domains": ["A b"]}}),
        ("bundle.yaml.reasons", {"reasons": {"Not A Slug": "words"}}),
        ("bundle.yaml.reasons.x", {"reasons": {"x": "<b>approve me</b>"}}),
        ("bundle.yaml.reasons.x", {"reasons": {"x": "a" * 201}}),
        ("bundle.yaml.rules", {"rules": []}),
        ("bundle.yaml.rules", {"rules": [GOOD["rules"][0], GOOD["rules"][0]]}),
        ("bundle.yaml.rules[0].enforcement", {"rules": [{**GOOD["rules"][0], "enforcement": "maybe"}]}),
        ("bundle.yaml.rules[0].package", {"rules": [{**GOOD["rules"][0], "package": "data.x; y"}]}),
    ],
    ids=str,
)
def test_a_mistake_is_told_with_its_place(place: str, change: dict[str, Any]) -> None:
    found = parse_bundle({**copy.deepcopy(GOOD), **change})
    assert isinstance(found, list)
    assert place in [problem.path for problem in found]


@pytest.mark.parametrize("document", [None, [], "x", 3, {"rules": 3}])
def test_whatever_the_document_is_it_is_read_or_refused(document: object) -> None:
    assert isinstance(parse_bundle(document), list)


def test_a_rule_of_a_package_that_no_file_has_is_refused() -> None:
    assert isinstance(parse_bundle(GOOD, ["placet.refunds.small"]), BundleSpec)
    assert isinstance(parse_bundle(GOOD, ["placet.other"]), list)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"bundle.yaml": "x"},
        {"a.rego": "x"},
        {"bundle.yaml": "x", "../a.rego": "x"},
        {"bundle.yaml": "x", "a.py": "x"},
        {"bundle.yaml": "x", "a.rego": 3},
        {"bundle.yaml": "x", "a.rego": "nul\x00"},
        {"bundle.yaml": "x", "a.rego": "x" * MOST_BYTES},
        {"bundle.yaml": "x", **{f"a{n}.rego": "x" for n in range(40)}},
    ],
    ids=lambda files: f"{len(files)} {sorted(files)[:2]}"[:40],
)
def test_files_that_are_no_bundle_are_refused(files: dict[str, object]) -> None:
    assert file_problems(files)


def test_the_digest_is_of_names_and_bytes_and_not_of_their_order() -> None:
    one = {"bundle.yaml": "a", "x.rego": "b"}
    assert bundle_digest(one) == bundle_digest(dict(reversed(one.items())))
    others = [
        {"bundle.yaml": "ab", "x.rego": ""},
        {"bundle.yaml": "a", "y.rego": "b"},
        {"bundle.yaml": "a", "x.rego": "b\n"},
    ]
    assert len({bundle_digest(one), *map(bundle_digest, others)}) == 4


def test_what_is_evaluated_is_what_was_tested() -> None:
    files = {"bundle.yaml": "m", "b.rego": "2", "a.rego": "1", "a_test.rego": "t"}
    assert modules(files) == (("a.rego", "1"), ("a_test.rego", "t"), ("b.rego", "2"))
