"""Rows read and written by statements of their own are what the models read and write."""

from __future__ import annotations

import pytest
from django.db import models

from governance.models import Action, ActionType, Decision, Fact, Snapshot
from reviews import cases, look, rows
from reviews.grounds import facts_of
from reviews.models import Escalation, Verdict
from tests.reviews.scene import Scene


def same(found: models.Model | None, model: type[models.Model]) -> bool:
    """Whether every column reads as the model reads it."""
    assert type(found) is model
    stored = model._base_manager.get(pk=found.pk)
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in found.get_deferred_fields()]
    return [getattr(found, name) for name in names] == [getattr(stored, name) for name in names]


def test_a_whole_row_is_what_its_model_reads(scene: Scene) -> None:
    seen = look.looked_at(scene.take(scene.case()).pk, viewer=scene.cast.ada.pk)
    assert seen is not None
    case, action = seen.case, seen.case.action
    assert case.snapshot is not None
    facts = facts_of(case.snapshot)
    read = {Escalation: case, Action: action, Decision: action.decision, Snapshot: case.snapshot, Fact: facts[0]}
    for model, row in {**read, ActionType: action.action_type}.items():
        assert same(row, model), model
    assert [fact.position for fact in facts] == [*range(len(facts))]


def test_of_a_type_its_document_is_read_when_somebody_asks_for_it(scene: Scene) -> None:
    kind = cases.about(scene.case()).action.action_type
    assert kind.get_deferred_fields() >= {"document"}
    assert kind.document == ActionType.objects.get(pk=kind.pk).document


def test_what_no_join_found_is_none(scene: Scene) -> None:
    seen = look.looked_at(scene.case().pk, viewer=scene.cast.ada.pk)
    assert seen is not None
    assert (seen.case.snapshot, seen.case.snapshot_id) == (None, None)


def test_a_row_is_inserted_and_written_as_its_model_would(scene: Scene) -> None:
    verdict = scene.approve(scene.case())
    assert same(verdict, Verdict)
    case = Escalation.objects.get(pk=verdict.escalation_id)
    case.renewals, case.skips = 3, 7
    rows.write(case, "renewals")
    case.refresh_from_db()
    assert (case.renewals, case.skips) == (3, 0), "the named columns alone"


def test_a_column_that_does_not_exist_is_an_error_and_not_left_out(scene: Scene) -> None:
    with pytest.raises(ValueError, match="Escalation has no column taken_by"):  # the column is taken_by_id
        rows.write(scene.case(), "renewals", "taken_by")
    with pytest.raises(ValueError, match="ActionType has no column documents"):
        rows.Whole("select {rows} from governance_actiontype t", t=(ActionType, ("id", "documents")))
