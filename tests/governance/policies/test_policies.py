"""Two people, one active version, nothing that changes afterwards; and every step in the ledger once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from governance import bundle_files, enrol, policies, record
from governance.actors import COUNCIL
from governance.models import BundleState, BundleVersion, Instance
from governance.problems import Code, Problem
from tests.cast import Cast
from tests.governance.policies.rego import REFUNDS, files
from tests.reviews.scene import entries
from tests.support.fixtures import Committed

PROPOSED, ACTIVE, RETIRED = BundleState.PROPOSED, BundleState.ACTIVE, BundleState.RETIRED


def code(problem: pytest.ExceptionInfo[Problem]) -> Code:
    return problem.value.code


def digest(version: BundleVersion) -> str:
    return bytes(version.digest).hex()


def active(cast: Cast, **more: str | int) -> BundleVersion:
    """A bundle that Mary proposed and Joan activated."""
    version = policies.propose(files(**more), by=cast.mary)  # type: ignore[arg-type]
    return policies.activate(version.pk, digest=digest(version), by=cast.joan)


def test_one_proposes_and_another_activates(cast: Cast) -> None:
    before = Instance.objects.get()
    version = policies.propose(files(), by=cast.mary)
    assert (version.state, version.proposed_by, version.number) == (PROPOSED, "mary", 1)
    assert version.report["tests"] == [["p_test", "test_it_answers", "passed"]]
    assert Instance.objects.get().policy_revision == before.policy_revision, "a proposal governs nothing"
    policies.activate(version.pk, digest=digest(version), by=cast.joan)
    version.refresh_from_db()
    now = Instance.objects.get()
    assert (version.state, version.activated_by) == (ACTIVE, "joan")
    assert now.policy_revision > before.policy_revision
    assert now.authority_epoch > before.authority_epoch
    assert [each["digest"] for each in entries("policy_activated")] == [digest(version)]
    assert len(entries("policy_proposed")) == 1


def test_nobody_activates_their_own_proposal(cast: Cast) -> None:
    version = policies.propose(files(), by=cast.mary)
    with pytest.raises(Problem) as refused:
        policies.activate(version.pk, digest=digest(version), by=cast.mary)
    assert code(refused) is Code.FORBIDDEN


def test_who_left_the_council_is_no_second_person(cast: Cast) -> None:
    governs = active(cast)
    policies.retire(governs.pk, by=cast.mary)
    version = policies.propose(files("commit", version=2), by=cast.mary)
    enrol.change_person(cast.mary, groups=[], by=cast.joan)
    with pytest.raises(Problem, match="has left the council") as refused:
        policies.activate(version.pk, digest=digest(version), by=cast.joan)
    assert code(refused) is Code.FORBIDDEN
    assert policies.retire(governs.pk, by=cast.joan).state == ACTIVE, "she is the first who asks for it now"
    enrol.change_person(cast.mary, groups=[COUNCIL], by=cast.joan)
    assert policies.retire(governs.pk, by=cast.mary).state == RETIRED
    assert policies.activate(version.pk, digest=digest(version), by=cast.joan).state == ACTIVE


def test_the_database_itself_wants_two_people(cast: Cast) -> None:
    version = policies.propose(files(), by=cast.mary)
    for changes in ("activated_by = 'mary'", "activated_by = ''", "activated_by = 'joan', proposed_by = 'x'"):
        statement = f"update governance_bundleversion set state = 'active', {changes} where id = %s"
        with transaction.atomic(), connection.cursor() as cursor:
            record.append(event=record.Event.POLICY_ACTIVATED, actor="system:x", body={})
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(statement, [version.pk])


@pytest.mark.parametrize("name", ["ada", "edith", "mallory", "sudo"])
def test_only_the_council_has_a_say(cast: Cast, name: str) -> None:
    version = policies.propose(files(), by=cast.mary)
    person = getattr(cast, name)
    steps: tuple[Callable[[], object], ...] = (
        lambda: policies.propose(files(version=2), by=person),
        lambda: policies.activate(version.pk, digest=digest(version), by=person),
        lambda: policies.set_shadow(version.pk, shadow=True, by=person),
        lambda: policies.retire(version.pk, by=person),
    )
    for step in steps:
        with pytest.raises(Problem) as refused:
            step()
        assert code(refused) is Code.FORBIDDEN


def test_a_machine_is_no_person(cast: Cast) -> None:
    with pytest.raises(Problem) as refused:
        policies.propose(files(), by="system:shell")
    assert code(refused) is Code.FORBIDDEN


def test_what_is_activated_is_what_was_looked_at(cast: Cast) -> None:
    version = policies.propose(files(), by=cast.mary)
    with pytest.raises(Problem) as refused:
        policies.activate(version.pk, digest="0" * 64, by=cast.joan)
    assert code(refused) is Code.DIGEST_MISMATCH


def test_a_new_version_takes_the_place_of_the_old_one_and_the_old_one_can_come_back(cast: Cast) -> None:
    first = active(cast)
    second = active(cast, tier="commit", version=2)
    first.refresh_from_db()
    assert (first.state, first.retired_by, first.retirement_asked_by) == (RETIRED, "joan", "mary")
    again = policies.propose(files(), by=cast.joan)
    assert again.pk == first.pk
    policies.activate(again.pk, digest=digest(again), by=cast.mary)
    second.refresh_from_db()
    assert second.state == RETIRED
    assert BundleVersion.objects.filter(state=ACTIVE).count() == 1


def test_the_same_files_are_stored_once_and_a_version_has_a_higher_number(cast: Cast) -> None:
    active(cast, version=2)
    for given, expected in ((files(version=2), Code.WRONG_STATE), (files("halt", version=2), Code.INVALID),
                            (files("halt", version=1), Code.INVALID)):  # fmt: skip
        with pytest.raises(Problem) as refused:
            policies.propose(given, by=cast.mary)
        assert code(refused) is expected


def test_retiring_takes_two_people_too(cast: Cast) -> None:
    version = active(cast)
    policies.retire(version.pk, by=cast.mary)
    version.refresh_from_db()
    assert version.state == ACTIVE, "it governs until a second person agrees"
    with pytest.raises(Problem) as refused:
        policies.retire(version.pk, by=cast.mary)
    assert code(refused) is Code.WRONG_STATE
    policies.retire(version.pk, by=cast.joan)
    version.refresh_from_db()
    assert version.state == RETIRED
    assert len(entries("policy_retirement_asked")) == len(entries("policy_retired")) == 1


def test_breaking_and_mending_are_one_entry_each(cast: Cast) -> None:
    version = active(cast)
    assert [policies.note_health(version.pk, broken=True) for _ in range(3)] == [True, False, False]
    version.refresh_from_db()
    assert version.broken_since is not None
    assert [policies.note_health(version.pk, broken=False) for _ in range(2)] == [True, False]
    assert len(entries("policy_broken")) == len(entries("policy_mended")) == 1


def test_a_shadow_is_never_the_active_version(cast: Cast) -> None:
    version = active(cast)
    with pytest.raises(Problem) as refused:
        policies.set_shadow(version.pk, shadow=True, by=cast.mary)
    assert code(refused) is Code.WRONG_STATE
    second = policies.propose(files("halt", version=2), by=cast.mary)
    assert policies.set_shadow(second.pk, shadow=True, by=cast.mary).shadow
    assert not policies.activate(second.pk, digest=digest(second), by=cast.joan).shadow


BROKEN = {
    "no manifest": {"p.rego": "package p\n"},
    "bad yaml": {**files(), "bundle.yaml": "name: [\n"},
    "does not parse": {**files(), "p.rego": "package p\ntier := := 1\n"},
    "a failing test": {**files(), "p_test.rego": "package p_test\ntest_it if false\n"},
    "no test": {**files(), "p_test.rego": "package p_test\nx := 1\n"},
    "no reasons": {**files(), "p.rego": 'package p\ntier := "commit"\n'},
    "a clock": {**files(), "p.rego": 'package p\ntier := "commit" if time.now_ns() > 0\nreasons := []\n'},
    "network": {**files(), "p.rego": 'package p\ntier := "commit" if http.send({})\nreasons := []\n'},
    "recursion": {**files(), "p_test.rego": "package p_test\nf(a) := f(a)\ntest_it if f(1)\n"},
    "other package": {**files(), "p.rego": 'package q\ntier := "commit"\nreasons := []\n'},
    "too large": {**files(), "p.rego": "package p\n#" + "x" * 300_000},
}


@pytest.mark.parametrize("given", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_used_is_never_stored(cast: Cast, given: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        policies.propose(given, by=cast.mary)
    assert code(refused) is Code.INVALID
    assert not BundleVersion.objects.exists()


def test_files_come_back_byte_for_byte(cast: Cast, tmp_path: Path) -> None:
    given = {**bundle_files.read_folder(REFUNDS), "odd.rego": "package odd\r\n\r\n# naïve \t\nx := 1"}
    version = policies.propose(given, by=cast.mary)
    version.refresh_from_db()
    bundle_files.write_folder(version.files, tmp_path)
    for name, text in given.items():
        assert (tmp_path / name).read_bytes() == text.encode()
    assert bundle_files.read_folder(tmp_path) == given


def test_what_a_version_says_never_changes_even_for_the_owner(committed_cast: Cast, committed: Committed) -> None:
    active(committed_cast)
    statements = (
        "update governance_bundleversion set files = '{}'",
        "update governance_bundleversion set digest = ''",
        "update governance_bundleversion set number = 9",
        "update governance_bundleversion set proposed_by = 'x'",
        "update governance_bundleversion set state = 'proposed'",
        "delete from governance_bundleversion",
    )
    for statement in statements:
        with committed.connect(role="owner") as owner, pytest.raises(psycopg.Error) as refused:
            owner.execute(statement.encode())
        assert refused.value.sqlstate == "PL040", statement


def test_no_version_begins_as_active_or_retired(cast: Cast) -> None:
    version = policies.propose(files(), by=cast.mary)
    for state in (ACTIVE, RETIRED):
        copy = BundleVersion.objects.get(pk=version.pk)
        copy.pk, copy.number, copy.state, copy.activated_by = None, 9, state.value, "joan"
        with pytest.raises(DatabaseError), transaction.atomic():
            copy.save(force_insert=True)


def test_a_folder_shows_no_file_that_is_not_in_it_and_is_not_read_when_it_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("what only its owner reads")
    folder = tmp_path / "bundle"
    bundle_files.write_folder(bundle_files.read_folder(REFUNDS), folder)
    (folder / "x.rego").symlink_to(tmp_path / "secret")
    with pytest.raises(Problem) as linked:
        bundle_files.read_folder(folder)
    assert "what only" not in str(linked.value.fields)
    (folder / "x.rego").unlink()
    (folder / "x.rego").write_bytes(b"#" * (256 * 1024 + 1))
    with pytest.raises(Problem) as large:
        bundle_files.read_folder(folder)
    assert {code(linked), code(large)} == {Code.INVALID}
