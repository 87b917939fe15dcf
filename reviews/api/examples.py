"""One example of each body, in the words of the demo shop. The tests hold them against the schemas."""

from __future__ import annotations

from typing import Any

_ACTION = "0b8f4d6e-6a1c-4b0e-9a55-1f3c8e0d7a21"
_CASE = "6f1d2c3b-8e47-4c19-a0b5-7d9e2f4a6c10"
_GRANT = "c2a7e915-3d84-4f6b-b1c0-5e8f7a9d0b32"
_DIGEST = "5d41402abc4b2a76b9719d911017c592ae1f4c3d9b8e7a6f5c4d3e2f1a0b9c8d"
_PROOF = "eyJhbGciOiJFZERTQSIsInR5cCI6ImVsZXZhdGlvbitqd3QifQ.e30.c2lnbmF0dXJl"
_WANTED: dict[str, Any] = {
    "action_type": "shop.refund",
    "parameters": {"order": "#W1042", "amount": {"amount": "480.00", "currency": "USD"}},
    "claims": {"customer": "c-77", "status": "delivered"},
    "run": "chat-2026-11-22-17",
    "subject": "c-77",
}
_DECISION: dict[str, Any] = {
    "id": _ACTION,
    "effective_risk": "medium",
    "policy_revision": 7,
    "evaluated_at": "2026-11-22T10:00:00.000Z",
    "dry_run": False,
    "action_digest": _DIGEST,
    "traceparent": "00-0b8f4d6e6a1c4b0e9a551f3c8e0d7a21-0b8f4d6e6a1c4b0e-01",
}
_EXECUTE: dict[str, Any] = {
    **_DECISION,
    "outcome": "execute",
    "effective_tier": "EXECUTE",
    "required_tier": "EXECUTE",
    "bound_by": "project refunds: ceiling EXECUTE",
    "reasons": [
        {
            "code": "within_authority",
            "sentence": "The action is within the authority of the agent.",
            "help": "Nothing: the action may run once.",
        }
    ],
    "report_by": "2026-11-22T10:10:00.000Z",
    "grant": {
        "id": _GRANT,
        "issued_by": "machine",
        "not_before": "2026-11-22T10:00:00.000Z",
        "expires_at": "2026-11-22T10:01:00.000Z",
        "token": _PROOF,
    },
}
_ESCALATE: dict[str, Any] = {
    **_DECISION,
    "outcome": "escalate",
    "effective_tier": "PROPOSE",
    "required_tier": "EXECUTE",
    "bound_by": "project refunds: ceiling PROPOSE",
    "reasons": [
        {
            "code": "ceiling",
            "sentence": "The ceiling of project refunds is PROPOSE; this action needs EXECUTE.",
            "help": "The ceiling of project refunds must be raised.",
        }
    ],
    "escalation": {"id": _CASE, "href": f"/api/v1/escalations/{_CASE}/", "status": "checking"},
}

REQUESTS: dict[str, dict[str, Any]] = {
    "ask": _WANTED,
    "escalate": {**_WANTED, "reason": "ambiguous_policy"},
    "report_action": {"status": "succeeded", "latency_ms": 340, "record_version": "18"},
    "checkpoint": {},
    "withdraw_action": {},
    "redeem_grant": {"digest": _DIGEST},
    "register_agent": {"name": "drafter", "fingerprint": "drafter-1", "action_types": ["shop.refund"]},
    "delegate": {"child": "Translator", "action_types": ["shop.refund"], "expires_in": 3600},
    "end_delegation": {},
    "rotate_key": {},
    "revoke_key": {},
    "signal": {"tool": "shop.payments", "outcomes": [{"status": "up", "latency_ms": 120}, {"status": "down"}]},
}

_DELEGATION: dict[str, Any] = {
    "id": "9a7d5f1c-2b64-4e80-8c3a-0f6b1d2e4a75",
    "child": "e3b0c442-98fc-4c14-9afb-f4c8996fb924",
    "action_types": ["shop.refund"],
    "issued_at": "2026-11-22T10:00:00.000Z",
    "expires_at": "2026-11-22T11:00:00.000Z",
    "ended_at": None,
    "delegation": None,
}
_KEY: dict[str, Any] = {
    "bearer": "plc_a1b2c3d4_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "expires_at": "2027-11-22T10:00:00.000Z",
}
_SUB_AGENT: dict[str, Any] = {
    "id": "e3b0c442-98fc-4c14-9afb-f4c8996fb924",
    "name": "Refunder.drafter",
    "parent": "4d967a30-111f-4d2e-8a3b-6f0c5e7d9b18",
    "action_types": ["shop.refund"],
    "key": _KEY,
}

