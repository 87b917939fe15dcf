"""What reviewers ask of the council, and why they may reject, at the council's desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest

from governance.actors import REVIEWER
from governance.admin.base import GovernedAdmin, GovernedForm, ReadOnlyAdmin
from governance.admin.site import site
from governance.models import Binding
from reviews import reject_reasons
from reviews.models import BindingRequest, Practised, RejectReason
from reviews.practise import waive_practice


@admin.register(BindingRequest, site=site)
class BindingRequestAdmin(ReadOnlyAdmin):
    list_display = ("action_type", "reviewer", "asked_at", "bound")
    list_select_related = ("action_type", "reviewer")
    search_fields = ("action_type__key", "reviewer__username")
    view_fields = ("action_type", "reviewer", "escalation", "asked_at", "bound")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        is_bound = Exists(Binding.objects.filter(action_type=OuterRef("action_type")))
        found: QuerySet[Any] = super().get_queryset(request).annotate(is_bound=is_bound)
        return found

    @admin.display(description="bound meanwhile", boolean=True)
    def bound(self, asked: Any) -> bool:
        return bool(asked.is_bound)


class RejectReasonForm(GovernedForm):
    class Meta:
        model = RejectReason
        fields = ("code", "sentence", "action_type", "seen")
        help_texts = {
            "code": "What agents are told. It stays taken for ever.",
            "sentence": "What reviewers read. It never changes: retire the reason and add another one.",
            "action_type": "Empty: offered for every action type.",
        }


@admin.register(RejectReason, site=site)
class RejectReasonAdmin(GovernedAdmin):
    form = RejectReasonForm
    may_change = False
    list_display = ("code", "sentence", "action_type", "retired_at")
    list_select_related = ("action_type",)
    list_filter = (("retired_at", admin.EmptyFieldListFilter),)
    view_fields = ("code", "sentence", "action_type", "added_at", "retired_at")
    actions = ("retire",)

    def write(self, user: User, obj: RejectReason, form: Any, change: bool) -> Model:
        values = form.cleaned_data
        return reject_reasons.add_reason(values["code"], values["sentence"], action_type=values["action_type"], by=user)

    @admin.action(description="Retire", permissions=["council"])
    def retire(self, request: HttpRequest, chosen: QuerySet[RejectReason]) -> None:
        if not isinstance(request.user, User):
            raise TypeError("the admin is for people who are signed in")
        for reason in chosen:
            reject_reasons.retire_reason(reason.code, by=request.user)


class PractisedForm(GovernedForm):
    class Meta:
        model = Practised
        fields = ("reviewer",)
        help_texts = {"reviewer": "They may take real cases at once, without the practice cases. It stays so."}


@admin.register(Practised, site=site)
class PractisedAdmin(GovernedAdmin):
    form = PractisedForm
    may_change = False
    list_display = ("reviewer", "at", "waived_by")
    list_select_related = ("reviewer",)
    list_filter = (("waived_by", admin.EmptyFieldListFilter),)
    search_fields = ("reviewer__username",)
    view_fields = ("reviewer", "at", "waived_by")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "reviewer":  # whoever still has practice before them
            kwargs["queryset"] = User.objects.filter(groups__name=REVIEWER, is_active=True, practised__isnull=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def write(self, user: User, obj: Practised, form: Any, change: bool) -> Model:
        return waive_practice(form.cleaned_data["reviewer"], by=user)
