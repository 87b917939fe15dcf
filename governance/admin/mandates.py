from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from governance import mandates
from governance.actors import REVIEWER
from governance.admin.base import GovernedAdmin, GovernedForm
from governance.admin.site import site
from governance.models import ActionType, Mandate
from governance.policy.mandates import MOST_DECISIONS
from governance.policy.money import REFERENCE_CURRENCY, amount_text, parse_amount
from governance.policy.tiers import Risk
from governance.policy.working_hours import Hours

_WEEK = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
_LINE = re.compile(
    r"([a-z0-9_.]{1,64})(?:\s+until\s+([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\s+([0-9]{2}:[0-9]{2}))?)?", re.ASCII
)
_HOURS = ("work_zone", "work_days", "work_from", "work_until")


class MandateForm(GovernedForm):
    limit = forms.CharField(label="Money limit", help_text=f'In {REFERENCE_CURRENCY}, written "500.00".', max_length=20)
    qualified = forms.CharField(
        label=_("Qualified for"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            'Action types, one a line; "shop.refund until 2027-01-31" ends at 00:00 UTC of that day, or at a time'
            " written after it. Empty: all types. One that has ended does not count."
        ),
    )
    work_zone = forms.CharField(
        label=_("Working hours: time zone"),
        required=False,
        max_length=64,
        help_text=_("Such as Europe/Berlin. Empty: at any time."),
    )
    work_days = forms.TypedMultipleChoiceField(
        label=_("on"),
        required=False,
        coerce=int,
        choices=list(enumerate(_WEEK, 1)),
        widget=forms.CheckboxSelectMultiple,
    )
    work_from = forms.TimeField(label=_("from"), required=False)
    work_until = forms.TimeField(
        label=_("until"), required=False, help_text=_("Local times; over midnight where this is not the later one.")
    )
    per_hour = forms.IntegerField(
        label=_("Verdicts an hour"),
        required=False,
        min_value=1,
        max_value=MOST_DECISIONS,
        help_text=_("The most in any 60 minutes. Empty: any number. Rejecting stays possible."),
    )
    per_day = forms.IntegerField(
        label=_("Verdicts a day"), required=False, min_value=1, max_value=MOST_DECISIONS,
        help_text=_("The most in any 24 hours."),
    )  # fmt: skip

    class Meta:
        model = Mandate
        fields = ("reviewer", "rank", "max_risk", "expires_at", "seen")
        help_texts = {"rank": "1 to 3."}

    field_order = ("reviewer", "rank", "max_risk", "limit", "expires_at", "qualified", *_HOURS, "per_hour", "per_day")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exists:
            held = self.instance
            self.initial.update({name: getattr(held, name) for name in (*_HOURS, "per_hour", "per_day")})
            self.initial["limit"] = amount_text(held.money_limit, REFERENCE_CURRENCY)
            self.initial["qualified"] = "\n".join(lines_of(held))

    def clean_limit(self) -> int:
        try:
            return parse_amount(self.cleaned_data["limit"], REFERENCE_CURRENCY)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_qualified(self) -> Mapping[ActionType, dt.datetime | None]:
        lines = [line.strip() for line in self.cleaned_data["qualified"].splitlines() if line.strip()]
        return dict(_qualification(line) for line in lines)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        stated = [cleaned.get(name) for name in _HOURS]
        given = [each not in (None, "", []) for each in stated]
        if any(given) and not all(given):
            told = _("Working hours need a time zone, days, a beginning and an end, or none of it.")
            self.add_error("work_zone", told)
        cleaned["hours"] = _hours_of(stated)
        return cleaned

    def _print(self) -> str:
        held = self.instance
        terms = (held.rank, held.money_limit, held.max_risk, held.expires_at, held.per_hour, held.per_day)
        return f"{terms} {lines_of(held)} {held.hours}"


def _hours_of(stated: list[Any]) -> Hours | None:
    zone, days, begins, ends = stated
    if not zone or not days or begins is None or ends is None:
        return None
    return Hours(zone, frozenset(days), begins, ends)


def lines_of(mandate: Mandate) -> list[str]:
    """What a mandate is qualified for, a line for each type, as the form reads it."""
    named = mandate.qualifications.select_related("action_type").order_by("action_type__key")
    return [
        each.action_type.key
        if each.expires_at is None
        else f"{each.action_type.key} until {each.expires_at.astimezone(dt.UTC):%Y-%m-%d %H:%M}"
        for each in named
    ]


def _qualification(line: str) -> tuple[ActionType, dt.datetime | None]:
    match = _LINE.fullmatch(line)
    found = None if match is None else ActionType.objects.filter(key=match[1]).first()
    if match is None or found is None:
        raise forms.ValidationError(
            _("This is no action type, nor one with an end: %(line)s"), params={"line": line[:80]}
        )
    if match[2] is None:
        return found, None
    try:
        return found, dt.datetime.fromisoformat(f"{match[2]}T{match[3] or '00:00'}+00:00")
    except ValueError as error:
        raise forms.ValidationError(_("There is no such day or time: %(line)s"), params={"line": line[:80]}) from error


@admin.register(Mandate, site=site)
class MandateAdmin(GovernedAdmin):
    form = MandateForm
    list_display = ("reviewer", "rank", "limit", "max_risk", "expires_at", "works")
    list_select_related = ("reviewer",)
    view_fields = ("reviewer", "rank", "limit", "max_risk", "expires_at", "types", "works", "per_hour", "per_day")
    fixed = ("reviewer",)
    actions = ("revoke",)

    @admin.display(description="money limit")
    def limit(self, mandate: Mandate) -> str:
        return f"{amount_text(mandate.money_limit, REFERENCE_CURRENCY)} {REFERENCE_CURRENCY}"

    @admin.display(description=_("qualified for"))
    def types(self, mandate: Mandate) -> str:
        return "; ".join(lines_of(mandate))

    @admin.display(description=_("working hours"))
    def works(self, mandate: Mandate) -> str:
        hours = mandate.hours
        if hours is None:
            return ""
        days = " ".join(str(_WEEK[day - 1])[:2] for day in sorted(hours.days))
        return f"{days} {hours.begins:%H:%M}-{hours.ends:%H:%M} {hours.zone}"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "reviewer":
            kwargs["queryset"] = User.objects.filter(groups__name=REVIEWER, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def write(self, user: User, obj: Mandate, form: Any, change: bool) -> Model:
        values = form.cleaned_data
        return mandates.set_mandate(
            obj.reviewer,
            rank=values["rank"],
            money_limit=values["limit"],
            max_risk=Risk(values["max_risk"]),
            action_types=values["qualified"],
            expires_at=values["expires_at"],
            hours=values["hours"],
            per_hour=values["per_hour"],
            per_day=values["per_day"],
            by=user,
        )

    @admin.action(description="End the selected mandates", permissions=["council"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Mandate]) -> None:
        for mandate in chosen.select_related("reviewer"):
            mandates.revoke_mandate(mandate.reviewer, by=request.user)  # type: ignore[arg-type]
        self.message_user(request, "The mandates have ended.")
