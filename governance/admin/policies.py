from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from governance import policies
from governance.admin.base import GovernedAdmin, GovernedForm
from governance.admin.site import site
from governance.backtest import backtest
from governance.beside import beside
from governance.bundle_files import Checked, spec_in
from governance.locks import database_now
from governance.models import BundleVersion
from governance.problems import Code, Problem
from governance.spoken import spoken

LAST = 200
LINE = "\n"
_FILE = re.compile(r"^=== ([a-z0-9_.]{1,64})$", re.MULTILINE)


def unpacked(text: str) -> dict[str, str]:
    """Files pasted one after another, each behind a line `=== name`."""
    before, *parts = _FILE.split(text.replace("\r\n", "\n"))
    if before.strip() or len(set(parts[::2])) != len(parts[::2]):
        sentence = "Each file stands once, behind a line of its own that reads === name."
        raise Problem(Code.INVALID, sentence, fields=(("/text", sentence),))
    return {name: body.removeprefix("\n") for name, body in zip(parts[::2], parts[1::2], strict=True)}


def packed(files: dict[str, str]) -> str:
    """The same the other way, for the page."""
    return "".join(f"=== {name}\n{text.removesuffix(LINE)}\n" for name, text in sorted(files.items()))


class BundleForm(GovernedForm):
    text = forms.CharField(
        strip=False,
        widget=forms.Textarea(attrs={"rows": 30, "cols": 100, "spellcheck": "false"}),
        help_text="Each file behind a line of its own that reads === name, such as === bundle.yaml.",
    )

    class Meta:
        model = BundleVersion
        fields = ("seen",)


@admin.register(BundleVersion, site=site)
class BundleVersionAdmin(GovernedAdmin):
    """Propose by pasting; activate, retire and shadow from the list, by a second person where it may widen."""

    form = BundleForm
    may_change = False
    list_display = ("bundle", "number", "state", "shadow", "broken_since", "beside")
    list_filter = ("state", "shadow", ("broken_since", admin.EmptyFieldListFilter))
    list_select_related = ("bundle",)
    view_fields = (
        *("bundle", "number", "state", "shadow", "broken_since", "proposed_by", "proposed_at", "activated_by"),
        *("activated_at", "retirement_asked_by", "retired_by", "retired_at", "sha256", "tests", "beside"),
        "text",
    )
    actions = ("replay", "activate", "propose_again", "retire", "shadow_on", "shadow_off")
    change_form_template = "council/bundle.html"

    def write(self, user: User, obj: BundleVersion, form: Any, change: bool) -> Model:
        stored = policies.propose(unpacked(form.cleaned_data["text"]), by=user)
        # the desk names in its own list what was written
        obj.bundle, obj.number = stored.bundle, stored.number
        return stored

    @admin.display(description="digest")
    def sha256(self, row: BundleVersion) -> str:
        return bytes(row.digest).hex()

    @admin.display(description="tests")
    def tests(self, row: BundleVersion) -> str:
        return "\n".join(f"{result}: {package}.{name}" for package, name, result in row.report["tests"])

    @admin.display(description="files")
    def text(self, row: BundleVersion) -> str:
        return packed(row.files)

    @admin.display(description="answers in shadow")
    def beside(self, row: BundleVersion) -> str:
        """What it said beside the active policy."""
        return spoken(str(beside(row.pk)))

    @admin.action(description=f"Decide the last {LAST} decisions again with it", permissions=["council"])
    def replay(self, request: HttpRequest, chosen: QuerySet[BundleVersion]) -> HttpResponse | None:
        """Only when it is asked for: each of them is given to an engine."""
        row = chosen.first()
        if row is None or chosen.count() != 1:
            self.message_user(request, "Select one version.", messages.ERROR)
            return None
        checked = Checked(spec_in(row.files), row.files, bytes(row.digest), row.report)
        found = backtest(checked, last=LAST)
        context = {**site.each_context(request), "title": str(row), "row": row, "found": found, "at": database_now()}
        return TemplateResponse(request, "council/backtest.html", context)

    @admin.action(description="Activate what another member proposed", permissions=["council"])
    def activate(self, request: HttpRequest, chosen: QuerySet[BundleVersion]) -> None:
        for row in chosen:
            policies.activate(row.pk, digest=bytes(row.digest).hex(), by=request.user)  # type: ignore[arg-type]
            self.message_user(request, f"{row} governs now.", messages.SUCCESS)

    @admin.action(description="Propose an older version again", permissions=["council"])
    def propose_again(self, request: HttpRequest, chosen: QuerySet[BundleVersion]) -> None:
        for row in chosen:
            policies.propose(row.files, by=request.user)  # type: ignore[arg-type]
            self.message_user(request, f"{row} is proposed: another member activates it.", messages.SUCCESS)

    @admin.action(description="Retire: asked by one member, done by another", permissions=["council"])
    def retire(self, request: HttpRequest, chosen: QuerySet[BundleVersion]) -> None:
        for row in chosen:
            done = policies.retire(row.pk, by=request.user)  # type: ignore[arg-type]
            self.message_user(request, f"{done} is {done.state}.", messages.SUCCESS)

    @admin.action(description="Run beside the active version", permissions=["council"])
    def shadow_on(self, request: HttpRequest, chosen: QuerySet[BundleVersion]) -> None:
        for row in chosen:
            policies.set_shadow(row.pk, shadow=True, by=request.user)  # type: ignore[arg-type]

    @admin.action(description="No longer run beside the active version", permissions=["council"])
    def shadow_off(self, request: HttpRequest, chosen: QuerySet[BundleVersion]) -> None:
        for row in chosen:
            policies.set_shadow(row.pk, shadow=False, by=request.user)  # type: ignore[arg-type]
