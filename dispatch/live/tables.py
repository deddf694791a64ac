"""Tables of live view. Times are UTC microseconds."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class LiveViewRow(SQLModel, table=True):
    """Who watched which camera when. An open one of an earlier life is ended at the next start."""

    __tablename__ = "live_view"
    __table_args__ = (Index("ix_live_view_camera_started", "camera", "started_utc"),)

    id: str = Field(primary_key=True)
    """``w-`` and a ULID."""
    camera: str
    user: str = Field(index=True)
    mode: str
    """live or still."""
    incident: str = ""
    engine: str = ""
    resource: str = ""
    """Address at the engine whose DELETE ends it; never leaves the server."""
    started_utc: int = Field(sa_type=BigInteger)
    ended_utc: int | None = Field(default=None, sa_type=BigInteger, index=True)
    why: str = ""


class SourceHoldRow(SQLModel, table=True):
    """Video that a source is asked to keep longer than it would, looked after daily."""

    __tablename__ = "source_hold"

    id: str = Field(primary_key=True)
    """``k-`` and a ULID."""
    camera: str = Field(index=True)
    source: str
    from_utc: int = Field(sa_type=BigInteger)
    to_utc: int = Field(sa_type=BigInteger)
    reason: str
    made_utc: int = Field(sa_type=BigInteger)
    state: str = "asked"
    """asked, kept, failed or released."""
    export: str = ""
    """What the source calls the copy that it keeps (Frigate's export)."""
    checked_utc: int = Field(default=0, sa_type=BigInteger)
    next_utc: int = Field(default=0, sa_type=BigInteger, index=True)
    error: str = ""
    released_utc: int | None = Field(default=None, sa_type=BigInteger)
