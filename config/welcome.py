"""The page behind a link from the council: a person chooses their first password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from governance import first_password
from governance.problems import Problem
from reviews.web.errors import refused


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at the link uses nothing up; sending the form does."""
    try:
        person = first_password.invited(token)
        form = SetPasswordForm(person, request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return render(request, "account/welcome.html", {"form": form, "person": person.get_username()})
        first_password.accept(token, password=form.cleaned_data["new_password1"])
    except Problem as problem:
        return refused(request, problem)
    messages.success(request, _("Your password is kept. Sign in with it."))
    return redirect("account_login")
