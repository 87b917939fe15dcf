from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from governance import watch
from governance.admin.base import GovernedAdmin, GovernedForm
from governance.admin.site import site
from governance.models import Watch
from governance.models.health import MAX_HEARTBEAT, MIN_HEARTBEAT


class WatchForm(GovernedForm):
    watched = ("heartbeat_seconds",)

    class Meta:
        model = Watch
        fields = ("agent", "tool", "heartbeat_seconds", "seen")
        help_texts = {
            "agent": "A gateway or monitor. It may use nothing that it watches, nor may an agent above or below it.",
            "heartbeat_seconds": "10 to 86400. When no signal came for so long, the health is unknown and people"
            " decide; also before the first one. Empty: nothing is promised.",
        }


@admin.register(Watch, site=site)
class WatchAdmin(GovernedAdmin):
    form = WatchForm
    list_display = ("tool", "agent", "heartbeat_seconds", "set_at")
    list_filter = ("tool",)
    list_select_related = ("agent",)
    search_fields = ("tool", "agent__name")
    view_fields = ("agent", "tool", "heartbeat_seconds", "set_at")
    fixed = ("agent", "tool")
    actions = ("end",)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "tool":
            return forms.ChoiceField(choices=[(name, name) for name in watch.subjects()], label=_("Tool or connector"))
        if db_field.name == "heartbeat_seconds":
            kwargs |= {"min_value": MIN_HEARTBEAT, "max_value": MAX_HEARTBEAT}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def write(self, user: User, obj: Watch, form: Any, change: bool) -> Model:
        return watch.set_watch(obj.agent, obj.tool, heartbeat_seconds=form.cleaned_data["heartbeat_seconds"], by=user)

    @admin.action(description="End the selected watches", permissions=["council"])
    def end(self, request: HttpRequest, chosen: QuerySet[Watch]) -> None:
        for each in chosen:
            watch.end_watch(each, by=request.user)  # type: ignore[arg-type]
        self.message_user(request, "They watch no longer: what they said no longer counts.")
