"""Tables of sealing, holds, orders and erasure. Times are UTC microseconds."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel


class FileKey(SQLModel, table=True):
    """The key of one sealed file, wrapped by a master key of ``keys/``.

    A row with ``destroyed_utc`` has no key any more: what is left is to take the file away.
    """

    __tablename__ = "file_key"

    file: str = Field(primary_key=True)
    """Name below the state folder, as ``recordings/<sha256>.opus``."""
    file_id: str
    """32 hex digits, also in the sealed file's header: which sealing this key belongs to."""
    master: str = Field(index=True)
    """Name of the master key, as ``seal-1``."""
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sha256: str
    """Of the plain file, as the audit log names it."""
    size_bytes: int = Field(sa_type=BigInteger)
    """Of the plain file."""
    sealed_utc: int = Field(sa_type=BigInteger)
    destroyed_utc: int | None = Field(default=None, sa_type=BigInteger, index=True)


class Hold(SQLModel, table=True):
    """Nothing in ``scope`` is erased while this stands."""

    __tablename__ = "hold"

    id: str = Field(primary_key=True)
    """``h-`` and a ULID."""
    scope: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """See ``dispatch.retention.scope``."""
    from_utc: int | None = Field(default=None, sa_type=BigInteger)
    to_utc: int | None = Field(default=None, sa_type=BigInteger)
    """The scope's time, repeated so that new calls find their holds quickly."""
    reason: str
    basis: str
    by: str
    by_name: str
    legal_order: str | None = Field(default=None, index=True)
    set_utc: int = Field(sa_type=BigInteger)
    review_utc: int = Field(sa_type=BigInteger)
    """A person looks at it again by then: at most 180 days later."""
    restricted_until_utc: int | None = Field(default=None, sa_type=BigInteger)
    """Persons concerned are not told before."""
    checked_utc: int | None = Field(default=None, sa_type=BigInteger)
    """When its scope was last compared with everything stored."""
    source_note: str = ""
    """What camera sources said of keeping their clips."""
    lifted_utc: int | None = Field(default=None, sa_type=BigInteger, index=True)
    lifted_by: str = ""
    lifted_name: str = ""
    lifted_with: str = ""
    """The second person."""
    lift_reason: str = ""


class HoldMember(SQLModel, table=True):
    """An object that a hold has taken."""

    __tablename__ = "hold_member"
    __table_args__ = (Index("ix_hold_member_object", "type", "object"),)

    hold: str = Field(primary_key=True)
    type: str = Field(primary_key=True)
    """call, message, position, media, camera_event or telemetry."""
    object: str = Field(primary_key=True)
    t_utc: int = Field(sa_type=BigInteger)


class LegalOrder(SQLModel, table=True):
    """An order of a court, prosecutor or supervisory authority, as it was asked."""

    __tablename__ = "legal_order"

    id: str = Field(primary_key=True)
    """``o-`` and a ULID."""
    number: str = Field(unique=True)
    """The authority's own number; satisfies the purpose."""
    authority: str
    case: str
    basis: str
    deadline_utc: int = Field(sa_type=BigInteger, index=True)
    scope: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """As asked (local times, zone, answers about the doubled hour) and as UTC."""
    document_sha256: str
    document_name: str = ""
    tell: str = "yes"
    """``yes`` or ``not_before:<date>``: when the persons concerned may be told."""
    restricted_until_utc: int | None = Field(default=None, sa_type=BigInteger)
    by: str
    by_name: str
    made_utc: int = Field(sa_type=BigInteger)
    state: str = Field(default="open", index=True)
    """open, answered or withdrawn."""
    note: str = ""
    done_by: str = ""
    done_utc: int | None = Field(default=None, sa_type=BigInteger)


class ErasureJob(SQLModel, table=True):
    """One run of erasure: what was listed, who agreed, what was erased."""

    __tablename__ = "erasure_job"

    id: str = Field(primary_key=True)
    """``e-`` and a ULID."""
    kind: str
    """daily, demand or early."""
    state: str = Field(index=True)
    """listed, waiting, running, done or cancelled."""
    cause: str = ""
    by: str
    by_name: str
    made_utc: int = Field(sa_type=BigInteger)
    started_utc: int | None = Field(default=None, sa_type=BigInteger)
    done_utc: int | None = Field(default=None, sa_type=BigInteger)
    policy: int
    """Version of the policy it ran under."""
    planned: int
    planned_root: str
    """Merkle root (hex) of the listed ids: what is agreed to."""
    classes: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Class -> number of objects."""
    approval: str = ""
    agreed_by: str = ""
    begun_seq: int | None = Field(default=None, sa_type=BigInteger)
    erased: int = 0
    skipped: int = 0
    """Held or kept longer meanwhile."""
    erased_root: str = ""
    done_seq: int | None = Field(default=None, sa_type=BigInteger)


class ErasureItem(SQLModel, table=True):
    """One object of a run."""

    __tablename__ = "erasure_item"
    __table_args__ = (Index("ix_erasure_item_state", "job", "state", "n"),)

    job: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    type: str
    object: str
    retention_class: str
    state: str = "listed"
    """listed, erased or skipped."""
    why: str = ""


class ErasureReview(SQLModel, table=True):
    """An incident whose time is over: a person says what becomes of it."""

    __tablename__ = "erasure_review"

    incident: str = Field(primary_key=True)
    due_utc: int = Field(sa_type=BigInteger)
    state: str = Field(default="waiting", index=True)
    """waiting, erase or keep."""
    until_utc: int | None = Field(default=None, sa_type=BigInteger)
    """Of keep: asked again then."""
    reason: str = ""
    by: str = ""
    by_name: str = ""
    decided_utc: int | None = Field(default=None, sa_type=BigInteger)


class DeskTelemetry(SQLModel, table=True):
    """What a desk was set to: volumes, focus, selection. Feeds no figure on persons."""

    __tablename__ = "desk_telemetry"

    id: str = Field(primary_key=True)
    """``d-`` and a ULID."""
    user: str
    position: str = ""
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    t_utc: int = Field(sa_type=BigInteger, index=True)
    expires_utc: int = Field(sa_type=BigInteger, index=True)


class RetentionMark(SQLModel, table=True):
    """How far a recurring piece of work came."""

    __tablename__ = "retention_mark"

    name: str = Field(primary_key=True)
    value: int = Field(sa_type=BigInteger)
