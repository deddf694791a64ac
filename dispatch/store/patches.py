"""Patches that stood or stand, and which calls belong to them."""

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field, SQLModel


class PatchRow(SQLModel, table=True):
    """One patch. ``members`` is a JSON list of talkgroup ids, as they were last."""

    __tablename__ = "patch"
    id: str = Field(primary_key=True)
    gateway: str
    label: str
    name: str
    members: str = Field(sa_type=Text)
    owner: str = ""
    owner_id: str = ""
    """Account that made it; empty for one of the plan."""
    position: str | None = None
    reason: str = ""
    mixed: bool = False
    from_plan: bool = False
    plan: int = 0
    since_utc: int = Field(sa_type=BigInteger, index=True)
    until_utc: int | None = Field(default=None, sa_type=BigInteger)
    ended_utc: int | None = Field(default=None, sa_type=BigInteger, index=True)
    cause: str = ""
    ended_by: str = ""
    end_reason: str = ""


class PatchCall(SQLModel, table=True):
    """A call on a member of a patch: calls with one patch are one conversation."""

    __tablename__ = "patch_call"
    __table_args__ = (Index("ix_patch_call_call", "call"),)
    patch: str = Field(primary_key=True)
    call: str = Field(primary_key=True)
    label: str
    talkgroup: str


class MixConfirmation(SQLModel, table=True):
    """One person's last agreement to talk on one patch of encrypted and unencrypted talkgroups.

    ``patch``: the id of a live patch, the label of one of the plan. ``members``: what was agreed
    to, each talkgroup with its encryption; other members ask again.
    """

    __tablename__ = "mix_confirmation"
    user: str = Field(primary_key=True)
    patch: str = Field(primary_key=True)
    members: str = Field(sa_type=Text)
    confirmed_utc: int = Field(sa_type=BigInteger)
    until_utc: int = Field(sa_type=BigInteger)
