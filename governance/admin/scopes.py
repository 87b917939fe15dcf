from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest

from governance import narrow
from governance.admin.base import GovernedAdmin, GovernedForm, ReadOnlyAdmin
from governance.admin.site import site
from governance.models import Instance, Scope, ScopeKind
from governance.policy.tiers import Tier


class ScopeForm(GovernedForm):
    watched = ("name", "ceiling")

    class Meta:
        model = Scope
        fields = ("key", "name", "kind", "parent", "ceiling", "seen")
        help_texts = {
            "ceiling": "Lowering it lowers every scope below, at once; raising it raises only this one, and"
            " stands in the ledger as a widening.",
        }


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
            return narrow.create_scope(
                key=values["key"],
                name=values["name"],
                kind=values["kind"],
                parent=values["parent"],
                ceiling=Tier(values["ceiling"]),
                by=user,
            )
        stored = Scope.objects.get(pk=obj.pk)
        narrow.rename_scope(stored, name=values["name"], by=user)
        narrow.set_ceiling(stored, ceiling=Tier(values["ceiling"]), by=user)
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
