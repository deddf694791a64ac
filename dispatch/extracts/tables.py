"""The table of what persons asked to have corrected. Times ``_utc`` are integer microseconds."""

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel


class Correction(SQLModel, table=True):
    """A person's request about one record, and what the officer decided (LED Art. 16).

    The record stays as it is; a correction that was granted stands beside it.
    """

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_object", "type", "object"),)

    id: str = Field(primary_key=True)
    """``x-`` and a ULID."""
    kind: str
    """rectify, complete or restrict."""
    ref: str
    """The request's own number."""
    type: str
    """call, message, media or incident."""
    object: str
    received_utc: int = Field(sa_type=BigInteger)
    due_utc: int = Field(sa_type=BigInteger)
    """By then the person has an answer."""
    state: str = Field(default="open", index=True)
    """open, granted or refused."""
    statement: str = Field(sa_column=Column(Text, nullable=False))
    """What the person says, in short."""
    note: str = Field(default="", sa_column=Column(Text, nullable=False))
    """Of a granted one: what stands beside the record from then on."""
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    """Of a refused one, as the person is told."""
    made_by: str
    made_name: str
    made_utc: int = Field(sa_type=BigInteger)
    decided_by: str = ""
    decided_name: str = ""
    decided_utc: int | None = Field(default=None, sa_type=BigInteger)
    entry_seq: int | None = Field(default=None, sa_type=BigInteger)
    """Of the decision in the audit log."""
    erased_utc: int | None = Field(default=None, sa_type=BigInteger)
