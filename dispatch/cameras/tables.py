"""Tables of camera sources, cameras and what they reported. Times are UTC microseconds."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class CameraSource(SQLModel, table=True):
    """A system that sends events (``frigate:norrvik``) and how it is doing."""

    __tablename__ = "camera_source"

    id: str = Field(primary_key=True)
    kind: str
    """frigate or webhook."""
    name: str = ""
    state: str = "unknown"
    """unknown, up, degraded or down."""
    reason: str = ""
    since_utc: int = Field(default=0, sa_type=BigInteger)
    last_event_utc: int | None = Field(default=None, sa_type=BigInteger)
    skew_ms: int | None = None
    """Estimated clock offset (source minus ours); None when nothing is known."""


class Camera(SQLModel, table=True):
    """One camera: where it stands and what it sees."""

    __tablename__ = "camera"
    __table_args__ = (Index("ix_camera_place", "latitude_deg", "longitude_deg"),)

    id: str = Field(primary_key=True)
    """Our id, also what is shown: ``cam-hamnen-04``."""
    source: str = Field(index=True)
    name_at_source: str
    name: str = ""
    place: str = ""
    group: str = Field(default="", index=True)
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    bearing_deg: float | None = None
    range_m: float = 50.0
    state: str = "unknown"
    since_utc: int = Field(default=0, sa_type=BigInteger)


class CameraEvent(SQLModel, table=True):
    """One message of a camera source, mapped; the raw bytes beside it (zlib, one stream)."""

    __tablename__ = "camera_event"
    __table_args__ = (
        UniqueConstraint("source", "src_event_id", "phase", "raw_sha256", name="camera_event_once"),
        Index("ix_camera_event_incident_time", "incident", "t_event_utc"),
    )

    id: str = Field(primary_key=True)
    source: str
    src_event_id: str
    kind: str
    phase: str
    camera: str = Field(index=True)
    t_event_utc: int = Field(sa_type=BigInteger, index=True)
    """As claimed by the source."""
    t_recv_utc: int = Field(sa_type=BigInteger)
    t_skew_ms: int | None = None
    severity: str
    labels: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    zones: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    score: float | None = None
    claims: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    media: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    notes: list[str] = Field(
        default_factory=list,
        sa_column=Column(JSON, nullable=False, server_default="[]"),
    )
    """What was unusual about the message: a renamed field, an unknown type, ``verified``."""
    raw_sha256: str
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    incident: str | None = None
    retention: str = "event"
    expires_utc: int | None = Field(default=None, sa_type=BigInteger)


class CameraUnread(SQLModel, table=True):
    """A message that no reader understood: kept as it came, shown, and counted."""

    __tablename__ = "camera_unread"
    __table_args__ = (UniqueConstraint("source", "topic", "raw_sha256", name="camera_unread_once"),)

    id: str = Field(primary_key=True)
    source: str = Field(index=True)
    topic: str
    reason: str
    t_recv_utc: int = Field(sa_type=BigInteger, index=True)
    size_bytes: int
    """As it came; ``raw`` (zlib, one stream) holds the first 256 KiB of a larger one."""
    raw_sha256: str
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    expires_utc: int | None = Field(default=None, sa_type=BigInteger)


class CameraMedia(SQLModel, table=True):
    """A still or clip that somebody or a rule wants, and how far it is."""

    __tablename__ = "camera_media"
    __table_args__ = (
        UniqueConstraint("source", "object", "kind", "from_utc", name="camera_media_once"),
        Index("ix_camera_media_state_next", "state", "next_utc"),
        Index("ix_camera_media_camera_from", "camera", "from_utc"),
    )

    id: str = Field(primary_key=True)
    incident: str = Field(index=True)
    source: str
    camera: str
    object: str
    """Id of the event or review at the source; of the bookmark when a person asked."""
    kind: str
    """still or clip."""
    path: str
    """Below the source's address; empty where a rule of the source makes it."""
    from_utc: int = Field(default=0, sa_type=BigInteger)
    to_utc: int = Field(default=0, sa_type=BigInteger)
    state: str = "wanted"
    """wanted, fetched, partial or gone."""
    reason: str = ""
    made_by: str = ""
    """The person; empty for a rule."""
    made_utc: int = Field(sa_type=BigInteger)
    tries: int = 0
    next_utc: int = Field(default=0, sa_type=BigInteger)
    give_up_utc: int = Field(default=0, sa_type=BigInteger)
    """When the source's own retention has passed."""
    done_utc: int | None = Field(default=None, sa_type=BigInteger)
    file: str = ""
    sha256: str = ""
    size_bytes: int = 0
    content_type: str = ""
    duration_ms: int | None = None
    remuxed: bool = False
    """True when the source cut and packed it anew: not the camera's own file."""
    why: str = ""
    """The reason that a person gave for a bookmark."""
    how: str = ""
    """How it was had: from whom, copied or packed anew."""
    skew_ms: int | None = None
    """Offset of the source's clock when it was fetched; None while nothing was known."""
    event_utc: int = Field(default=0, sa_type=BigInteger)
    """Of a bookmark: the moment it is about, between its rolls."""
    retention_class: str = Field(default="media", sa_column_kwargs={"server_default": "media"})
    expires_utc: int | None = Field(default=None, sa_type=BigInteger, index=True)
    """None until the daily look has classed it."""
    erased_utc: int | None = Field(default=None, sa_type=BigInteger)


class WebhookOut(SQLModel, table=True):
    """A signed message to another system, until it was taken or given up."""

    __tablename__ = "webhook_out"
    __table_args__ = (Index("ix_webhook_out_state_next", "state", "next_utc"),)

    id: str = Field(primary_key=True)
    """Also its ``webhook-id``: the same in every try."""
    target: str
    type: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    incident: str = ""
    made_utc: int = Field(sa_type=BigInteger)
    state: str = "waiting"
    """waiting, sent or dead."""
    tries: int = 0
    next_utc: int = Field(default=0, sa_type=BigInteger)
    last_status: int = 0
    last_error: str = ""
    done_utc: int | None = Field(default=None, sa_type=BigInteger)


class WebhookSeen(SQLModel, table=True):
    """A ``webhook-id`` that was accepted: remembered for 24 hours."""

    __tablename__ = "webhook_seen"

    source: str = Field(primary_key=True)
    webhook_id: str = Field(primary_key=True)
    t_utc: int = Field(sa_type=BigInteger, index=True)
