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

from governance import accounts, enrol, first_password, single_sign_on
from governance.actors import GROUPS
from governance.admin.base import GovernedAdmin, GovernedForm, shown_once
from governance.admin.site import site
from governance.models import Identity


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

    accounts = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=_("Own records"),
        help_text=_("Customers, accounts and addresses that are theirs, one a line, as the record system writes them."),
    )

    class Meta:
        model = User
        fields = ("username", "is_active", "seen")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exists:
            self.initial["roles"] = held_by(self.instance)
            self.initial["accounts"] = "\n".join(own_records(self.instance))
            known = Identity.objects.filter(person=self.instance).first()
            self.initial["subject"], self.initial["email"] = (known.subject, known.email) if known else ("", "")

    def _print(self) -> str:
        known = Identity.objects.filter(person=self.instance).values_list("subject", "email").first()
        state = (self.instance.is_active, held_by(self.instance), known, own_records(self.instance))
        return hashlib.sha256(f"{state}".encode()).hexdigest()

    def clean_accounts(self) -> list[str]:
        return list(self.cleaned_data["accounts"].split())


def own_records(person: User) -> list[str]:
    """The records that are theirs, in order."""
    return sorted(person.accounts.values_list("record", flat=True))


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
            if "accounts" in form.changed_data:
                accounts.set_accounts(person, form.cleaned_data["accounts"], by=user)
            return person
        person = enrol.enrol(form.cleaned_data["username"], groups=form.cleaned_data["roles"], by=user)
        if any(known.values()):
            single_sign_on.set_identity(person, **known, by=user)
        if form.cleaned_data["accounts"]:
            accounts.set_accounts(person, form.cleaned_data["accounts"], by=user)
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
