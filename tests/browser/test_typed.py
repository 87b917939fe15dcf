"""Attacks that a person types: they are a human's words, so they are read as they stand, and nothing of them runs."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import expect

from governance import first_password, halt
from governance.models import Halt
from reviews.visible import visible
from tests.browser.console import Console
from tests.browser.test_every_page import proven_again
from tests.browser.test_injections import Watched
from tests.browser.test_signing_in import PASSWORD, sign_in
from tests.cast import BY
from tests.support.proof import PROVE, tell
from tests.web.attack import made, strings

pytestmark = pytest.mark.browser

# What an address may carry of one; every field of the console is shorter.
LONGEST = 300
# So much of a name is printed.
LABEL = 40
# A reason is one line that can be printed.
REASONS = [text for text in made(15) if text.isprintable() and len(text) <= halt.MAX_REASON]


@pytest.mark.full
def test_what_people_type_is_read_as_it_was_typed_and_none_of_it_runs(console: Console) -> None:
    cast = console.scene.cast
    ada, grace, mary = (
        Watched(console.open(person, "/preferences/" if person else "/accounts/login/"), console.address)
        for person in (cast.ada, None, cast.mary)
    )
    texts = [*strings(), *made(529)] if PROVE else made(15)[::5]
    for number, text in enumerate(text.replace("\x00", "").strip()[:LONGEST] for text in texts):
        stands_in_its_field(ada, str(cast.refunder.pk), text, sought=number % 2 == 0)
    names_a_passkey(console, grace)
    for path, field in (("governance/agent", "Name"), ("reviews/rejectreason", "Sentence")):
        stands_in_a_form_that_was_refused(mary, f"/council/{path}/add/", field)
    is_the_reason_of_a_halt(console, mary)
    assert ada.ran + grace.ran + mary.ran == []
    assert console.complaints == [], "what the policy stopped would be here"
    tell(size=f"{len(texts):,} attacks", figure="each read as it was typed, 0 run")


def alike(shown: str, typed: str) -> bool:
    """Whether this is what was typed; a field of one line holds no line break."""
    return "".join(shown.split()) == "".join(typed.split())


def stands_in_its_field(watched: Watched, agent: str, text: str, *, sought: bool) -> None:
    """What was searched for, or why something was to be halted."""
    if sought:
        watched.go(f"/search/?{urlencode({'q': text})}")
        assert alike(watched.page.get_by_role("searchbox").input_value(), text[:128]), text
        return
    watched.go(f"/halts/new/?{urlencode({'target': 'agent', 'name': agent, 'reason': text})}")
    assert alike(watched.page.get_by_label("Why").input_value(), text[: halt.MAX_REASON]), text


def names_a_passkey(console: Console, watched: Watched) -> None:
    """On every page of one's own account that names it."""
    grace = console.scene.cast.grace
    first_password.change_password(grace, password=PASSWORD)
    sign_in(watched.page, console.address, "grace")
    proven_again(watched.page, console.address)
    kind = {"user": grace, "type": "webauthn"}
    named = {Authenticator.objects.create(**kind, data={"name": name, "credential": {}}).pk: name for name in REASONS}
    watched.go("/accounts/2fa/webauthn/")
    told = watched.page.inner_text("main")
    assert [name for name in named.values() if visible(name[:LABEL], LABEL) not in told] == []
    for key, name in list(named.items())[: None if PROVE else 1]:
        watched.go(f"/accounts/2fa/webauthn/keys/{key}/edit/")
        assert watched.page.get_by_label("Name").input_value() == name
        watched.go(f"/accounts/2fa/webauthn/keys/{key}/remove/")


def stands_in_a_form_that_was_refused(watched: Watched, path: str, field: str) -> None:
    """A form of the council comes back with what was typed."""
    for text in REASONS[: None if PROVE else 1]:
        watched.page.goto(f"{watched.address}{path}")
        box = watched.page.get_by_label(f"{field}:", exact=True)
        box.evaluate("box => { box.removeAttribute('maxlength'); box.form.noValidate = true }")
        box.fill(text)
        watched.page.get_by_role("button", name="Save", exact=True).click()
        expect(watched.page.locator(".errornote")).to_have_count(1)
        assert box.input_value() == text


def is_the_reason_of_a_halt(console: Console, watched: Watched) -> None:
    """On every page that says what is halted."""
    cast, case = console.scene.cast, console.scene.case()
    things = [("agent", str(cast.refunder.pk)), ("domain", "service"), ("action_type", "shop.refund")]
    things += [("agent", str(cast.drafter.pk)), ("project", "refunds"), ("action_type", "shop.express")]
    things += [("enterprise", "acme"), ("action_type", "bench.refund"), ("action_type", cast.cancel.key)]
    reasons = REASONS[: len(things)]
    for (target, key), reason in zip(things, reasons, strict=True):
        halt.halt(target, key, reason=reason, by=BY)
    halts = list(Halt.objects.values_list("pk", flat=True))
    watched.go("/halts/")
    told = watched.page.inner_text("main")
    assert [reason for reason in reasons if visible(reason, halt.MAX_REASON) not in told] == []
    for each in halts[: None if PROVE else 2]:
        watched.go(f"/halts/{each}/")
        watched.page.goto(f"{watched.address}/council/governance/halt/{each}/change/")
    for path in (f"/halts/{halts[0]}/release/", "/queue/", f"/escalations/{case.pk}/", f"/agents/{cast.refunder.pk}/"):
        watched.go(path)
