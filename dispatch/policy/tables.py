"""The table of policy versions. Times are UTC microseconds."""

from sqlalchemy import BigInteger, Column, Text
from sqlmodel import Field, SQLModel


class PolicyRow(SQLModel, table=True):
    """One version of the policy, whole, as JSON. A version that was activated never changes."""

    __tablename__ = "policy"

    number: int = Field(primary_key=True)
    body: str = Field(sa_column=Column(Text, nullable=False))
    digest: str
    """SHA-256 (hex) of the body."""
    state: str = Field(index=True)
    """draft, pending (agreed, a shortening waits), active, past or withdrawn."""
    note: str = ""
    author: str = ""
    author_name: str = ""
    created_utc: int = Field(sa_type=BigInteger)
    approval: str = ""
    agreed_by: str = ""
    activated_utc: int | None = Field(default=None, sa_type=BigInteger)
    """When its second person agreed."""
    effective_utc: int | None = Field(default=None, sa_type=BigInteger)
    """From when its shorter times count; the rest counts from ``activated_utc``."""
    ended_utc: int | None = Field(default=None, sa_type=BigInteger)
