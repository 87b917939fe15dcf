from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from governance import enrol, first_password, mandates, single_sign_on
from governance.actors import GROUPS, REVIEWER
from governance.admin.base import GovernedAdmin, GovernedForm, shown_once
from governance.admin.site import site
from governance.models import Identity, Mandate
from governance.policy.money import REFERENCE_CURRENCY, amount_text, parse_amount
from governance.policy.tiers import Risk


class PersonForm(GovernedForm):
    roles = forms.MultipleChoiceField(
        choices=[(name, name) for name in GROUPS], required=False, widget=forms.CheckboxSelectMultiple
    )

    subject = forms.CharField(
        required=False, max_length=255, help_text=_("Who this is at the provider of single sign-on; best of the two.")
    )
    email = forms.CharField(
        required=False, max_length=254, help_text=_("Or the address that the provider has verified.")
    )

    class Meta:
        model = User
        fields = ("username", "is_active", "seen")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exists:
            self.initial["roles"] = held_by(self.instance)
            known = Identity.objects.filter(person=self.instance).first()
            self.initial["subject"], self.initial["email"] = (known.subject, known.email) if known else ("", "")

    def _print(self) -> str:
        known = Identity.objects.filter(person=self.instance).values_list("subject", "email").first()
        return hashlib.sha256(f"{self.instance.is_active} {held_by(self.instance)} {known}".encode()).hexdigest()


def held_by(person: User) -> list[str]:
    """The groups a person has, whether or not they may sign in."""
    return sorted(group.name for group in person.groups.all() if group.name in GROUPS)


@admin.register(User, site=site)
class PersonAdmin(GovernedAdmin):
    form = PersonForm
    list_display = ("username", "roles", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    search_fields = ("username",)
    ordering = ("username",)
    view_fields = ("username", "roles", "is_active", "last_login")
    fixed = ("username",)
    actions = ("invite", "remove_factors")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_fields(request, obj)
        return fields if obj is not None else [name for name in fields if name != "is_active"]

    @admin.display(description="roles")
    def roles(self, person: User) -> str:
        return ", ".join(held_by(person))

    def write(self, user: User, obj: User, form: Any, change: bool) -> Model:
        known = {"subject": form.cleaned_data["subject"], "email": form.cleaned_data["email"]}
        if change:
            active = form.cleaned_data["is_active"]
            person = enrol.change_person(obj, groups=form.cleaned_data["roles"], active=active, by=user)
            if {"subject", "email"} & set(form.changed_data):
                single_sign_on.set_identity(person, **known, by=user)
            return person
        person = enrol.enrol(form.cleaned_data["username"], groups=form.cleaned_data["roles"], by=user)
        if any(known.values()):
            single_sign_on.set_identity(person, **known, by=user)
        obj.once = first_password.invite(person, by=user)  # type: ignore[attr-defined]
        return person

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        return _link(request, obj.once, obj.username)  # type: ignore[attr-defined]

    @admin.action(description=_("Give the selected person a link to a new password"), permissions=["council"])
    def invite(self, request: HttpRequest, chosen: QuerySet[User]) -> HttpResponse | None:
        person = self._one(request, chosen)
        if person is None:
            return None
        return _link(request, first_password.invite(person, by=request.user), person.username)  # type: ignore[arg-type]

    @admin.action(description=_("Remove the second factors of the selected person"), permissions=["council"])
    def remove_factors(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        person = self._one(request, chosen)
        if person is not None:
            first_password.remove_factors(person, by=request.user)  # type: ignore[arg-type]
            self.message_user(request, _("The second factors are gone, and every session with them."))

    def _one(self, request: HttpRequest, chosen: QuerySet[User]) -> User | None:
        found = list(chosen[:2])
        if len(found) == 1:
            return found[0]
        self.message_user(request, _("Select one person."), messages.ERROR)
        return None


def _link(request: HttpRequest, token: str, whose: str) -> HttpResponse:
    address = request.build_absolute_uri(reverse("welcome", args=[token]))
    title = _("A link to choose a password, good for 24 hours, once")
    return shown_once(request, title=title, secret=address, whose=whose)


class MandateForm(GovernedForm):
    limit = forms.CharField(label="Money limit", help_text=f'In {REFERENCE_CURRENCY}, written "500.00".', max_length=20)

    class Meta:
        model = Mandate
        fields = ("reviewer", "rank", "max_risk", "action_types", "expires_at", "seen")
        help_texts = {"action_types": "None selected: all of them.", "rank": "1 to 3."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exists:
            self.initial["limit"] = amount_text(self.instance.money_limit, REFERENCE_CURRENCY)

    def clean_limit(self) -> int:
        try:
            return parse_amount(self.cleaned_data["limit"], REFERENCE_CURRENCY)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def _print(self) -> str:
        held = self.instance
        types = sorted(held.action_types.values_list("pk", flat=True))
        return f"{held.rank} {held.money_limit} {held.max_risk} {held.expires_at} {types}"


@admin.register(Mandate, site=site)
class MandateAdmin(GovernedAdmin):
    form = MandateForm
    list_display = ("reviewer", "rank", "limit", "max_risk", "expires_at")
    list_select_related = ("reviewer",)
    view_fields = ("reviewer", "rank", "limit", "max_risk", "action_types", "expires_at")
    fixed = ("reviewer",)
    actions = ("revoke",)

    @admin.display(description="money limit")
    def limit(self, mandate: Mandate) -> str:
        return f"{amount_text(mandate.money_limit, REFERENCE_CURRENCY)} {REFERENCE_CURRENCY}"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "reviewer":
            kwargs["queryset"] = User.objects.filter(groups__name=REVIEWER, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def write(self, user: User, obj: Mandate, form: Any, change: bool) -> Model:
        values = form.cleaned_data
        return mandates.set_mandate(
            obj.reviewer,
            rank=values["rank"],
            money_limit=values["limit"],
            max_risk=Risk(values["max_risk"]),
            action_types=values["action_types"],
            expires_at=values["expires_at"],
            by=user,
        )

    @admin.action(description="End the selected mandates", permissions=["council"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Mandate]) -> None:
        for mandate in chosen.select_related("reviewer"):
            mandates.revoke_mandate(mandate.reviewer, by=request.user)  # type: ignore[arg-type]
        self.message_user(request, "The mandates have ended.")
