"""Tables of the store. Times ``_utc`` are integer microseconds, ids are texts made at the source.

No class of this module leaves ``dispatch``; services return plain values.
"""

import math

from sqlalchemy import BigInteger, Column, Index, Integer, Text, UniqueConstraint, false, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlmodel import Field, SQLModel

US_PER_DAY = 86_400_000_000


def _time(*, nullable: bool = False, index: bool = False) -> Column[int]:
    return Column(BigInteger, nullable=nullable, index=index)


CELLS_AROUND = 36_000
"""Columns of the grid of 0.01 degrees, once round the earth."""


def cell_of(latitude_deg: float, longitude_deg: float) -> int:
    """Return the cell of 0.01 degrees that a place lies in, counted from the south-west."""
    row = math.floor((latitude_deg + 90) * 100)
    return row * CELLS_AROUND + math.floor((longitude_deg + 180) * 100)


def _cell_of_row(context: DefaultExecutionContext) -> int:
    known = context.get_current_parameters()  # type: ignore[no-untyped-call]  # not annotated
    return cell_of(known["latitude_deg"], known["longitude_deg"])


# ---- people ------------------------------------------------------------------------------------


class User(SQLModel, table=True):
    """An account. ``person`` is the same text on all accounts of one human being."""

    __tablename__ = "user"
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    display_name: str
    person: str = Field(index=True)
    organisation: str
    role: str
    password_hash: str | None = None
    disabled: bool = False
    created_utc: int = Field(sa_column=_time())


class UserSession(SQLModel, table=True):
    """A signed-in browser; the token itself is only in its cookie."""

    __tablename__ = "session"
    id: str = Field(primary_key=True)
    token_sha256: str = Field(unique=True)
    user: str = Field(foreign_key="user.id", index=True)
    csrf: str
    address: str = ""
    device: str = ""
    """Hash of the browser's own cookie, which outlives its sessions."""
    created_utc: int = Field(sa_column=_time())
    expires_utc: int = Field(sa_column=_time())


class Invitation(SQLModel, table=True):
    """A one-time link: to make an account, or (``user``) to set a new password."""

    __tablename__ = "invitation"
    token_sha256: str = Field(primary_key=True)
    role: str
    organisation: str
    user: str | None = Field(default=None, foreign_key="user.id")
    created_utc: int = Field(sa_column=_time())
    expires_utc: int = Field(sa_column=_time())
    used_utc: int | None = Field(default=None, sa_column=_time(nullable=True))


class Grant(SQLModel, table=True):
    """Role x organisation x scope x actions x expiry; ``actions`` is a comma-separated list."""

    __tablename__ = "grant"
    id: int | None = Field(default=None, primary_key=True)
    role: str
    organisation: str
    scope_kind: str
    scope: str
    actions: str
    expires_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    given_by: str = ""
    user: str = ""
    """Set on a right of one person alone (break-glass)."""
    reviewed_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    """When it was last approved again."""
    created_utc: int = Field(sa_column=_time())


# ---- plan and desk -----------------------------------------------------------------------------


class PlanRow(SQLModel, table=True):
    """A version of the plan, whole, as JSON."""

    __tablename__ = "plan"
    __table_args__ = (
        # Without the text, through which SQLite would read to what stands behind it.
        Index("ix_plan_activated", "activated_utc", "number"),
        Index("ix_plan_heads", "number", "name", "author", "note", "created_utc", "activated_utc"),
    )
    number: int = Field(primary_key=True)
    name: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    author: str = ""
    note: str = ""
    created_utc: int = Field(sa_column=_time())
    activated_utc: int | None = Field(default=None, sa_column=_time(nullable=True))


class PositionLog(SQLModel, table=True):
    """Who sat at a position from when to when, and what was handed over."""

    __tablename__ = "position_log"
    __table_args__ = (Index("ix_position_log_taken", "taken_utc"),)
    id: int | None = Field(default=None, primary_key=True)
    position: str = Field(index=True)
    user: str
    operator: str
    taken_utc: int = Field(sa_column=_time())
    left_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    cause: str = ""
    handover_text: str | None = None


class DeskState(SQLModel, table=True):
    """What a person set on the desk: volumes, selection, layout (JSON)."""

    __tablename__ = "desk_state"
    user: str = Field(primary_key=True, foreign_key="user.id")
    body: str = Field(sa_column=Column(Text, nullable=False))
    changed_utc: int = Field(sa_column=_time())


# ---- calls -------------------------------------------------------------------------------------


