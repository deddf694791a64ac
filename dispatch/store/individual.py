"""The table of private calls: what a call of two has and a call of a talkgroup has not."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel


class IndividualCall(SQLModel, table=True):
    """One private or telephone call; the row of ``call`` with the same id has its times."""

    __tablename__ = "individual_call"
    id: str = Field(primary_key=True)
    line: str = Field(index=True)
    kind: str
    incoming: bool
    other: str | None = Field(default=None, index=True)
    """The unit at the other end, where it is one."""
    digits: str = ""
    alias: str = ""
    duplex: bool = False
    recorded: bool = True
    why: str = ""
    """Why it is not recorded, in words."""
    protected: bool = False
    rule: str = ""
    position: str | None = None
    operator: str = ""
    """Who answered or dialled."""
    answered_utc: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    connected_utc: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    waited_ms: int | None = None
    talked_ms: int = 0
    outcome: str = "open"
    declined_at: str = ""
    """Positions, with commas."""
