from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from governance import halt
from governance.admin.base import GovernedAdmin, GovernedForm
from governance.admin.site import site
from governance.models import Halt


class HaltForm(GovernedForm):
    key = forms.CharField(
        max_length=80, label="Name", help_text="A scope's key, an agent's name or id, or an action type's key."
    )

    class Meta:
        model = Halt
        fields = ("target", "key", "reason", "seen")


@admin.register(Halt, site=site)
class HaltAdmin(GovernedAdmin):
    form = HaltForm
    may_change = False
    list_display = ("target", "key", "reason", "halted_at", "halted_by", "lifted_at", "lifted_by", "recovers_until")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "target")
    view_fields = (*list_display[:-1], "recovery_seconds", "recovers_until")
    actions = ("lift",)

    def write(self, user: User, obj: Halt, form: Any, change: bool) -> Model:
        target = form.cleaned_data["target"]
        key = halt.find_target(target, form.cleaned_data["key"])
        return halt.halt(target, key, reason=form.cleaned_data["reason"], by=user)

    @admin.action(description="Lift the selected halts", permissions=["council"])
    def lift(self, request: HttpRequest, chosen: QuerySet[Halt]) -> None:
        for row in chosen.filter(lifted_at__isnull=True):
            halt.lift(row, by=request.user)  # type: ignore[arg-type]
        self.message_user(request, "The halts are lifted. What they covered recovers in stages.")
