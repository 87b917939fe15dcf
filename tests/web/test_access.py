"""Who gets where: every address of the console with every member of the cast."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, reverse

from governance.actors import GROUPS
from governance.enrol import enrol
from reviews.web import urls
from reviews.web.loaders import JUDGES, MENDERS, OVERSEERS, READERS, SEATED, SIGNED_IN, WATCHERS
from tests.cast import BY, Cast
from tests.support.clients import SurfaceClient
from tests.web.reading import HTMX, visitor

SOMETHING: dict[str, Any] = {
    "case": uuid.UUID(int=1),
    "draw": uuid.UUID(int=2),
    "agent": uuid.UUID(int=3),
    "verdict": 4,
    "action": uuid.UUID(int=5),
    "halt": 6,
    "trace": "nothing",
    "session": 7,
    "absence": 8,
    "key": "nothing",
}
VIEWS: list[URLPattern] = urls.urlpatterns
# Answers to somebody who is let in: 204 is a poll without news, 404 a session that is nobody's.
SETTLED = (200, 204, 302, 404, 422)
POSTS = [view for view in VIEWS if view.callback.methods == ("POST",)]  # type: ignore[attr-defined]


def address(view: URLPattern) -> str:
    """An address of this view, naming things that do not exist."""
    return reverse(str(view.name), kwargs={name: SOMETHING[name] for name in view.pattern.converters})


def method(view: URLPattern) -> str:
    found: str = view.callback.methods[0]  # type: ignore[attr-defined]
    return found


def access(view: URLPattern) -> frozenset[str]:
    found: frozenset[str] = view.callback.access  # type: ignore[attr-defined]
    return found


def member(cast: Cast, view: URLPattern) -> User:
    """Somebody whom this view lets in."""
    if access(view) == SIGNED_IN:
        return cast.mallory
    return cast.ada if "reviewer" in access(view) else cast.mary


def test_every_view_declares_who_may_come_and_how() -> None:
    audiences = (READERS, JUDGES, SEATED, OVERSEERS, WATCHERS, MENDERS, SIGNED_IN, frozenset(GROUPS))
    for view in VIEWS:
        assert access(view) in audiences, view.name
        assert view.callback.methods in (("GET", "HEAD"), ("POST",)), view.name  # type: ignore[attr-defined]


def test_nobody_signed_in_is_sent_to_sign_in(db: None) -> None:
    client = visitor(None)
    for view in VIEWS:
        response = client.generic(method(view), address(view))
        assert response.status_code == 302, view.name
        assert response["Location"].startswith("/accounts/login/?next=/"), view.name


def test_a_poll_of_somebody_signed_out_leads_the_whole_page_away(db: None) -> None:
    client = visitor(None)
    for view in VIEWS:
        response = client.generic(method(view), address(view), headers=HTMX)
        assert response["HX-Redirect"].startswith("/accounts/login/?next="), view.name


def test_after_signing_in_a_poll_comes_back_to_its_page(db: None) -> None:
    current = {"HX-Current-URL": "http://testserver/queue/?mine=yes"}
    response = visitor(None).get("/queue/?seen=x", headers={**HTMX, **current})
    assert response["HX-Redirect"] == "/accounts/login/?next=%2Fqueue%2F%3Fmine%3Dyes"


def test_the_wrong_method_is_refused(cast: Cast) -> None:
    for view in VIEWS:
        client = visitor(member(cast, view))
        for wrong in {"GET", "POST", "PUT", "DELETE"} - {method(view)}:
            assert client.generic(wrong, address(view)).status_code == 405, (view.name, wrong)


def test_a_stranger_sees_nothing_but_their_own_settings(cast: Cast) -> None:
    client = visitor(cast.mallory)
    for view in VIEWS:
        response = client.generic(method(view), address(view))
        assert response.status_code in (SETTLED if access(view) == SIGNED_IN else (403,)), view.name
        assert "Refunder" not in response.content.decode()


def test_every_right_that_django_knows_opens_nothing(cast: Cast) -> None:
    client = visitor(cast.sudo)
    for view in VIEWS:
        response = client.generic(method(view), address(view))
        assert response.status_code in (SETTLED if access(view) == SIGNED_IN else (403,)), view.name


# Who is let in to change what. Of an agent, a halt or an alert the verb says whose it is: test_who_acts.py.
_JUDGING = {"reviewer"}
_ALL = {"reviewer", "council", "auditor", "operator"}
CHANGES: dict[str, set[str]] = {
    "preferences-choose": {"stranger", *_ALL},
    "alerts-acknowledge": {"stranger", *_ALL},
    "session-end": {"stranger", *_ALL},
    "sessions-end-others": {"stranger", *_ALL},
    "notices-send-again": {"council", "operator"},
    "sealed-open": {"council"},
    "lacks-answer": {"council"},
    "halt-declare": _ALL,
    "agent-pull": _ALL,
    "agent-restore": {"council"},
    "authority-lower": {"council", "operator"},
    "halt-lift": {"council"},
    "halt-end-recovery": {"council"},
    **dict.fromkeys(
        (
            "escalation-take", "escalation-release", "escalation-verify", "escalation-approve", "escalation-reject",
            "escalation-acknowledge", "escalation-request-binding", "verdict-withdraw", "spot-review-look",
            "spot-review-sound", "spot-review-unsound", "queue-then", "escalation-extend", "escalation-renew",
            "escalation-hand-over", "escalation-hand-up", "escalation-skip", "approve-over-facts", "lack-tell",
            "absences-leave", "absence-end", "practice-answer",
        ),
        _JUDGING,
    ),
}  # fmt: skip


def test_every_change_has_a_line_in_the_table() -> None:
    assert sorted(str(view.name) for view in POSTS) == sorted(CHANGES)


@pytest.mark.parametrize("role", ["stranger", "superuser", "reviewer", "council", "auditor", "operator"])
def test_a_change_lets_in_exactly_whom_the_table_names(cast: Cast, role: str) -> None:
    people = {"stranger": cast.mallory, "superuser": cast.sudo, "reviewer": cast.ada, "council": cast.mary}
    people |= {"auditor": cast.edith, "operator": enrol("omar", groups=["operator"], by=BY)}
    client = visitor(people[role])
    for view in POSTS:
        allowed = CHANGES[str(view.name)]
        refused = client.post(address(view)).status_code == 403
        assert refused is (("stranger" if role == "superuser" else role) not in allowed), view.name


def test_a_reviewer_does_not_see_the_tree_of_authority(cast: Cast) -> None:
    assert visitor(cast.ada).get("/authority/").status_code == 403


def test_answers_stay_out_of_caches_and_apart_from_fragments(cast: Cast) -> None:
    for view in VIEWS:
        response = visitor(member(cast, view)).generic(method(view), address(view))
        if response.status_code == 404:
            continue
        assert response["Cache-Control"] == "no-store", view.name
        assert "HX-Request" in response["Vary"], view.name


def test_somebody_switched_off_is_nobody(cast: Cast) -> None:
    client = visitor(cast.ada)
    User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert client.get("/queue/").status_code == 302


def test_a_group_taken_away_closes_the_next_page(cast: Cast) -> None:
    client = visitor(cast.ada)
    assert client.get("/queue/").status_code == 200
    cast.ada.groups.clear()
    assert client.get("/queue/").status_code == 302, "her session ended with it"
    assert visitor(cast.ada).get("/queue/").status_code == 403


def test_a_form_without_its_token_does_nothing(cast: Cast) -> None:
    client = SurfaceClient(enforce_csrf_checks=True)
    client.force_login(cast.ada, backend="django.contrib.auth.backends.ModelBackend")
    response = client.post(f"/escalations/{SOMETHING['case']}/take/")
    assert response.status_code == 403
    assert "too old or came from elsewhere" in response.content.decode()


@pytest.mark.parametrize(("name", "place"), [("edith", "/queue/"), ("mary", "/authority/")])
def test_home_is_where_the_work_is(cast: Cast, name: str, place: str) -> None:
    assert visitor(getattr(cast, name)).get("/")["Location"] == place


def test_what_does_not_exist_is_not_found(cast: Cast) -> None:
    client = visitor(cast.ada)
    for path in ("/escalations/{}/", "/spot-reviews/{}/", "/agents/{}/"):
        response = client.get(path.format(uuid.uuid4()))
        assert response.status_code == 404
        assert "There is nothing here." in response.content.decode()


def test_a_fragment_that_does_not_exist_is_said_in_a_fragment(cast: Cast) -> None:
    response = visitor(cast.ada).get(f"/escalations/{uuid.uuid4()}/", headers=HTMX)
    assert response.status_code == 404
    assert "<html" not in response.content.decode()
