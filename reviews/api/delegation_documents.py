"""What the calls of delegation answer."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from reviews.api.documents import Document, Moment


class KeyGiven(Document):
    """A bearer key, said this once and stored nowhere."""

    bearer: str
    expires_at: Moment


class KeyRotated(Document):
    """The successor of the caller's key."""

    key: KeyGiven
    former_until: Moment = Field(description="Until when the key that was shown still works.")


class KeyEnded(Document):
    """A key that works no longer."""

    prefix: str = Field(description="The part of it that is no secret.")
    revoked_at: Moment


class SubAgentGiven(Document):
    """A sub-agent below the caller."""

    id: UUID
    name: str = Field(description="As it is registered, under the name of its parent.")
    parent: UUID
    action_types: list[str]
    key: KeyGiven | None = Field(description="Null when the key that was given for this request is in use.")


class Delegation(Document):
    """A delegation ticket: the child names its id in `delegation` when it acts under it."""

    id: UUID
    child: UUID
    action_types: list[str]
    issued_at: Moment
    expires_at: Moment
    ended_at: Moment | None
    delegation: UUID | None = Field(description="The ticket that this one rests on.")
