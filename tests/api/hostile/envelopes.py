"""Every field of every call with every kind of wrong value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.conftest import wanted
from tests.api.hostile.request import NOBODY, Hostile

WRONG_STRINGS: dict[str, Any] = {
    "null": None, "a number": 7, "true": True, "a list": ["run-1"], "an object": {"a": "run-1"}, "empty": "",
    "a space": " ", "too long": "x" * 129, "a line break": "run\n1", "a trailing line break": "run-1\n",
    "a zero-width space": "run\u200b1", "a right-to-left override": "run\u202e1", "a Cyrillic letter": "r\u0443n-1",
    "full-width letters": "\uff52\uff55\uff4e", "a combining accent": "ru\u0301n",
    "an escape sequence": "run\u001b[31m",
    "markup": "<script>1</script>", "SQL": "x'; drop table governance_action; --", "a template": "{{ 7*7 }}",
    "a path": "../../etc/passwd", "an emoji": "run\U0001f600",
}  # fmt: skip
WRONG_FLAGS: dict[str, Any] = {
    "null": None, "one": 1, "zero": 0, "a word": "true", "empty": "", "a list": [], "an object": {}, "yes": "yes",
}  # fmt: skip
WRONG_OBJECTS: dict[str, Any] = {
    "null": None, "a list": [], "a list of pairs": [["a", 1]], "a string": "{}", "a number": 1, "true": True,
    "too many members": {f"f{number}": 1 for number in range(65)},
}  # fmt: skip
WRONG_CONFIDENCES: dict[str, Any] = {
    "null": None, "a number": 1, "over one": "1.1", "negative": "-0.1", "an exponent": "1e-1", "a bare point": ".5",
    "no digits after the point": "0.", "a comma": "0,5", "a percentage": "85%", "a word": "high", "NaN": "NaN",
    "Infinity": "Infinity", "a leading zero": "00.5", "a plus": "+0.5", "a space": " 0.5", "too fine": "0.1234567",
    "digits of another script": "\u0660.\u0665", "empty": "", "a list": ["0.5"],
}  # fmt: skip


def envelopes() -> Iterator[Hostile]:
    """Every field of the envelope with every kind of wrong value."""
    for name in ("action_type", "run", "subject"):
        for what, value in WRONG_STRINGS.items():
            yield Hostile(f"{name}: {what}", 422, wanted() | {name: value}, pointer=f"/{name}")
    for name in ("uncertain", "elevate", "dry_run"):
        for what, value in WRONG_FLAGS.items():
            yield Hostile(f"{name}: {what}", 422, wanted() | {name: value}, pointer=f"/{name}")
    for name in ("parameters", "claims"):
        for what, value in WRONG_OBJECTS.items():
            yield Hostile(f"{name}: {what}", 422, wanted() | {name: value}, pointer=f"/{name}")
    for what, value in WRONG_CONFIDENCES.items():
        yield Hostile(f"confidence: {what}", 422, wanted() | {"confidence": value}, pointer="/confidence")
    for what, value in {"null": None, "a list": [], "a number": 1, "too long": "x" * 4001}.items():
        yield Hostile(f"note: {what}", 422, wanted() | {"note": value}, pointer="/note")
    for name in ("action_type", "parameters", "run"):
        body = {key: value for key, value in wanted().items() if key != name}
        yield Hostile(f"{name} is missing", 422, body, pointer=f"/{name}")
    for name in ("delegation", "agent", "tier", "level", "id", "state", "Run", "run ", "__proto__", "constructor"):
        shown = name if name.strip() == name else "*"
        yield Hostile(f"surplus field {name!r}", 422, wanted() | {name: "x"}, pointer=f"/{shown}")
    yield Hostile("a surplus field with a strange name", 422, wanted() | {"\u202e": 1}, pointer="/*")
    yield Hostile("an unknown type", 422, wanted() | {"action_type": "bench.nothing"}, pointer="/action_type")
    yield Hostile("a type in capitals", 422, wanted() | {"action_type": "BENCH.REFUND"}, pointer="/action_type")
    yield Hostile("no fields at all", 422, {}, pointer="/action_type")


NOTICE = {"action_type": "notice", "parameters": {"reason": "no_tool"}, "run": "run-1"}
WRONG_REASONS: dict[str, Any] = {
    "null": None, "a word": "bored", "a list": ["uncertain"], "empty": "", "capitals": "UNCERTAIN",
}  # fmt: skip
WRONG_REPORTS: dict[str, tuple[Any, ...]] = {
    "status": (None, "", "done", 1, True, [], "SUCCEEDED", "abandoned", "executing"),
    "latency_ms": (None, -1, 86_400_001, "5", True, [], 2**53 - 1),
    "record_version": (None, "", 1, "x" * 129, "a b", "\u202e", "<b>", []),
    "surplus": (1,),
}
WRONG_DIGESTS: tuple[Any, ...] = (
    None, "", "0" * 63, "0" * 65, "0" * 128, "G" * 64, "A" * 64, 0, [], "0x" + "0" * 62, "\u0660" * 64, " " * 64,
)  # fmt: skip


def others() -> Iterator[Hostile]:
    """The bodies of the other calls."""
    reason = {"reason": "uncertain"}
    for what, value in WRONG_REASONS.items():
        yield Hostile(f"reason: {what}", 422, wanted() | {"reason": value}, path="escalations/", pointer="/reason")
    yield Hostile("no reason", 422, wanted(), path="escalations/", pointer="/reason")
    for name in ("dry_run", "elevate", "uncertain", "delegation"):
        body = wanted() | reason | {name: True}
        yield Hostile(f"escalations/ with {name}", 422, body, path="escalations/", pointer=f"/{name}")
    body = wanted() | {"reason": "out_of_scope"}
    yield Hostile("out of scope, of a type", 422, body, path="escalations/", pointer="/action_type")
    body = wanted() | reason | {"action_type": "notice"}
    yield Hostile("a notice that is not out of scope", 422, body, path="escalations/", pointer="/action_type")
    yield Hostile("a notice as an action", 422, NOTICE, pointer="/action_type")
    yield Hostile("a notice as a dry run", 422, NOTICE | {"dry_run": True}, pointer="/action_type")
    report = f"actions/{NOBODY}/report/"
    for name, values in WRONG_REPORTS.items():
        for value in values:
            what = f"report {name}: {str(value)[:20]!r}"
            yield Hostile(what, 422, {"status": "succeeded"} | {name: value}, path=report, pointer=f"/{name}")
    redeem = f"grants/{NOBODY}/redeem/"
    for digest in WRONG_DIGESTS:
        what = f"digest: {len(str(digest))} x {str(digest)[:1]!r}"
        yield Hostile(what, 422, {"digest": digest}, path=redeem, pointer="/digest")
    yield Hostile("no digest", 422, {}, path=redeem, pointer="/digest")
    yield Hostile("redeem with a surplus field", 422, {"digest": "0" * 64, "agent": "x"}, path=redeem, pointer="/agent")
    yield Hostile("withdraw with a field", 422, {"reason": "x"}, path=f"actions/{NOBODY}/withdraw/", pointer="/reason")
    yield Hostile("withdraw with a list", 422, [], path=f"actions/{NOBODY}/withdraw/", pointer="")
