"""The table of recorded traces; their files lie in the state folder."""

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel


class LinkTrace(SQLModel, table=True):
    """One recorded trace of a link. ``cause`` is empty while it runs."""

    __tablename__ = "link_trace"
    __table_args__ = (Index("ix_link_trace_expires", "expires_utc"),)
    id: str = Field(primary_key=True)
    link: str = Field(index=True)
    name: str
    """Of the link, as it was then."""
    kind: str
    reason: str = ""
    """Why it was asked for, in the engineer's words."""
    started_utc: int = Field(sa_column=Column(BigInteger, nullable=False))
    started_by: str = ""
    user: str = ""
    ended_utc: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    cause: str = ""
    """Why it ended: stopped, time, size, disk, link, server, crash, failed."""
    records: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    size_bytes: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    lost: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Records that were dropped because the disk was too slow."""
    sha256: str = ""
    expires_utc: int = Field(sa_column=Column(BigInteger, nullable=False))
