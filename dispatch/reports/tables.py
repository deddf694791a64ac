"""Tables of reports: day sheets as signed, copies of the log, extracts. Times are UTC µs."""

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlmodel import Field, SQLModel


class DaySheet(SQLModel, table=True):
    """One day's sheet, whole, as JSON; its SHA-256 is in the audit log."""

    __tablename__ = "day_sheet"

    day: str = Field(primary_key=True)
    """Local day of the site, ``2026-11-24``."""
    body: str = Field(sa_column=Column(Text, nullable=False))
    """Canonical JSON: the bytes that were hashed."""
    sha256: str
    entry_seq: int | None = Field(default=None, sa_type=BigInteger)
    made_utc: int = Field(sa_type=BigInteger)


class LogExport(SQLModel, table=True):
    """A copy of the log that was asked for, for an authority. Recipients are organisations."""

    __tablename__ = "log_export"

    id: str = Field(primary_key=True)
    """``x-`` and a ULID."""
    approval: str = Field(default="", index=True)
    digest: str
    """SHA-256 of exactly what was asked: recipient, purpose, size and root."""
    body: str = Field(sa_column=Column(Text, nullable=False))
    """The same as canonical JSON."""
    size: int = Field(sa_type=BigInteger)
    head: str = Field(sa_column=Column(Text, nullable=False))
    """``audit.head`` as it stood before the checkpoint was made."""
    state: str = Field(default="asked", index=True)
    """asked, made or expired."""
    asked_by: str
    asked_utc: int = Field(sa_type=BigInteger)
    made_utc: int | None = Field(default=None, sa_type=BigInteger)
    file_sha256: str = ""
    size_bytes: int = Field(default=0, sa_type=BigInteger)


class LogExtract(SQLModel, table=True):
    """What a person is told about who looked at their data. The words are sealed, key by month."""

    __tablename__ = "log_extract"

    id: str = Field(primary_key=True)
    """``l-`` and a ULID."""
    kind: str
    """unit, plate, name or number."""
    key_id: str
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Nonce, AES-256-GCM of the JSON, tag; additional data is the id."""
    ref: str
    """The request's reference at the organisation."""
    state: str = Field(default="draft", index=True)
    """draft or released."""
    made_by: str
    made_name: str
    made_utc: int = Field(sa_type=BigInteger)
    released_by: str = ""
    released_name: str = ""
    released_utc: int | None = Field(default=None, sa_type=BigInteger)
    entry_seq: int | None = Field(default=None, sa_type=BigInteger)
    expires_utc: int = Field(sa_type=BigInteger, index=True)
