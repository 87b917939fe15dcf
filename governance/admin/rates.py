from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model

from governance import rates
from governance.admin.base import GovernedAdmin, GovernedForm
from governance.admin.site import site
from governance.models import Rate
from governance.policy.codes import EXPONENTS
from governance.policy.money import REFERENCE_CURRENCY


class RateForm(GovernedForm):
    currency = forms.ChoiceField(choices=[(code, code) for code in sorted(EXPONENTS) if code != REFERENCE_CURRENCY])

    class Meta:
        model = Rate
        fields = ("currency", "rate", "seen")
        help_texts = {
            "rate": f"What one unit is worth in {REFERENCE_CURRENCY}, such as 1.0873. It counts from now on, for seven"
            " days at most; amounts are rounded up.",
        }


@admin.register(Rate, site=site)
class RateAdmin(GovernedAdmin):
    form = RateForm
    may_change = False
    list_display = ("currency", "rate", "valid_from", "pinned_by")
    list_filter = ("currency",)
    view_fields = ("currency", "rate", "valid_from", "pinned_by")

    def write(self, user: User, obj: Rate, form: Any, change: bool) -> Model:
        return rates.pin_rate(form.cleaned_data["currency"], form.cleaned_data["rate"], by=user)
