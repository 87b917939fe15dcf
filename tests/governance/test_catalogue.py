from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import catalogue, documents
from governance.models import ActionType, Binding, Instance, LedgerEntry
from governance.problems import Code
from governance.record import Event
from tests.cast import BENCH_REFUND, BY, CANCEL, RETAIL, Cast
from tests.governance.asking import entries, epoch, refused
from tests.support import catalogues

READ: dict[str, Any] = {"key": "shop.look", "class": "read", "risk": "low", "parameters": {"order": {"type": "id"}}}


def retail_binding() -> dict[str, Any]:
    content = catalogues.content(RETAIL)
    (found,) = (each for each in content["bindings"] if each["action_type"] == CANCEL)
    return dict(found)


def test_the_columns_that_sql_reads_come_from_the_document(cast: Cast) -> None:
    row = catalogue.save_action_type({**READ, "family": "looking", "tool": "eyes"}, domain=cast.service, by=cast.mary)
    assert (row.action_class, row.base_risk, row.family, row.tool) == ("read", 1, "looking", "eyes")
    assert (row.domain, row.human_required) == (cast.service, False)
    entry = entries(Event.ACTION_TYPE_SAVED)[-1]
    assert (entry["action_type"], entry["domain"], entry["from"], entry["actor"]) == (
        "shop.look",
        "service",
        None,
        "user:mary",
    )


def test_an_edit_raises_the_revision_and_reaches_decisions_under_way(cast: Cast) -> None:
    before, revision = epoch(), cast.refund.revision
    policy = Instance.objects.get().policy_revision
    row = catalogue.save_action_type({**BENCH_REFUND, "caps": []}, domain=cast.service, by=cast.mary)
    assert row.revision > revision
    assert epoch() > before
    assert Instance.objects.get().policy_revision == policy + 1


def test_the_same_document_again_is_no_edit(cast: Cast) -> None:
    count = LedgerEntry.objects.count()
    row = catalogue.save_action_type(dict(BENCH_REFUND), domain=cast.service, by=cast.mary)
    assert row.revision == cast.refund.revision
    catalogue.save_binding(retail_binding(), by=cast.mary)
    assert LedgerEntry.objects.count() == count


def test_saving_a_binding_raises_the_revision_of_its_type_in_the_same_transaction(cast: Cast) -> None:
    revision = ActionType.objects.get(pk=cast.cancel.pk).revision
    binding = {**retail_binding(), "version": "digest"}
    changed = catalogue.save_binding({**binding, "sentence": "Cancel an order."}, by=cast.mary)
    after = ActionType.objects.get(pk=cast.cancel.pk).revision
    assert after > revision
    entry = entries(Event.BINDING_SAVED)[-1]
    assert (entry["binding"], entry["action_type"], entry["revision"]) == (changed.pk, CANCEL, after)


@pytest.mark.parametrize("who", ["ada", "edith", "mallory", "sudo"])
def test_only_the_council_edits_the_catalogue(cast: Cast, who: str) -> None:
    with refused(Code.FORBIDDEN):
        catalogue.save_action_type(READ, domain=None, by=getattr(cast, who))
    with refused(Code.FORBIDDEN):
        catalogue.save_binding(retail_binding(), by=getattr(cast, who))
    with refused(Code.FORBIDDEN):
        catalogue.import_file(RETAIL, by=getattr(cast, who))


def test_everything_that_is_wrong_with_a_document_is_told_with_its_place(cast: Cast) -> None:
    with refused(Code.INVALID) as problem:
        catalogue.save_action_type({"key": "Shop", "class": "act", "risk": "tiny", "caps": 7}, domain=None, by=BY)
    places = {place for place, _ in problem.value.fields}
    assert {"action_type", "action_type.key", "action_type.risk", "action_type.caps"} <= places


@pytest.mark.parametrize("document", [None, 7, "x", [], {"key": 1}, {1: 2}])
def test_what_is_no_document_at_all_is_refused(cast: Cast, document: object) -> None:
    with refused(Code.INVALID):
        catalogue.save_action_type(document, domain=None, by=BY)
    with refused(Code.INVALID):
        catalogue.save_binding(document, by=BY)


