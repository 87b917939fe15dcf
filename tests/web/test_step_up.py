"""High risk and every widening ask whoever does it to confirm that it is them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.models import User

from governance import first_password, halt, mandates
from governance.locks import database_now
from governance.models import Halt, Mandate, Scope
from governance.policy.tiers import Risk
from governance.problems import Problem
from governance.proof import Proof
from reviews import judge
from reviews.models import Escalation, Verdict
from tests.cast import BY, Cast
from tests.council.conftest import Desk, errors
from tests.reviews.scene import Scene, backdate, entries, proven, refused, stated
from tests.support.clients import SurfaceClient
from tests.web.reading import buttons, hidden, said, visitor, words

PASSWORD = "correct horse battery"


def high(scene: Scene) -> Escalation:
    """A case of high risk in Grace's hands."""
    return scene.take(scene.case("600.00"), scene.cast.grace)


def long_ago(browser: SurfaceClient) -> None:
    """Her last proof is six minutes old."""
    session = browser.session
    who, _, second = session["placet_proof"]
    session["placet_proof"] = [who, (database_now() - timedelta(minutes=6)).isoformat(), second]
    session.save()


def approve(scene: Scene, case: Escalation, proof: Proof | None) -> Verdict:
    return judge.approve(case.pk, reviewer=scene.cast.grace, proof=proof, **stated(case))


