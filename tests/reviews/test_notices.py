"""Who is told of what, when, over which channel; and how messages come through whatever the other side does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import F
from pytest_django.fixtures import Settings

from governance import halt, register
from governance.actors import OPERATOR, REVIEWER
from governance.enrol import change_person, enrol
from governance.locks import database_now
from governance.problems import Problem
from reviews import acknowledge, judge, prefer
from reviews.models import Alert, Delivery, Escalation, Notice, NoticeKind, Occasion
from reviews.notify import again, clock, deliver, digests, fixed_host, mail, people, rounds, slack, told, words
from reviews.notify.failed import Failed
from reviews.notify.post import notify
from tests.cast import BY
from tests.reviews.scene import Scene, backdate, entries, refused
from tests.support.post_office import Office, open_office
from tests.web.attack import Detector, strings
from tests.web.reading import undrawn

ADDRESSES = {"mail": "person@example.com", "slack_member": "U0123ABCD"}


def chosen(person: User, **more: Any) -> None:
    """What this person prefers: every channel and no digest, unless said otherwise."""
    usual: dict[str, Any] = {
        "language": "en", "time_zone": "UTC", "channels": ("browser", "slack", "email"), "quiet": (None, None),
        "digest": "off", "theme": "system", "keys": "on", **ADDRESSES,
    }  # fmt: skip
    prefer.prefer(prefer.Wish(**usual | more), by=person)


@pytest.fixture
def smtp(settings: Settings) -> Iterator[Office]:
    with open_office("smtp") as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        settings.PLACET_MAIL_FROM = "placet@example.com"
        settings.PLACET_CONSOLE_ORIGIN = "https://console.example"
        yield office


@pytest.fixture
def chat(settings: Settings) -> Iterator[Office]:
    with open_office("slack") as office:
        settings.PLACET_SLACK_URL, settings.PLACET_SLACK_TOKEN = f"http://127.0.0.1:{office.port}", "xoxb-secret"
        settings.PLACET_CONSOLE_ORIGIN = "https://console.example"
        yield office


def said() -> set[tuple[str, str]]:
    return {(notice.kind, notice.person.get_username()) for notice in Notice.objects.all()}


def become_due(*, channel: str = "") -> None:
    """The turn of every channel, or of one, has come."""
    waiting = Delivery.objects.filter(state="waiting")
    (waiting.filter(channel=channel) if channel else waiting).update(due_at=database_now())


def states() -> dict[str, str]:
    """Each channel with its state and why."""
    return {each.channel: f"{each.state} {each.why}".strip() for each in Delivery.objects.all()}


def aged(case: Escalation, share: float) -> None:
    """So much of the time of a case is over, and it is looked at again."""
    whole = case.deadline - case.opened_at
    backdate(
        "update reviews_escalation set opened_at = opened_at - %s, deadline = deadline - %s where id = %s",
        whole * share, whole * share, case.pk,
    )  # fmt: skip
    Occasion.objects.filter(case=case).update(due_at=database_now())


def test_a_case_leaves_an_occasion_and_what_runs_by_itself_leaves_none(scene: Scene) -> None:
    case = scene.case()
    scene.running()
    assert [(each.case_id, each.stage) for each in Occasion.objects.all()] == [(case.pk, 0)]
    assert not Notice.objects.exists()


def test_a_case_is_told_once_to_those_whose_mandate_reaches_it(scene: Scene) -> None:
    scene.case()
    scene.case("600.00", order="W2")
    assert (rounds.tell_due(), rounds.tell_due()) == (2, 0)
    assert sorted(Notice.objects.values_list("person__username", flat=True)) == ["ada", "grace", "grace"]
    Occasion.objects.update(stage=0, due_at=database_now())
    assert rounds.tell_due() == 2
    assert Notice.objects.count() == 3


def test_the_lowest_rank_that_suffices_is_told_first_and_the_highest_at_the_end(
    scene: Scene, settings: Settings
) -> None:
    settings.PLACET_NOTICE_MOST = 1
    case = scene.case()
    rounds.tell_due()
    aged(case, 0.5)
    rounds.tell_due()
    aged(Escalation.objects.get(), 0.4)
    rounds.tell_due()
    told_of_case = said() - {("alert", "mary")}
    assert told_of_case == {("case_opened", "ada"), ("case_half", "ada"), ("case_late", "grace")}


def test_nobody_is_told_of_a_case_of_their_own_agent(scene: Scene) -> None:
    register.change_agent(scene.cast.refunder, owner=scene.cast.ada, by=BY)
    scene.case()
    rounds.tell_due()
    assert said() == {("case_opened", "grace")}


def test_a_case_about_to_expire_is_an_alert_of_the_owner_and_a_notice_about_it(scene: Scene) -> None:
    case = scene.case()
    aged(case, 0.95)
    assert rounds.tell_due() == 2
    assert said() == {("case_late", "ada"), ("case_late", "grace"), ("alert", "mary")}
    alert = Alert.objects.get()
    assert (alert.kind, alert.owner, alert.action_id) == ("case_expiring", scene.cast.mary, case.action_id)
    assert [entry["escalation"] for entry in entries("alert_raised")] == [str(case.pk)]
    assert not Occasion.objects.exists()


def test_a_halt_that_freezes_a_case_puts_its_reminder_off(scene: Scene) -> None:
    case = scene.case()
    rounds.tell_due()
    aged(case, 0.5)
    backdate(
        "insert into governance_halt (target, key, reason, halted_at, halted_by, lifted_by)"
        " values ('agent', %s, 'x', clock_timestamp() - interval '1 hour', 'user:mary', '')",
        str(scene.cast.refunder.pk),
    )
    rounds.tell_due()
    assert ("case_half", "ada") not in said()
    occasion = Occasion.objects.get(case=case)
    assert occasion.stage == 1
    assert occasion.due_at > database_now() + timedelta(minutes=50)


def test_a_taken_case_rings_for_nobody_else_and_at_the_end_for_its_holder_alone(scene: Scene) -> None:
    case = scene.take(scene.case())
    rounds.tell_due()
    assert said() == set()
    aged(case, 0.92)
    rounds.tell_due()
    assert ("case_late", "ada") in said()
    assert ("case_late", "grace") not in said()


def test_a_closed_case_is_told_to_nobody_though_it_may_still_open_again(scene: Scene) -> None:
    case = scene.take(scene.case())
    judge.reject(case.pk, reviewer=scene.cast.ada, reason="not_needed")
    rounds.tell_due()
    assert Occasion.objects.get().due_at > database_now()
    backdate("update reviews_escalation set closed_at = closed_at - interval '1 hour' where id = %s", case.pk)
    Occasion.objects.update(due_at=database_now())
    rounds.tell_due()
    assert (Occasion.objects.count(), Notice.objects.count()) == (0, 0)


def test_channels_ring_one_after_the_other_and_only_while_nobody_took_care(
    scene: Scene, smtp: Office, chat: Office
) -> None:
    chosen(scene.cast.ada)
    chosen(scene.cast.grace, channels=())
    case = scene.case()
    rounds.tell_due()
    after = dict(Delivery.objects.annotate(after=F("due_at") - F("notice__created_at")).values_list("channel", "after"))
    company = timedelta(minutes=1)
    assert after == {
        "browser": timedelta(0), "slack": timedelta(minutes=5) + company, "email": timedelta(minutes=15) + company
    }  # fmt: skip
    deliver.deliver_due()
    assert states() == {"browser": "sent", "slack": "waiting", "email": "waiting"}
    become_due(channel="slack")
    assert deliver.deliver_due() == 1
    scene.take(case)
    become_due()
    deliver.deliver_due()
    assert states() == {"browser": "sent", "slack": "sent", "email": "skipped taken"}
    assert (len(chat.posted), len(smtp.letters)) == (1, 0)
    (line,) = told.lines(scene.cast.ada.pk)
    assert ("E-mail", "not needed", "somebody took the case") in {channel[:3] for channel in line.channels}


def test_a_later_message_of_the_same_case_takes_the_place_of_what_still_waits(scene: Scene, smtp: Office) -> None:
    chosen(scene.cast.ada, channels=("email",))
    case = scene.case()
    rounds.tell_due()
    aged(case, 0.5)
    rounds.tell_due()
    become_due()
    assert deliver.deliver_due() == 1
    assert [str(letter["Subject"]) for letter in smtp.letters] == ["Half of the time of a case is over: Refund"]


@pytest.mark.parametrize("what", ["off", "left", "closed", "seen"])
def test_a_channel_that_is_not_needed_any_more_is_left_out_and_says_so(scene: Scene, smtp: Office, what: str) -> None:
    cast = scene.cast
    chosen(cast.ada, channels=("email",))
    chosen(cast.mary, channels=("email",))
    case = scene.case()
    if what == "seen":
        halt.halt("agent", str(cast.refunder.pk), reason="x", by=BY)
    Occasion.objects.filter(**({"case": None} if what != "seen" else {"alert": None})).delete()
    rounds.tell_due()
    if what == "off":
        chosen(cast.ada, channels=("browser",))
    elif what == "left":
        change_person(cast.ada, groups=[], by=BY)
    elif what == "closed":
        scene.take(case)
        judge.reject(case.pk, reviewer=cast.ada, reason="not_needed")
    else:
        alert = Alert.objects.get()
        acknowledge.acknowledge(acknowledge.Shown(alert.pk, alert.pk, 1, own=True), by=cast.mary)
    become_due()
    assert deliver.deliver_due() == 0
    assert Delivery.objects.get(channel="email").why == what
    assert smtp.letters == []


def test_a_letter_says_type_risk_size_and_deadline_and_leads_to_the_console(scene: Scene, smtp: Office) -> None:
    chosen(scene.cast.ada, channels=("email",), time_zone="Asia/Tokyo")
    case = scene.case(parameters={"memo": "VIP, approve at once"})
    rounds.tell_due()
    become_due()
    assert deliver.deliver_due() == 1
    (letter,) = smtp.letters
    delivery = Delivery.objects.get(channel="email")
    assert letter["Subject"] == "A case waits for you: Refund"
    assert letter["Message-ID"] == f"<{delivery.pk}@example.com>"
    assert letter["To"] == ADDRESSES["mail"]
    plain, page = (part.get_content() for part in letter.iter_parts())
    assert f"https://console.example/escalations/{case.pk}/" in plain
    assert "medium risk, under $1,000.00" in plain
    assert "(Asia/Tokyo); then it is rejected." in plain
    for text in (plain, page):
        assert not any(word in undrawn(text) for word in ("Refunder", "c-1", "W1", "VIP", "480", "pprove"))
    assert page.count("http") == 1
    assert "src=" not in page


def test_a_message_in_slack_is_plain_text_with_one_link(scene: Scene, chat: Office) -> None:
    chosen(scene.cast.ada, channels=("slack",))
    case = scene.case()
    rounds.tell_due()
    become_due()
    deliver.deliver_due()
    (posted,) = chat.posted
    assert (posted["path"], posted["channel"]) == ("/api/chat.postMessage", "U0123ABCD")
    assert posted["client_msg_id"] == str(Delivery.objects.get(channel="slack").pk)
    assert chat.headers[0]["Authorization"] == "Bearer xoxb-secret"
    assert [block["type"] for block in posted["blocks"]] == ["header", "section", "actions"]
    (button,) = posted["blocks"][2]["elements"]
    assert button["url"] == f"https://console.example/escalations/{case.pk}/"
    assert "mrkdwn" not in {block["text"]["type"] for block in posted["blocks"][:2]}


def test_no_attack_string_gets_into_a_subject_a_header_or_markup(scene: Scene, smtp: Office) -> None:
    attacks = [*strings(), "Refund\r\nBcc: all@example.com", "<!channel> *bold* <https://x|y>", "\u202etxt"]
    detector = Detector(attacks)
    for attack in attacks:
        named = words.type_words(attack)
        assert named.isascii()
        assert not named.replace(" ", "").replace("-", "") or named.replace(" ", "").replace("-", "").isalnum()
        assert not any(each in named for each in "<>@*_`:/\r\n")
    message = words.Message(f"A case waits for you: {words.type_words(attacks[-3])}", ("medium risk",), "/queue/")
    mail.send(message, to="person@example.com", name=Delivery().pk)
    assert smtp.letters[0]["Bcc"] is None
    assert smtp.letters[0].get_all("Subject") == [message.title]
    for hostile in ("a@b\r\nBcc: c@d", "a@b\nX: y", "<a@b>", "a b@c", "a@b,c@d", "U0123ABCD\n", "<!here>"):
        assert people.MAIL.fullmatch(hostile) is None
        assert people.SLACK_MEMBER.fullmatch(hostile) is None
    assert detector.found(str(smtp.letters[0])) == set()


@pytest.mark.parametrize(
    ("manner", "state"),
    [("429", "waiting busy"), ("500", "waiting unreachable"), ("hang", "waiting slow"), ("huge", "waiting broken"),
     ("words", "waiting broken"), ("302", "waiting refused"), ("error invalid_auth", "waiting refused"),
     ("error ratelimited", "waiting busy"), ("error channel_not_found", "dead refused")],
)  # fmt: skip
def test_whatever_slack_answers_the_message_waits_or_is_a_dead_letter(
    scene: Scene, chat: Office, manner: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(scene.cast.ada, channels=("slack",))
    scene.case()
    rounds.tell_due()
    become_due(channel="slack")
    chat.manner = manner
    before = database_now()
    with monkeypatch.context() as impatient:
        impatient.setattr(fixed_host, "SECONDS", 1.0 if manner == "hang" else fixed_host.SECONDS)
        assert deliver.deliver_due() == 0
    delivery = Delivery.objects.get(channel="slack")
    assert (f"{delivery.state} {delivery.why}", delivery.attempts, len(chat.posted)) == (state, 1, 1)
    least = 120 if manner == "429" else 15
    assert delivery.state == "dead" or delivery.due_at >= before + timedelta(seconds=least)
    chat.manner = ""
    become_due(channel="slack")
    assert deliver.deliver_due() == (0 if delivery.state == "dead" else 1)
    assert len({posted["client_msg_id"] for posted in chat.posted}) == 1


def test_a_channel_in_trouble_is_not_tried_with_the_rest_of_the_batch(scene: Scene, chat: Office) -> None:
    for person in (scene.cast.ada, scene.cast.grace):
        chosen(person, channels=("slack",))
    scene.case()
    rounds.tell_due()
    become_due()
    chat.manner = "500"
    deliver.deliver_due()
    assert len(chat.posted) == 1
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 1]


def test_what_the_mail_server_refuses_for_good_is_a_dead_letter_that_operators_see_and_send_again(
    scene: Scene, smtp: Office
) -> None:
    olga = enrol("olga", groups=[OPERATOR], by=BY)
    chosen(scene.cast.ada, channels=("email",))
    scene.case()
    rounds.tell_due()
    become_due()
    smtp.manner = "451 later"
    deliver.deliver_due()
    assert states()["email"] == "waiting busy"
    become_due(channel="email")
    smtp.manner = "550 nobody"
    deliver.deliver_due()
    (letter,) = told.dead()[0]
    assert (letter.person, letter.why) == ("ada", "the other side refused it")
    assert ("dead_letter", "olga") in said()
    for stranger in (scene.cast.ada, scene.cast.edith, scene.cast.mallory):
        with pytest.raises(Problem) as no:
            again.send_again([letter.id], by=stranger)
        assert refused(no) == "forbidden"
    smtp.manner = ""
    assert again.send_again([letter.id], by=olga) == 1
    assert entries("notice_sent_again") == [{"deliveries": [str(letter.id)]}]
    with pytest.raises(Problem) as twice:
        again.send_again([letter.id], by=olga)
    assert refused(twice) == "wrong_state"
    assert deliver.deliver_due() == 1
    assert smtp.letters[0]["Message-ID"] == f"<{letter.id}@example.com>"


def test_after_the_last_attempt_it_is_a_dead_letter(scene: Scene, smtp: Office) -> None:
    chosen(scene.cast.ada, channels=("email",))
    scene.case()
    rounds.tell_due()
    smtp.manner = "451 later"
    for attempt in range(1, clock.MOST_ATTEMPTS + 1):
        become_due(channel="email")
        deliver.deliver_due()
        assert Delivery.objects.get(channel="email").attempts == attempt
    assert states()["email"] == "dead busy"


def test_quiet_hours_hold_back_all_but_halts_and_what_would_expire_before_they_end(scene: Scene, smtp: Office) -> None:
    now = database_now().astimezone(dt.UTC)
    quiet = ((now - timedelta(hours=1)).time(), (now + timedelta(hours=5)).time())
    for person in (scene.cast.ada, scene.cast.mary):
        chosen(person, channels=("email",), quiet=tuple(each.replace(second=0, microsecond=0) for each in quiet))
    soon, later = scene.case(order="W1"), scene.case(order="W2")
    backdate("update reviews_escalation set deadline = deadline + interval '9 hours' where id = %s", later.pk)
    halt.halt("action_type", "bench.refund", reason="x", by=BY)
    rounds.tell_due()
    become_due()
    assert deliver.deliver_due() == 2
    assert {notice.case_id for notice in Notice.objects.filter(deliveries__state="sent", deliveries__channel="email")} \
        == {soon.pk, None}  # fmt: skip
    held = Delivery.objects.get(notice__case=later, channel="email")
    assert (held.state, held.attempts) == ("waiting", 0)
    assert held.due_at > database_now() + timedelta(hours=4)


def test_alerts_of_one_line_ring_once_until_somebody_acknowledges_them(scene: Scene) -> None:
    for order in ("W1", "W2"):
        scene.ask("950.00", kind="shop.express", order=order)
    Occasion.objects.filter(alert=None).delete()
    assert rounds.tell_due() == 2
    assert Notice.objects.filter(kind="alert").count() == 1
    first, last = Alert.objects.order_by("pk")
    acknowledge.acknowledge(acknowledge.Shown(first.pk, last.pk, 2, own=True), by=scene.cast.mary)
    scene.ask("950.00", kind="shop.express", order="W3")
    rounds.tell_due()
    assert Notice.objects.filter(kind="alert").count() == 2


def test_a_halt_of_nobodys_agent_is_told_to_those_who_oversee(scene: Scene) -> None:
    Alert.objects.create(kind="red", raised_at=database_now())
    rounds.tell_due()
    assert said() == {("alert", "mary"), ("alert", "joan")}


def test_a_digest_is_one_message_with_counts_for_whoever_has_something_to_see(scene: Scene, smtp: Office) -> None:
    chosen(scene.cast.mary, digest="hourly")
    chosen(scene.cast.ada, digest="off")
    chosen(scene.cast.joan, digest="hourly")
    scene.running()
    scene.running()
    assert (digests.write_due(), digests.write_due()) == (1, 0)
    become_due()
    assert deliver.deliver_due() == 1
    (letter,) = smtp.letters
    plain, _ = (part.get_content() for part in letter.iter_parts())
    assert "2 alerts to be seen" in plain.splitlines()
    assert "https://console.example/alerts/" in plain


def test_other_verbs_put_their_notices_into_their_own_transaction(scene: Scene) -> None:
    case = scene.case()
    with transaction.atomic():
        notify(NoticeKind.CASE_HANDED, to=[scene.cast.ada], case=case)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()
    assert notify(NoticeKind.CASE_HANDED, to=[scene.cast.ada, scene.cast.ada.pk], case=case) == 1
    assert notify(NoticeKind.CASE_HANDED, to=[scene.cast.ada, scene.cast.grace], case=case) == 1
    scene.take(case)
    deliver.deliver_due()
    by_person = dict(Delivery.objects.values_list("notice__person__username", "why"))
    assert by_person == {"ada": "", "grace": "taken"}


def test_what_was_sent_stays_sent(scene: Scene) -> None:
    scene.case()
    rounds.tell_due()
    deliver.deliver_due()
    with pytest.raises(DatabaseError, match="stays so"), transaction.atomic():
        Delivery.objects.filter(state="sent").update(state="waiting", ended_at=None)


def test_somebody_outside_the_reviewers_is_told_of_no_case(scene: Scene) -> None:
    change_person(scene.cast.grace, groups=[], by=BY)
    scene.case("600.00")
    rounds.tell_due()
    assert said() == {("case_opened", "ada")}, "nobody's mandate reaches it: whoever can reject is told"
    assert REVIEWER not in scene.cast.grace.groups.values_list("name", flat=True)


def test_an_address_inside_our_network_is_no_slack(settings: Settings, chat: Office) -> None:
    settings.PLACET_MODE = "production"
    message = words.Message("x", (), "/")
    with pytest.raises(Failed) as no:
        slack.send(message, to="U0123ABCD", name=Delivery().pk)
    assert no.value.why == "refused"
    assert chat.posted == []
