from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"authorization|cookie|password|passwd|secret|token|api_?key|signing|session|csrf|dsn|database_url|redis_url|note",
    re.IGNORECASE,
)
# Agent keys, bearer and JWS values, and the password inside an address.
_SECRET_VALUE = re.compile(
    r"plc_[A-Za-z0-9]+_[A-Za-z0-9_-]+"
    r"|(?<=[Bb]earer )\S+"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_VALUE.sub(REDACTED, value)
    if isinstance(value, dict):
        return {key: REDACTED if _SECRET_NAME.search(str(key)) else _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: no key, token, password or note leaves the process in a log line."""
    for key in list(event):
        if key.startswith("_"):
            continue
        event[key] = REDACTED if _SECRET_NAME.search(key) else _clean(event[key])
    return event


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def structlog_config() -> dict[str, Any]:
    return {
        "processors": [
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        "logger_factory": structlog.stdlib.LoggerFactory(),
        "wrapper_class": structlog.stdlib.BoundLogger,
        "cache_logger_on_first_use": True,
    }


def logging_config(level: str, *, readable: bool) -> dict[str, Any]:
    """One stream of lines: JSON for machines, or ``key=value`` for a person at a terminal."""
    renderer = (
        structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "logger", "event"])
        if readable
        else structlog.processors.JSONRenderer()
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    redact,
                    renderer,
                ],
            }
        },
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
        },
    }
