"""What left, one row each time that bytes of a package were handed out; what lies in packages."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class EvidenceDisclosure(SQLModel, table=True):
    """That a file of a package left, when, by whom and to whom; the audit log has the proof."""

    __tablename__ = "evidence_disclosure"

    id: int | None = Field(default=None, primary_key=True)
    package: str = Field(index=True)
    form: str
    """zip, age (the ZIP encrypted to the recipient's key) or csv."""
    t_utc: int = Field(sa_type=BigInteger, index=True)
    by: str
    by_name: str
    recipient: str
    country: str
    sha256: str
    """Of the bytes that left."""
    size_bytes: int = Field(sa_type=BigInteger)
    entry_seq: int = Field(sa_type=BigInteger)
    """Of ``evidence.disclosed`` in the audit log."""
    restricted_until_utc: int | None = Field(default=None, sa_type=BigInteger)
    """Persons concerned are not told before."""


class EvidenceObject(SQLModel, table=True):
    """That a package on the shelf holds an object: when that is erased, the package is too."""

    __tablename__ = "evidence_object"
    __table_args__ = (Index("ix_evidence_object_object", "type", "object"),)

    package: str = Field(primary_key=True)
    type: str = Field(primary_key=True)
    """recording, media or incident."""
    object: str = Field(primary_key=True)