ANSWERS: dict[str, dict[str, dict[str, Any]]] = {
    "ask": {"200": _EXECUTE, "202": _ESCALATE},
    "escalate": {"202": _ESCALATE},
    "action": {
        "200": {
            "id": _ACTION,
            "state": "escalated",
            "action_type": "shop.refund",
            "run": "chat-2026-11-22-17",
            "action_digest": _DIGEST,
            "created_at": "2026-11-22T10:00:00.000Z",
            "report_by": None,
            "lease_until": None,
            "stop": None,
            "decision": _ESCALATE,
            "grant": None,
            "escalation": {"id": _CASE, "href": f"/api/v1/escalations/{_CASE}/", "status": "pending"},
            "execution": None,
            "explanation": {
                "required": "EXECUTE",
                "effective": "PROPOSE",
                "ladder": [
                    {"name": "enterprise acme", "tier": "COMMIT", "bound": False, "enough": True},
                    {"name": "project refunds", "tier": "PROPOSE", "bound": True, "enough": False},
                ],
                "reachable": True,
                "to_execute": ["The ceiling of project refunds must be EXECUTE."],
                "policy": [
                    {
                        "bundle": "refunds",
                        "version": 1,
                        "rule": "health",
                        "enforcement": "hard_mandatory",
                        "counts": True,
                        "tier": "COMMIT",
                        "sentences": [],
                    }
                ],
            },
        }
    },
    "escalation": {
        "200": {
            "id": _CASE,
            "status": "approved",
            "action": _ACTION,
            "opened_at": "2026-11-22T10:00:00.000Z",
            "deadline": "2026-11-22T14:00:00.000Z",
            "closed_at": "2026-11-22T10:03:05.000Z",
            "reject_reason": None,
            "superseded_by": None,
            "action_digest": _DIGEST,
            "grant": {
                "id": _GRANT,
                "issued_by": "human",
                "not_before": "2026-11-22T10:03:05.000Z",
                "expires_at": "2026-11-22T11:03:05.000Z",
                "token": _PROOF,
            },
            "reasons": [],
        }
    },
    "report_action": {
        "200": {
            "id": _ACTION,
            "state": "succeeded",
            "execution": {"status": "succeeded", "reported_at": "2026-11-22T10:00:02.000Z"},
        }
    },
    "checkpoint": {
        "200": {
            "id": _ACTION,
            "continue": True,
            "lease_until": "2026-11-22T10:01:30.000Z",
            "checkpoint_in": 30,
            "report_by": "2026-11-22T10:11:30.000Z",
            "stop": None,
            "reasons": [],
        }
    },
    "register_agent": {"201": _SUB_AGENT, "200": {**_SUB_AGENT, "key": None}},
    "rotate_key": {"201": {"key": _KEY, "former_until": "2026-11-22T11:00:00.000Z"}},
    "revoke_key": {"200": {"prefix": "a1b2c3d4", "revoked_at": "2026-11-22T10:20:00.000Z"}},
    "delegate": {"201": _DELEGATION},
    "end_delegation": {"200": {**_DELEGATION, "ended_at": "2026-11-22T10:20:00.000Z"}},
    "signal": {
        "200": {
            "id": "3e7a1c52-9b04-4f68-8d21-6c5e0a9f7b14",
            "outcomes": 2,
            "received_at": "2026-11-22T10:00:02.000Z",
            "next_by": "2026-11-22T10:01:02.000Z",
        }
    },
    "withdraw_action": {"200": {"id": _ACTION, "state": "withdrawn"}},
    "redeem_grant": {
        "200": {
            "id": _GRANT,
            "action": _ACTION,
            "action_digest": _DIGEST,
            "redeemed_at": "2026-11-22T10:04:00.000Z",
            "report_by": "2026-11-22T10:14:00.000Z",
            "lease_until": None,
        }
    },
}
