from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.widgets import AdminSplitDateTime
from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, BadRequest, PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import BaseConstraint, Model, UniqueConstraint
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from governance import locks
from governance.actors import AUDITOR, COUNCIL
from governance.admin.site import seats, site
from governance.policy.tiers import Tier
from governance.problems import Problem
from governance.spoken import spoken

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
    _Admin = ModelAdmin[Any]
else:  # generic for the type checker only
    _Form = forms.ModelForm
    _Admin = ModelAdmin

# "/name" of a verb's field, or "document.caps[0].window" of a document in a field.
_PLACE = re.compile(r"[^a-z_].*", re.DOTALL)

# What Django's filters append to the name of the field that they filter by.
_FILTERED = ("", "__exact", "__isnull", "__isempty")

TIERS = [(tier.value, tier.name) for tier in Tier if tier is not Tier.HALT]


class GovernedForm(_Form):
    """A form whose save is a verb: it knows what was on the page, and tells what the verb refused."""

    # What the page showed, so that an old page never overwrites what somebody narrowed meanwhile.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    problem: ClassVar[Problem | None] = None
    watched: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _only_what_has_words(self.instance)
        for field in self.fields.values():
            if isinstance(field.widget, AdminSplitDateTime):  # the label of the pair is no label of either
                for part, word in zip(field.widget.widgets, (_("date"), _("time")), strict=True):
                    part.attrs["aria-label"] = f"{field.label}: {word}"
        self.exists = not self.instance._state.adding
        if self.exists:
            self.stored = self.initial["seen"] = self._print()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.exists and cleaned.get("seen") != self.stored:
            self.add_error(None, spoken("Somebody changed this while the page was open: look at it again."))
        if self.problem is not None:
            self._tell(self.problem)
        return cleaned

    def _print(self) -> str:
        state = [str(getattr(self.instance, name)) for name in self.watched]
        return hashlib.sha256("\x1f".join(state).encode()).hexdigest()

    def _tell(self, problem: Problem) -> None:
        """What the verb refused, at the field if the form has it."""
        for pointer, sentence in problem.fields or (("", problem.detail),):
            name, said = _PLACE.sub("", pointer.lstrip("/")), spoken(sentence)
            told = f"{pointer}: {said}" if name != pointer.lstrip("/") else said
            self.add_error(name if name in self.fields else NON_FIELD_ERRORS, told)


class GovernedAdmin(_Admin):
    """Groups decide: the council may what the class allows, auditors may look, nobody deletes."""

    may_add = True
    may_change = True
    view_fields: ClassVar[tuple[str, ...]] = ()
    fixed: ClassVar[tuple[str, ...]] = ()
    list_per_page = 50
    show_full_result_count = False
    actions_on_bottom = False
    save_on_top = False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the declared filters ask for: Django would let any column of the table be guessed at."""
        given = self.list_filter if request is None else self.get_list_filter(request)
        return any(lookup in _asked_by(self.model, each) for each in given)

    def write(self, user: User, obj: Any, form: Any, change: bool) -> Model:
        """Call the verb; return the stored row. A `Problem` goes back into the form.

        A desk that names no verb writes nothing, whatever reaches it.
        """
        raise PermissionDenied("Nothing is written at this desk.")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return not seats(request).isdisjoint({COUNCIL, AUDITOR})

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and COUNCIL in seats(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change and COUNCIL in seats(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_council_permission(self, request: HttpRequest) -> bool:
        """Who sees the actions of a list."""
        return COUNCIL in seats(request)

    def get_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return self.view_fields
        return super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        if obj is None:
            return self.readonly_fields
        if not self.has_change_permission(request, obj):
            return self.view_fields
        return (*self.readonly_fields, *self.fixed)

    def get_form(self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        return type(form)(form.__name__, (form,), {"problem": getattr(request, "placet_problem", None)})

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("ceiling", "max_tier"):
            kwargs["choices"] = TIERS
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        try:
            with transaction.atomic():
                # first lock of all: nothing moves between what the form is checked against and the verb
                locks.hold_authority()
                return super().changeform_view(request, object_id, form_url, extra_context)
        except Problem as problem:
            # rolled back; the same form again, now saying why
            request.placet_problem = problem  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if request.method == "POST" and not self.has_council_permission(request):
            raise PermissionDenied
        if not self._chosen(request):
            raise BadRequest("What was chosen is no row of this list.")
        try:
            return super().changelist_view(request, extra_context)
        except Problem as problem:
            self.message_user(request, problem.detail, messages.ERROR)
            return redirect(request.get_full_path())

    def _chosen(self, request: HttpRequest) -> bool:
        """Whether all that an action was chosen for can be a key here: Django would answer 500."""
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(key)
        except ValidationError:
            return False
        return True

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Django's, in the language of whoever reads it."""
        super().message_user(request, spoken(str(message)), *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not isinstance(request.user, User):
            raise TypeError("the admin is for people who are signed in")
        stored = self.write(request.user, obj, form, change)
        for field in self.opts.concrete_fields:  # what Django says of it afterwards is of the row, not of the form
            setattr(obj, field.attname, getattr(stored, field.attname))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The verb has written everything."""


def _only_what_has_words(instance: Any) -> None:
    """Django checks what it can say, that a row is there already; the verb says in words what else cannot be.

    Django would say the rest by the name of a constraint.
    """
    known = [(model, list(filter(_is_said, found))) for model, found in instance.get_constraints()]
    instance.get_constraints = lambda: known


def _is_said(constraint: BaseConstraint) -> bool:
    return isinstance(constraint, UniqueConstraint) and constraint.condition is None


def _asked_by(model: type[Model], declared: Any) -> set[str]:
    """The parameters of a declared filter: those of a field, or the one of a filter of ours."""
    own = getattr(declared, "parameter_name", None)
    if own is not None:
        return {own}
    name = declared if isinstance(declared, str) else declared[0]
    target: Any = getattr(get_fields_from_path(model, name)[-1], "target_field", None)
    known = {f"{name}{asked}" for asked in _FILTERED}
    return known if target is None else known | {f"{name}__{target.name}__exact"}


class ReadOnlyAdmin(GovernedAdmin):
    """Only to look at."""

    may_add = False
    may_change = False


def shown_once(request: HttpRequest, *, title: object, secret: str, whose: str) -> HttpResponse:
    """A page with a secret that is stored nowhere: not in a message, not in a cookie, not in a cache."""
    context = {**site.each_context(request), "title": spoken(str(title)), "secret": secret, "whose": whose}
    response = TemplateResponse(request, "council/shown_once.html", context)
    response["Cache-Control"] = "no-store"
    return response
