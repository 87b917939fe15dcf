"""The engine in processes of its own: right answers, and no rule that holds a decision up or takes it down."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from governance.engines.children import SPARE, Children, Gone, Late
from governance.engines.protocol import BUDGET_SECONDS, Program, Raw
from tests.governance.policies.rego import refunds, rules
from tests.reviews.racers import wait_for

# Generous: a busy machine is given time where the time itself is not the subject.
PATIENT = 5.0
ENDLESS = """package p
tier := "commit" if count([1 | some i in numbers.range(1, 9000); some j in numbers.range(1, 9000); i * j > 0]) > 5
reasons contains "because" if false
"""
OVERFLOW = 'package p\nf(a) := f(a)\ntier := f(1)\nreasons contains "because" if false\n'
GOOD = rules('package p\ntier := "commit"\nreasons contains "because" if false\n')
REASONED = rules('package p\ntier := "halt"\nreasons := ["because"]\n')


def only(found: list[Raw]) -> Raw:
    (raw,) = found
    return raw


def test_false_and_zero_are_not_the_same(children: Children) -> None:
    program = rules('package p\ndefault tier := "propose"\ntier := "execute" if input.x == false\nreasons := []\n')
    answers = {
        given: only(children.evaluate([program], f'{{"x":{given}}}', seconds=PATIENT)).tier
        for given in ("false", "0", "true", "null", '""', "0.0", "[]")
    }
    assert answers == dict.fromkeys(answers, "propose") | {"false": "execute"}


def test_one_input_never_answers_for_the_next(children: Children) -> None:
    program = rules('package p\ntier := "commit" if input.n == 1\nreasons := []\n')
    for number in (1, 2, 1, 3, 1):
        raw = only(children.evaluate([program], f'{{"n":{number}}}', seconds=PATIENT))
        assert raw.tier == ("commit" if number == 1 else None)


@pytest.mark.parametrize(("text", "failure"), [(ENDLESS, "slow"), (OVERFLOW, "crashed")], ids=["endless", "overflow"])
def test_a_rule_that_stops_its_engine_costs_its_own_answer_only(children: Children, text: str, failure: str) -> None:
    children.prepare([GOOD], seconds=PATIENT)
    # an overflow is seen as soon as its process has ended, which takes the kernel a moment
    seconds = PATIENT if failure == "crashed" else 0.2
    assert only(children.evaluate([rules(text)], "{}", seconds=seconds)).failure == failure
    assert only(children.evaluate([GOOD], "{}", seconds=PATIENT)).tier == "commit"


def test_what_was_never_reached_is_not_blamed_for_what_ended_the_worker(children: Children) -> None:
    found = children.evaluate([GOOD, rules(OVERFLOW), REASONED], "{}", seconds=PATIENT)
    assert [raw.failure for raw in found] == ["", "crashed", "slow"]


def test_a_worker_that_somebody_killed_while_it_was_idle_costs_no_answer(children: Children) -> None:
    children.prepare([GOOD], seconds=PATIENT)
    wait_for(lambda: len(children._free) == SPARE)
    for child in (idle := list(children._free)):
        child._process.kill()
    wait_for(lambda: not any(child.lives for child in idle))
    assert only(children.evaluate([GOOD], "{}", seconds=PATIENT)).tier == "commit"


def test_a_worker_that_begins_later_knows_what_governs_before_it_is_asked(children: Children) -> None:
    children.prepare([GOOD], seconds=PATIENT)
    assert only(children.evaluate([rules(OVERFLOW)], "{}", seconds=PATIENT)).failure == "crashed"
    wait_for(lambda: len(children._free) == SPARE)
    children.prepare([GOOD, REASONED], seconds=PATIENT)
    wait_for(lambda: len(children._free) == SPARE)
    for child in children._free:
        assert child.loaded >= {GOOD.digest, REASONED.digest}


def test_what_answered_before_a_late_rule_is_kept(children: Children) -> None:
    children.prepare([GOOD], seconds=PATIENT)
    found = children.evaluate([GOOD, rules(ENDLESS)], "{}", seconds=0.5)
    assert [raw.failure for raw in found] == ["", "slow"]


def test_a_decision_is_given_back_in_its_time_whatever_the_rule_does(children: Children) -> None:
    """Only that it is not the eternity of the rule: how long exactly is measured by the bench, not asserted."""
    children.prepare([], seconds=PATIENT)
    begun = time.monotonic()
    for _ in range(3):
        assert only(children.evaluate([rules(ENDLESS)], "{}", seconds=BUDGET_SECONDS)).failure == "slow"
    assert time.monotonic() - begun < 10


def test_memory_without_end_ends_the_worker_and_not_us(children: Children) -> None:
    text = 'package p\nbig := [x | some x in numbers.range(1, 100000000)]\ntier := "commit" if count(big) > 0\n'
    assert only(children.evaluate([rules(text)], "{}", seconds=PATIENT)).failure in ("crashed", "slow", "broken")


def test_an_answer_without_end_is_not_read(children: Children) -> None:
    long = 'concat("", [s | some x in numbers.range(1, 5000); s := sprintf("%d", [x])])'
    text = f"package p\nreasons := []\ntier := {long}\n"
    assert only(children.evaluate([rules(text)], "{}", seconds=PATIENT)).failure == "huge"


def test_threads_share_the_workers_and_no_answer_is_anothers(children: Children) -> None:
    program = rules('package p\ntier := sprintf("t%d", [input.n])\nreasons := []\n')
    gate = threading.Barrier(6)

    def ask(worker: int) -> list[str]:
        gate.wait()
        asked = [worker * 100 + n for n in range(20)]
        got = [only(children.evaluate([program], f'{{"n":{n}}}', seconds=PATIENT)).tier for n in asked]
        return [answer for answer, n in zip(got, asked, strict=True) if answer != f"t{n}"]

    with ThreadPoolExecutor(6) as pool:
        assert [wrong for found in pool.map(ask, range(6)) for wrong in found] == []


def test_policies_have_no_network_and_no_other_clock_than_the_input(children: Children) -> None:
    net = 'package p\ntier := "commit" if http.send({"method": "get", "url": "http://127.0.0.1:9"})\nreasons := []\n'
    assert only(children.evaluate([rules(net)], "{}", seconds=PATIENT)).tier is None
    for call in (
        "http.send({})",
        "time.now_ns()",
        'time["now_ns"]()',
        'rand.intn("a", 3)',
        "opa.runtime()",
        'trace("x")',
        'io.jwt.decode_verify("a.b.c", {})',
        'x if x := count("a") with count as uuid.rfc4122',
    ):
        text = f"package p\ntier := {call}\nreasons := []\n"
        found = children.check(rules(text), seconds=PATIENT)
        assert [row for row in found if row[0] == "refused"], call


def test_a_program_is_loaded_once_and_another_of_its_name_is_another(children: Children) -> None:
    one, two = (rules(f'package p\ntier := "{tier}"\nreasons := []\n') for tier in ("commit", "halt"))
    for program, tier in ((one, "commit"), (two, "halt"), (one, "commit")):
        assert only(children.evaluate([program], "{}", seconds=PATIENT)).tier == tier


def test_what_does_not_load_fails_each_time_and_harms_nobody(children: Children) -> None:
    broken = rules("package p\ntier := := 1\n")
    for _ in range(2):
        found = children.evaluate([broken, GOOD], "{}", seconds=PATIENT)
        assert [raw.failure for raw in found] == ["not_loaded", ""]


def test_a_worker_that_read_much_gives_way_to_a_new_one(children: Children) -> None:
    for number in range(70):
        program = rules(f'package p\ntier := "commit"\nreasons := []\nn := {number}\n')
        assert only(children.evaluate([program], "{}", seconds=PATIENT)).tier == "commit"


def test_many_bundles_govern_at_once(children: Children) -> None:
    many = [rules(f'package p\ntier := "commit"\nreasons := []\nn := {number}\n') for number in range(70)]
    children.prepare(many, seconds=PATIENT)
    assert [raw.tier for raw in children.evaluate(many, "{}", seconds=PATIENT)] == ["commit"] * 70
    wait_for(lambda: len(children._free) == SPARE)


def test_a_check_that_does_not_end_is_ended(children: Children) -> None:
    loop = "some i in numbers.range(1, 9000); some j in numbers.range(1, 9000)"
    test = f"package p_test\ntest_it if count([1 | {loop}]) > 0\n"
    program = Program("d", "tests", (("p_test.rego", test),), ())
    with pytest.raises(Late):
        children.check(program, seconds=0.4)
    overflow = "package p_test\nf(a) := f(a)\ntest_it if f(1)\n"
    with pytest.raises(Gone):
        children.check(Program("d", "tests", (("p_test.rego", overflow),), ()), seconds=PATIENT)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ('tier := "commit"\ntier := "halt"', "broken: --> p.rego:3:1 .* rule conflicts with rule at p.rego:2:1"),
        ('tier := "commit" if nobody_wrote(1)', "broken: .* could not find function nobody_wrote"),
        ('tier := "commit" if nobody == 1', ".* use of undefined variable `nobody` is unsafe"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_as_the_engine_tells_it(children: Children, rule: str, why: str) -> None:
    files = (("p.rego", f"package p\n{rule}\n"), ("p_test.rego", "package p_test\ntest_it if data.p.tier\n"))
    found = children.check(Program("d", "tests", files, ()), seconds=PATIENT)
    assert [row for row in found if row[0] in ("wrong", "test") and re.fullmatch(why, row[-1])], found


def test_the_example_bundle_passes_its_own_tests(children: Children) -> None:
    from governance.bundle_files import checked, read_folder
    from tests.governance.policies.rego import REFUNDS

    found = checked(read_folder(REFUNDS))
    assert len(found.report["tests"]) >= 12
    assert {result for *_, result in found.report["tests"]} == {"passed"}
    assert refunds().digest == found.digest.hex()
