"""Whoever guesses passwords or codes is slowed down by every process together, and learns no names."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.core.cache import cache
from django.db import connection

from governance import enrol, first_password
from governance.models import Throttle
from governance.throttle import Counters
from tests.cast import BY, Cast
from tests.reviews.scene import Scene
from tests.support.clients import SurfaceClient
from tests.web.reading import words
from tests.web.test_step_up import code, with_app

PASSWORD = "correct horse battery"


@pytest.fixture
def cheap(settings: Any) -> None:
    """Hashes that cost nothing: here attempts are counted, not their time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def tried(name: str, password: str = "a guess", address: str = "203.0.113.5") -> str:
    browser = SurfaceClient()
    answer = browser.post("/accounts/login/", {"login": name, "password": password}, REMOTE_ADDR=address)
    if answer.status_code == 302:
        return "in"
    return "slowed" if "Too many tries" in words(answer) else "wrong"


def test_an_account_is_closed_to_guesses_whether_or_not_it_exists(cast: Cast, cheap: None) -> None:
    first_password.change_password(cast.ada, password=PASSWORD)
    for name in ("ada", "nobody"):
        outcomes = [tried(name, address=f"203.0.113.{number}") for number in range(12)]
        assert outcomes == ["wrong"] * 10 + ["slowed"] * 2, name
    assert tried("ada", PASSWORD) == "slowed", "the right password in the middle of guesses opens nothing"
    assert tried("Ada") == "slowed", "another spelling is no other account"
    assert tried("grace") == "wrong"


def test_an_address_is_closed_after_fifty_guesses_at_any_accounts(cast: Cast, cheap: None) -> None:
    outcomes = [tried(f"name-{number}") for number in range(52)]
    assert outcomes == ["wrong"] * 50 + ["slowed"] * 2
    assert tried("name-1", address="198.51.100.7") == "wrong"


def test_signing_in_counts_as_no_guess(cast: Cast, cheap: None) -> None:
    first_password.change_password(cast.ada, password=PASSWORD)
    assert {tried("ada", PASSWORD) for _ in range(12)} == {"in"}


def test_codes_are_guessed_no_faster_than_passwords(cast: Cast) -> None:
    first_password.change_password(cast.ada, password=PASSWORD)
    secret = with_app(cast.ada)
    browser = SurfaceClient()
    browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    for _ in range(12):
        browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    browser.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert browser.get("/security/").status_code == 302


def test_every_failure_costs_and_says_the_same(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown, switched off, without a password and wrong: one hash each, one answer."""
    first_password.change_password(cast.ada, password=PASSWORD)
    first_password.change_password(cast.grace, password=PASSWORD)
    enrol.change_person(cast.grace, active=False, by=BY)
    hashed: list[str] = []
    encode, verify = hashers.Argon2PasswordHasher.encode, hashers.Argon2PasswordHasher.verify

    def counted_encode(self: object, *given: object, **more: object) -> object:
        hashed.append("encode")
        return encode(self, *given, **more)  # type: ignore[arg-type]

    def counted_verify(self: object, *given: object, **more: object) -> object:
        hashed.append("verify")
        return verify(self, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(hashers.Argon2PasswordHasher, "encode", counted_encode)
    monkeypatch.setattr(hashers.Argon2PasswordHasher, "verify", counted_verify)
    pages = set()
    for name in ("nobody", "grace", "mallory", "ada"):
        hashed.clear()
        answer = SurfaceClient().post("/accounts/login/", {"login": name, "password": "a guess"})
        pages.add(words(answer))
        assert len(hashed) == 1, (name, hashed)
    assert len(pages) == 1


def test_the_table_of_attempts_holds_neither_names_nor_addresses(cast: Cast) -> None:
    tried("ada")
    stored = str(list(Throttle.objects.values()))
    assert not re.search(r"\bada\b", stored)
    assert "203.0.113" not in stored


def test_of_many_at_once_one_adds(committed_scene: Scene) -> None:
    """What allauth locks its counters with."""
    won: list[bool] = []

    def add() -> None:
        won.append(Counters("", {}).add("a lock", True, 10))
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]


def test_a_counter_is_json_and_gone_when_its_time_is_over(cast: Cast) -> None:
    cache.set("a", [1.5, 2.5], 60)
    assert cache.get("a") == [1.5, 2.5]
    cache.set("a", [3], 0)
    assert cache.get("a", "nothing") == "nothing"
    assert cache.add("a", 4, 60)
    assert not cache.add("a", 5, 60)
    assert cache.delete("a")
    with pytest.raises(TypeError):
        cache.set("a", object(), 60)
    cache.clear()
    assert not Throttle.objects.exists()