class Call(SQLModel, table=True):
    """A conversation. (``gateway``, ``call_seq``) has no gaps; None if found by its sound."""

    __tablename__ = "call"
    __table_args__ = (
        UniqueConstraint("gateway", "call_seq"),
        Index("ix_call_talkgroup_started", "talkgroup", "started_utc"),
        Index("ix_call_due", "erased_utc", "expires_utc"),
        Index(
            "ix_call_not_indexed",
            "started_utc",
            sqlite_where=text("search_no IS NULL"),
            postgresql_where=text("search_no IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    gateway: str
    call_seq: int | None = None
    talkgroup: str
    link: str
    caller: str | None = None
    started_utc: int = Field(sa_column=_time(index=True))
    ended_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    priority: int = 0
    emergency: bool = False
    encrypted: bool = False
    algorithm: int | None = None
    """Of the encryption (P25 ALGID) and its key, as the last encrypted over told them."""
    key_id: int | None = None
    late_entry: bool = False
    cause: str = ""
    interrupted: bool = False
    late: bool = False
    plan: int = 1
    policy: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Versions of plan and policy it ran under."""
    retention_class: str
    expires_utc: int = Field(sa_column=_time(index=True))
    held: bool = False
    hold_reason: str = ""
    exercise: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """On a test talkgroup, and no real emergency."""
    uploaded: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Name of the recorder that uploaded it; empty for what our own links heard."""
    search_no: int | None = Field(default=None, sa_column=_time(nullable=True))
    """Its number in the call log's index; None: not in it yet."""
    erased_utc: int | None = Field(default=None, sa_column=_time(nullable=True))


class Transmission(SQLModel, table=True):
    """One over of a call: of a unit (``talker``) or of a desk (``position``, ``operator``)."""

    __tablename__ = "transmission"
    __table_args__ = (
        Index("ix_transmission_talkgroup_started", "talkgroup", "started_utc"),
        Index("ix_transmission_talker_started", "talker", "started_utc"),
    )
    id: str = Field(primary_key=True)
    call: str = Field(index=True)
    talkgroup: str
    link: str
    talker: str | None = Field(default=None, index=True)
    alias: str = ""
    position: str | None = None
    operator: str = ""
    started_utc: int = Field(sa_column=_time(index=True))
    ended_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    duration_ms: int = 0
    priority: int = 0
    emergency: bool = False
    encrypted: bool = False
    readable: bool = True
    algorithm: int | None = None
    key_id: int | None = None
    late_entry: bool = False
    cause: str = ""
    lost_frames: int = 0
    bit_error_rate: float | None = None
    """Share of wrong bits in what was received, 0 to 1; None where it is unknown."""
    not_recorded: str = ""
    copy_of: str | None = Field(default=None, index=True)
    """Set on what a further link heard of the same over: the over's id."""
    source: str | None = None
    """Set on what a patch passed on: the over that was received."""
    patch_label: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Of the patch that passed it on."""
    late: bool = False
    exercise: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """On a test talkgroup, and no real emergency."""
    uploaded: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Name of the recorder that uploaded it; empty for what our own links heard."""
    retention_class: str
    expires_utc: int = Field(sa_column=_time(index=True))
    erased_utc: int | None = Field(default=None, sa_column=_time(nullable=True))


class RecordingFileRow(SQLModel, table=True):
    """One file of a transmission's recording."""

    __tablename__ = "recording_file"
    __table_args__ = (UniqueConstraint("transmission", "kind"),)
    id: int | None = Field(default=None, primary_key=True)
    transmission: str = Field(index=True)
    kind: str
    sha256: str = Field(index=True)
    size_bytes: int
    name: str = Field(index=True)
    duration_ms: int = 0
    closed_utc: int = Field(sa_column=_time())
    late: bool = False
    interrupted: bool = False


class Note(SQLModel, table=True):
    """A person's note on a call."""

    __tablename__ = "note"
    id: str = Field(primary_key=True)
    call: str = Field(index=True)
    text: str = Field(sa_column=Column(Text, nullable=False))
    operator: str
    t_utc: int = Field(sa_column=_time(index=True))


class Press(SQLModel, table=True):
    """One press of push-to-talk, with the times between."""

    __tablename__ = "press"
    request: str = Field(primary_key=True)
    position: str
    operator: str = ""
    talkgroup: str = Field(index=True)
    source: str = ""
    test_link: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Set for a test transmission: the link that was tested."""
    priority: int = 0
    requested_utc: int = Field(sa_column=_time(index=True))
    queued_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    granted_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    ended_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    transmission: str | None = Field(default=None, index=True)
    outcome: str = "open"
    cause: str = ""
    reason: str = ""
    wait_ms: int | None = None
    on_air_ms: int = 0
    discarded_ms: int = 0


# ---- units, messages, alarms -------------------------------------------------------------------


class UnitState(SQLModel, table=True):
    """The last that is known of a unit."""

    __tablename__ = "unit_state"
    unit: str = Field(primary_key=True)
    status_value: int | None = None
    status_digit: str = ""
    status_words: str = ""
    status_kind: str = ""
    status_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    talkgroup: str | None = None
    last_heard_utc: int | None = Field(default=None, sa_column=_time(nullable=True))


class UnitPosition(SQLModel, table=True):
    """A place that a unit reported. ``error_m`` is the upper limit of its class."""

    __tablename__ = "unit_position"
    __table_args__ = (
        Index("ix_unit_position_unit_t", "unit", "t_utc"),
        # Who was near what is read from here alone: no look at the rows.
        Index(
            "ix_unit_position_near",
            "cell",
            "t_utc",
            "unit",
            "age_s",
            "latitude_deg",
            "longitude_deg",
            "error_m",
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    unit: str
    t_utc: int = Field(sa_column=_time())
    latitude_deg: float
    longitude_deg: float
    error_m: float | None = None
    age_s: int | None = None
    speed_kmh: float | None = None
    direction_deg: float | None = None
    reason: int | None = None
    cell: int | None = Field(default=None, sa_column=Column(Integer, default=_cell_of_row))
    """Where it lies on a grid of 0.01 degrees, see ``cell_of``."""
    expires_utc: int = Field(sa_column=_time(index=True))


class Message(SQLModel, table=True):
    """A text, received (``incoming``) or sent from a desk."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_due", "erased_utc", "expires_utc"),
        Index("ix_message_talkgroup_t", "talkgroup", "t_utc"),
        Index("ix_message_sender_t", "sender", "t_utc"),
        Index("ix_message_recipient_t", "recipient", "t_utc"),
    )
    id: str = Field(primary_key=True)
    incoming: bool
    link: str
    sender: str | None = None
    recipient: str | None = None
    talkgroup: str | None = Field(default=None, index=True)
    text: str = Field(sa_column=Column(Text, nullable=False))
    operator: str = ""
    state: str = ""
    state_reason: str = ""
    t_utc: int = Field(sa_column=_time(index=True))
    opened_by: str = ""
    opened_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    immediate: bool = False
    coding: str = ""
    guessed: bool = False
    raw_hex: str = Field(default="", sa_column=Column(Text, nullable=False, default=""))
    kind: str = "text"
    """text, status, data, position_request, or an act on one radio (call_alert, inhibit, ...)."""
    value: int | None = None
    pid: int | None = None
    written: str = ""
    opta: str = ""
    itsi: str = ""
    parts: int = 1
    parts_missing: int = 0
    accepted_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    sent_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    delivered_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    read_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    expires_utc: int = Field(sa_column=_time(index=True))
    erased_utc: int | None = Field(default=None, sa_column=_time(nullable=True))


class Alarm(SQLModel, table=True):
    """An emergency from its first sign to its end."""

    __tablename__ = "alarm"
    id: str = Field(primary_key=True)
    unit: str | None = None
    alias: str = ""
    talkgroup: str | None = Field(default=None, index=True)
    link: str
    sign: str
    call: str | None = None
    exercise: bool = False
    no_exercise: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """A real alarm on a test talkgroup."""
    late: bool = False
    raised_utc: int = Field(sa_column=_time(index=True))
    shown_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    shown_position: str | None = None
    ack_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    ack_by: str = ""
    way: str = ""
    way_reason: str = ""
    ended_utc: int | None = Field(default=None, sa_column=_time(nullable=True))
    ended_by: str = ""
    end_reason: str = ""
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    error_m: float | None = None


class AlarmStep(SQLModel, table=True):
    """Each step of an alarm's life: who, where, when."""

    __tablename__ = "alarm_step"
    id: int | None = Field(default=None, primary_key=True)
    alarm: str = Field(index=True)
    step: str
    t_utc: int = Field(sa_column=_time(index=True))
    who: str = ""
    position: str | None = None
    detail: str = ""


# ---- records of the service --------------------------------------------------------------------


class AccessRow(SQLModel, table=True):
    """Who looked at what and why, for the call sheet; the audit log holds the proof."""

    __tablename__ = "access"
    id: int | None = Field(default=None, primary_key=True)
    t_utc: int = Field(sa_column=_time(index=True))
    object_type: str
    object: str = Field(index=True)
    user: str = Field(index=True)
    who: str
    verb: str
    purpose: str = ""
    entry_seq: int | None = None


class JournalMark(SQLModel, table=True):
    """How far the journal has written each gateway's events, so that none goes in twice."""

    __tablename__ = "journal_mark"
    gateway: str = Field(primary_key=True)
    seq: int
    t_utc: int = Field(sa_column=_time())