def with_app(person: User) -> str:
    """Enrol an authenticator app; the secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(person, secret)
    return secret


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def test_the_verb_takes_no_old_proof_no_proof_of_another_and_none_without_the_second_factor(scene: Scene) -> None:
    case, grace = high(scene), scene.cast.grace
    now = database_now()
    old, another = Proof(grace.pk, now - timedelta(minutes=5, seconds=1), True), Proof(scene.cast.ada.pk, now, True)
    for proof in (None, old, another):
        with pytest.raises(Problem, match="Confirm first") as problem:
            approve(scene, case, proof)
        assert refused(problem) == "confirm_identity"
    with_app(grace)
    with pytest.raises(Problem, match="Confirm first"):
        approve(scene, case, proven(grace))
    assert not Verdict.objects.exists()
    assert approve(scene, case, Proof(grace.pk, database_now(), second=True)).approve


def test_who_must_have_a_second_factor_approves_no_high_risk_without(scene: Scene, settings: Any) -> None:
    settings.PLACET_REQUIRE_MFA = True
    case = high(scene)
    with pytest.raises(Problem, match="second factor") as problem:
        approve(scene, case, proven(scene.cast.grace))
    assert refused(problem) == "second_factor_missing"
    page = visitor(scene.cast.grace).get(f"/escalations/{case.pk}/")
    assert "High risk asks for a second factor, and you have none." in words(page)
    assert "You need a second factor." in words(visitor(scene.cast.grace).get("/security/"))
    scene.approve(scene.case(order="W2")), "medium risk asks for none"


def test_rejecting_and_medium_risk_ask_for_nothing(scene: Scene) -> None:
    grace = visitor(scene.cast.grace)
    case, usual = high(scene), scene.take(scene.case(order="W2"), scene.cast.grace)
    long_ago(grace)
    page = grace.get(f"/escalations/{usual.pk}/")
    assert "disabled" not in buttons(page)["a"]
    assert grace.post(f"/escalations/{usual.pk}/approve/", hidden(page)).status_code == 302
    assert grace.post(f"/escalations/{case.pk}/reject/", {"reason": "not_needed"}).status_code == 302


def test_the_detour_decides_nothing_and_leads_back_to_the_same_facts(scene: Scene) -> None:
    first_password.change_password(scene.cast.grace, password=PASSWORD)
    grace, case = visitor(User.objects.get(username="grace")), high(scene)
    path = f"/escalations/{case.pk}/"
    shown = hidden(grace.get(path))
    long_ago(grace)
    page = grace.get(path)
    assert "High risk: confirm that it is you before you approve." in words(page)
    assert "disabled" in buttons(page)["a"]
    answer = grace.post(f"{path}approve/", shown)
    assert (answer.status_code, said(answer)[:13]) == (403, "Confirm first")
    asked = f"/accounts/reauthenticate/?next={path}"
    assert asked in page.content.decode()
    assert grace.post(asked, {"password": "wrong"}).status_code == 200
    assert "disabled" in buttons(grace.get(path))["a"]
    answer = grace.post(asked, {"password": PASSWORD, "next": path})
    assert (answer.status_code, answer["Location"]) == (302, path)
    assert Escalation.objects.get().state == "open"
    again = grace.get(path)
    assert hidden(again) == shown
    assert "disabled" not in buttons(again)["a"]
    assert grace.post(f"{path}approve/", shown).status_code == 302
    assert Verdict.objects.get().approve


def test_who_has_a_second_factor_confirms_with_that(scene: Scene) -> None:
    first_password.change_password(scene.cast.grace, password=PASSWORD)
    secret = with_app(scene.cast.grace)
    browser, case = SurfaceClient(), high(scene)
    answer = browser.post("/accounts/login/", {"login": "grace", "password": PASSWORD})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/security/").status_code == 302, "a password is half a sign-in"
    assert browser.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    browser.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    path = f"/escalations/{case.pk}/"
    assert "disabled" not in buttons(browser.get(path))["a"], "signing in with it was a proof"
    long_ago(browser)
    answer = browser.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": path})
    assert answer["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert "disabled" in buttons(browser.get(path))["a"]
    codes = RecoveryCodes.activate(scene.cast.grace).get_unused_codes()
    answer = browser.post("/accounts/2fa/reauthenticate/", {"code": codes[0], "next": path})
    assert answer["Location"] == path
    assert "disabled" not in buttons(browser.get(path))["a"]
    assert codes[0] not in RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()


def test_the_database_alone_makes_no_codes(cast: Cast) -> None:
    secret = with_app(cast.ada)
    RecoveryCodes.activate(cast.ada)
    stored = str([row.data for row in Authenticator.objects.all()])
    assert secret not in stored


# -- the council's desk ---------------------------------------------------------------------------


def desk_of(person: User) -> Desk:
    found = Desk(visitor(person))
    long_ago(found.browser)
    return found


def test_a_widening_at_the_desk_asks_for_a_fresh_proof_and_keeps_the_form(cast: Cast) -> None:
    desk = desk_of(cast.mary)
    path = f"governance/scope/{cast.refunds.pk}/change/"
    assert "confirm that it is you" in words(desk.open(path))
    answer = desk.save(path, ceiling=4)
    assert "Confirm first that it is you" in errors(answer)
    assert answer.context["adminform"].form["ceiling"].value() == "4"
    assert Scope.objects.get(pk=cast.refunds.pk).ceiling == 3


def test_narrowing_and_halting_ask_for_none(cast: Cast) -> None:
    desk = desk_of(cast.mary)
    assert desk.save(f"governance/scope/{cast.refunds.pk}/change/", ceiling=2).status_code == 302
    assert desk.save(f"governance/mandate/{cast.ada.mandate.pk}/change/", limit="400.00").status_code == 302
    assert desk.act("governance/mandate/", "revoke", cast.ada.mandate.pk).status_code == 302
    desk.browser.post("/halts/declare/", {"target": "agent", "name": cast.refunder.pk, "reason": "Odd."})
    assert Halt.objects.filter(lifted_at=None).exists()


def test_every_other_door_to_a_widening_asks_too(cast: Cast, settings: Any) -> None:
    declared = halt.halt("agent", str(cast.refunder.pk), reason="Odd.", by=BY)
    desk = desk_of(cast.mary)
    assert desk.browser.post(f"/halts/{declared.pk}/lift/", {"recovery": "0"}).status_code == 403
    assert "Confirm first" in errors(desk.save(f"governance/mandate/{cast.ada.mandate.pk}/change/", limit="700.00"))
    assert "Confirm first" in errors(desk.send("auth/user/add/", {"username": "olga", "roles": ["reviewer"]}))
    desk.act("auth/user/", "invite", cast.ada.pk)
    assert Halt.objects.get().lifted_at is None
    assert Mandate.objects.get(reviewer=cast.ada).money_limit == 500_00
    assert not User.objects.filter(username="olga").exists()
    settings.PLACET_REQUIRE_MFA = True
    fresh = Desk(visitor(cast.mary))
    assert "You need a second factor" in words(fresh.open("governance/scope/"))
    assert "second factor" in errors(fresh.save(f"governance/mandate/{cast.ada.mandate.pk}/change/", limit="700.00"))


def test_what_a_mandate_gains_in_any_term_is_a_widening(cast: Cast) -> None:
    until = database_now() + timedelta(days=9)
    held: dict[str, Any] = {"rank": 2, "money_limit": 100, "max_risk": Risk.MEDIUM, "action_types": [cast.refund]}
    held["expires_at"] = until
    changes: list[dict[str, Any]] = [
        {"rank": 3}, {"money_limit": 101}, {"max_risk": Risk.HIGH}, {"action_types": []},
        {"action_types": [cast.cancel]}, {"expires_at": None}, {"expires_at": until + timedelta(days=1)},
    ]  # fmt: skip
    for change in changes:
        mandates.set_mandate(cast.ada, **held, by=BY)
        mandates.set_mandate(cast.ada, **(held | change), by=BY)
        assert said_wide(), change
        mandates.set_mandate(cast.ada, **held, by=BY)
        assert not said_wide() or "action_types" in change, change


def said_wide() -> bool:
    return bool(entries("mandate_set")[-1]["widening"])


def test_an_old_lease_is_no_reason_to_skip_the_proof(scene: Scene) -> None:
    case = high(scene)
    backdate("update reviews_escalation set taken_until = clock_timestamp() - interval '1 s' where id = %s", case.pk)
    with pytest.raises(Problem, match="Take the case first"):
        approve(scene, case, proven(scene.cast.grace))
