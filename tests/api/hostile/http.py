"""Bodies that are no JSON of ours, bad headers, wrong methods and addresses of nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from tests.api.conftest import wanted
from tests.api.hostile.request import NOBODY, Hostile


def in_body(change: Callable[[str], str]) -> bytes:
    """The good body as text, changed before it is encoded."""
    return change(json.dumps(wanted())).encode()


def bodies() -> Iterator[Hostile]:
    """Bytes that are no JSON object of ours."""
    not_json: dict[str, bytes] = {
        "an open brace": b"{",
        "a cut body": in_body(lambda text: text[:-5]),
        "a trailing comma": in_body(lambda text: text[:-1] + ",}"),
        "two bodies": in_body(lambda text: text + text),
        "a byte order mark": b"\xef\xbb\xbf" + in_body(str),
        "UTF-16": json.dumps(wanted()).encode("utf-16"),
        "UTF-32": json.dumps(wanted()).encode("utf-32-le"),
        "Latin-1": json.dumps(wanted() | {"note": "caf\u00e9"}, ensure_ascii=False).encode("latin-1"),
        "an overlong encoding": in_body(lambda text: text).replace(b"run-1", b"run\xc0\xaf1"),
        "an encoded surrogate": in_body(lambda text: text).replace(b"run-1", b"\xed\xa0\x80"),
        "form encoding": b"action_type=bench.refund&run=run-1",
        "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "YAML": b"action_type: bench.refund\nrun: run-1\n",
        "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07bad.ref\x94.",
        "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00",
        "comments": in_body(lambda text: "/* */" + text),
        "zeros": b"\x00" * 100,
        "white space": b" " * 60_000,
        "nothing": b"",
    }
    for what, raw in not_json.items():
        yield Hostile(f"body: {what}", 400, raw=raw)
    for what, raw in {"a list": b"[]", "a string": b'"x"', "null": b"null", "a number": b"17", "true": b"true"}.items():
        yield Hostile(f"body: {what}", 422, raw=raw, pointer="")
    for what, (raw, pointer) in {
        "a field twice": (in_body(lambda text: text[:-1] + ', "run": "run-2"}'), "/run"),
        "a parameter twice": (in_body(lambda text: text.replace('{"amount"', '{"amount": "1.00", "amount"')), None),
        "the amount as a number": (in_body(lambda text: text.replace('"10.00"', "10.00")), "/parameters/amount/amount"),
        "NaN": (in_body(lambda text: text.replace('"10.00"', "NaN")), "/parameters/amount/amount"),
        "Infinity": (in_body(lambda text: text.replace('"10.00"', "-Infinity")), "/parameters/amount/amount"),
        "an exponent": (in_body(lambda text: text.replace('"10.00"', "1e1")), "/parameters/amount/amount"),
        "minus zero": (in_body(lambda text: text.replace('"10.00"', "-0")), "/parameters/amount/amount"),
        "a huge integer": (in_body(lambda text: text.replace('"10.00"', "9" * 5000)), "/parameters/amount/amount"),
        "half a surrogate pair": (in_body(lambda text: text.replace("run-1", "\\ud800")), "/run"),
        "NUL": (in_body(lambda text: text.replace("run-1", "run\\u0000")), "/run"),
        "NUL in the note": (in_body(lambda text: text[:-1] + ', "note": "x\\u0000"}'), "/note"),
        "half a pair in the note": (in_body(lambda text: text[:-1] + ', "note": "\\udfff"}'), "/note"),
        "lists without end": (b"[" * 60_000, ""),
        "objects without end": (b'{"a":' * 10_000, ""),
        "thirteen levels": (in_body(lambda text: text.replace('"10.00"', "[" * 11 + "]" * 11)), None),
    }.items():
        yield Hostile(f"body: {what}", 422, raw=raw, pointer=pointer)
    yield Hostile("body: one byte too many", 413, raw=b" " * (64 * 1024) + b" ")
    yield Hostile("body: a megabyte", 413, raw=b'{"note": "' + b"x" * 1_000_000 + b'"}')


def headers() -> Iterator[Hostile]:
    """Good bodies with bad headers. A header set to None is left out."""
    types = (
        "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
        "application/json; charset=latin-1", "application/json; charset=utf-16", "application/jsonx", "json",
        "application/json, text/plain", "application/vnd.api+json", "application/json; charset=utf-8; x=1",
    )  # fmt: skip
    for kind in types:
        yield Hostile(f"Content-Type: {kind!r}", 415, wanted(), headers={"Content-Type": kind})
    yield Hostile("no Content-Type", 415, wanted(), headers={"Content-Type": None})
    for encoding in ("gzip", "br", "deflate", "identity, gzip", "x"):
        yield Hostile(f"Content-Encoding: {encoding}", 415, wanted(), headers={"Content-Encoding": encoding})
    yield Hostile("no Idempotency-Key", 400, wanted(), headers={"Idempotency-Key": None})
    for key in (
        "",
        " ",
        '""',
        "a b",
        "a,b",
        "x" * 129,
        "caf\u00e9".encode(),
        b"\xff",
        "a/b",
        "<a>",
        "a;b",
        "'a'",
        "a\tb",
    ):
        yield Hostile(f"Idempotency-Key: {key!r}", 400, wanted(), headers={"Idempotency-Key": key})
    keys: tuple[str | bytes | None, ...] = (
        None, "", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer plc_abcdefgh_" + "A" * 43,
        "plc_abcdefgh_" + "A" * 43,
        "Bearer plc_abcdefgh_" + "A" * 42, "Bearer plc_abcdefgh_" + "A" * 44, "Bearer  plc_abcdefgh_" + "A" * 43,
        "Bearer PLC_ABCDEFGH_" + "A" * 43, b"Bearer \xff\xfe", "Bearer " + "x" * 8_000,
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer plc_abcdefgh_" + "A" * 43 + ", Bearer x", "Digest username=x", "Bearer ' or 1=1 --",
    )  # fmt: skip
    for header in keys:
        what = f"Authorization: {len(header or ())} {str(header)[:30]}"
        yield Hostile(what, 401, wanted(), headers={"Authorization": header})
    yield Hostile("a wrong key and a wrong body", 401, raw=b"{", headers={"Authorization": keys[6]})
    yield Hostile("a wrong key and a body too long", 401, raw=b" " * 70_000, headers={"Authorization": keys[6]})
    yield Hostile(
        "no key and no Idempotency-Key", 401, wanted(), headers={"Authorization": None, "Idempotency-Key": None}
    )


def addresses() -> Iterator[Hostile]:
    """Wrong methods, unknown paths, ids of nothing."""
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X"):
        for path in ("actions/", "agents/", "keys/", "keys/revoke/", "delegations/", "signals/"):
            yield Hostile(f"{method} {path}", 405, method=method, body={}, path=path)
        yield Hostile(f"{method} grants/…/redeem/", 405, method=method, body={}, path=f"grants/{NOBODY}/redeem/")
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        yield Hostile(f"{method} openapi.json", 405, method=method, body={}, path="openapi.json")
        yield Hostile(f"{method} errors/", 405, method=method, body={}, path="errors/")
    paths = (
        "", "actions", "actions//", "action/", "actions/1/", "actions/../", f"actions/{NOBODY}",
        f"actions/{NOBODY.upper()}/",
        f"actions/{NOBODY[:-1]}/", f"actions/{NOBODY}0/", "actions/%00/", "actions/%ff/", "actions/%2e%2e/",
        "actions/null/",
        "escalations/1 or 1=1/", "grants/", f"grants/{NOBODY}/", "x" * 5_000,
        "\u202e/", ".git/config",
        "actions/{id}/", f"actions/{{{NOBODY}}}/", f"actions/urn:uuid:{NOBODY}/",
    )  # fmt: skip
    for path in paths:
        yield Hostile(f"GET {path[:60]!r}", 404, method="GET", path=path)
    for path in ("actions/{}/", "escalations/{}/"):
        yield Hostile(f"GET {path} of nobody", 404, method="GET", path=path.format(NOBODY))
    yield Hostile("report of nobody", 404, {"status": "succeeded"}, path=f"actions/{NOBODY}/report/")
    yield Hostile("withdraw of nobody", 404, {}, path=f"actions/{NOBODY}/withdraw/")
    yield Hostile("redeem of nobody", 404, {"digest": "0" * 64}, path=f"grants/{NOBODY}/redeem/")
    for query in ("?dry_run=true", "?", "?a", "?run=run-1&run=run-2", "?%00"):
        status = 422 if len(query) > 1 else 400
        yield Hostile(f"actions/{query}", status, wanted() if len(query) > 1 else None, path=f"actions/{query}")
