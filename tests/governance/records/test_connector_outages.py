"""The record system is slow, gone, frozen, cut off or full of callers: the answer comes in time and says so."""

from __future__ import annotations

import logging
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from governance.records.breaker import Breaker
from governance.records.connections import MOST
from governance.records.postgresql import PostgresConnector
from governance.records.protocol import Outage, Rows, Unavailable
from tests.governance.records.support import SCHEMA, Database, fetch, reason, rows, took


@pytest.fixture(scope="module", autouse=True)
def orders(database: Database) -> None:
    database.run(SCHEMA)


def test_a_slow_answer_ends_at_the_deadline(database: Database) -> None:
    slow = PostgresConnector("records", database.reader_url)
    with took(2.0), slow.reading(0.5) as session:
        found = session.fetch("shop.slow", columns=("body",), keys={"record_id": ["O-1"]}, most=1)
    slow.close()
    assert reason(found) is Outage.TIMEOUT


def test_a_locked_table_ends_at_the_lock_timeout(connector: PostgresConnector, database: Database) -> None:
    with psycopg.connect(database.owner_url) as holder:
        holder.execute("lock table shop.locked in access exclusive mode")
        with took(2.5):
            assert reason(fetch(connector, "shop.locked")) is Outage.TIMEOUT


def test_a_port_where_nobody_listens_is_unreachable_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gone = PostgresConnector("records", f"postgresql://reader:secret@127.0.0.1:{port}/records")
    with took(1.0):
        assert reason(fetch(gone)) is Outage.UNREACHABLE


@pytest.fixture
def mute() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener.getsockname()[1]


def test_a_server_that_never_answers_ends_within_the_deadline(mute: int) -> None:
    silent = PostgresConnector("records", f"postgresql://reader:secret@127.0.0.1:{mute}/records")
    with took(3.2):
        assert reason(fetch(silent)) is Outage.TIMEOUT


