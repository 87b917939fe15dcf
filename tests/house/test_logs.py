from __future__ import annotations

import logging
import logging.config

import pytest
import structlog

from config import logs

SECRETS = [
    "plc_ab12_VerySecretPart",
    "Authorization: Bearer abc.def",
    "eyJhbGciOiJFZERTQSJ9.eyJqdGkiOiIxIn0.c2ln",
    "postgresql://placet_app:hunter2@db/placet",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_inside_a_sentence_is_blotted_out(text: str) -> None:
    event = logs.redact(None, "info", {"event": f"saw {text} here"})["event"]
    assert logs.REDACTED in event
    for part in ("VerySecretPart", "abc.def", "eyJqdGki", "hunter2"):
        assert part not in event


@pytest.mark.parametrize(
    "name", ["authorization", "password", "PLACET_SIGNING_KEY", "api_key", "cookie", "note", "token"]
)
def test_a_field_with_a_secret_name_is_blotted_out(name: str) -> None:
    cleaned = logs.redact(None, "info", {"event": "x", name: "hunter2", "deep": {name: ["hunter2"]}})
    assert "hunter2" not in str(cleaned)


def test_an_ordinary_line_stays_as_it_is() -> None:
    event = {"event": "decided", "action": "4f0c", "outcome": "execute", "took_ms": 3}
    assert logs.redact(None, "info", dict(event)) == event


@pytest.mark.parametrize("readable", [True, False])
def test_no_secret_leaves_by_either_logger(readable: bool, capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    try:
        logging.config.dictConfig(logs.logging_config("INFO", readable=readable))
        structlog.get_logger("placet").warning("seen", dsn="postgresql://a:hunter2@b/c", outcome="execute")
        try:
            raise ValueError("could not reach postgresql://a:hunter2@b/c")
        except ValueError:
            logging.getLogger("django.request").exception("key plc_ab12_VerySecretPart")
    finally:
        logging.getLogger().handlers[:] = before
    written = capsys.readouterr().err
    assert "execute" in written
    assert "could not reach" in written
    assert "hunter2" not in written
    assert "VerySecretPart" not in written
