"""The example bundle in the OPA that `OPA_BIN` names. Where none is named, docs/proof.md says so."""

from __future__ import annotations

import json
import os
import random
import subprocess

import pytest

from governance.engines.children import Children
from tests.governance.policies.rego import REFUNDS, refunds
from tests.governance.policies.test_reference_rule import document, oracle
from tests.support.proof import tell

OPA = os.environ.get("OPA_BIN")


def _opa(*words: str, given: str = "") -> str:
    done = subprocess.run([OPA or "", *words], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.full
def test_the_example_bundle_gives_the_same_answers_in_real_opa(children: Children) -> None:
    """Its own tests, and a hundred inputs against the Python rule; without OPA_BIN in our engine alone."""
    chance = random.Random(5)
    given = [document(chance) for _ in range(100)]
    if OPA is None:
        found = [
            tuple(raw.tier for raw in children.evaluate([refunds()], json.dumps(each), seconds=5)) for each in given
        ]
    else:
        _opa("test", str(REFUNDS), "--ignore", "*.yaml")
        found = [_answer(each) for each in given]
    assert found == [oracle(each) for each in given]
    tell(size="100 inputs", figure="not run: OPA_BIN names no opa" if OPA is None else "0 differences")


def _ours(children: Children, given: object) -> tuple[str, str]:
    health, small = children.evaluate([refunds()], json.dumps(given), seconds=5)
    return health.tier, small.tier


def _answer(given: object) -> tuple[str, str]:
    query = "[data.placet.refunds.health.tier, data.placet.refunds.small.tier]"
    text = _opa("eval", "--stdin-input", "--format", "json", "--data", str(REFUNDS), query, given=json.dumps(given))
    health, small = json.loads(text)["result"][0]["expressions"][0]["value"]
    return health, small
