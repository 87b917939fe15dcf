from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User

from governance import narrow
from governance.enrol import enrol
from governance.models import Scope
from governance.policy.tiers import Tier
from governance.record import Event
from tests.cast import BY, Cast
from tests.council.conftest import Desk, errors
from tests.governance.asking import entries


def ceiling(key: str) -> int:
    return Scope.objects.get(key=key).ceiling


def test_the_form_cannot_set_a_ceiling_above_its_parent(cast: Cast, desk: Desk) -> None:
    narrow.set_ceiling(cast.service, ceiling=Tier.EXECUTE, by=cast.joan)
    answer = desk.save(f"governance/scope/{cast.refunds.pk}/change/", ceiling=Tier.COMMIT.value)
    assert "The parent&#x27;s ceiling is EXECUTE: nothing below it stands higher." in errors(answer)
    assert ceiling("refunds") == Tier.EXECUTE


def test_saving_a_lower_ceiling_goes_through_the_verb_and_clamps_what_is_below(cast: Cast, desk: Desk) -> None:
    answer = desk.save(f"governance/scope/{cast.acme.pk}/change/", ceiling=Tier.PROPOSE.value)
    assert answer.status_code == 302
    assert [ceiling(key) for key in ("acme", "service", "refunds")] == [Tier.PROPOSE] * 3
    said = entries(Event.CEILING_NARROWED)
    assert [entry["key"] for entry in said] == ["acme", "service", "refunds"]
    assert {entry["actor"] for entry in said} == {"user:mary"}


def test_an_old_page_does_not_undo_what_somebody_narrowed_meanwhile(cast: Cast, desk: Desk) -> None:
    """Mary only renames, on a page that still shows the old ceiling: her save must not widen it back."""
    path = f"governance/scope/{cast.refunds.pk}/change/"
    page = desk.fields(path) | {"name": "Money Back"}
    narrow.set_ceiling(cast.refunds, ceiling=Tier.OBSERVE, by=cast.joan)
    assert "Somebody changed this while the page was open" in errors(desk.send(path, page))
    assert ceiling("refunds") == Tier.OBSERVE
    assert Scope.objects.get(key="refunds").name == "Refunds"


def test_a_scope_is_created_below_its_parent(cast: Cast, desk: Desk) -> None:
    fields = {"key": "post", "name": "Post", "kind": "project", "parent": cast.service.pk, "ceiling": 2}
    assert desk.send("governance/scope/add/", fields).status_code == 302
    assert Scope.objects.get(key="post").parent == cast.service
    assert entries(Event.SCOPE_CREATED)[-1]["actor"] == "user:mary"


def test_a_taken_or_misleading_name_comes_back_as_an_error_of_the_form(cast: Cast, desk: Desk) -> None:
    fields = {"key": "post", "name": "REFUNDS", "kind": "project", "parent": cast.service.pk, "ceiling": 2}
    assert "taken" in errors(desk.send("governance/scope/add/", fields))
    assert "A name has" in errors(desk.send("governance/scope/add/", fields | {"name": "P\u043est"}))
    assert "A key has" in errors(desk.send("governance/scope/add/", fields | {"key": "UP", "name": "Up"}))
    assert not Scope.objects.filter(key="post").exists()


def test_halt_and_enterprise_are_not_among_the_choices(cast: Cast, desk: Desk) -> None:
    form = desk.open("governance/scope/add/").context["adminform"].form
    assert [value for value, _ in form.fields["ceiling"].choices] == [1, 2, 3, 4]
    assert "enterprise" not in dict(form.fields["kind"].choices)


def test_key_kind_and_parent_of_a_scope_stay_whatever_is_sent(cast: Cast, desk: Desk) -> None:
    path = f"governance/scope/{cast.refunds.pk}/change/"
    answer = desk.save(path, key="other", kind="domain", parent=cast.acme.pk)
    assert answer.status_code == 302
    stored = Scope.objects.get(pk=cast.refunds.pk)
    assert (stored.key, stored.kind, stored.parent) == ("refunds", "project", cast.service)


def test_an_auditor_reads_every_ceiling_and_changes_none(cast: Cast, sign_in: Callable[[User], Desk]) -> None:
    desk = sign_in(cast.edith)
    path = f"governance/scope/{cast.refunds.pk}/change/"
    page = desk.open(path).content.decode()
    assert "EXECUTE" in page
    assert "<select" not in page
    assert desk.send(path, {"name": "Mine", "ceiling": 4}).status_code == 403
    assert Scope.objects.get(pk=cast.refunds.pk).name == "Refunds"


def test_the_instance_is_only_to_look_at(cast: Cast, desk: Desk) -> None:
    page = desk.open(f"governance/instance/{cast.instance.pk}/change/").content.decode()
    assert "Authority epoch" in page
    assert desk.send(f"governance/instance/{cast.instance.pk}/change/", {"born_as_demo": "on"}).status_code == 403


def test_the_council_names_the_stewards_of_a_scope_at_its_desk(cast: Cast, desk: Desk) -> None:
    olga = enrol("olga", groups=["operator"], by=BY)
    path = f"governance/scope/{cast.refunds.pk}/change/"
    assert desk.save(path, stewards=[olga.pk]).status_code == 302
    assert list(cast.refunds.stewards.values_list("person__username", flat=True)) == ["olga"]
    assert desk.save(path, name="Money Back").status_code == 302
    assert cast.refunds.stewards.count() == 1, "what is not touched stays"
    answer = desk.save(f"governance/scope/{cast.acme.pk}/change/", stewards=[olga.pk])
    assert "The enterprise belongs to the council: it has no stewards." in errors(answer)