def test_a_binding_needs_its_type_and_its_parameters_and_claims(cast: Cast) -> None:
    binding = retail_binding()
    with refused(Code.INVALID):
        catalogue.save_binding({**binding, "action_type": "nobody.knows"}, by=BY)
    with refused(Code.INVALID) as problem:
        catalogue.save_binding({**binding, "action_type": "bench.refund"}, by=BY)
    assert "The action type has no parameter order_id." in problem.value.detail


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sentence": "Cancel for {parameters.reason}."}, "which a sentence never prints."),
        ({"subject": None, "facts": [], "sentence": "Cancel."}, "so the binding says whom the record belongs to."),
    ],
    ids=["sentence", "subject"],
)
def test_a_binding_is_saved_only_when_all_of_it_fits_its_type(cast: Cast, change: dict[str, Any], said: str) -> None:
    changed = {**retail_binding(), **change}
    with refused(Code.INVALID) as problem:
        catalogue.save_binding({name: value for name, value in changed.items() if value is not None}, by=BY)
    assert said in problem.value.detail


def test_a_type_keeps_the_parameters_that_its_binding_reads(cast: Cast) -> None:
    document = {**ActionType.objects.get(pk=cast.cancel.pk).document, "parameters": {"other": {"type": "id"}}}
    with refused(Code.INVALID):
        catalogue.save_action_type(document, domain=cast.service, by=BY)


def test_a_type_whose_amount_is_in_the_record_fits_only_a_binding_that_has_it(cast: Cast) -> None:
    binding = retail_binding()
    values = {name: value for name, value in binding["values"].items() if name != "amount"}
    facts = [fact for fact in binding["facts"] if fact["value"] != "amount"]
    with refused(Code.INVALID) as problem:
        catalogue.save_binding({**binding, "values": values, "facts": facts, "sentence": "Cancel."}, by=BY)
    assert "amount" in problem.value.detail


def test_an_action_type_belongs_to_a_domain_or_to_none(cast: Cast) -> None:
    with refused(Code.INVALID):
        catalogue.save_action_type(READ, domain=cast.refunds, by=BY)


# -- what a process knows ---------------------------------------------------------------------------


def test_a_known_entry_is_looked_up_without_any_statement(cast: Cast) -> None:
    first = catalogue.lookup("bench.refund", stale=-1) or catalogue.current(cast.refund.pk)
    catalogue.current(cast.refund.pk)
    with CaptureQueriesContext(connection) as seen:
        again = catalogue.lookup("bench.refund")
        spec, binding = catalogue.spec_of(cast.refund.pk, cast.refund.revision)
    assert len(seen) == 0
    assert first is not None
    assert again is not None
    assert (spec, binding) == (again.spec, None)


def test_an_edit_is_seen_as_soon_as_somebody_says_that_the_revision_is_old(cast: Cast) -> None:
    known = catalogue.current(cast.refund.pk)
    assert known is not None
    row = catalogue.save_action_type({**BENCH_REFUND, "caps": []}, domain=cast.service, by=BY)
    assert catalogue.lookup("bench.refund") == known
    fresh = catalogue.lookup("bench.refund", stale=known.revision)
    assert fresh is not None
    assert (fresh.revision, fresh.spec.caps) == (row.revision, ())
    assert catalogue.lookup("bench.refund") == fresh


def test_a_revision_that_is_neither_known_nor_stored_is_a_problem(cast: Cast) -> None:
    with refused(Code.WRONG_STATE):
        catalogue.spec_of(cast.refund.pk, 1)


def test_nobody_registered_means_nothing(cast: Cast) -> None:
    assert catalogue.lookup("nobody.knows") is None
    assert catalogue.current(0) is None


