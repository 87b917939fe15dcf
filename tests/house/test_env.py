from __future__ import annotations

import base64
import contextlib
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from config import env

SEED = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")


@pytest.mark.parametrize("value", ["true", "1", "yes", "", "False ", "on"])
def test_a_boolean_is_true_or_false_and_nothing_else(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PLACET_DEBUG must be True or False"):
        env.boolean({"PLACET_DEBUG": value}, "PLACET_DEBUG", False)


def test_booleans_that_are_said_or_left_out() -> None:
    assert env.boolean({"A": "True"}, "A", False) is True
    assert env.boolean({"A": "False"}, "A", True) is False
    assert env.boolean({}, "A", True) is True


@pytest.mark.parametrize("value", ["", "-1", "9", "1e3", "0x4", "٣", " 4", "4.0", "99999999999"])
def test_a_number_out_of_its_range_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="from 0 to 8"):
        env.integer({"N": value}, "N", 4, 0, 8)


def test_both_ends_of_a_range_belong_to_it() -> None:
    assert [env.integer({"N": text}, "N", 4, 0, 8) for text in ("0", "8")] == [0, 8]
    assert env.integer({}, "N", 4, 0, 8) == 4


def test_a_choice_names_what_may_be_chosen() -> None:
    with pytest.raises(ImproperlyConfigured, match="PLACET_SURFACE must be one of: api, web, all"):
        env.choice({"PLACET_SURFACE": "API"}, "PLACET_SURFACE", "all", ("api", "web", "all"))


@pytest.mark.parametrize("value", ["a,,b", ",", "a, "])
def test_a_list_has_no_empty_member(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="empty member"):
        env.names({"L": value}, "L")


@pytest.mark.parametrize("value", ["https://a.example", "a.example:443", "a.example/x", "a b", "-a"])
def test_a_host_is_a_bare_name(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="bare host names"):
        env.hosts({"H": value}, "H")


def test_hosts_are_names_addresses_and_subdomains() -> None:
    assert env.hosts({"H": "a.example, .b.example,127.0.0.1,[::1]"}, "H") == [
        "a.example",
        ".b.example",
        "127.0.0.1",
        "[::1]",
    ]


@pytest.mark.parametrize("value", ["a.example", "ftp://a.example", "https://a.example/", "https://", "https://a?b"])
def test_an_origin_is_a_scheme_and_a_host(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="origins such as"):
        env.origins({"O": value}, "O")


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("hidden\n")
    assert env.secret({"S_FILE": str(tmp_path / "s")}, "S") == "hidden"
    assert env.secret({}, "S") is None


def test_a_secret_is_not_given_twice_nor_empty_nor_unreadable(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    for settings in (
        {"S": "a", "S_FILE": "b"},
        {"S": ""},
        {"S_FILE": str(tmp_path / "empty")},
        {"S_FILE": str(tmp_path / "absent")},
    ):
        with pytest.raises(ImproperlyConfigured, match="S"):
            env.secret(settings, "S")


def test_a_signing_key_is_32_bytes_in_base64url() -> None:
    assert env.seed({"K": SEED}, "K", None) == bytes(range(32))
    assert env.seed({}, "K", b"x" * 32) == b"x" * 32
    for wrong in (SEED[:-1], SEED + "A", SEED.replace("A", "+"), "x"):
        with pytest.raises(ImproperlyConfigured, match="32 bytes"):
            env.seed({"K": wrong}, "K", None)
    with pytest.raises(ImproperlyConfigured, match="missing"):
        env.seed({}, "K", None)


def test_a_database_address_is_taken_apart() -> None:
    found = env.database("postgresql://role:p%40ss@db.example:6543/placet?sslmode=require", "DATABASE_URL")
    assert (found["USER"], found["PASSWORD"], found["HOST"]) == ("role", "p@ss", "db.example")
    assert (found["PORT"], found["NAME"], found["OPTIONS"]) == ("6543", "placet", {"sslmode": "require"})


@pytest.mark.parametrize(
    "url", ["", "mysql://a:hunter2@b/c", "postgresql://a:hunter2@b", "postgresql://a:hunter2@b:port/c", "sqlite:///x"]
)
def test_a_wrong_database_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        env.database(url, "DATABASE_URL")
    assert "hunter2" not in str(refused.value)


def test_connectors_are_found_by_name() -> None:
    found = env.connectors({"PLACET_CONNECTOR_RECORDS_URL": "postgresql://r@h/d", "PLACET_CONNECTOR_URL": "x"})
    assert found == {"records": "postgresql://r@h/d"}
    with pytest.raises(ImproperlyConfigured, match="PLACET_CONNECTOR_SHOP_URL"):
        env.connectors({"PLACET_CONNECTOR_SHOP_URL": "https://shop.example"})


@pytest.mark.parametrize(
    "name", ["PLACET_CONNECTOR_records_URL", "PLACET_CONNECTOR_A-B_URL", "PLACET_CONNECTOR__URL_URL"]
)
def test_a_connector_that_no_binding_could_name_is_not_passed_over(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name} names no connector"):
        env.connectors({name: "postgresql://r@h/d"})


@pytest.mark.parametrize("url", ["postgresql://h:abc/d", "postgresql://h:0/d", "postgresql://[h/d"])
def test_a_connector_whose_address_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PLACET_CONNECTOR_SHOP_URL"):
        env.connectors({"PLACET_CONNECTOR_SHOP_URL": url})


@pytest.mark.parametrize("url", ["redis://", "redis://h:port/0", "redis://h:6379/x", "redis://h:0/0", "redis://[h/0"])
def test_a_redis_address_that_leads_nowhere_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must look like"):
        env.redis({"REDIS_URL": url}, "REDIS_URL", None)


@pytest.mark.parametrize(
    "url", ["redis://h", "rediss://u:p@h:6380/15?ssl_cert_reqs=required", "unix:///run/redis.sock"]
)
def test_a_redis_address_may_leave_out_what_has_a_default(url: str) -> None:
    assert env.redis({"REDIS_URL": url}, "REDIS_URL", None) == url


def test_a_key_that_could_be_guessed_is_refused() -> None:
    assert env.key({"X": "s" * 32}, "X", None) == "s" * 32
    with pytest.raises(ImproperlyConfigured, match="X must have 32 characters or more"):
        env.key({"X": "s" * 31}, "X", None)


@given(st.text(max_size=40))
def test_no_reader_fails_in_another_way_than_refusing(value: str) -> None:
    settings = {"X": value}
    for reader in (
        lambda: env.boolean(settings, "X", False),
        lambda: env.integer(settings, "X", 1, 0, 9),
        lambda: env.hosts(settings, "X"),
        lambda: env.origins(settings, "X"),
        lambda: env.seed(settings, "X", None),
        lambda: env.redis(settings, "X", None),
        lambda: env.database(value, "X"),
        lambda: env.word(settings, "X", "x"),
        lambda: env.key(settings, "X", None),
        lambda: env.connectors({"PLACET_CONNECTOR_X_URL": value}),
    ):
        with contextlib.suppress(ImproperlyConfigured):
            reader()
