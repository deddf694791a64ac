"""Tables of saved mappings and of what came of imports. Times are UTC microseconds."""

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlmodel import Field, SQLModel


class ImportMapping(SQLModel, table=True):
    """What the columns of one source mean."""

    __tablename__ = "import_mapping"

    source: str = Field(primary_key=True)
    """SHA-256 of the titles: a list of the same shape is from the same source."""
    kind: str = Field(primary_key=True)
    """talkgroups or units."""
    mapping: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: title to field."""
    saved_by: str
    saved_utc: int = Field(sa_type=BigInteger)


class ImportReport(SQLModel, table=True):
    """What came of one list that was put into a draft; the plan of that draft has it too."""

    __tablename__ = "import_report"

    id: str = Field(primary_key=True)
    """``i-`` and a ULID."""
    draft: str = Field(index=True)
    t_utc: int = Field(sa_type=BigInteger, index=True)
    by: str
    by_name: str
    file_name: str
    file_sha256: str
    file_bytes: int = Field(sa_type=BigInteger)
    system: str
    kind: str
    """talkgroups, units or sites."""
    policy: str
    head: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: format, why, columns and what they meant, counts of rows, sums, warnings."""
    kept: str
    """Which rows are kept: all, odd (those that were not ok) or none."""
    rows: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """Packed table of the rows, deflated."""
    said: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """What the file said of each object, deflated: what differs from it later was edited here."""
    bytes: int = Field(default=0, sa_type=BigInteger)
    """Of ``rows`` and ``said``."""
