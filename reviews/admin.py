"""What reviewers ask of the council, at the council's desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from governance.admin.base import ReadOnlyAdmin
from governance.admin.site import site
from governance.models import Binding
from reviews.models import BindingRequest


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
