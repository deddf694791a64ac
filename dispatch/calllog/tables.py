"""Tables of the call log's index. All of it is derived: ``samband db reindex`` makes it anew.

A call has a number ``no``: its start in UTC microseconds, made unique by counting up. So an order
by number is the order of time, on every database, and a list of numbers can be cut by time. What a
call can be found by is a *facet* (a talkgroup, a unit, a word …); a *posting* says that a call has
it, and carries the *scope*, the facet that rights are given on, and the *marks*: bits and the
duration (``dispatch.calllog.marks``), so that most of a question is answered by one list alone.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite makes only an INTEGER primary key the row's own number."""
BYTES = Text().with_variant(Text(collation="C"), "postgresql")
"""A text compared byte by byte, so that words with one beginning lie together."""

call_facet = Table(
    "call_facet",
    SQLModel.metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("value", BYTES, nullable=False),
    UniqueConstraint("kind", "value", name="call_facet_once"),
    Index("ix_call_facet_kind_id", "kind", "id"),
)
"""What calls can be found by. ``kind``: scope, unit, operator, position, site, system, cause, flag,
length, plan, patch, incident, cell, tag or word."""

call_name = Table(
    "call_name",
    SQLModel.metadata,
    Column("word", BYTES, nullable=False),
    Column("facet", ID, nullable=False),
    PrimaryKeyConstraint("word", "facet"),
    Index("ix_call_name_facet", "facet"),
    sqlite_with_rowid=False,
)
"""Words of the names that talkgroups, units, operators and incidents had."""

call_posting = Table(
    "call_posting",
    SQLModel.metadata,
    Column("facet", ID, nullable=False),
    Column("no", BigInteger, nullable=False),
    Column("scope", ID, nullable=False),
    Column("marks", BigInteger, nullable=False),
    PrimaryKeyConstraint("facet", "no"),
    sqlite_with_rowid=False,
)

call_key = Table(
    "call_key",
    SQLModel.metadata,
    Column("no", ID, primary_key=True, autoincrement=False),
    Column("call", String, nullable=False),
    Column("scope", ID, nullable=False),
    Column("marks", BigInteger, nullable=False),
    Column("facets", Text, nullable=False),
    Index("ix_call_key_call", "call"),
)
"""Each call that is in the index, with the ids of its facets: what to take away again."""

call_place = Table(
    "call_place",
    SQLModel.metadata,
    Column("no", ID, ForeignKey("call_key.no", ondelete="CASCADE"), nullable=False),
    Column("unit", String, nullable=False),
    Column("latitude_deg", Float, nullable=False),
    Column("longitude_deg", Float, nullable=False),
    PrimaryKeyConstraint("no", "unit"),
)
"""Where the units of a call were: the last fix before it began."""


class UnitStatus(SQLModel, table=True):
    """A status that a unit set, each one kept; ``unit_state`` has the last."""

    __tablename__ = "unit_status"
    __table_args__ = (Index("ix_unit_status_unit_t", "unit", "t_utc"),)
    id: int | None = Field(default=None, primary_key=True)
    unit: str
    t_utc: int = Field(sa_type=BigInteger, index=True)
    value: int | None = None
    digit: str = ""
    words: str = ""
    kind: str = ""
    link: str = ""
    expires_utc: int = Field(sa_type=BigInteger, index=True)
