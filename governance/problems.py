from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """The closed catalogue of errors. A code never changes its meaning; docs/reference lists them."""

    UNAUTHENTICATED = "unauthenticated"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    BODY_TOO_LARGE = "body_too_large"
    MALFORMED_JSON = "malformed_json"
    INVALID_ENVELOPE = "invalid_envelope"
    UNKNOWN_ACTION_TYPE = "unknown_action_type"
    CONTRACT_BROKEN = "contract_broken"
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing"
    IDEMPOTENCY_KEY_INVALID = "idempotency_key_invalid"
    IDEMPOTENCY_BODY_CHANGED = "idempotency_body_changed"
    IDEMPOTENCY_IN_FLIGHT = "idempotency_in_flight"
    CAP_EXHAUSTED = "cap_exhausted"
    RATE_LIMITED = "rate_limited"
    TOO_MANY_CASES = "too_many_cases"
    FORBIDDEN = "forbidden"
    DELEGATION_INVALID = "delegation_invalid"
    REFUSED = "refused"
    NOT_TAKEN = "not_taken"
    TAKEN_BY_ANOTHER = "taken_by_another"
    ALREADY_DECIDED = "already_decided"
    CASE_CLOSED = "case_closed"
    CASE_EXPIRED = "case_expired"
    FACTS_CHANGED = "facts_changed"
    NOT_READ_YET = "not_read_yet"
    NOT_APPROVABLE = "not_approvable"
    OUTSIDE_MANDATE = "outside_mandate"
    OWN_AGENT = "own_agent"
    PRACTICE_FIRST = "practice_first"
    CONFIRM_IDENTITY = "confirm_identity"
    SECOND_FACTOR_MISSING = "second_factor_missing"
    TAKEN_PART = "taken_part"
    HOLD_OVER = "hold_over"
    HALTED = "halted"
    WRONG_STATE = "wrong_state"
    GRANT_NOT_YET_OPEN = "grant_not_yet_open"
    GRANT_USED = "grant_used"
    GRANT_EXPIRED = "grant_expired"
    GRANT_VOID = "grant_void"
    DIGEST_MISMATCH = "digest_mismatch"
    RECORD_CHANGED = "record_changed"
    SOURCE_UNAVAILABLE = "source_unavailable"
    TOOL_RED = "tool_red"
    ABOVE_PARENT = "above_parent"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


STATUS: dict[Code, int] = {
    Code.UNAUTHENTICATED: 401,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.BODY_TOO_LARGE: 413,
    Code.MALFORMED_JSON: 400,
    Code.INVALID_ENVELOPE: 422,
    Code.UNKNOWN_ACTION_TYPE: 422,
    Code.CONTRACT_BROKEN: 422,
    Code.IDEMPOTENCY_KEY_MISSING: 400,
    Code.IDEMPOTENCY_KEY_INVALID: 400,
    Code.IDEMPOTENCY_BODY_CHANGED: 422,
    Code.IDEMPOTENCY_IN_FLIGHT: 409,
    Code.CAP_EXHAUSTED: 403,
    Code.RATE_LIMITED: 429,
    Code.TOO_MANY_CASES: 429,
    Code.FORBIDDEN: 403,
    Code.DELEGATION_INVALID: 403,
    Code.REFUSED: 403,
    Code.NOT_TAKEN: 409,
    Code.TAKEN_BY_ANOTHER: 409,
    Code.ALREADY_DECIDED: 409,
    Code.CASE_CLOSED: 409,
    Code.CASE_EXPIRED: 409,
    Code.FACTS_CHANGED: 412,
    Code.NOT_READ_YET: 409,
    Code.NOT_APPROVABLE: 409,
    Code.OUTSIDE_MANDATE: 403,
    Code.OWN_AGENT: 403,
    Code.PRACTICE_FIRST: 403,
    Code.CONFIRM_IDENTITY: 403,
    Code.SECOND_FACTOR_MISSING: 403,
    Code.TAKEN_PART: 409,
    Code.HOLD_OVER: 409,
    Code.HALTED: 409,
    Code.WRONG_STATE: 409,
    Code.GRANT_NOT_YET_OPEN: 409,
    Code.GRANT_USED: 409,
    Code.GRANT_EXPIRED: 410,
    Code.GRANT_VOID: 409,
    Code.DIGEST_MISMATCH: 412,
    Code.RECORD_CHANGED: 412,
    Code.SOURCE_UNAVAILABLE: 503,
    Code.TOOL_RED: 503,
    Code.ABOVE_PARENT: 409,
    Code.INVALID: 422,
    Code.UNAVAILABLE: 503,
}


class Problem(Exception):  # noqa: N818 -- the word of RFC 9457
    """Something a caller asked for and does not get: a code, and one sentence in our own words.

    `detail` never repeats what the caller sent. `fields` names what is wrong as (JSON pointer,
    sentence). `retry_after` is in seconds. `extra` are typed members for the problem document.
    """

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        fields: tuple[tuple[str, str], ...] = (),
        retry_after: int | None = None,
        extra: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.fields = fields
        self.retry_after = retry_after
        self.extra = extra or {}

    @property
    def status(self) -> int:
        """The HTTP status of this code."""
        return STATUS[self.code]
