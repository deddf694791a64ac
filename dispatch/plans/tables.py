"""Tables of drafts and activations. Times are UTC microseconds."""

from sqlalchemy import BigInteger, Column, Text
from sqlmodel import Field, SQLModel


class PlanDraft(SQLModel, table=True):
    """A plan that somebody works on. Nothing live knows of it."""

    __tablename__ = "plan_draft"

    id: str = Field(primary_key=True)
    """``d-`` and a ULID."""
    name: str
    base: int
    """Number of the plan that it began as."""
    body: str = Field(sa_column=Column(Text, nullable=False))
    sha256: str
    revision: int = 1
    """Counts the changes: who changes an older one than the newest is told."""
    state: str = Field(default="open", index=True)
    """open, scheduled, activated or discarded."""
    author: str
    author_name: str
    created_utc: int = Field(sa_type=BigInteger)
    changed_utc: int = Field(sa_type=BigInteger)
    changed_by: str = ""
    checked_sha256: str = ""
    """Hash of the plan whose check found no error."""
    compared_sha256: str = ""
    compared_base: int = 0
    """Number of the live plan that it was compared with."""


class PlanActivation(SQLModel, table=True):
    """One way of a plan into life: planned, on trial, kept or taken back."""

    __tablename__ = "plan_activation"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    """activate, rollback or return."""
    number: int = 0
    """Of the plan; 0 until a scheduled one has its number."""
    previous: int
    """Of the plan that was live before, and comes back."""
    draft: str = Field(default="", index=True)
    sha256: str
    at_utc: int = Field(sa_type=BigInteger)
    activated_utc: int | None = Field(default=None, sa_type=BigInteger)
    keep_until_utc: int | None = Field(default=None, sa_type=BigInteger)
    state: str = Field(index=True)
    """scheduled, trial, kept, returned or cancelled."""
    scheduled: bool = False
    waits_for: str = ""
    """Why a scheduled one has not begun, in words."""
    by: str
    by_name: str
    approval: str = ""
    reason: str = Field(default="", sa_column=Column(Text, nullable=False, default=""))
    ended_utc: int | None = Field(default=None, sa_type=BigInteger)
    ended_by: str = ""
    end_words: str = ""


class PlanNotice(SQLModel, table=True):
    """What a change of the live plan is to one position, until somebody there has seen it."""

    __tablename__ = "plan_notice"

    id: int | None = Field(default=None, primary_key=True)
    position: str = Field(index=True)
    plan: int
    previous: int
    lines: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: a list of ``{words, talkgroups}``; a line is shown to who sees all its talkgroups."""
    t_utc: int = Field(sa_type=BigInteger)
    seen_utc: int | None = Field(default=None, sa_type=BigInteger)
    seen_by: str = ""
    """Display name of who said so."""


class PlanTold(SQLModel, table=True):
    """One row: the plan up to which positions were told what changed for them."""

    __tablename__ = "plan_told"

    id: int | None = Field(default=None, primary_key=True)
    plan: int
