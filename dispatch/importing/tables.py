"""Table of the mappings that engineers saved. Times are UTC microseconds."""

from sqlalchemy import BigInteger, Column, Text
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
