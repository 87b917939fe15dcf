from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from governance import catalogue
from governance.actors import groups_of
from governance.genesis import genesis
from governance.models import Instance, LedgerEntry, Scope
from governance.policy.tiers import Tier
from governance.problems import Code, Problem
from governance.record import Event
from tests.governance.asking import entries, guarded, refused
from tests.support.fixtures import Committed


def test_an_instance_begins_with_an_enterprise_a_council_and_the_notice(db: None) -> None:
    instance = genesis(enterprise="shop", name="The Shop", council=["mary", "joan"])
    scope = Scope.objects.get()
    assert (scope.key, scope.name, scope.kind, scope.ceiling) == ("shop", "The Shop", "enterprise", Tier.PROPOSE)
    assert not instance.born_as_demo
    for name in ("mary", "joan"):
        assert groups_of(User.objects.get(username=name)) == {"council"}
    notice = catalogue.lookup("notice")
    assert notice is not None
    assert notice.binding is None
    assert LedgerEntry.objects.order_by("seq")[0].kind == Event.INSTANCE_BORN
    assert {entry["actor"] for entry in entries(*Event)} == {"system:genesis"}


def test_an_instance_begins_once(db: None) -> None:
    genesis()
    with refused(Code.WRONG_STATE):
        genesis(enterprise="other", name="Other", council=["mallory"])
    assert not User.objects.filter(username="mallory").exists()


def test_a_demo_is_born_as_one_and_no_other_becomes_one(db: None) -> None:
    genesis(demo=True)
    assert Instance.objects.get().born_as_demo
    assert entries(Event.INSTANCE_BORN)[0]["demo"] is True


def test_there_is_one_instance_and_one_enterprise(db: None) -> None:
    instance = genesis()
    with guarded("23514"):
        Instance.objects.create(id=2, born_at=instance.born_at)
    with guarded("23505"):
        Scope.objects.create(key="second", name="Second", kind="enterprise")


def test_without_a_council_nothing_begins(db: None) -> None:
    with refused(Code.INVALID):
        genesis(council=[])
    assert not Instance.objects.exists()


@pytest.mark.parametrize(("key", "name"), [("Acme", "Acme"), ("acme", "Acm\u0435"), ("", "Acme")])
def test_a_name_that_is_not_plain_begins_nothing(db: None, key: str, name: str) -> None:
    with refused(Code.INVALID):
        genesis(enterprise=key, name=name)
    assert not Instance.objects.exists()


def test_two_at_once_begin_one_instance(committed: Committed) -> None:
    answers: list[str] = []

    def begin(council: str) -> None:
        try:
            genesis(council=[council])
            answers.append("begun")
        except Problem as problem:
            answers.append(problem.code)
        connection.close()

    threads = [threading.Thread(target=begin, args=(name,)) for name in ("mary", "mallory")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["begun", "wrong_state"]
    assert User.objects.count() == 1


def test_the_command_prints_a_first_password_for_each_member_once(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["genesis", "--enterprise", "acme", "--name", "Acme"]
    call_command(*command, "--council", "mary", "joan", "--ceiling", "EXECUTE")
    printed = capsys.readouterr().out
    passwords = dict(line.split() for line in printed.splitlines() if line.startswith("  "))
    assert set(passwords) == {"mary", "joan"}
    for name, password in passwords.items():
        assert User.objects.get(username=name).check_password(password)
        assert all(password.encode() not in bytes(entry.body) for entry in LedgerEntry.objects.all())
    assert Scope.objects.get().ceiling == Tier.EXECUTE
    with pytest.raises(CommandError, match="has begun already"):
        call_command(*command, "--council", "mallory")
