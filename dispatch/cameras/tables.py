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
    raw_sha256: str
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    incident: str | None = None
    retention: str = "event"
    expires_utc: int | None = Field(default=None, sa_type=BigInteger)


class WebhookSeen(SQLModel, table=True):
    """A ``webhook-id`` that was accepted: remembered for 24 hours."""

    __tablename__ = "webhook_seen"

    source: str = Field(primary_key=True)
    webhook_id: str = Field(primary_key=True)
    t_utc: int = Field(sa_type=BigInteger, index=True)
