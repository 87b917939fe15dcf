"""How messages leave is set once, and what makes no sense stops the process with a sentence."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import outgoing
from config.outgoing import Smtp


@pytest.mark.parametrize(
    ("url", "local", "found"),
    [
        ("smtp://mail.example", False, Smtp("mail.example", 587, "", "", ssl=False, tls=True)),
        ("smtps://a%40b:p%2Fw@mail.example", False, Smtp("mail.example", 465, "a@b", "p/w", ssl=True, tls=False)),
        ("smtp://127.0.0.1:1025", True, Smtp("127.0.0.1", 1025, "", "", ssl=False, tls=False)),
    ],
)
def test_mail_leaves_over_tls_but_on_a_local_instance(url: str, local: bool, found: Smtp) -> None:
    assert outgoing.smtp({"PLACET_SMTP_URL": url}, local=local) == found


def test_without_a_server_no_mail_leaves_and_nobody_sends_it() -> None:
    assert outgoing.smtp({}, local=False) is None
    assert outgoing.sender({}, needed=False) == ""
    assert outgoing.slack({}, local=False) == ("https://slack.com", "")


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://a:b/c", "smtp://a:99999"])
def test_what_is_no_mail_server_is_said(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PLACET_SMTP_URL"):
        outgoing.smtp({"PLACET_SMTP_URL": url}, local=False)


@pytest.mark.parametrize("address", ["", "placet", "a@b\nBcc: c@d", "Placet <a@b>", "a@b,c@d"])
def test_mail_needs_a_plain_sender(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PLACET_MAIL_FROM"):
        outgoing.sender({"PLACET_MAIL_FROM": address}, needed=True)


def test_slack_is_asked_over_https_alone() -> None:
    with pytest.raises(ImproperlyConfigured, match="https"):
        outgoing.slack({"PLACET_SLACK_URL": "http://slack.example"}, local=False)
    assert outgoing.slack({"PLACET_SLACK_URL": "http://127.0.0.1:9"}, local=True)[0] == "http://127.0.0.1:9"
    with pytest.raises(ImproperlyConfigured, match="PLACET_SLACK_TOKEN"):
        outgoing.slack({"PLACET_SLACK_TOKEN": "x y\r\nz-long-enough"}, local=False)


def test_links_lead_to_the_console() -> None:
    assert outgoing.console({}, ["https://one.example", "https://two.example"], local=False) == "https://one.example"
    set_by_hand = {"PLACET_CONSOLE_ORIGIN": "https://console.example"}
    assert outgoing.console(set_by_hand, ["https://one.example"], local=False) == "https://console.example"
    assert outgoing.console({}, [], local=True) == "http://localhost:8000"
    with pytest.raises(ImproperlyConfigured, match="one origin"):
        outgoing.console({"PLACET_CONSOLE_ORIGIN": "https://a.example,https://b.example"}, [], local=False)


@pytest.mark.parametrize("text", ["", "5", "5,0,1", "0,5,x", "0,5,1441", "0,5,15,20", "-1,0,5"])
def test_channels_ring_in_a_rising_order(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PLACET_NOTICE_MINUTES"):
        outgoing.minutes({"PLACET_NOTICE_MINUTES": text})
    assert outgoing.minutes({}) == (0, 5, 15)


def test_messages_that_would_lead_nowhere_are_said() -> None:
    with pytest.raises(ImproperlyConfigured, match="PLACET_CONSOLE_ORIGIN is missing"):
        outgoing.console({}, [], local=False, needed=True)
