from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from governance import delegate, permit, register, standing
from governance.admin.base import GovernedAdmin, GovernedForm, ReadOnlyAdmin, shown_once
from governance.admin.site import site
from governance.models import ActionType, Agent, AgentKey, AgentState, Permission, Scope, ScopeKind, Ticket
from governance.policy.tiers import Level, Tier
from governance.problems import Problem


class AgentForm(GovernedForm):
    watched = ("name", "owner_id", "project_id", "max_tier", "state", "fingerprint", "requests_per_minute", "shared")

    class Meta:
        model = Agent
        fields = (
            "name", "owner", "project", "parent", "max_tier", "state", "fingerprint", "requests_per_minute", "shared",
            "seen",
        )  # fmt: skip
        help_texts = {
            "max_tier": "Above PROPOSE is a widening and stands in the ledger as one. Lowering it lowers every"
            " sub-agent; raising it raises only this agent.",
            "shared": "Any agent may then delegate to it by ticket, for what both may do. A widening.",
            "state": "A suspended agent is known and refused; a retired one never comes back.",
            "requests_per_minute": "More than that is answered 429; ten seconds' worth may come at once.",
        }


@admin.register(Agent, site=site)
class AgentAdmin(GovernedAdmin):
    form = AgentForm
    list_display = ("name", "owner", "project", "parent", "max_tier", "state", "shared")
    list_filter = ("state", "max_tier", "project")
    list_select_related = ("owner", "project", "parent")
    search_fields = ("name",)
    view_fields = (
        "name",
        "owner",
        "project",
        "parent",
        "max_tier",
        "state",
        "fingerprint",
        "requests_per_minute",
        "shared",
        "registered_at",
    )
    fixed = ("parent",)
    actions = ("issue_key",)

    def get_fields(self, request: HttpRequest, obj: Agent | None = None) -> Any:
        fields = super().get_fields(request, obj)
        return fields if obj is not None else [name for name in fields if name not in ("state", "shared")]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "project":
            kwargs["queryset"] = Scope.objects.filter(kind=ScopeKind.PROJECT.value)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def write(self, user: User, obj: Agent, form: Any, change: bool) -> Model:
        values = form.cleaned_data
        terms = {name: values[name] for name in ("name", "owner", "project", "fingerprint", "requests_per_minute")}
        if not change:
            tier = Tier(values["max_tier"])
            return register.register_agent(**terms, parent=values["parent"], max_tier=tier, by=user)
        register.change_agent(
            obj,
            **terms,
            max_tier=Tier(values["max_tier"]),
            state=AgentState(values["state"]),
            shared=values["shared"],
            by=user,
        )
        return obj

    @admin.action(description="Issue a key for the selected agent", permissions=["council"])
    def issue_key(self, request: HttpRequest, chosen: QuerySet[Agent]) -> HttpResponse | None:
        agent = chosen.first()
        if agent is None or chosen.count() != 1 or not isinstance(request.user, User):
            self.message_user(request, "Select one agent.", messages.ERROR)
            return None
        try:
            key = register.issue_key(agent, by=request.user)
        except Problem as problem:
            self.message_user(request, problem.detail, messages.ERROR)
            return None
        return shown_once(request, title="A new key", secret=key, whose=agent.name)


class AgentKeyForm(GovernedForm):
    class Meta:
        model = AgentKey
        fields = ("agent", "expires_at", "seen")
        help_texts = {"expires_at": "Without a date the key lives for a year."}


