"""Tables of uploads. Times ``_utc`` are integer microseconds.

What is heard and found lies in the call table like every call; these rows say where it came from.
"""

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel


class UploadKey(SQLModel, table=True):
    """What one recorder may upload with. The key itself is shown once and kept as a hash."""

    __tablename__ = "upload_key"
    id: str = Field(primary_key=True)
    name: str
    """The recorder's name, as calls are marked with it."""
    system: str
    """System of the plan that its calls belong to."""
    short_name: str = Field(index=True)
    """How the recorder calls the system in an address: ``/openmhz/<short name>/upload``."""
    told_system: int | None = None
    """The number that it calls the system by; None: any."""
    talkgroups: str = Field(sa_column=Column(Text, nullable=False))
    """JSON list of numbers that it may upload; empty: all."""
    blocked: str = Field(sa_column=Column(Text, nullable=False))
    """JSON list of numbers that are refused."""
    secret_sha256: str = Field(unique=True)
    made_by: str
    made_utc: int = Field(sa_type=BigInteger)
    revoked_by: str = ""
    revoked_utc: int | None = Field(default=None, sa_type=BigInteger)
    last_utc: int | None = Field(default=None, sa_type=BigInteger)
    """When a call of it was last taken in."""
    lag_ms: int | None = Field(default=None, sa_type=BigInteger)
    """From the end of that call, by the recorder's clock, to its arrival, by ours."""
    offset_ms: int | None = Field(default=None, sa_type=BigInteger)
    """How far its clock is ahead of ours, by the last call that our own links heard as well."""
    offset_utc: int | None = Field(default=None, sa_type=BigInteger)


class UploadCount(SQLModel, table=True):
    """How often something happened to uploads of a key; ``key`` is empty for unknown keys."""

    __tablename__ = "upload_count"
    key: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    """new, joined, duplicate, metadata, or the reason of a refusal."""
    number: int = Field(default=0, sa_type=BigInteger)
    last_utc: int = Field(sa_type=BigInteger)


class Upload(SQLModel, table=True):
    """One recording as it was received: a source of a call."""

    __tablename__ = "upload"
    __table_args__ = (
        Index("ix_upload_talkgroup_started", "talkgroup", "started_utc"),
        Index("ix_upload_state", "state", "id"),
    )
    id: str = Field(primary_key=True)
    key: str = Field(index=True)
    recorder: str
    """Name of the recorder at that time."""
    family: str
    """rdio, trunk-recorder or openmhz: the shape it came in."""
    client: str = ""
    """What the sending program calls itself."""
    call: str = Field(index=True)
    talkgroup: str
    started_utc: int = Field(sa_type=BigInteger)
    """By the recorder's clock."""
    told_ms: int | None = None
    """Length as the recorder tells it."""
    length_ms: int | None = None
    """Length as it was decoded."""
    received_utc: int = Field(sa_type=BigInteger)
    offset_ms: int | None = Field(default=None, sa_type=BigInteger)
    """Its start less that of what it was joined to."""
    main: bool = True
    """Whether its overs are the ones that are shown; another source's else."""
    errors: int = 0
    """Faulty and missing voice frames that the recorder counted."""
    sha256: str = ""
    """Of the sound as received; empty where only metadata is kept."""
    fields_sha256: str = ""
    size_bytes: int = 0
    file: str = ""
    """Name of the received file in the folder of recordings."""
    ending: str = ""
    """wav, mp3, m4a, ogg or bin, by its bytes."""
    state: str
    """waiting (for its listening copy), ready, unplayable, metadata."""
    reason: str = ""
    """Why it cannot be played, or why there is no sound."""
    details: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: frequencies, patches, site, names and units as they were told."""


class UploadOver(SQLModel, table=True):
    """Where in a received recording an over lies."""

    __tablename__ = "upload_over"
    transmission: str = Field(primary_key=True)
    upload: str = Field(index=True)
    from_ms: int = 0
    to_ms: int | None = None
    """None: to the end of the recording."""
