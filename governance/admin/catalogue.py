from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from governance import catalogue, documents
from governance.actors import COUNCIL
from governance.admin.base import GovernedAdmin, GovernedForm
from governance.admin.site import seats, site
from governance.models import ActionType, Binding, Scope, ScopeKind
from governance.problems import Problem


class DocumentField(forms.CharField):
    """One YAML document; what does not load is told by its line."""

    widget = forms.Textarea(attrs={"rows": 30, "cols": 100, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return documents.load(text)
        except documents.DocumentError as error:
            raise forms.ValidationError(str(error)) from error


class DocumentForm(GovernedForm):
    document = DocumentField(help_text="YAML. Numbers of money are written as text: 500.00 stays as it is.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exists:
            self.initial["document"] = documents.dump(self.instance.document)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        named = cleaned.get("document")
        if self.exists and isinstance(named, dict) and named.get(self.names) != self._name():
            self.add_error("document", f"{self.names} stays {self._name()}: add a new entry for another one.")
        return cleaned

    names = "key"

    def _name(self) -> str:
        return str(self.instance.key)


class ActionTypeForm(DocumentForm):
    watched = ("revision", "domain_id")

    class Meta:
        model = ActionType
        fields = ("domain", "seen")


class BindingForm(DocumentForm):
    names = "action_type"
    watched = ("document",)

    class Meta:
        model = Binding
        fields = ("seen",)

    def _name(self) -> str:
        return str(self.instance.action_type.key)


class _DocumentAdmin(GovernedAdmin):
    @admin.display(description="document")
    def yaml(self, row: ActionType | Binding) -> str:
        return documents.dump(row.document)


@admin.register(ActionType, site=site)
class ActionTypeAdmin(_DocumentAdmin):
    form = ActionTypeForm
    list_display = ("key", "domain", "action_class", "base_risk", "human_required", "family", "tool")
    list_filter = ("domain", "action_class", "base_risk", "human_required")
    list_select_related = ("domain",)
    search_fields = ("key", "family", "tool")
    view_fields = ("key", "domain", "revision", "yaml")
    change_list_template = "council/action_types.html"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "domain":
            kwargs["queryset"] = Scope.objects.filter(kind=ScopeKind.DOMAIN.value)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def write(self, user: User, obj: Any, form: Any, change: bool) -> Model:
        values = form.cleaned_data
        return catalogue.save_action_type(values["document"], domain=values["domain"], by=user, at="document")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="governance_actiontype_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """A whole catalogue file: all of it is saved, or nothing and the page says what is wrong."""
        if COUNCIL not in seats(request) or not isinstance(request.user, User):
            return HttpResponse("Only the council imports.", status=403, content_type="text/plain")
        form = ImportForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                done = catalogue.import_file(
                    form.cleaned_data["text"], domain=form.cleaned_data["domain"], by=request.user
                )
            except Problem as problem:
                for place, sentence in problem.fields or (("", problem.detail),):
                    form.add_error("text", f"{place}: {sentence}" if place else sentence)
            else:
                self.message_user(
                    request,
                    f"{len(done.action_types)} action types and {len(done.bindings)} bindings saved,"
                    f" {done.unchanged} unchanged.",
                )
                return redirect("admin:governance_actiontype_changelist")
        context = {**self.admin_site.each_context(request), "title": _("Import a catalogue file"), "form": form}
        return TemplateResponse(request, "council/import.html", context)


@admin.register(Binding, site=site)
class BindingAdmin(_DocumentAdmin):
    form = BindingForm
    list_display = ("action_type", "connector")
    list_select_related = ("action_type",)
    search_fields = ("action_type__key",)
    view_fields = ("action_type", "yaml")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("action_type")

    @admin.display(description="connector")
    def connector(self, binding: Binding) -> str:
        return str(binding.document.get("connector", ""))

    def write(self, user: User, obj: Any, form: Any, change: bool) -> Model:
        return catalogue.save_binding(form.cleaned_data["document"], by=user, at="document")


class ImportForm(forms.Form):
    domain = forms.ModelChoiceField(
        Scope.objects.filter(kind=ScopeKind.DOMAIN.value),
        label=_("Domain"),
        required=False,
        help_text=_("For a file that names none itself."),
    )
    text = forms.CharField(
        label=_("File"), strip=False, widget=forms.Textarea(attrs={"rows": 30, "cols": 100, "spellcheck": "false"})
    )