@admin.register(AgentKey, site=site)
class AgentKeyAdmin(GovernedAdmin):
    form = AgentKeyForm
    may_change = False
    list_display = ("prefix", "agent", "created_at", "expires_at", "revoked_at", "replaces")
    list_filter = ("agent",)
    list_select_related = ("agent", "replaces")
    view_fields = ("prefix", "agent", "created_at", "expires_at", "revoked_at", "ends_by", "replaces", "issued_by")
    actions = ("revoke",)

    def write(self, user: User, obj: AgentKey, form: Any, change: bool) -> Model:
        obj.once = register.issue_key(obj.agent, by=user, expires_at=obj.expires_at)  # type: ignore[attr-defined]
        return AgentKey.objects.get(prefix=obj.once.split("_")[1])  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: AgentKey, post_url_continue: str | None = None) -> HttpResponse:
        return shown_once(request, title="A new key", secret=obj.once, whose=obj.agent.name)  # type: ignore[attr-defined]

    @admin.action(description="Revoke the selected keys", permissions=["council"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[AgentKey]) -> None:
        for key in chosen.select_related("agent").filter(revoked_at__isnull=True):
            register.revoke_key(key, by=request.user)  # type: ignore[arg-type]
        self.message_user(request, "The keys are revoked.")


class PermissionForm(GovernedForm):
    watched = ("level",)

    class Meta:
        model = Permission
        fields = ("agent", "action_type", "level", "seen")
        help_texts = {"level": "A new agent starts at L0; more is a widening and stands in the ledger as one."}


@admin.register(Permission, site=site)
class PermissionAdmin(GovernedAdmin):
    form = PermissionForm
    list_display = ("agent", "action_type", "level")
    list_display_links = ("agent", "action_type")
    list_filter = ("level", "action_type")
    list_select_related = ("agent", "action_type")
    search_fields = ("agent__name", "action_type__key")
    view_fields = ("agent", "action_type", "level")
    fixed = ("agent", "action_type")
    actions = ("lower_to_l2", "lower_to_l1", "lower_to_l0", "revoke")

    def write(self, user: User, obj: Permission, form: Any, change: bool) -> Model:
        return permit.set_level(obj.agent, obj.action_type, level=Level(form.cleaned_data["level"]), by=user)

    @admin.action(description="Lower L3 to L2: reviews found too many errors", permissions=["council"])
    def lower_to_l2(self, request: HttpRequest, chosen: QuerySet[Permission]) -> None:
        self._lower(request, chosen, Level.L2)

    @admin.action(description="Lower L2 to L1: reviews found too many errors", permissions=["council"])
    def lower_to_l1(self, request: HttpRequest, chosen: QuerySet[Permission]) -> None:
        self._lower(request, chosen, Level.L1)

    @admin.action(description="Lower L1 to L0: reviews found too many errors", permissions=["council"])
    def lower_to_l0(self, request: HttpRequest, chosen: QuerySet[Permission]) -> None:
        self._lower(request, chosen, Level.L0)

    def _lower(self, request: HttpRequest, chosen: QuerySet[Permission], to: Level) -> None:
        """Each by itself: one that stands elsewhere is told and keeps no other from being lowered."""
        for permission in chosen:
            try:
                lowered = standing.lower_level(permission, to=to, by=request.user)  # type: ignore[arg-type]
            except Problem as problem:
                self.message_user(request, problem.detail, messages.ERROR)
                continue
            told = f"{lowered.agent} is at L{lowered.level} for {lowered.action_type} until its cooldown is over."
            self.message_user(request, told, messages.SUCCESS)

    @admin.action(description="Take the selected permissions away", permissions=["council"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Permission]) -> None:
        for permission in chosen:
            permit.revoke(permission, by=request.user)  # type: ignore[arg-type]
        self.message_user(request, "The permissions are gone.")


@admin.register(Ticket, site=site)
class TicketAdmin(ReadOnlyAdmin):
    """What agents delegated. Agents give tickets; the council may end them."""

    list_display = ("parent", "child", "types", "issued_at", "expires_at", "revoked_at")
    list_display_links = ("parent", "child")
    search_fields = ("parent__name", "child__name")
    list_select_related = ("parent", "child")
    view_fields = ("parent", "child", "via", "types", "issued_at", "expires_at", "revoked_at")
    actions = ("end",)

    @admin.display(description="action types")
    def types(self, ticket: Ticket) -> str:
        return ", ".join(ActionType.objects.filter(pk__in=ticket.action_types).values_list("key", flat=True))

    @admin.action(description="End the selected delegations", permissions=["council"])
    def end(self, request: HttpRequest, chosen: QuerySet[Ticket]) -> None:
        for ticket in chosen:
            delegate.end_ticket(ticket.pk, by=request.user)  # type: ignore[arg-type]
        self.message_user(request, "The delegations have ended.")
