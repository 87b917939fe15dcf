"""The closed bodies of the agents' calls. Values inside `parameters` and `claims` are the contract's to judge."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_IDENTIFIER = r"^[A-Za-z0-9_.:#@+-]{1,128}$"


def _absent(schema: dict[str, Any]) -> None:
    """An optional field is left out, never null or empty: its default is nothing a caller may send."""
    schema.pop("default", None)


Identifier = Annotated[str, Field(pattern=_IDENTIFIER, json_schema_extra=_absent)]
TypeKey = Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,64}$")]
Confidence = Annotated[str, Field(pattern=r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$", json_schema_extra=_absent)]
Note = Annotated[str, Field(max_length=4_000, json_schema_extra=_absent)]
Values = Annotated[dict[str, Any], Field(max_length=64)]
Version = Annotated[str, Field(pattern=r'^[A-Za-z0-9_.:+/="-]{1,128}$', json_schema_extra=_absent)]
_TICKET = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
Delegation = Annotated[str, Field(pattern=_TICKET, json_schema_extra=_absent)]
Whom = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*( [A-Za-z0-9._-]+)*$", max_length=80)]
SubName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Fingerprint = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$", json_schema_extra=_absent)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Closed(BaseModel):
    """A body with exactly these fields, each of exactly this JSON type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Wanted(Closed):
    """What an action is: typed by the contract of its type."""

    action_type: TypeKey = Field(description="Key of an action type in the catalogue.")
    parameters: Values = Field(description="What will be executed, typed by the contract of the action type.")
    claims: Values = Field(
        default={}, description="What the agent states about the record: compared with it, never trusted."
    )
    run: Identifier = Field(description="The session of the agent that this action belongs to.")
    subject: Identifier = Field(
        default="", description="On whose behalf the run acts; pinned by the first action of the run."
    )
    delegation: Delegation = Field(
        default="", description="The delegation ticket under which the agent acts here: it only ever adds limits."
    )
    confidence: Confidence = Field(
        default="", description="0 to 1 as a decimal string. It may lower authority, never raise it."
    )
    note: Note = Field(default="", description="Free text: sealed, and never shown to a reviewer.")


class AskPayload(Wanted):
    """`POST actions/`: ask to act."""

    uncertain: bool = Field(default=False, description="The agent is not sure: a person decides.")
    elevate: bool = Field(default=False, description="Ask for a person's approval whatever the agent may do itself.")
    dry_run: bool = Field(default=False, description="Decide and write nothing.")


class EscalatePayload(Wanted):
    """`POST escalations/`: the agent asks for a person by itself."""

    reason: Literal["uncertain", "novel_input", "out_of_scope", "ambiguous_policy"] = Field(
        description="Why. `out_of_scope` goes with the action type `notice`: it is acknowledged, never granted."
    )


class ReportPayload(Closed):
    """`POST actions/{id}/report/`: what became of it."""

    status: Literal["succeeded", "failed", "not_executed"]
    latency_ms: Annotated[int, Field(ge=0, le=86_400_000, json_schema_extra=_absent)] = Field(
        default=-1, description="How long the execution took, in milliseconds."
    )
    record_version: Version = Field(default="", description="The version that the record has now.")


class RedeemPayload(Closed):
    """`POST grants/{id}/redeem/`: the digest of exactly what is about to be executed."""

    digest: Digest = Field(description="`action_digest` of the action, 64 hexadecimal digits.")


class SubAgentPayload(Closed):
    """`POST agents/`: register an agent below this one."""

    name: SubName = Field(description="It is registered under the name of its parent: Refunder.drafter.")
    fingerprint: Fingerprint = Field(default="", description="Of its model, prompt and tools.")
    action_types: Annotated[list[TypeKey], Field(max_length=64, json_schema_extra=_absent)] = Field(
        default=[], description="What it may propose: types that the parent itself holds a permission for."
    )


class DelegatePayload(Closed):
    """`POST delegations/`: let another agent act for this one."""

    child: Whom = Field(description="Id or name of an agent that the council shared, or that is registered below.")
    action_types: Annotated[list[TypeKey], Field(min_length=1, max_length=64)] = Field(
        description="For these and no others; this agent holds a permission for each."
    )
    expires_in: Annotated[int, Field(ge=60, le=86_400)] = Field(description="Seconds, at most a day.")
    delegation: Delegation = Field(
        default="", description="The ticket under which this agent acts itself: the new one ends with it."
    )


class OutcomeSeen(Closed):
    """One outcome that a watcher saw."""

    status: Literal["up", "degraded", "down"] = Field(
        description="It answered as it should; it answered, but badly or late; it did not."
    )
    latency_ms: Annotated[int, Field(ge=0, le=86_400_000, json_schema_extra=_absent)] = Field(
        default=-1, description="How long it took, in milliseconds."
    )


def _one_of_two(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": ["tool"]}, {"required": ["connector"]}]


class SignalPayload(Closed):
    """`POST signals/`: what a gateway or monitor saw of one tool or one connector."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra=_one_of_two)

    tool: Annotated[TypeKey, Field(json_schema_extra=_absent)] = Field(
        default="", description="A tool of the catalogue; either this or a connector."
    )
    connector: Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=64, json_schema_extra=_absent)] = (
        Field(default="", description="A connector that bindings name.")
    )
    outcomes: Annotated[list[OutcomeSeen], Field(min_length=1, max_length=100)] = Field(description="Oldest first.")


class NothingPayload(Closed):
    """A call without fields: no body, or an empty object."""
