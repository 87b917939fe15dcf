from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from governance import narrow, stewards
from governance.actors import OPERATOR
from governance.admin.base import GovernedAdmin, GovernedForm, ReadOnlyAdmin
from governance.admin.site import site
from governance.models import Instance, Scope, ScopeKind
from governance.policy.tiers import Tier


class ScopeForm(GovernedForm):
    stewards = forms.ModelMultipleChoiceField(
        queryset=User.objects.filter(is_active=True, groups__name=OPERATOR).order_by("username"),
        label=_("Stewards"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Operators who may lower this ceiling, and those of what is in it. The enterprise has none."),
    )

    class Meta:
        model = Scope
        fields = ("key", "name", "kind", "parent", "ceiling", "seen")
        help_texts = {
            "ceiling": "Lowering it lowers every scope below, at once; raising it raises only this one, and"
            " stands in the ledger as a widening.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exists:
            self.initial["stewards"] = stewards_of(self.instance)

    def _print(self) -> str:
        state = (self.instance.name, self.instance.ceiling, stewards_of(self.instance))
        return hashlib.sha256(f"{state}".encode()).hexdigest()


def stewards_of(scope: Scope) -> list[int]:
    """The keys of those who look after a scope."""
    return sorted(scope.stewards.values_list("person_id", flat=True))


@admin.register(Scope, site=site)
class ScopeAdmin(GovernedAdmin):
    form = ScopeForm
    list_display = ("key", "name", "kind", "parent", "ceiling")
    list_display_links = ("key",)
    list_filter = ("kind", "ceiling")
    list_select_related = ("parent",)
    search_fields = ("key", "name")
    view_fields = ("key", "name", "kind", "parent", "ceiling")
    fixed = ("key", "kind", "parent")

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            kwargs["choices"] = [(kind.value, kind.label) for kind in (ScopeKind.DOMAIN, ScopeKind.PROJECT)]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "parent":
            kwargs["queryset"] = Scope.objects.exclude(kind=ScopeKind.PROJECT.value)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def write(self, user: User, obj: Scope, form: Any, change: bool) -> Model:
        values = form.cleaned_data
        if not change:
            made = narrow.create_scope(
                key=values["key"],
                name=values["name"],
                kind=values["kind"],
                parent=values["parent"],
                ceiling=Tier(values["ceiling"]),
                by=user,
            )
            stewards.set_stewards(made, people=values["stewards"], by=user)
            return made
        stored = Scope.objects.get(pk=obj.pk)
        narrow.rename_scope(stored, name=values["name"], by=user)
        narrow.set_ceiling(stored, ceiling=Tier(values["ceiling"]), by=user)
        if stored.kind != ScopeKind.ENTERPRISE or values["stewards"]:
            stewards.set_stewards(stored, people=values["stewards"], by=user)
        return stored


@admin.register(Instance, site=site)
class InstanceAdmin(ReadOnlyAdmin):
    list_display = ("id", "authority_epoch", "instance_epoch", "policy_revision", "reference_currency", "born_as_demo")
    view_fields = (
        "born_at",
        "born_as_demo",
        "reference_currency",
        "authority_epoch",
        "instance_epoch",
        "policy_revision",
    )
