"""What the reviewer saw is what was approved: the digest, and the time there was to read."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from governance import catalogue
from governance.locks import database_now
from governance.models import LedgerEntry
from reviews import material, showing
from reviews.models import Escalation, Showing, Verdict
from tests.cast import BY
from tests.reviews.scene import BINDING, Scene, entries
from tests.web.consent import recomputed
from tests.web.reading import HTMX, hidden, said, visitor, words


def page(scene: Scene, case: Escalation) -> Any:
    return visitor(scene.cast.ada).get(f"/escalations/{case.pk}/")


def approve(scene: Scene, case: Escalation, form: dict[str, str]) -> Any:
    return visitor(scene.cast.ada).post(f"/escalations/{case.pk}/approve/", form, headers=HTMX)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading takes as long as it does in the field."""
    monkeypatch.setattr(settings, "PLACET_READING_SECONDS", 3)
    monkeypatch.setattr(settings, "PLACET_READING_SECONDS_PER_CHECK", 1)


@pytest.mark.parametrize("more", [{}, {"subject": "c-2"}, {"claims": {"status": "cancelled"}}], ids=str)
def test_the_digest_is_that_of_what_the_page_shows(scene: Scene, more: dict[str, Any]) -> None:
    response = page(scene, scene.take(scene.case(**more)))
    assert recomputed(response) == hidden(response)["consent"]


def test_a_word_changed_on_the_page_is_another_digest(scene: Scene) -> None:
    response = page(scene, scene.take(scene.case()))
    response.content = response.content.replace(b"$900.00", b"$90.00")
    assert recomputed(response) != hidden(response)["consent"]


def test_a_verdict_keeps_the_digest_of_the_page_and_says_it_in_the_ledger(scene: Scene) -> None:
    case = scene.take(scene.case())
    form = hidden(page(scene, case))
    assert approve(scene, case, form).status_code == 200
    assert bytes(Verdict.objects.get().consent_digest).hex() == form["consent"]
    assert entries("verdict_given")[-1]["consent_digest"] == form["consent"]


@pytest.mark.parametrize(("read", "sent"), [("en", "de"), ("de", "en")])
def test_what_was_read_in_one_language_is_approved_in_another(scene: Scene, read: str, sent: str) -> None:
    """Somebody chose another one meanwhile, in another window: the page that is still open states the same."""
    case, client = scene.take(scene.case()), visitor(scene.cast.ada)
    path = f"/escalations/{case.pk}/"
    shown = [client.get(path, headers={"Accept-Language": language}) for language in (read, sent)]
    assert words(shown[0]) != words(shown[1])
    assert hidden(shown[0]) == hidden(shown[1])
    assert [recomputed(each) for each in shown] == [hidden(each)["consent"] for each in shown]
    answer = client.post(f"{path}approve/", hidden(shown[0]), headers=HTMX | {"Accept-Language": sent})
    assert answer.status_code == 200
    assert bytes(Verdict.objects.get().consent_digest).hex() == hidden(shown[0])["consent"]


def test_what_reads_differently_since_is_not_approved(scene: Scene) -> None:
    """Facts and action are the same; the council calls one of them something else."""
    case = scene.take(scene.case())
    form = hidden(page(scene, case))
    facts = [{**BINDING["facts"][0], "label": "Somebody else"}, *BINDING["facts"][1:]]
    catalogue.save_binding({**BINDING, "facts": facts}, by=BY)
    response = approve(scene, case, form)
    assert response.status_code == 412
    assert said(response).startswith("The case does not read as it did when you saw it")
    assert not Verdict.objects.exists()
    assert approve(scene, case, hidden(response)).status_code == 200


@pytest.mark.usefixtures("reading")
def test_approve_answers_only_after_there_was_time_to_read(scene: Scene) -> None:
    case = scene.take(scene.case())
    response = page(scene, case)
    shown = Showing.objects.get()
    assert shown.readable_at - shown.shown_at == timedelta(seconds=3 + shown.checks)
    assert shown.checks == material.read(case.pk).checks > 0
    assert "waits until" in words(response)
    early = approve(scene, case, hidden(response))
    assert early.status_code == 409
    clock = f"{shown.readable_at:%H:%M:%S} UTC"
    assert said(early).startswith(f"Take a moment to read the facts. Approve waits until {clock}")
    assert not Verdict.objects.exists()
    time.sleep(max(0.0, (shown.readable_at - database_now()).total_seconds()))
    assert approve(scene, case, hidden(early)).status_code == 200


@pytest.mark.usefixtures("reading")
def test_whoever_never_saw_the_page_approves_nothing(scene: Scene) -> None:
    case = scene.take(scene.case())
    form = hidden(page(scene, scene.take(scene.case(order="W2"))))
    shown = material.read(case.pk)
    form |= {"action_digest": shown.action_digest, "snapshot_digest": shown.snapshot_digest, "consent": shown.digest}
    assert approve(scene, case, form).status_code == 409


@pytest.mark.usefixtures("reading")
def test_a_page_seen_before_needs_no_second_wait_and_no_second_entry(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = scene.take(scene.case())
    page(scene, case)
    noted = LedgerEntry.objects.filter(kind="case_shown").count()
    before = Showing.objects.get().readable_at
    page(scene, case)
    assert (Showing.objects.get().readable_at, LedgerEntry.objects.filter(kind="case_shown").count()) == (before, noted)
    monkeypatch.setattr(showing, "seconds_to_read", lambda shown: 1)
    later = before + timedelta(seconds=1)
    showing.require_read(case.pk, reviewer=scene.cast.ada, material=material.read(case.pk), now=later)


@pytest.mark.usefixtures("reading")
def test_looking_at_a_case_without_taking_it_starts_no_clock(scene: Scene) -> None:
    page(scene, scene.case())
    assert not Showing.objects.exists()