def test_a_revision_is_never_used_twice_even_when_the_catalogue_is_set_back(cast: Cast) -> None:
    """After a restore the same number must not name another document: processes keep what they parsed."""
    revisions = {cast.refund.revision}
    edits: list[list[Any]] = [[], BENCH_REFUND["caps"], []]
    for caps in edits:
        row = catalogue.save_action_type({**BENCH_REFUND, "caps": caps}, domain=cast.service, by=BY)
        revisions.add(row.revision)
    assert len(revisions) == 4
    assert min(revisions) > 10**15  # a time in microseconds, not a count


def test_an_entry_that_cannot_be_read_any_more_is_unavailable_not_open(cast: Cast) -> None:
    ActionType.objects.filter(pk=cast.refund.pk).update(document={"key": "bench.refund"}, revision=7)
    with refused(Code.UNAVAILABLE):
        catalogue.current(cast.refund.pk)


# -- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(RETAIL.parent.glob("*.yaml")), ids=lambda path: path.stem)
def test_our_own_files_are_imported_whole_and_a_second_time_change_nothing(cast: Cast, path: Path) -> None:
    content = catalogues.content(path)
    known = {row.key for row in ActionType.objects.all()}
    first = catalogue.import_file(path, domain=cast.service, by=cast.mary)
    assert {row.key for row in first.action_types} | known >= {each["key"] for each in content["action_types"]}
    count = LedgerEntry.objects.count()
    again = catalogue.import_file(path, domain=cast.service, by=cast.mary)
    assert (again.action_types, again.bindings) == ([], [])
    assert again.unchanged == len(content["action_types"]) + len(content.get("bindings", []))
    assert LedgerEntry.objects.count() == count


def test_a_file_is_imported_whole_or_not_at_all(cast: Cast) -> None:
    text = documents.dump({"action_types": [READ, {"key": "broken"}]})
    with refused(Code.INVALID) as problem:
        catalogue.import_file(text, by=BY)
    assert problem.value.fields[0][0].startswith("action_types[1]")
    assert not ActionType.objects.filter(key="shop.look").exists()


def test_a_file_may_name_its_domain(cast: Cast) -> None:
    catalogue.import_file(documents.dump({"domain": "service", "action_types": [READ]}), by=BY)
    assert ActionType.objects.get(key="shop.look").domain == cast.service
    with refused(Code.INVALID):
        catalogue.import_file(documents.dump({"domain": "nowhere", "action_types": [READ]}), by=BY)


@pytest.mark.parametrize(
    "text", ["", "[]", "a: 1", "action_types: {}", "bindings: x", "action_types: [", "{domain: [], action_types: []}"]
)
def test_what_is_no_catalogue_file_is_refused(cast: Cast, text: str) -> None:
    with refused(Code.INVALID):
        catalogue.import_file(text, by=BY)


def test_a_file_that_cannot_be_read_is_told_without_its_path(cast: Cast, tmp_path: Path) -> None:
    with refused(Code.INVALID) as problem:
        catalogue.import_file(tmp_path / "none.yaml", by=BY)
    assert str(tmp_path) not in problem.value.detail


def test_a_binding_is_stored_once_for_each_type(cast: Cast) -> None:
    assert Binding.objects.filter(action_type=cast.cancel).count() == 1


def test_the_command_imports_a_file_or_prints_every_mistake(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(documents.dump({"action_types": [READ]}))
    call_command("import_catalogue", str(path), domain="service", by="mary")
    assert "1 action types and 0 bindings saved, 0 unchanged." in capsys.readouterr().out
    assert ActionType.objects.get(key="shop.look").domain == cast.service
    path.write_text(documents.dump({"action_types": [{**READ, "class": "odd", "risk": "odd"}]}))
    with pytest.raises(CommandError) as failure:
        call_command("import_catalogue", str(path), domain="service")
    assert [line.split(":")[0] for line in str(failure.value).splitlines()] == [
        "action_types[0].class",
        "action_types[0].risk",
    ]
    with pytest.raises(CommandError, match="no domain"):
        call_command("import_catalogue", str(path), domain="refunds")
    with pytest.raises(CommandError, match="council"):
        call_command("import_catalogue", str(path), by="ada")
