"""What the desk calls things: names of tables and columns, of fields, choices and actions, in the reader's language.

They stand in the code in plain English, as Django makes them of our identifiers. Its own names Django translates; what
is marked in the code is translated by its mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.db.models import Field, Model
from django.forms.utils import pretty_name
from django.utils.functional import Promise, lazy

from governance.spoken import spoken

# Every English name that is said in another language; `make messages` reads it when all tables are registered.
NAMES: set[str] = set()

_OURS = ("governance", "reviews")
_later = lazy(spoken, str)


def speak(model: type[Model], admin: type[ModelAdmin[Any]]) -> None:
    """Have a table, what is shown of it and what its list offers named in the language of whoever looks."""
    opts: Any = model._meta
    if opts.app_label in _OURS:
        one, many = str(opts.verbose_name), str(opts.verbose_name_plural)
        opts.verbose_name, opts.verbose_name_plural = _said(one), _said(many)
        for column in _shown(model, admin):
            column.verbose_name = _said(column.verbose_name)
            if column.choices:
                column.choices = [(value, _said(label)) for value, label in column.flatchoices]
    for method in _described(admin):
        method.short_description = _said(method.short_description)
    for name, field in getattr(admin.form, "declared_fields", {}).items():
        _speak(name, field)
    meta: Any = getattr(admin.form, "Meta", None)
    if helps := getattr(meta, "help_texts", None):
        meta.help_texts = {name: _said(text) for name, text in helps.items()}


def _speak(name: str, field: forms.Field) -> None:
    if isinstance(field.widget, forms.HiddenInput):
        return
    field.label, field.help_text = _said(field.label or pretty_name(name)), _said(field.help_text)
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        given: Any = field.choices
        field.choices = [(value, _said(label)) for value, label in given]


def _said(text: Any) -> Any:
    """One name, said when it is printed. A code such as USD or COMMIT has no other language."""
    if isinstance(text, Promise) or not any(map(str.islower, text)):
        return text
    NAMES.add(text)
    return _later(text)


def _shown(model: type[Model], admin: type[ModelAdmin[Any]]) -> Iterator[Field[Any, Any]]:
    """The columns that any page of this desk names."""
    filters = (each if isinstance(each, (str, tuple)) else "" for each in admin.list_filter)
    named = {
        *(each if isinstance(each, str) else each[0] for each in filters if each),
        *admin.list_display,
        *getattr(admin, "view_fields", ()),
        *getattr(getattr(admin.form, "Meta", None), "fields", ()),
    }
    yield from (column for column in model._meta.fields if column.name in named and not column.auto_created)


def _described(admin: type[ModelAdmin[Any]]) -> Iterator[Any]:
    """What `display` and `action` described, of this desk and of those that it is made of."""
    for kind in admin.__mro__:
        if kind.__module__.split(".")[0] in _OURS:
            yield from (each for each in vars(kind).values() if hasattr(each, "short_description"))
