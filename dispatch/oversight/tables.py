"""Tables of oversight. Times are UTC microseconds; JSON is kept as text, canonical where hashed."""

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class Approval(SQLModel, table=True):
    """A request that a second person has to agree to, bound to the digest of what will happen."""

    __tablename__ = "approval"
    __table_args__ = (Index("ix_approval_what", "kind", "subject", "digest"),)

    id: str = Field(primary_key=True)
    """``a-`` and a ULID."""
    kind: str
    subject: str
    """Id of what it is about: stands in the audit log in clear, so never a name."""
    digest: str
    words: str = Field(sa_column=Column(Text, nullable=False))
    detail: str = Field(sa_column=Column(Text, nullable=False))
    """JSON object."""
    needed: int = 1
    state: str = Field(default="waiting", index=True)
    """waiting, agreed, refused, withdrawn, expired, used."""
    asked_by: str
    asked_person: str
    asked_name: str
    asked_session: str
    asked_device: str = ""
    asked_address: str = ""
    asked_utc: int = Field(sa_type=BigInteger, index=True)
    expires_utc: int = Field(sa_type=BigInteger)
    decided_utc: int | None = Field(default=None, sa_type=BigInteger)
    used_utc: int | None = Field(default=None, sa_type=BigInteger)


class ApprovalVote(SQLModel, table=True):
    """One person's answer; nobody answers twice."""

    __tablename__ = "approval_vote"
    __table_args__ = (UniqueConstraint("approval", "person", name="approval_vote_once"),)

    id: int | None = Field(default=None, primary_key=True)
    approval: str = Field(index=True)
    user: str
    person: str
    name: str
    session: str
    device: str = ""
    address: str = ""
    agree: bool
    reason: str = Field(default="", sa_column=Column(Text, nullable=False, default=""))
    t_utc: int = Field(sa_type=BigInteger)


class PurposeRow(SQLModel, table=True):
    """Why somebody looks: stated once, good for eight hours. The words are wiped after that."""

    __tablename__ = "purpose"
    __table_args__ = (Index("ix_purpose_user_until", "user", "until_utc"),)

    id: str = Field(primary_key=True)
    """``why-`` and a ULID."""
    user: str
    code: str
    ref: str = ""
    text: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    text_key: str = ""
    """Keyed hash of the words, by which repeats are counted after they are wiped."""
    stated_utc: int = Field(sa_type=BigInteger, index=True)
    until_utc: int = Field(sa_type=BigInteger)
