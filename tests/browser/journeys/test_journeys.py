"""The journeys themselves: none is missing, all coats are worn, and what goes wrong on the way is heard."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config import urls_accounts
from governance.admin.site import site
from reviews.web import urls
from tests.browser import journeys
from tests.browser.journeys.coats import EVERY, coats_of
from tests.browser.journeys.conftest import Journey, acts

# Without scripts there is no passkey, and no provider of single sign-on without one: both have tests of their own.
# The others show something or lead away, and post nothing.
ELSEWHERE = {
    "account_inactive", "account_set_password", "mfa_index", "mfa_view_recovery_codes", "mfa_download_recovery_codes",
    "sso", "sso-callback", "mfa_login_webauthn", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_remove_webauthn",
    "mfa_reauthenticate_webauthn", "mfa_edit_webauthn",
}  # fmt: skip


def every() -> Iterator[Callable[..., Any]]:
    """The journeys."""
    for module in pkgutil.iter_modules(journeys.__path__, f"{journeys.__name__}."):
        found = vars(importlib.import_module(module.name))
        yield from (each for each in found.values() if hasattr(each, "acts"))


def test_whatever_a_person_can_do_is_done_on_a_journey() -> None:
    console = {str(view.name) for view in urls.urlpatterns if "POST" in view.callback.methods}  # type: ignore[attr-defined]
    own = {str(view.name) for view in urls_accounts.urlpatterns} - ELSEWHERE
    desk = {
        f"admin:{model._meta.app_label}_{model._meta.model_name}_add"
        for model, at in site._registry.items()
        if getattr(at, "may_add", False)
    }
    done = frozenset().union(*(journey.acts for journey in every()))  # type: ignore[attr-defined]
    assert (console | own | desk) - done == set()


def test_the_journeys_together_are_made_in_every_coat() -> None:
    worn = {coat for journey in every() for coat in coats_of(journey.__name__)}
    assert worn == set(EVERY)


@pytest.mark.browser
@acts("preferences-choose")
def test_what_goes_wrong_on_a_journey_is_heard(journey: Journey) -> None:
    ada = journey.begins("ada", "/preferences/")
    ada.page.evaluate("document.body.setAttribute('style', 'color: red')")
    (refused,) = journey.complaints
    assert "Content Security Policy" in refused
    ada.goes("/nothing/")
    assert journey.complaints.pop() == "404 GET /nothing/"
    journey.complaints.clear()
    ada.goes("/preferences/")
    ada.presses("Keep", exactly=True)
    assert journey.done == {"preferences-choose"}
    ada.narrow = True
    ada.page.set_viewport_size({"width": 120, "height": 800})
    with pytest.raises(AssertionError, match="px too wide"):
        ada.looks()
