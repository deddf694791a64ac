"""Tables of the server's health."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class HealthChange(SQLModel, table=True):
    """A part of the server went over to another state. Kept for a day; class telemetry."""

    __tablename__ = "health_change"

    id: int | None = Field(default=None, primary_key=True)
    part: str
    state: str
    words: str
    t_utc: int = Field(sa_type=BigInteger, index=True)
