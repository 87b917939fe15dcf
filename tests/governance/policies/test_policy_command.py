"""`manage.py policy`: test, plan with a backtest that guesses nothing, apply by two people, export byte for byte."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from governance import backtest as backtests
from governance import bundle_files, catalogue, narrow, permit, policies, register, rule_on
from governance.admin.policies import BundleVersionAdmin
from governance.admin.site import site
from governance.backtest import backtest
from governance.beside import Beside, beside
from governance.engines import chosen
from governance.engines.children import Children
from governance.engines.opa import Opa
from governance.models import BundleVersion
from governance.policy.tiers import Level, Tier
from governance.problems import Problem
from reviews.intake import ask
from tests.cast import BY, Cast
from tests.governance.family import Member, ticket
from tests.governance.policies.rego import REFUNDS, files
from tests.governance.policies.test_policies import active
from tests.reviews.rails import HIGH, railed
from tests.reviews.scene import bench
from tests.reviews.test_policy_decisions import decided, elsewhere

REPLAYER = chosen.replayer
LIMIT = """package p

default tier := "propose"

tier := "execute" if input.amount.minor <= 3000

reasons contains "because" if tier == "propose"
"""


@pytest.fixture(autouse=True)
def patient(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("engine", "aside", "replayer"):
        monkeypatch.setattr(chosen, name, lambda: children)
    monkeypatch.setattr(rule_on, "BUDGET_SECONDS", 5.0)
    monkeypatch.setattr("governance.backtest.SECONDS", 5.0)


def policy(*words: object) -> str:
    said = StringIO()
    call_command("policy", *map(str, words), stdout=said)
    return said.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bundle_files.write_folder(files(rego=LIMIT), tmp_path / "bundle")
    return tmp_path / "bundle"


def test_test_says_each_test_and_the_digest(db: None) -> None:
    said = policy("test", REFUNDS)
    assert "passed  placet.refunds_test.test_zero_is_not_false" in said
    assert re.search(r"refunds v1: \d+ tests passed. Digest [0-9a-f]{64}", said)


def test_a_failing_test_is_an_error_with_its_name(db: None, folder: Path) -> None:
    (folder / "p_test.rego").write_text("package p_test\n\ntest_no if false\n")
    with pytest.raises(CommandError, match="p_test: test_no: failed"):
        policy("test", folder)


def test_two_people_apply_what_plan_showed(cast: Cast, folder: Path) -> None:
    digest = re.findall(r"[0-9a-f]{64}", policy("plan", folder))[0]
    said = policy("apply", folder, "--as", "mary")
    assert digest in said
    with pytest.raises(CommandError, match="Another member"):
        policy("apply", folder, "--as", "mary", "--confirm", digest)
    with pytest.raises(CommandError, match="digest"):
        policy("apply", folder, "--as", "joan", "--confirm", "0" * 64)
    assert policy("apply", folder, "--as", "joan", "--confirm", digest) == "Active: tests v1.\n"
    with pytest.raises(CommandError, match="tests v1 is active already: by joan"):
        policy("apply", folder, "--as", "joan", "--confirm", digest)
    assert f"tests v1: active, digest {digest}" in policy("list")


def test_what_nobody_proposed_is_not_activated(cast: Cast, folder: Path) -> None:
    with pytest.raises(CommandError, match="Nobody has proposed"):
        policy("apply", folder, "--as", "joan", "--confirm", "0" * 64)


def test_export_writes_what_was_stored_and_the_stamp_only_when_asked(cast: Cast, folder: Path, tmp_path: Path) -> None:
    policy("apply", folder, "--as", "mary")
    policy("export", "tests", tmp_path / "out", "--version", 1)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }
    policy("export", "tests", tmp_path / "opa", "--version", 1, "--stamp")
    assert (tmp_path / "opa" / "placet_stamp_tests.rego").exists()
    with pytest.raises(CommandError, match="no such version"):
        policy("export", "tests", tmp_path / "none")


def test_export_says_what_else_is_in_the_folder_and_where_it_cannot_write(
    cast: Cast, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="none is active"):
        policy("export", "tests", tmp_path / "out")
    policy("apply", folder, "--as", "mary")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.rego").write_text("package old\n")
    assert "no part of it: 'old.rego'." in policy("export", "tests", tmp_path / "out", "--version", 1)
    with pytest.raises(CommandError, match="cannot be written"):
        policy("export", "tests", folder / "p.rego", "--version", 1)


def test_export_writes_nothing_that_is_not_what_the_digest_says(
    cast: Cast, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy("apply", folder, "--as", "mary")
    monkeypatch.setattr("governance.management.commands.policy.bundle_digest", lambda files: bytes(32))
    with pytest.raises(CommandError, match="not those of the digest"):
        policy("export", "tests", tmp_path / "out", "--version", 1)
    assert not (tmp_path / "out").exists()
    with pytest.raises(Problem):
        bundle_files.write_folder({"../out.rego": "package p"}, tmp_path / "bundle")
    assert not (tmp_path / "out.rego").exists()


@pytest.mark.parametrize("last", ["-3", "0", "5001", "many", "9" * 30])
def test_plan_decides_a_number_of_decisions_again(cast: Cast, folder: Path, last: str) -> None:
    with pytest.raises(CommandError, match="a whole number from 1 to 5000"):
        policy("plan", folder, f"--last={last}")


def test_plan_says_which_of_the_names_it_governs_are_not_there(cast: Cast, folder: Path) -> None:
    assert "there is no" not in policy("plan", folder)
    bundle_files.write_folder(files(types="bench.refnud, bench.refund", domains="servcie"), folder)
    said = policy("plan", folder)
    assert "  there is no domain servcie\n  there is no action type bench.refnud\n" in said
    assert "there is no action type bench.refund" not in said


def test_a_file_that_is_none_of_a_bundle_is_named(db: None, folder: Path) -> None:
    (folder / "README.md").write_text("What it is for.")
    with pytest.raises(CommandError, match=r"README\.md: a file of rules is named"):
        policy("test", folder)


def test_retire_takes_two(cast: Cast, folder: Path) -> None:
    policy("apply", folder, "--as", "mary")
    version = BundleVersion.objects.get()
    policy("apply", folder, "--as", "joan", "--confirm", bytes(version.digest).hex())
    assert policy("retire", "tests", "--as", "mary").startswith("Asked")
    assert policy("retire", "tests", "--as", "joan").startswith("Retired")
    with pytest.raises(CommandError, match="No version"):
        policy("retire", "tests", "--as", "joan")


def test_the_list_says_when_no_engine_is_there(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "engine_name", lambda: "none")
    assert "policy_unavailable" in policy("list")


def test_the_list_says_what_a_shadow_said_as_the_desk_does(cast: Cast, folder: Path) -> None:
    active(cast, tier="propose", name="strict")
    policy("apply", folder, "--as", "mary", "--shadow")
    version = BundleVersion.objects.get(bundle__name="tests")
    assert "0 agree, 0 stricter, 0 looser, 0 not evaluated" in policy("list")
    outcome(cast, "40.00")
    retired = BundleVersion.objects.get(bundle__name="strict")
    for who in (cast.mary, cast.joan):
        policies.retire(retired.pk, by=who)
    for amount in ("20.00", "40.00"):
        outcome(cast, amount)
    found = beside(version.pk)
    assert found == Beside(agrees=2, stricter=1, looser=0, failed=0)
    assert f"  beside what was active: {found}\n" in policy("list")
    assert BundleVersionAdmin(BundleVersion, site).beside(version) == str(found)


def test_a_looser_shadow_and_one_that_fails_are_counted_as_such(cast: Cast) -> None:
    active(cast, tier="propose")
    picky = 'package p\ntier := "commit" if input.amount.minor < 3000\nreasons := []\n'
    more = picky + 'tier := "commit" if not input.amount\n'
    shadow = policies.propose(files(version=2, rego=more), by=cast.mary)
    policies.set_shadow(shadow.pk, shadow=True, by=cast.mary)
    for amount in ("20.00", "40.00", "41.00"):
        outcome(cast, amount)
    assert beside(shadow.pk) == Beside(agrees=0, stricter=0, looser=1, failed=2)
    policies.set_shadow(shadow.pk, shadow=False, by=cast.mary)
    assert "1 looser, 2 not evaluated" in policy("list")


def outcome(cast: Cast, amount: str) -> str:
    return str(decided(cast, amount).body["id"])


def replayed(**more: Any) -> Any:
    return backtest(bundle_files.checked(files(**more)), last=100)


def test_the_backtest_counts_both_directions(cast: Cast) -> None:
    small, large = outcome(cast, "20.00"), outcome(cast, "40.00")
    found = replayed(rego=LIMIT)
    assert (found.looked_at, found.same, found.stricter, found.looser) == (2, 1, 1, 0)
    assert found.examples == {"looser": [], "stricter": [large]}
    active(cast, rego=LIMIT)
    third = outcome(cast, "40.00")
    back = replayed(tier="commit", version=2)
    assert (back.looked_at, back.same, back.looser) == (3, 2, 1)
    assert back.examples["looser"] == [third]
    assert small not in back.examples["looser"]


def test_what_it_does_not_cover_stays(cast: Cast) -> None:
    outcome(cast, "40.00")
    assert replayed(tier="halt", types="retail.cancel_pending_order").same == 1


def test_the_backtest_guesses_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for amount in ("20.00", "21.00", "22.00"):
        outcome(cast, amount)
    stored = list(backtests._decisions(9))
    edited = [{**stored[0], "inputs": {}}, {**stored[1], "outcome": "refuse"}, stored[2]]
    monkeypatch.setattr(backtests, "_decisions", lambda last: edited)
    found = replayed(rego=LIMIT)
    assert dict(found.not_replayable) == {"inputs_unreadable": 1, "rule_changed_since": 1}
    assert (found.same, found.summary()["looked_at"]) == (1, 3)
    broken = 'package p\ntier := "commit" if not input.amount\nreasons := []\n'
    assert dict(replayed(rego=broken).not_replayable)["policy_undefined"] == 1


def test_a_backtest_asks_no_opa_which_has_only_what_it_was_given(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome(cast, "40.00")
    for name in ("engine", "aside"):
        monkeypatch.setattr(chosen, name, lambda: Opa("http://127.0.0.1:9"))
    monkeypatch.setattr(chosen, "replayer", REPLAYER)
    assert replayed(rego=LIMIT).stricter == 1


def test_the_backtest_does_not_guess_what_a_bundle_said_that_could_not_be_read(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    active(cast, tier="commit", name="other")
    with monkeypatch.context() as forged:
        forged.setattr("governance.covering.bundle_digest", lambda files: bytes(32))
        outcome(cast, "20.00")
    found = replayed(tier="commit")
    assert (dict(found.not_replayable), found.looser) == ({"policy_not_loaded": 1}, 0)


def test_the_backtest_grants_nobody_what_is_another_domains(cast: Cast) -> None:
    railed(cast)
    refund = catalogue.save_action_type(HIGH, domain=None, by=BY)
    other = elsewhere(cast)
    narrow.set_ceiling(other.agent.project, ceiling=Tier.COMMIT, by=BY)
    register.change_agent(other.agent, max_tier=Tier.COMMIT, by=BY)
    permit.set_level(other.agent, refund, level=Level.L3, by=BY)
    given = ticket(Member(cast.refunder, cast.refunder_key), other)
    active(cast, tier="commit", name="ours", types="", domains="service")
    asked = ask(other.credential, replace(bench("20.00", number=1), delegation=given.pk))
    assert asked.body["outcome"] == "escalate"
    assert replayed(tier="commit", types="retail.cancel_pending_order").same == 1
    assert dict(replayed(tier="commit", types="", domains="other").not_replayable) == {"granted_in_part": 1}
    assert replayed(tier="commit").looser == 1, "one that governs all of them grants"