class Stopped:
    """A proxy to the server that can be made to swallow everything, as a frozen server does."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target, self.frozen = target, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if not self.frozen.is_set():
                    sink.sendall(data)
        except OSError:
            return
        finally:
            sink.close()


@pytest.fixture
def frozen(database: Database) -> Iterator[tuple[Stopped, PostgresConnector]]:
    info = psycopg.conninfo.conninfo_to_dict(database.reader_url)
    proxy = Stopped((str(info["host"]), int(str(info["port"]))))
    opened = PostgresConnector("records", psycopg.conninfo.make_conninfo(database.reader_url, port=proxy.port))
    yield proxy, opened
    opened.close()
    proxy.listener.close()


def test_a_server_that_freezes_behind_a_kept_connection_ends_within_the_deadline(
    frozen: tuple[Stopped, PostgresConnector],
) -> None:
    proxy, connector = frozen
    assert len(rows(fetch(connector))) == 1
    proxy.frozen.set()
    with took(1.5), connector.reading(0.7) as session:
        assert reason(session.fetch("shop.orders", columns=(), keys={"record_id": ["O-1"]}, most=1)) is Outage.TIMEOUT
    proxy.frozen.clear()
    assert len(rows(fetch(connector))) == 1


def test_a_connection_that_was_cut_is_replaced_within_the_same_reading(database: Database) -> None:
    connector = PostgresConnector("records", database.reader_url)
    assert len(rows(fetch(connector))) == 1
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'placet_reader'")
    assert len(rows(fetch(connector))) == 1
    connector.close()


def test_a_connection_is_kept_and_used_again(database: Database) -> None:
    connector = PostgresConnector("records", database.reader_url)
    fetch(connector)
    with connector.reading() as session:
        session.fetch("shop.orders", columns=(), keys={"record_id": ["O-1"]}, most=1)
        with psycopg.connect(database.admin_url) as admin:
            query = (
                "select count(*) from pg_stat_activity where usename = 'placet_reader' and datname = current_database()"
            )
            assert admin.execute(query).fetchone() == (1,)
    connector.close()


def test_no_more_connections_are_opened_than_allowed(database: Database) -> None:
    connector = PostgresConnector("records", database.reader_url)
    held = [connector.reading() for _ in range(MOST)]
    for each in held:
        assert isinstance(each.__enter__().fetch("shop.orders", columns=(), keys={"record_id": ["O-1"]}, most=1), Rows)
    with connector.reading(0.3) as session:
        assert reason(session.fetch("shop.orders", columns=(), keys={"record_id": ["O-1"]}, most=1)) is Outage.BUSY
    for each in held:
        each.__exit__(None, None, None)
    assert len(rows(fetch(connector))) == 1
    connector.close()


def test_threads_share_the_connector(database: Database) -> None:
    connector = PostgresConnector("records", database.reader_url)
    found: list[int] = []

    def work() -> None:
        for _ in range(20):
            found.append(len(rows(fetch(connector))))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connector.close()
    assert found == [1] * 160


def _in_child(connector: PostgresConnector, answers: Any) -> None:
    answers.put(isinstance(fetch(connector), Rows))


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_worker_leaves_the_connections_of_its_parent_alone(database: Database) -> None:
    connector = PostgresConnector("records", database.reader_url)
    fetch(connector)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_in_child, args=(connector, answers))
    child.start()
    assert answers.get(timeout=20) is True
    child.join(timeout=20)
    assert len(rows(fetch(connector))) == 1
    connector.close()


@pytest.fixture
def refusing() -> Iterator[tuple[int, list[float]]]:
    """A port that hangs up on everybody, and when it did."""
    times: list[float] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            times.append(time.monotonic())
            caller.close()

    threading.Thread(target=answer, daemon=True).start()
    yield listener.getsockname()[1], times
    listener.close()


def test_after_three_failures_the_breaker_fails_at_once_until_its_pause_is_over(
    refusing: tuple[int, list[float]],
) -> None:
    port, attempts = refusing
    now = [0.0]
    breaker = Breaker(failures=3, seconds=5.0, clock=lambda: now[0])
    connector = PostgresConnector("records", f"postgresql://reader@127.0.0.1:{port}/records?sslmode=disable", breaker)
    assert [reason(fetch(connector)) for _ in range(6)] == [Outage.UNREACHABLE] * 6
    assert len(attempts) == 3
    now[0] = 5.1
    assert [reason(fetch(connector)) for _ in range(3)] == [Outage.UNREACHABLE] * 3
    assert len(attempts) == 4


def test_one_success_closes_the_breaker() -> None:
    now = [0.0]
    breaker = Breaker(failures=2, seconds=5.0, clock=lambda: now[0])
    breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    now[0] = 6.0
    assert breaker.allows()
    assert not breaker.allows(), "one attempt at a time"
    breaker.succeeded()
    assert breaker.allows()
    assert breaker.allows()


def test_no_secret_and_no_key_is_logged_or_told(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = psycopg.conninfo.make_conninfo(database.reader_url, password="hunter2-secret")
    denied = PostgresConnector("records", wrong)
    found = [fetch(denied), fetch(PostgresConnector("records", database.reader_url), "shop.nowhere", key="VIP-4711")]
    told = caplog.text + "".join(str(each) + each.sentence for each in found if isinstance(each, Unavailable))
    assert all(isinstance(each, Unavailable) for each in found)
    for secret in ("hunter2", psycopg.conninfo.conninfo_to_dict(database.reader_url)["password"], "VIP-4711"):
        assert str(secret) not in told


def test_an_address_with_several_hosts_is_not_used() -> None:
    several = PostgresConnector("records", "postgresql://reader@one.invalid,two.invalid/records")
    assert reason(fetch(several)) is Outage.NOT_CONFIGURED


def test_a_host_that_has_no_address_is_unreachable() -> None:
    assert reason(fetch(PostgresConnector("records", "postgresql://reader@nowhere.invalid/records"))) in (
        Outage.UNREACHABLE,
        Outage.TIMEOUT,
    )
