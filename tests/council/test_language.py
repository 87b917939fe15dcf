"""The council's desk is in the language of whoever sits at it: names, labels, choices, help, actions and messages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import translation

from governance import enrol
from governance.admin import site
from governance.admin.named import NAMES
from governance.beside import Beside
from governance.models import Agent, BundleVersion, LedgerEntry, Mandate, Permission, Rate, Scope, Watch
from governance.policy.tiers import Level
from governance.spoken import spoken
from reviews.models import Practised, RejectReason
from tests.cast import BY, Cast
from tests.web.reading import visitor, words

GERMAN = {"accept-language": "de"}
# What German says alike.
ALIKE = {"Agent", "Name", "Text"}


def german(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(f"admin:{name}", args=args), headers=GERMAN)
    assert response.status_code == 200
    assert response["Content-Language"] == "de"
    return words(response)


def place(model: type[Model], page: str) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_{page}"


def english_in(text: str) -> set[str]:
    """The names of two words or more that stand there untranslated: a single word may be somebody's name."""
    return {name for name in NAMES if " " in name and name.lower() in text.lower()}


@pytest.mark.parametrize("model", list(site._registry), ids=lambda model: model.__name__)
def test_no_list_and_no_form_has_an_english_name(cast: Cast, model: type[Model]) -> None:
    mary = visitor(cast.mary)
    if model is not LedgerEntry:  # whose kinds are the ledger's own, in every language
        assert not english_in(german(mary, place(model, "changelist")))
    if site._registry[model].may_add:  # type: ignore[attr-defined]
        assert not english_in(german(mary, place(model, "add")))


def test_every_name_has_a_german_one() -> None:
    with translation.override("de"):
        assert {name for name in NAMES if spoken(name) == name} == ALIKE


def test_a_form_says_its_labels_its_help_and_its_choices(cast: Cast) -> None:
    text = german(visitor(cast.mary), place(Permission, "add"))
    assert "Berechtigung hinzufügen" in text
    assert "Aktionsart:" in text
    assert "Ein neuer Agent beginnt bei L0" in text
    assert "L0 nur Entwürfe" in text
    assert "Werkzeug oder Konnektor:" in german(visitor(cast.mary), place(Watch, "add"))


def test_a_list_says_its_columns_its_filters_its_states_and_what_it_offers(cast: Cast) -> None:
    mary = visitor(cast.mary)
    text = german(mary, place(Agent, "changelist"))
    for said in (
        "Agenten",
        "höchste Stufe",
        "Nach Zustand",
        "Gesperrt",
        "Schlüssel für den ausgewählten Agenten ausstellen",
    ):
        assert said in text
    counted = f"{Beside(3, 1, 0, 2, capped=True)}"
    with translation.override("de"):
        assert spoken(counted) == "3 gleich, 1 strenger, 0 lockerer, 2 nicht ausgewertet. Nur die letzten 1000 zählen."
    assert "Bündelversion zum Ansehen auswählen" in german(mary, place(BundleVersion, "changelist"))
    assert "Übung, beendet oder erlassen" in german(mary, place(Practised, "changelist"))
    assert "Ablehnungsgründe" in german(mary, "index")


def test_what_was_done_and_what_was_refused_is_said_too(cast: Cast) -> None:
    mary = visitor(cast.mary)
    agents = reverse(f"admin:{place(Agent, 'changelist')}")
    sent = {"action": "issue_key", "_selected_action": [str(cast.refunder.pk), str(cast.drafter.pk)]}
    assert "Wählen Sie einen Agenten aus." in words(mary.post(agents, sent, headers=GERMAN, follow=True))


@pytest.mark.parametrize(
    ("model", "sent", "told"),
    [
        (RejectReason, {"code": "NO", "sentence": "Not now"}, "A code has 3 to 32 lower-case letters"),
        (RejectReason, {"code": "not_now", "sentence": "?"}, "Plain words are expected"),
        (Rate, {"currency": "EUR", "rate": "0"}, "A rate is between 0 and 1,000,000,000 with at most 12 digits"),
        (
            Scope,
            {"key": "new", "name": "New", "kind": "domain", "ceiling": "1"},
            "A domain stands under the enterprise",
        ),
        (
            Mandate,
            {"rank": "7", "max_risk": "1", "limit": "1.00", "expires_at_0": "2030-01-01", "expires_at_1": "00:00"},
            "A rank is 1, 2 or 3.",
        ),
        (
            Agent,
            {"name": "New", "max_tier": "1", "fingerprint": "", "requests_per_minute": "0"},
            "An agent may ask 1 to 60,000 times",
        ),
    ],
    ids=["code", "sentence", "rate", "parent", "rank", "pace"],
)
def test_what_is_impossible_is_said_in_words_and_not_by_the_name_of_a_constraint(
    cast: Cast, model: type[Model], sent: dict[str, str], told: str
) -> None:
    known = {
        "owner": cast.joan.pk,
        "project": cast.refunds.pk,
        "reviewer": enrol.enrol("nora", groups=["reviewer"], by=BY).pk,
    }
    page = visitor(cast.mary).post(reverse(f"admin:{place(model, 'add')}"), {**known, **sent})
    assert page.status_code == 200
    text = words(page)
    assert "onstraint" not in text
    assert told in text


def test_in_english_all_of_it_reads_as_it_stands_in_the_code(cast: Cast) -> None:
    text = words(visitor(cast.mary).get(reverse(f"admin:{place(Permission, 'add')}")))
    assert "Add permission" in text
    assert Level.L0.name in text
    assert str(Permission._meta.verbose_name_plural) == "permissions"
    assert str(User._meta.verbose_name) == "user"
