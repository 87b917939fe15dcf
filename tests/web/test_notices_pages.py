"""What a person reads about messages, and how they say what they want."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.actors import OPERATOR
from governance.enrol import enrol
from governance.locks import database_now
from reviews.models import Delivery, Preference
from reviews.notify import deliver, rounds
from reviews.preferences import COOKIE
from tests.cast import BY, Cast
from tests.reviews.scene import Scene, entries
from tests.support.clients import SurfaceClient
from tests.web.reading import undrawn, visitor, words

WISH = {
    "keys": "on", "theme": "dark", "language": "en", "time_zone": "Europe/Berlin", "place_browser": "2",
    "place_slack": "off", "place_email": "1", "mail": "ada@example.com", "slack_member": "U0123ABCD",
    "quiet_from": "22:00", "quiet_until": "06:30", "digest": "hourly",
}  # fmt: skip


def fresh(client: SurfaceClient, tag: str = "") -> tuple[int, str, int]:
    """Status, tag and number of statements of one look."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get("/notices/new/", headers={"If-None-Match": tag} if tag else {})
    return answer.status_code, answer.headers.get("ETag", ""), len(captured)


def test_an_open_page_is_told_once_and_then_304_until_somebody_takes_the_case(scene: Scene) -> None:
    client = visitor(scene.cast.ada)
    status, _, idle = fresh(client)
    assert status == 204
    case = scene.case()
    rounds.tell_due()
    deliver.deliver_due()
    answer = client.get("/notices/new/")
    (shown,) = answer.json()["notices"]
    assert (shown["title"], shown["url"]) == ("A case waits for you: Refund", f"/escalations/{case.pk}/")
    assert not any(word in undrawn(answer.content.decode()) for word in ("Refunder", "c-1", "W1", "480"))
    assert fresh(client, answer.headers["ETag"]) == (304, answer.headers["ETag"], idle)
    assert fresh(visitor(scene.cast.mallory))[0] == 204
    scene.take(case)
    assert fresh(client, answer.headers["ETag"])[0] == 204


def test_a_person_reads_what_they_were_told_and_what_became_of_it(scene: Scene) -> None:
    client = visitor(scene.cast.ada)
    assert "Nothing was sent to you yet." in words(client.get("/notices/"))
    scene.case()
    rounds.tell_due()
    deliver.deliver_due()
    page = words(client.get("/notices/"))
    assert "A case waits for you: Refund medium risk, under $1,000.00" in page
    assert "This console, in an open browser: sent" in page


def test_operators_see_dead_letters_and_send_them_again(scene: Scene) -> None:
    olga = visitor(enrol("olga", groups=[OPERATOR], by=BY))
    assert "Every message was delivered." in words(olga.get("/notices/dead/"))
    scene.case()
    rounds.tell_due()
    Delivery.objects.update(state="dead", why="refused", ended_at=database_now(), attempts=8)
    page = words(olga.get("/notices/dead/"))
    assert "A case waits for you ada This console" in page
    assert "messages could not be delivered" in words(olga.get("/health/"))
    letters = [str(each.pk) for each in Delivery.objects.all()]
    assert "send-again" not in visitor(scene.cast.edith).get("/notices/dead/").content.decode()
    answer = olga.post("/notices/send-again/", {"letter": letters})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/notices/dead/")
    assert set(Delivery.objects.values_list("state", "attempts")) == {("waiting", 0)}
    assert len(entries("notice_sent_again")) == 1
    assert olga.post("/notices/send-again/", {"letter": letters}).status_code == 409
    for wrong in ([], ["x"], [str(uuid4())] * 201):
        assert olga.post("/notices/send-again/", {"letter": wrong}).status_code == 422


def test_what_a_person_chose_is_a_row_of_theirs_and_one_entry_without_addresses(cast: Cast) -> None:
    client = visitor(cast.ada)
    assert client.post("/preferences/choose/", WISH).status_code == 302
    kept = Preference.objects.get(person=cast.ada)
    assert (kept.channels, kept.time_zone, kept.digest) == (["email", "browser"], "Europe/Berlin", "hourly")
    assert (str(kept.quiet_from), str(kept.quiet_until), kept.mail) == ("22:00:00", "06:30:00", "ada@example.com")
    (entry,) = entries("preferences_changed")
    assert entry["addresses"] == ["mail", "slack"]
    assert "ada@example.com" not in str(entry)
    page = client.get("/preferences/").content.decode()
    assert 'value="ada@example.com"' in page
    assert '<option value="Europe/Berlin" selected>' in page


@pytest.mark.parametrize(
    "wrong",
    [{"mail": "a@b\r\nBcc: c@d"}, {"mail": "no address"}, {"slack_member": "<!here>"}, {"time_zone": "Mars/Base"},
     {"quiet_from": "25:00"}, {"quiet_until": ""}, {"digest": "weekly"}, {"language": "xx"},
     {"quiet_from": "06:30"}, {"theme": "pink"}],
    ids=str,
)  # fmt: skip
def test_what_is_no_choice_is_refused_in_words_and_nothing_is_kept(cast: Cast, wrong: dict[str, str]) -> None:
    assert visitor(cast.ada).post("/preferences/choose/", WISH | wrong).status_code == 422
    assert not Preference.objects.exists()


def test_what_was_chosen_comes_along_to_another_browser(cast: Cast) -> None:
    visitor(cast.ada).post("/preferences/choose/", WISH)
    other = visitor(cast.ada)
    assert COOKIE not in other.cookies
    assert 'data-theme="dark"' in other.get("/queue/").content.decode()
