"""What the calls answer, as the OpenAPI document tells it. The tests hold every answer against these."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from governance.policy.continuing import Stop
from governance.policy.rulings import Enforcement
from reviews.api.payloads import Digest

Tier = Literal["HALT", "OBSERVE", "PROPOSE", "EXECUTE", "COMMIT"]
Risk = Literal["low", "medium", "high"]
Status = Literal["checking", "pending", "approved", "rejected", "expired", "withdrawn", "superseded", "acknowledged"]
State = Literal[
    "executing", "escalated", "refused", "succeeded", "failed", "not_executed", "abandoned", "withdrawn", "superseded"
]
IssuedBy = Literal["machine", "policy", "human"]
Moment = Annotated[dt.datetime, Field(description="RFC 3339 in UTC.")]


class Document(BaseModel):
    """An answer: it has exactly these members."""

    model_config = ConfigDict(extra="forbid")


class ReasonGiven(Document):
    """Why, and what would have to change."""

    code: str = Field(description="Stable code.")
    sentence: str
    help: str


class GrantGiven(Document):
    """A single use of one action. `token` proves it (JWS, EdDSA); the redeem call decides."""

    id: UUID
    issued_by: IssuedBy
    not_before: Moment
    expires_at: Moment
    token: str = Field(description="JWS of type elevation+jwt; its key is in /.well-known/jwks.json.")


class GrantShown(Document):
    """A grant without its token."""

    id: UUID
    issued_by: IssuedBy
    not_before: Moment
    expires_at: Moment
    redeemed_at: Moment | None


class CaseGiven(Document):
    """The case that was opened, or that the same action waits in already."""

    id: UUID
    href: str
    status: Status
    joined: bool = Field(
        default=False,
        description="The same action was asked before and is still being decided: this one joined its case. "
        "An approval is for the one that came first.",
    )


class Decided(Document):
    """The machine's answer."""

    id: UUID | None = Field(description="The action; null in a dry run.")
    outcome: Literal["execute", "escalate", "refuse"]
    effective_tier: Tier
    required_tier: Tier
    effective_risk: Risk
    bound_by: str = Field(description="What bound the result, in words.")
    reasons: list[ReasonGiven]
    policy_revision: int
    evaluated_at: Moment
    dry_run: bool
    action_digest: Digest | None = Field(default=None, description="What a grant for this action is bound to.")
    traceparent: str | None = Field(
        default=None, description="Hand it to whoever works on this: what they ask is then shown below it."
    )
    report_by: Moment | None = Field(default=None, description="Report what became of it before this.")
    lease_until: Moment | None = Field(default=None, description="Ask at its checkpoint before this, or it is over.")
    grant: GrantGiven | None = None
    escalation: CaseGiven | None = None


class ErrorPlace(Document):
    """One thing that is wrong."""

    pointer: str = Field(description="JSON pointer into the body; a name that is not plain is shown as *.")
    detail: str


class Problem(Document):
    """RFC 9457. `type` answers with the catalogue's entry of `code`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    errors: list[ErrorPlace] = Field(default=[], description="What is wrong and where.")


class Refused(Decided, Problem):
    """A refusal is an answer and a problem document at once."""

    model_config = ConfigDict(extra="forbid")


class ExecutionShown(Document):
    """What the agent reported."""

    status: Literal["succeeded", "failed", "not_executed", "abandoned"]
    reported_at: Moment


class StepShown(Document):
    """One limiter of the decision: the tier it allows, whether it bound, whether it is enough for what is required."""

    name: str
    tier: Tier
    bound: bool
    enough: bool


class RuleShown(Document):
    """What one rule of a covering policy said; `counts` is false for one that is only logged."""

    bundle: str
    version: int
    rule: str
    enforcement: Literal[tuple(Enforcement)]  # type: ignore[valid-type]
    counts: bool
    tier: Tier | None = Field(description="Null where it gave no answer that counts: PROPOSE at most.")
    sentences: list[str] = Field(description="The reasons in the council's words, or why it gave no answer.")


class ExplanationShown(Document):
    """The min rule as a ladder, and what would have to change for execute: all of it, none can be left out."""

    required: Tier
    effective: Tier
    ladder: list[StepShown]
    reachable: bool = Field(description="False where no change leads to execute: a person must decide.")
    to_execute: list[str] = Field(description="One sentence each; empty where it executes or nothing leads there.")
    policy: list[RuleShown] = Field(description="As stored with the decision; empty where no policy covers the action.")


class Stopped(Document):
    """The action was told to stop, for good: stop what is under way and report what was done."""

    code: Literal[tuple(Stop)]  # type: ignore[valid-type]
    sentence: str
    at: Moment


class ActionShown(Document):
    """An action as it stands now; `decision` is the answer that was given when it was posted."""

    id: UUID
    state: State
    action_type: str
    run: str
    action_digest: Digest
    created_at: Moment
    report_by: Moment | None
    lease_until: Moment | None = Field(description="The next checkpoint is due before this; null without a lease.")
    stop: Stopped | None
    decision: dict[str, Any]
    grant: GrantShown | None
    escalation: CaseGiven | None
    execution: ExecutionShown | None
    explanation: ExplanationShown | None = Field(
        description="Made from what the decision stored; null where the rule of today would answer otherwise."
    )


class RejectGiven(Document):
    """Why a person said no: one of the council's preset reasons. A code keeps its meaning, also when it is retired."""

    code: str = Field(pattern="^[a-z][a-z0-9_]{2,31}$")
    sentence: str


class CaseShown(Document):
    """An escalation as the agent may know it: a verdict is told when its hold is over."""

    id: UUID
    status: Status
    action: UUID
    opened_at: Moment
    deadline: Moment
    closed_at: Moment | None
    reject_reason: RejectGiven | None
    superseded_by: CaseGiven | None
    action_digest: Digest
    grant: GrantGiven | GrantShown | None
    reasons: list[ReasonGiven] = Field(description="Why a decision made now would refuse, if it would.")


class Redeemed(Document):
    """The grant is used; execute now, exactly this, and report."""

    id: UUID
    action: UUID
    action_digest: Digest
    redeemed_at: Moment
    report_by: Moment | None
    lease_until: Moment | None


class Continued(Document):
    """Whether a running action may continue. Once `continue` was false it stays so."""

    id: UUID
    continue_: bool = Field(alias="continue")
    lease_until: Moment | None = Field(description="The next checkpoint is due before this; null without a lease.")
    checkpoint_in: int | None = Field(description="Seconds after which to ask again; null without a lease.")
    report_by: Moment
    stop: Stopped | None
    reasons: list[ReasonGiven] = Field(description="Of the decision that stopped it; empty when it was told before.")


class Reported(Document):
    """The report was taken."""

    id: UUID = Field(description="The action.")
    state: State
    execution: ExecutionShown


class Withdrawn(Document):
    """The action was withdrawn."""

    id: UUID
    state: State


class SignalTaken(Document):
    """The outcomes count as readings."""

    id: UUID
    outcomes: int = Field(description="How many were taken.")
    received_at: Moment
    next_by: Moment | None = Field(description="When the next signal is due, if a heartbeat was promised.")


class ErrorEntry(Document):
    """One entry of the error catalogue."""

    type: str
    code: str
    status: int
    title: str
    remedy: str


class ErrorCatalogue(Document):
    """All of it."""

    errors: list[ErrorEntry]


class PublicKey(Document):
    """An Ed25519 key, RFC 8037."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    use: Literal["sig"]
    alg: Literal["EdDSA"]


class KeySet(Document):
    """The public keys that verify grant tokens."""

    keys: list[PublicKey]
