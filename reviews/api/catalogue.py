"""What every error code means to whoever calls: `GET /api/v1/errors/` and docs/reference/api.md are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from governance.problems import STATUS, Code

ROOT = "/api/v1/errors/"


@dataclass(frozen=True, slots=True)
class Entry:
    """One error: what happened, and what the caller can do about it."""

    code: str
    status: int
    title: str
    remedy: str

    @property
    def type(self) -> str:
        """The `type` of its problem documents: a path that answers with this entry."""
        return f"{ROOT}{self.code}/"

    def document(self) -> dict[str, object]:
        """The entry as it is served."""
        return {
            "type": self.type, "code": self.code, "status": self.status, "title": self.title, "remedy": self.remedy,
        }  # fmt: skip


# Not something a caller can be told in advance: a defect of ours, without any code of the catalogue.
INTERNAL = Entry("internal", 500, "Something went wrong here.", "Ask again with the same Idempotency-Key; report it.")
# What the server or the framework refuses before any part of ours has seen the request.
BAD_REQUEST = Entry("bad_request", 400, "The request is not well-formed HTTP.", "Repair the request.")

_TEXTS: dict[Code, tuple[str, str]] = {
    Code.UNAUTHENTICATED: (
        "No live agent key was given.",
        "Send Authorization: Bearer with a key that has neither expired nor been revoked.",
    ),
    Code.NOT_FOUND: ("There is no such thing, or it is not yours.", "Check the address and whose key is used."),
    Code.METHOD_NOT_ALLOWED: ("This address does not know this method.", "Use a method that the Allow header names."),
    Code.UNSUPPORTED_MEDIA_TYPE: ("The body is of a media type that is not taken.", "Send application/json in UTF-8."),
    Code.BODY_TOO_LARGE: ("The body is over 65536 bytes.", "Send less: long texts belong into the systems of record."),
    Code.MALFORMED_JSON: ("The body is not JSON.", "Send one JSON object in UTF-8, without a byte order mark."),
    Code.INVALID_ENVELOPE: (
        "The body does not have the fields of this call.",
        "Put right what errors names; the fields of every call are in the OpenAPI document.",
    ),
    Code.UNKNOWN_ACTION_TYPE: ("The action type is not in the catalogue.", "Use a type that the council registered."),
    Code.CONTRACT_BROKEN: (
        "The parameters or claims break the contract of the action type.",
        "Put right what errors names. Three in ten minutes count as evidence against the agent.",
    ),
    Code.IDEMPOTENCY_KEY_MISSING: (
        "A call that creates something has no Idempotency-Key.",
        "Send one per intended act, and the same one when asking again.",
    ),
    Code.IDEMPOTENCY_KEY_INVALID: (
        "The Idempotency-Key does not have the form of one.",
        "Send 1 to 128 ASCII letters, digits, dots, underscores, colons and dashes, with or without quotes.",
    ),
    Code.IDEMPOTENCY_BODY_CHANGED: (
        "The Idempotency-Key was used for something else.",
        "Use a fresh key for another body: an edited action is a new action.",
    ),
    Code.IDEMPOTENCY_IN_FLIGHT: (
        "The first request with this Idempotency-Key is still being answered.",
        "Ask again after Retry-After, with the same key and body.",
    ),
    Code.CAP_EXHAUSTED: (
        "A cap is exhausted, or as much is under way as may be, and its case is open or its window has not freed.",
        "Wait for Retry-After: the one case stands for all, nothing more is opened.",
    ),
    Code.RATE_LIMITED: (
        "The agent asks more often than it may.",
        "Ask again after Retry-After, with the same Idempotency-Key: nothing was decided.",
    ),
    Code.TOO_MANY_CASES: (
        "The agent's line, or the record that the action is about, has as many open cases as it may.",
        "Ask again after Retry-After, with the same Idempotency-Key: nothing was decided. Withdraw what is not meant.",
    ),
    Code.FORBIDDEN: ("This is not yours to do.", "Ask somebody who may."),
    Code.DELEGATION_INVALID: (
        "The delegation is not this agent's, has ended, or does not cover the action type.",
        "Ask whoever gave the ticket for a new one; nothing was decided and the Idempotency-Key stays free.",
    ),
    Code.REFUSED: ("The rule of authority refuses the action as things are now.", "See the reasons of the action."),
    Code.NOT_TAKEN: ("The case was not taken.", "Take the case before deciding it."),
    Code.TAKEN_BY_ANOTHER: ("Somebody else is deciding the case.", "Wait until they have decided or let go."),
    Code.ALREADY_DECIDED: ("The case has been decided.", "Read the case."),
    Code.CASE_CLOSED: ("The case is closed.", "Read the case; ask for the action anew if it is still meant."),
    Code.CASE_EXPIRED: ("Nobody decided the case in time, which is a rejection.", "Ask anew if it is still meant."),
    Code.FACTS_CHANGED: ("The facts are not those that were shown.", "Look at the case again."),
    Code.NOT_READ_YET: ("The facts were shown too short a time ago to have been read.", "Read them, then approve."),
    Code.NOT_APPROVABLE: ("The case cannot be approved as it is.", "Reject it, or have its facts read again."),
    Code.OUTSIDE_MANDATE: ("The case is outside the mandate.", "Hand it to somebody with the mandate."),
    Code.CONFIRM_IDENTITY: (
        "A person has not confirmed in the last five minutes that it is them.",
        "Agents never meet it: a person confirms, then does it again.",
    ),
    Code.SECOND_FACTOR_MISSING: (
        "A person has no second factor, which high risk and widening ask for.",
        "Agents never meet it: a person sets one up.",
    ),
    Code.OWN_AGENT: ("Nobody judges what is their own: agent, record or ask.", "Leave it to somebody else."),
    Code.PRACTICE_FIRST: (
        "A reviewer has not finished the practice cases.",
        "Agents never meet it: a person practises, or the council waives it.",
    ),
    Code.TAKEN_PART: ("They have approved the case already, and another person must.", "Leave it to somebody else."),
    Code.HOLD_OVER: ("The verdict is final: its hold is over.", "Halt the agent if harm is near."),
    Code.HALTED: ("A halt covers this.", "Wait until the council has lifted it; rejecting works meanwhile."),
    Code.WRONG_STATE: ("This is not possible in the state that it is in.", "Read its state first."),
    Code.GRANT_NOT_YET_OPEN: ("The grant is not open yet: its verdict can still be withdrawn.", "Wait for not_before."),
    Code.GRANT_USED: ("The grant has been used.", "Ask for a new action: a grant is for one use."),
    Code.GRANT_EXPIRED: ("The grant has expired.", "Ask for the action anew."),
    Code.GRANT_VOID: ("The grant is void.", "Read the case that replaces it, or ask for the action anew."),
    Code.DIGEST_MISMATCH: ("The digest is not that of what was allowed.", "Execute exactly what was allowed."),
    Code.RECORD_CHANGED: (
        "The record is not as it was when the action was approved.",
        "Read the new case that superseded this one.",
    ),
    Code.SOURCE_UNAVAILABLE: ("The system of record does not answer.", "Ask again after Retry-After."),
    Code.TOOL_RED: ("The tool that the action needs is failing.", "Ask again after Retry-After: nothing was voided."),
    Code.ABOVE_PARENT: (
        "Nothing stands above its parent, and a chain of agents has no cycle and no ninth link.",
        "Choose a lower ceiling, or another agent.",
    ),
    Code.INVALID: ("The request cannot be carried out as it is.", "Put right what errors names."),
    Code.UNAVAILABLE: (
        "Placet cannot write now, and nothing happened.",
        "Ask again after Retry-After, with the same Idempotency-Key.",
    ),
}

CATALOGUE: Mapping[str, Entry] = MappingProxyType(
    {code.value: Entry(code.value, STATUS[code], *_TEXTS[code]) for code in Code}
    | {entry.code: entry for entry in (BAD_REQUEST, INTERNAL)}
)
