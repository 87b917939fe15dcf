"""What waits for one person on one channel goes as one letter: nothing rung twice, nothing lost, nothing early."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.db import connection
from django.db.models import F

from governance import halt
from governance.locks import LETTERS, database_now
from reviews.models import Delivery, Escalation, Occasion
from reviews.notify import again, deliver, letters, rounds
from reviews.notify.words import NAMED
from tests.cast import BY
from tests.reviews.scene import Scene, backdate
from tests.reviews.test_notices import aged, become_due, chat, chosen, smtp
from tests.support.post_office import Office
from tests.web.reading import undrawn

__all__ = ["chat", "smtp"]

LINK = re.compile(r"https://console\.example/escalations/([0-9a-f-]{36})/|/escalations/([0-9a-f-]{36})/")


def plain(letter: EmailMessage) -> str:
    return str(next(iter(letter.iter_parts())).get_content())


def cases_in(letter: EmailMessage) -> list[str]:
    """The cases that a letter leads to, in its order."""
    return [first or second for first, second in LINK.findall(plain(letter))]


def counted(letter: EmailMessage) -> int:
    """How many messages a letter says it is."""
    number = re.match(r"([0-9]+) ", str(letter["Subject"]))
    return int(number[1]) if number else 1


@pytest.fixture
def ada_alone(scene: Scene) -> Scene:
    """Only Ada is told, by e-mail at once."""
    chosen(scene.cast.ada, channels=("email",))
    chosen(scene.cast.grace, channels=())
    return scene


@contextmanager
def gathered_elsewhere(line: str) -> Iterator[None]:
    """Another worker gathers for this person and channel meanwhile."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s, hashtext(%s))", [LETTERS, line])
            assert cursor.fetchone()[0]
        yield
    finally:
        other.rollback()
        other.close()


def told_of(scene: Scene, number: int, *, first: int = 1) -> list[Escalation]:
    """So many new cases of which people were told."""
    cases = [scene.case("20.00", order=f"W{first + each}") for each in range(number)]
    rounds.tell_due()
    return cases


def test_thirty_new_cases_are_one_letter_with_links_and_a_count(ada_alone: Scene, smtp: Office) -> None:
    cases = told_of(ada_alone, NAMED + 10)
    become_due()
    assert deliver.deliver_due() == 1
    (letter,) = smtp.letters
    assert letter["Subject"] == "30 cases wait for you"
    assert cases_in(letter) == [str(case.pk) for case in sorted(cases, key=lambda case: case.deadline)[:NAMED]]
    said = plain(letter)
    assert "and 10 more\n\nhttps://console.example/queue/" in said.replace("\r\n", "\n")
    assert said.count("medium risk, under $100.00") == NAMED
    assert not any(word in undrawn(said) for word in ("Refunder", "c-1", "W1", "20.00"))
    _, page = (part.get_content() for part in letter.iter_parts())
    assert (page.count("<li>"), page.count("http")) == (NAMED, NAMED + 1)
    assert set(Delivery.objects.filter(channel="email").values_list("state", "attempts")) == {("sent", 1)}


def test_a_message_in_slack_has_a_button_for_each_of_several(scene: Scene, chat: Office) -> None:
    chosen(scene.cast.ada, channels=("slack",))
    chosen(scene.cast.grace, channels=())
    first, second = told_of(scene, 2)
    become_due()
    assert deliver.deliver_due() == 1
    (posted,) = chat.posted
    assert [block["type"] for block in posted["blocks"]] == ["header", "section", "section", "actions"]
    assert [block["accessory"]["url"].split("/")[-2] for block in posted["blocks"][1:3]] == [
        str(first.pk), str(second.pk)
    ]  # fmt: skip
    assert "mrkdwn" not in {block["text"]["type"] for block in posted["blocks"][:3]}


def test_the_first_letter_waits_for_company_but_a_halt_for_none_and_a_short_case_not_long(
    ada_alone: Scene, smtp: Office
) -> None:
    chosen(ada_alone.cast.mary, channels=("email",))
    long, short = ada_alone.case("20.00", order="W1"), ada_alone.case("20.00", order="W2")
    backdate("update reviews_escalation set deadline = clock_timestamp() + interval '40 s' where id = %s", short.pk)
    Occasion.objects.filter(case=short).update(stage=0, due_at=database_now())
    rounds.tell_due()
    halt.halt("agent", str(ada_alone.cast.refunder.pk), reason="x", by=BY)
    rounds.tell_due()
    waits = {
        each.notice.case_id: each.after
        for each in Delivery.objects.filter(channel="email").annotate(after=F("due_at") - F("notice__created_at"))
    }
    assert waits[long.pk] == timedelta(seconds=60)
    assert timedelta(0) <= waits[short.pk] <= timedelta(seconds=10)
    assert waits[None] == timedelta(0)


