"""Any number of workers tell and send at once, or die while they do: nothing is lost, and little comes twice."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from governance.locks import database_now
from reviews.models import Delivery, Notice, Occasion
from reviews.notify import deliver, letters, rounds
from tests.reviews.notice_jobs import send_once
from tests.reviews.racers import race
from tests.reviews.scene import Scene
from tests.reviews.test_letters import cases_in, counted
from tests.reviews.test_notices import chosen
from tests.support import forks
from tests.support.post_office import Office, open_office
from tests.support.proof import PROVE

CASES = 50 if PROVE else 12


@pytest.fixture
def smtp(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A mail server that this process and its children know."""
    with open_office("smtp") as office:
        monkeypatch.setenv("PLACET_SMTP_URL", f"smtp://127.0.0.1:{office.port}")
        monkeypatch.setenv("PLACET_MAIL_FROM", "placet@example.com")
        monkeypatch.setenv("PLACET_NOTICE_GATHER", "0")
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        settings.PLACET_MAIL_FROM = "placet@example.com"
        settings.PLACET_NOTICE_GATHER = 0
        yield office


def all_sent() -> bool:
    waiting = Delivery.objects.filter(state="waiting")
    return not (Occasion.objects.filter(stage=0).exists() or waiting.exists())


def test_workers_who_tell_and_send_at_once_tell_and_send_everything_once(committed_scene: Scene, smtp: Office) -> None:
    for person in (committed_scene.cast.ada, committed_scene.cast.grace):
        chosen(person, channels=("email",), mail=f"{person.username}@example.com")
    for number in range(CASES):
        committed_scene.case("20.00", order=f"W{number + 1}")
    race("tellers", processes=2, threads=3, until=all_sent)
    assert Notice.objects.count() == 2 * CASES
    sent = [letter["Message-ID"] for letter in smtp.letters]
    assert len(sent) == len(set(sent)) == Delivery.objects.values("letter").distinct().count()
    told = [(letter["To"], case) for letter in smtp.letters for case in cases_in(letter)]
    assert len(told) == len(set(told)), "no case twice to anybody"
    assert sum(map(counted, smtp.letters)) == 2 * CASES, "and none left out"
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_worker_killed_while_it_sends_leaves_the_message_to_another_under_the_same_name(
    committed_scene: Scene, smtp: Office
) -> None:
    chosen(committed_scene.cast.ada, channels=("email",))
    chosen(committed_scene.cast.grace, channels=())
    committed_scene.case()
    rounds.tell_due()
    smtp.manner = "hang"
    worker = forks.start(send_once)
    limit = time.monotonic() + 60
    while not smtp.letters and time.monotonic() < limit:
        time.sleep(0.02)
    worker.kill()
    worker.join()
    smtp.manner = ""
    claimed = Delivery.objects.get()
    assert (claimed.state, claimed.attempts) == ("waiting", 1)
    assert claimed.due_at > database_now(), "nobody else sends it while its worker may still live"
    assert deliver.deliver_due() == 0
    Delivery.objects.update(due_at=database_now())
    assert deliver.deliver_due() == 1
    assert [letter["Message-ID"] for letter in smtp.letters] == [f"<{claimed.pk}@example.com>"] * 2
    assert Delivery.objects.get().state == "sent"


def test_whoever_was_overtaken_does_not_say_how_it_ended(committed_scene: Scene, smtp: Office) -> None:
    chosen(committed_scene.cast.ada, channels=("email",))
    chosen(committed_scene.cast.grace, channels=())
    committed_scene.case()
    rounds.tell_due()
    (slow,), _ = letters.claim()
    Delivery.objects.update(due_at=database_now())
    assert deliver.deliver_due() == 1
    smtp.manner = "550 nobody"
    assert deliver._send_all([slow]) == 0
    assert Delivery.objects.get().state == "sent"
