"""Rings are for workers; whoever rings neither fails nor waits when there is nobody to hear it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from config.services.stack import BASE
from reviews import bell, report
from reviews.bell import Bell, ring
from tests.cast import Cast
from tests.reviews.scene import Scene, entries

_RING = """
import time, uuid
from django.db import transaction
from reviews import report
from reviews.bell import Bell, ring
started = time.monotonic()
for _ in range(100):
    with transaction.atomic():
        ring(Bell.VERIFY, uuid.uuid4())
print("went on after", time.monotonic() - started)
"""


@pytest.fixture(autouse=True)
def broker_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "_silent_until", 0.0)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []

    def send(name: str, arguments: list[str], **_: Any) -> None:
        found.append((name, arguments))

    monkeypatch.setattr(current_app, "send_task", send)
    return found


def test_a_ring_waits_for_the_commit(committed_cast: Cast, rung: list[tuple[str, list[str]]]) -> None:
    with transaction.atomic():
        ring(Bell.VERIFY, committed_cast.refunder.pk)
        assert rung == []
    assert rung == [("reviews.verify_case", [str(committed_cast.refunder.pk)])]


def test_a_ring_in_a_transaction_that_fails_is_not_heard(
    committed_cast: Cast, rung: list[tuple[str, list[str]]]
) -> None:
    def failing() -> None:
        with transaction.atomic():
            ring(Bell.VERIFY, committed_cast.refunder.pk)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert rung == []


def test_a_broker_that_refuses_fails_nobody(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(current_app, "send_task", down)
    with transaction.atomic():
        ring(Bell.VERIFY, committed_cast.refunder.pk)
    assert any("on_commit" in message for message in caplog.messages)


def test_whoever_found_no_broker_rings_for_nobody_for_a_while(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def down(name: str, *_: Any, **__: Any) -> None:
        tried.append(name)
        raise OperationalError("refused")

    monkeypatch.setattr(current_app, "send_task", down)
    ring(Bell.VERIFY, committed_cast.refunder.pk)
    ring(Bell.NOTIFY, committed_cast.refunder.pk)
    assert tried == ["reviews.verify_case"]
    monkeypatch.setattr(bell, "_silent_until", time.monotonic())
    ring(Bell.NOTIFY, committed_cast.refunder.pk)
    assert tried == ["reviews.verify_case", "reviews.deliver"]


def test_without_a_broker_a_ring_goes_on_at_once(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", _RING]
    done = subprocess.run(command, cwd=BASE, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.rpartition("went on after ")[2]) < 30


def test_a_new_case_rings_for_its_record_unless_it_was_read_first(
    committed_scene: Scene, rung: list[tuple[str, list[str]]]
) -> None:
    case = committed_scene.case()
    assert rung == [("reviews.verify_case", [str(case.pk)])]
    committed_scene.ask("600.00", kind="shop.express")
    committed_scene.running()
    assert len(rung) == 1


def test_i19_with_every_worker_dead_the_whole_way_from_asking_to_the_report_works(
    committed_scene: Scene, no_hold: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No task ever runs here: taking reads the record, statements judge the time, the grant is used and reported."""

    def down(*_: Any, **__: Any) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(current_app, "send_task", down)
    grant = committed_scene.redeem(committed_scene.approved())
    report.report(grant.action_id, caller=committed_scene.refunder, status="succeeded")
    assert len(entries("verdict_given")) == len(entries("grant_redeemed")) == len(entries("action_reported")) == 1