def test_what_gathers_goes_along_and_a_later_channel_keeps_its_turn(scene: Scene, smtp: Office, chat: Office) -> None:
    chosen(scene.cast.ada, channels=("email", "slack"))
    chosen(scene.cast.grace, channels=("slack", "email"))
    cases = told_of(scene, 3)
    ada = Delivery.objects.filter(notice__person=scene.cast.ada, channel="email")
    ada.filter(notice__case=cases[0]).update(due_at=database_now())
    assert deliver.deliver_due() == 1
    assert counted(smtp.letters[0]) == 3
    assert set(ada.values_list("state", flat=True)) == {"sent"}
    assert chat.posted == []
    others = Delivery.objects.exclude(pk__in=ada)
    assert set(others.values_list("state", "attempts")) == {("waiting", 0)}


def test_in_a_letter_each_is_asked_whether_it_is_still_needed(ada_alone: Scene, smtp: Office) -> None:
    taken, kept, half = told_of(ada_alone, 3)
    ada_alone.take(taken, ada_alone.cast.grace)
    aged(half, 0.5)
    rounds.tell_due()
    become_due()
    assert deliver.deliver_due() == 1
    assert sorted(cases_in(smtp.letters[0])) == sorted([str(kept.pk), str(half.pk)])
    assert "Half of the time of a case is over: Refund" in plain(smtp.letters[0])
    whys = Delivery.objects.filter(channel="email").order_by("notice__created_at").values_list("state", "why")
    assert sorted(whys) == [("sent", ""), ("sent", ""), ("skipped", "overtaken"), ("skipped", "taken")]


def test_nothing_joins_a_letter_that_was_tried_and_it_keeps_its_name(ada_alone: Scene, smtp: Office) -> None:
    old = told_of(ada_alone, 2)
    become_due()
    smtp.manner = "451 later"
    assert deliver.deliver_due() == 0
    name = Delivery.objects.values_list("letter", flat=True).distinct().get()
    assert set(Delivery.objects.values_list("attempts", "why")) == {(1, "busy")}
    (new,) = told_of(ada_alone, 1, first=3)
    smtp.manner = ""
    become_due()
    assert deliver.deliver_due() == 2
    told = {str(letter["Message-ID"]): sorted(cases_in(letter)) for letter in smtp.letters}
    alone = Delivery.objects.get(notice__case=new)
    assert told == {
        f"<{name}@example.com>": sorted(str(case.pk) for case in old),
        f"<{alone.pk}@example.com>": [str(new.pk)],
    }


def test_a_dead_letter_is_all_that_was_in_it_and_each_can_be_sent_again(ada_alone: Scene, smtp: Office) -> None:
    first, second = told_of(ada_alone, 2)
    become_due()
    smtp.manner = "550 nobody"
    deliver.deliver_due()
    dead = Delivery.objects.filter(state="dead", why="refused")
    assert dead.count() == 2
    name = dead.values_list("letter", flat=True).distinct().get()
    smtp.manner = ""
    for case in (first, second):
        again.send_again([Delivery.objects.get(notice__case=case).pk], by=ada_alone.cast.mary)
        assert deliver.deliver_due() == 1
    assert [cases_in(letter) for letter in smtp.letters] == [[str(first.pk)], [str(second.pk)]]
    assert len({str(letter["Message-ID"]) for letter in smtp.letters} | {f"<{name}@example.com>"}) == 3


def test_what_quiet_hours_hold_back_begins_a_letter_of_its_own(ada_alone: Scene, smtp: Office) -> None:
    soon, later = told_of(ada_alone, 2)
    become_due()
    smtp.manner = "451 later"
    deliver.deliver_due()
    now = database_now().astimezone(dt.UTC).replace(second=0, microsecond=0)
    chosen(ada_alone.cast.ada, channels=("email",), quiet=((now - timedelta(hours=1)).time(),
                                                         (now + timedelta(hours=5)).time()))  # fmt: skip
    backdate("update reviews_escalation set deadline = deadline + interval '9 hours' where id = %s", later.pk)
    smtp.manner = ""
    become_due()
    assert deliver.deliver_due() == 1
    held = Delivery.objects.get(state="waiting")
    assert (held.notice.case_id, held.letter, held.attempts) == (later.pk, None, 0)
    assert [cases_in(letter) for letter in smtp.letters] == [[str(soon.pk)]]


def test_whoever_gathers_for_a_person_is_alone_with_it(ada_alone: Scene, smtp: Office) -> None:
    told_of(ada_alone, 2)
    become_due()
    with gathered_elsewhere(f"{ada_alone.cast.ada.pk} email"):
        assert letters.claim()[0] == []
    (letter,), _ = letters.claim()
    assert len(letter.deliveries) == 2
    assert letters.claim() == ([], 0)
