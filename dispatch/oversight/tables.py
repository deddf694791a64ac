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


class LookUp(SQLModel, table=True):
    """One look of a person at what was recorded, or a refusal: what the alerts count by.

    Kept for 31 days. It feeds single alerts and no figure on persons; the audit log is the proof.
    """

    __tablename__ = "look_up"
    __table_args__ = (
        Index("ix_look_up_person_t", "person", "t_utc"),
        Index("ix_look_up_person_subject", "person", "subject"),
    )

    id: int | None = Field(default=None, primary_key=True)
    t_utc: int = Field(sa_type=BigInteger, index=True)
    user: str
    person: str
    role: str
    verb: str
    object_type: str = ""
    object: str = ""
    subject: str = ""
    """Keyed hash of whom or what was looked for; empty where nobody in particular was."""
    reasoned: str = "none"
    """none (live work), words (no incident, case or order named), named."""
    denied: bool = False
    camera_group: str = ""
    size_bytes: int = Field(default=0, sa_type=BigInteger)
    entry_seq: int | None = Field(default=None, sa_type=BigInteger)


class StaffObject(SQLModel, table=True):
    """A keyed hash of something of a colleague: telephone, car, radio, home area."""

    __tablename__ = "staff_object"

    id: str = Field(primary_key=True)
    """``s-`` and a ULID."""
    key: str = Field(unique=True)
    kind: str
    person_key: str
    """Keyed hash of whose it is, so that a look at one's own is told apart."""
    added_by: str
    added_utc: int = Field(sa_type=BigInteger)


class ReviewTask(SQLModel, table=True):
    """Something of one person's that another looks at: a sampled look, an alert, a broken glass."""

    __tablename__ = "review_task"
    __table_args__ = (
        Index("ix_review_task_state_due", "state", "due_utc"),
        Index("ix_review_task_rule_user", "rule", "user", "made_utc"),
    )

    id: str = Field(primary_key=True)
    """``v-`` and a ULID."""
    kind: str
    """sample, alert, break_glass."""
    rule: str = ""
    day: str = ""
    """Of a sample: the UTC day, ``2026-11-25``."""
    user: str
    person: str
    name: str
    role: str
    words: str = Field(sa_column=Column(Text, nullable=False))
    entries: str = ""
    """Numbers of the entries it is about, with commas."""
    audience: str
    """auditor or dpo: who reviews it."""
    state: str = "open"
    """open, asked, answered, justified, escalated."""
    question: str = Field(default="", sa_column=Column(Text, nullable=False, default=""))
    answer: str = Field(default="", sa_column=Column(Text, nullable=False, default=""))
    reviewer: str = ""
    reviewer_name: str = ""
    made_utc: int = Field(sa_type=BigInteger, index=True)
    due_utc: int = Field(sa_type=BigInteger)
    closed_utc: int | None = Field(default=None, sa_type=BigInteger)
    overdue_told: bool = False


class SampleRun(SQLModel, table=True):
    """A day whose consultations were sampled, and what anybody needs to draw it again."""

    __tablename__ = "sample_run"

    day: str = Field(primary_key=True)
    checkpoint_size: int = Field(sa_type=BigInteger)
    root: str
    population: int
    taken: int
    made_utc: int = Field(sa_type=BigInteger)


class BrokenGlass(SQLModel, table=True):
    """An extra right that somebody took in need, with the reason, for an hour."""

    __tablename__ = "broken_glass"

    id: str = Field(primary_key=True)
    """``b-`` and a ULID."""
    user: str = Field(index=True)
    name: str
    scope_kind: str
    scope: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    grant: int
    task: str
    t_utc: int = Field(sa_type=BigInteger, index=True)
    until_utc: int = Field(sa_type=BigInteger)


class FaceSource(SQLModel, table=True):
    """A source whose claims of faces and names are used: off unless a row says otherwise."""

    __tablename__ = "face_source"

    source: str = Field(primary_key=True)
    basis: str = Field(sa_column=Column(Text, nullable=False))
    """The legal basis in words: law, article, decision."""
    on_by: str
    approval: str
    on_utc: int = Field(sa_type=BigInteger)
    expires_utc: int = Field(sa_type=BigInteger)


class WatchEntry(SQLModel, table=True):
    """A plate or name that is looked for: with an owner, a basis, and an end within 90 days."""

    __tablename__ = "watch_entry"

    id: str = Field(primary_key=True)
    """``w-`` and a ULID."""
    type: str
    """plate, face, name."""
    value: str = Field(index=True)
    owner: str
    owner_name: str
    category: str = Field(default="unknown", sa_column_kwargs={"server_default": "unknown"})
    """Of persons: suspect, victim, witness, other or unknown."""
    basis: str = Field(sa_column=Column(Text, nullable=False))
    approval: str
    added_utc: int = Field(sa_type=BigInteger)
    expires_utc: int = Field(sa_type=BigInteger, index=True)
