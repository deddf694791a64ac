"""Tables of the auditor's desk. Times ``_utc`` are integer microseconds."""

from sqlalchemy import JSON, BigInteger, Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class SavedSearch(SQLModel, table=True):
    """A search that a person gave a name; only that person sees it."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("user", "name", name="saved_search_once"),)
    id: str = Field(primary_key=True)
    """``s-`` and a ULID."""
    user: str = Field(foreign_key="user.id", index=True)
    name: str
    query: str = Field(sa_column=Column(Text, nullable=False))
    """The query part of the console's address."""
    made_utc: int = Field(sa_type=BigInteger)


class Mark(SQLModel, table=True):
    """A point in time that somebody marked while listening. Taken back, never changed."""

    __tablename__ = "mark"
    id: str = Field(primary_key=True)
    """``m-`` and a ULID."""
    t_utc: int = Field(sa_type=BigInteger, index=True)
    """The moment that is marked, not when it was marked."""
    text: str = Field(sa_column=Column(Text, nullable=False))
    user: str = Field(index=True)
    who: str
    talkgroups: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """The talkgroups that were looked at; whoever may not search all of them sees no mark."""
    made_utc: int = Field(sa_type=BigInteger)
    withdrawn_utc: int | None = Field(default=None, sa_type=BigInteger)
    expires_utc: int = Field(sa_type=BigInteger, index=True)


class CallLine(SQLModel, table=True):
    """A call-control line of a terminal, as it was on the wire during a call."""

    __tablename__ = "call_line"
    id: int | None = Field(default=None, primary_key=True)
    call: str = Field(index=True)
    t_utc: int = Field(sa_type=BigInteger)
    link: str
    outgoing: bool
    raw: str = Field(sa_column=Column(Text, nullable=False))
    words: str = Field(sa_column=Column(Text, nullable=False))
