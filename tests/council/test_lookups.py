"""I22: no list of the council's desk answers a guess at a column that its page does not filter by."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Field, Model

from governance.admin.base import GovernedAdmin
from governance.admin.site import site
from governance.models import Agent
from tests.cast import Cast
from tests.council.conftest import Desk
from tests.support.clients import SurfaceClient
from tests.support.quiet import quiet

GUESSES = ("", "__startswith", "__contains", "__regex", "__gt", "__lt", "__in", "__isnull", "__exact")
SECRETS = ("password", "digest", "secret", "hash", "leaf", "body")


def path_of(model: type[Model]) -> str:
    return f"/council/{model._meta.app_label}/{model._meta.model_name}/"


def declared(desk: Any) -> set[str]:
    return {each if isinstance(each, str) else each[0] if isinstance(each, tuple) else "" for each in desk.list_filter}


def columns(model: type[Model], depth: int = 2) -> Iterator[str]:
    """Every column of a model and of what it points at, as a lookup names it."""
    for field in model._meta.get_fields():
        yield field.name
        if depth > 1 and field.is_relation and isinstance(field.related_model, type):
            yield from (f"{field.name}__{inner}" for inner in columns(field.related_model, depth - 1))


def test_every_desk_refuses_lookups_that_its_filters_do_not_make() -> None:
    assert len(site._registry) > 8
    for model, desk in site._registry.items():
        assert isinstance(desk, GovernedAdmin), model
        guessed = [f"{name}{guess}" for name in columns(model) for guess in GUESSES]
        let_in = {each for each in guessed if desk.lookup_allowed(each, "a")}
        targets = {f"{name}__{part}__exact" for name in declared(desk) for part in ("id", "key")}
        plain = {f"{name}{end}" for name in declared(desk) for end in ("", "__exact", "__isnull")}
        own = {getattr(each, "parameter_name", "") for each in desk.list_filter}
        assert let_in <= plain | targets | own, model
        assert not any(secret in each for each in let_in for secret in SECRETS), model


@pytest.mark.parametrize("who", ["mary", "edith"])
def test_no_column_outside_the_filters_can_be_guessed_at_by_anybody_at_the_desk(
    cast: Cast, sign_in: Any, who: str
) -> None:
    browser: SurfaceClient = sign_in(getattr(cast, who)).browser
    for model, desk in site._registry.items():
        fields = [field for field in model._meta.get_fields() if isinstance(field, Field)]
        for name in {field.name for field in fields} - declared(desk) - {"kind"}:
            for guess in ("", "__startswith", "__isnull"):
                with quiet(logging.ERROR):
                    answer = browser.get(path_of(model), {f"{name}{guess}": "1"})
                assert answer.status_code == 400, (model, name, guess)


def test_a_password_hash_is_no_riddle_to_be_solved_letter_by_letter(cast: Cast, desk: Desk) -> None:
    cast.ada.set_password("a-password-of-hers")
    cast.ada.save(update_fields=["password"])
    for model, names in {
        User: ("password__startswith", "groups__user__password__startswith", "logentry__user__password__regex"),
        Agent: ("owner__password__startswith", "agentkey__digest__startswith", "project__agent__owner__password"),
    }.items():
        for name in names:
            assert desk.browser.get(path_of(model), {name: "argon2"}).status_code == 400, name


def test_the_declared_filters_search_and_order_still_work(cast: Cast, desk: Desk) -> None:
    for model, found in site._registry.items():
        page = desk.browser.get(path_of(model), {"o": "1", "q": "a"} if found.search_fields else {"o": "1"})
        assert page.status_code == 200, model
        for spec in page.context["cl"].filter_specs:
            for choice in spec.choices(page.context["cl"]):
                answer = desk.browser.get(f"{path_of(model)}{choice['query_string']}")
                assert answer.status_code == 200, (model, choice)
    only = desk.browser.get("/council/auth/user/", {"is_active__exact": "1", "q": "ada"})
    assert [person.username for person in only.context["cl"].result_list] == ["ada"]


@pytest.mark.parametrize("key", ["abc", "1.5", ""], ids=["word", "fraction", "nothing"])
@pytest.mark.parametrize(
    ("model", "action"),
    [("bundleversion", "activate"), ("watch", "end"), ("ticket", "end"), ("halt", "lift"), ("agentkey", "revoke")],
)
def test_what_can_be_no_row_is_never_acted_on(desk: Desk, model: str, action: str, key: str) -> None:
    sent = {"action": action, "_selected_action": key, "index": "0"}
    assert desk.browser.post(f"/council/governance/{model}/", sent).status_code == 400
