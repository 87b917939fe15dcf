from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from governance import policies
from governance.admin.policies import LAST, packed, unpacked
from governance.backtest import Backtest, backtest
from governance.bundle_files import Checked
from governance.models import Action, BundleState, BundleVersion, Shadow
from tests.cast import Cast
from tests.council.conftest import Desk, errors
from tests.governance.policies.rego import files
from tests.governance.policies.test_policies import active
from tests.reviews.scene import Scene

LIST = "governance/bundleversion/"
SignIn = Callable[[User], Desk]


def test_files_are_pasted_and_shown_as_they_are() -> None:
    given = files()
    assert unpacked(packed(given)) == given
    assert unpacked(packed(given).replace("\n", "\r\n")) == given


def test_one_proposes_at_the_desk_and_another_activates(cast: Cast, sign_in: SignIn) -> None:
    desk = sign_in(cast.mary)
    assert desk.send(f"{LIST}add/", {"text": packed(files()), "seen": ""}).status_code == 302
    version = BundleVersion.objects.get()
    desk.act(LIST, "activate", version.pk)
    version.refresh_from_db()
    assert version.state == BundleState.PROPOSED, "not by the same person"
    sign_in(cast.joan).act(LIST, "activate", version.pk)
    version.refresh_from_db()
    assert (version.state, version.activated_by) == (BundleState.ACTIVE, "joan")
    page = desk.open(f"{LIST}{version.pk}/change/").content.decode()
    for said in ("passed: p_test.test_it_answers", bytes(version.digest).hex(), "0 agree, 0 stricter, 0 looser"):
        assert said in page


@pytest.mark.parametrize("more", ["=== p.rego\npackage p\n", ""])
def test_a_file_that_is_pasted_twice_or_has_no_name_is_not_left_out_silently(
    cast: Cast, sign_in: SignIn, more: str
) -> None:
    text = packed(files()) + more if more else "package p\n" + packed(files())
    assert "Each file stands once" in errors(sign_in(cast.mary).send(f"{LIST}add/", {"text": text, "seen": ""}))
    assert not BundleVersion.objects.exists()


def test_only_a_member_who_asks_for_it_has_decisions_decided_again(
    scene: Scene, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(found: Checked, *, last: int) -> Backtest:
        asked.append(last)
        return backtest(found, last=last)

    monkeypatch.setattr("governance.admin.policies.backtest", counted)
    version = policies.propose(files("propose"), by=scene.cast.mary)
    scene.running()
    desk = sign_in(scene.cast.mary)
    page = desk.open(f"{LIST}{version.pk}/change/").content.decode()
    desk.open(LIST)
    assert asked == []
    assert 'name="action" value="replay"' in page
    form = {"action": "replay", "index": "0", "_selected_action": str(version.pk)}
    told = desk.send(LIST, form).content.decode()
    assert asked == [LAST]
    assert "The last 1 recorded decisions, decided again" in told
    assert "1 get stricter" in told
    assert f"/decisions/{Action.objects.get().pk}/" in told
    auditor = sign_in(scene.cast.edith)
    assert 'value="replay"' not in auditor.open(f"{LIST}{version.pk}/change/").content.decode()
    assert auditor.send(LIST, form).status_code == 403
    assert asked == [LAST]


def test_the_list_counts_no_more_than_the_newest_answers_of_a_shadow(
    scene: Scene, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = policies.propose(files(), by=scene.cast.mary)
    for outcome in ("escalate", "execute", "execute", "execute"):
        action = scene.running()
        Shadow.objects.create(action=action, version=version, tier=3, outcome=outcome, decided="execute")
    desk = sign_in(scene.cast.mary)
    assert "3 agree, 1 stricter, 0 looser, 0 not evaluated.<" in desk.open(LIST).content.decode()
    monkeypatch.setattr("governance.beside.MOST", 3)
    assert "3 agree, 0 stricter, 0 looser, 0 not evaluated. Only the last 3 count.<" in desk.open(LIST).content.decode()


def test_the_form_says_what_is_wrong_with_a_bundle(cast: Cast, sign_in: SignIn) -> None:
    wrong = {**files(), "p_test.rego": "package p_test\n\ntest_no if false\n"}
    told = errors(sign_in(cast.mary).send(f"{LIST}add/", {"text": packed(wrong), "seen": ""}))
    assert "test_no: failed" in told
    assert not BundleVersion.objects.exists()


@pytest.mark.parametrize(("action", "field"), [("shadow_on", True), ("shadow_off", False)])
def test_a_shadow_is_switched_from_the_list(cast: Cast, sign_in: SignIn, action: str, field: bool) -> None:
    desk = sign_in(cast.mary)
    desk.send(f"{LIST}add/", {"text": packed(files()), "seen": ""})
    version = BundleVersion.objects.get()
    desk.act(LIST, action, version.pk)
    version.refresh_from_db()
    assert version.shadow is field


def test_a_broken_policy_is_a_banner_for_the_council_and_for_nobody_else(cast: Cast, sign_in: SignIn) -> None:
    version = active(cast)
    policies.note_health(version.pk, broken=True)
    desk = sign_in(cast.mary)
    for page in ("/council/", "/agents/"):
        assert "A policy cannot be evaluated." in desk.browser.get(page).content.decode()
        assert "tests v1" in desk.browser.get(page).content.decode()
    assert "cannot be evaluated" not in sign_in(cast.ada).browser.get("/agents/").content.decode()
    policies.note_health(version.pk, broken=False)
    assert "cannot be evaluated" not in desk.browser.get("/agents/").content.decode()
