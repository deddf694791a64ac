"""Tables of incidents and what hangs on them. Times are UTC microseconds."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class Incident(SQLModel, table=True):
    """Something that happened. Claims about persons or plates never stand in ``title``."""

    __tablename__ = "incident"

    id: str = Field(primary_key=True)
    """``i-`` and a ULID."""
    label: str = Field(unique=True)
    """What people see: ``INC-2026-004211``."""
    title: str
    kind: str
    severity: str
    state: str = Field(default="new", index=True)
    """new, active, waiting, closed or merged (``dispatch.incidents.life``)."""
    opened_utc: int = Field(sa_type=BigInteger, index=True)
    started_utc: int = Field(sa_type=BigInteger)
    """First event, by the source's corrected clock."""
    last_event_utc: int = Field(sa_type=BigInteger)
    closed_utc: int | None = Field(default=None, sa_type=BigInteger)
    closed_by: str = ""
    close_reason: str = ""
    opened_by: str = ""
    """Empty when a camera source opened it."""
    source: str = ""
    camera: str | None = Field(default=None, index=True)
    camera_group: str = ""
    place: str = ""
    latitude_deg: float | None = Field(default=None, index=True)
    longitude_deg: float | None = None
    range_m: float = 50.0
    zones: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    event_count: int = 0
    storm: bool = False
    storm_events: int = 0
    skew_ms: int | None = None
    clock_note: str = ""
    retention: str = "incident"
    expires_utc: int | None = Field(default=None, sa_type=BigInteger)
    priority: int = 3
    """1 (at once) to 4 (can wait)."""
    owner: str = ""
    """User id of who leads it here; ``owner_name`` is what is shown."""
    owner_name: str = ""
    exercise: bool = False
    """A mark set by a person; such an incident never looks like a live one."""
    merged_into: str | None = Field(default=None, index=True)
    """Where a merged incident went; its number stays and points on."""
    state_before: str = ""
    """State before a merge, for its undoing."""
    split_from: str | None = None
    has_split: bool = False
    """Whether events of its sources may belong to an incident that was split from it."""
    version: int = 1
    """Counts what people changed, so that two edits at once are noticed."""


class IncidentTimeline(SQLModel, table=True):
    """One line of an incident's history, never changed.

    Triggers (``dispatch.incidents.guards``) refuse every change but one: that words and data are
    blanked, with the time of it, by the erasure path.
    """

    __tablename__ = "incident_timeline"
    __table_args__ = (Index("ix_incident_timeline_incident", "incident", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    incident: str
    t_utc: int = Field(sa_type=BigInteger)
    kind: str
    """What sort of line: see ``dispatch.incidents.timeline``."""
    who: str = ""
    """The person, empty for a source."""
    text: str
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    erased_utc: int | None = Field(default=None, sa_type=BigInteger)
    """When its words were blanked; the line itself stays."""


class IncidentSuggestion(SQLModel, table=True):
    """A call that may belong to an incident; ``why`` is made of the score's own terms."""

    __tablename__ = "incident_suggestion"
    __table_args__ = (UniqueConstraint("incident", "call", name="incident_suggestion_once"),)

    id: str = Field(primary_key=True)
    incident: str = Field(index=True)
    call: str = Field(index=True)
    score: int
    state: str = "suggested"
    """suggested, confirmed or rejected."""
    rule: str = "v1"
    why: str = ""
    terms: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    by: str = ""
    at_utc: int = Field(sa_type=BigInteger)


class IncidentTalkgroup(SQLModel, table=True):
    """A talkgroup that a dispatcher assigned to an incident."""

    __tablename__ = "incident_talkgroup"

    incident: str = Field(primary_key=True)
    talkgroup: str = Field(primary_key=True)
    by: str
    at_utc: int = Field(sa_type=BigInteger)


class IncidentUnit(SQLModel, table=True):
    """A unit that was sent to an incident. Released ones stay, with who and when."""

    __tablename__ = "incident_unit"

    incident: str = Field(primary_key=True)
    unit: str = Field(primary_key=True, index=True)
    state: str = "assigned"
    """assigned or released."""
    by: str
    at_utc: int = Field(sa_type=BigInteger)
    released_by: str = ""
    released_utc: int | None = Field(default=None, sa_type=BigInteger)
    on_scene_utc: int | None = Field(default=None, sa_type=BigInteger)


class IncidentCamera(SQLModel, table=True):
    """A camera of an incident: it saw something (``seen``), or a person linked it."""

    __tablename__ = "incident_camera"

    incident: str = Field(primary_key=True)
    camera: str = Field(primary_key=True)
    state: str = "seen"
    """seen, linked or unlinked."""
    by: str = ""
    at_utc: int = Field(sa_type=BigInteger)


class IncidentHint(SQLModel, table=True):
    """A unit or camera that may belong to an incident; a person confirms or rejects."""

    __tablename__ = "incident_hint"
    __table_args__ = (UniqueConstraint("incident", "kind", "object", name="incident_hint_once"),)

    id: str = Field(primary_key=True)
    incident: str = Field(index=True)
    kind: str
    """unit or camera."""
    object: str
    score: int
    state: str = "suggested"
    """suggested, confirmed or rejected."""
    why: str = ""
    terms: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    by: str = ""
    at_utc: int = Field(sa_type=BigInteger)


class IncidentMerge(SQLModel, table=True):
    """One incident went into another, or (``split``) a part of one became a new one."""

    __tablename__ = "incident_merge"

    id: str = Field(primary_key=True)
    """``g-`` and a ULID."""
    kind: str
    """merge or split."""
    source: str = Field(index=True)
    target: str = Field(index=True)
    by: str
    at_utc: int = Field(sa_type=BigInteger)
    reason: str = ""
    before: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What the merge changed of the target's own fields."""
    undone_by: str = ""
    undone_utc: int | None = Field(default=None, sa_type=BigInteger)


class IncidentMoved(SQLModel, table=True):
    """What a merge or split moved, so that it can be undone, and where a line is shown."""

    __tablename__ = "incident_moved"

    merge: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    """event, suggestion, talkgroup, unit, camera, hint, media, claim, line and so on."""
    object: str = Field(primary_key=True)


class IncidentPossiblySame(SQLModel, table=True):
    """Two incidents within 150 m and 60 s of each other: a person decides."""

    __tablename__ = "incident_possibly_same"

    incident: str = Field(primary_key=True)
    other: str = Field(primary_key=True)
    why: str
    at_utc: int = Field(sa_type=BigInteger)
    rejected_by: str = ""
    """Who said that they are two; the pair is not offered again."""


class IncidentStorm(SQLModel, table=True):
    """Events that were counted, not stored: per storm incident, camera and reason."""

    __tablename__ = "incident_storm"

    incident: str = Field(primary_key=True)
    camera: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    events: int = 0


class IncidentCounter(SQLModel, table=True):
    """Last label number given out in a year."""

    __tablename__ = "incident_counter"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int = 0


class ClaimHit(SQLModel, table=True):
    """A face, name or plate that a machine believes it saw. Nobody but reviewers sees ``value``."""

    __tablename__ = "claim_hit"
    __table_args__ = (
        UniqueConstraint("source", "src_event_id", "type", "value", name="claim_hit_once"),
        Index("ix_claim_hit_state_expires", "state", "expires_utc"),
    )

    id: str = Field(primary_key=True)
    incident: str = Field(index=True)
    event: str
    """The camera event with the best score."""
    source: str
    src_event_id: str
    camera: str
    camera_group: str = ""
    type: str
    """face, name or plate."""
    value: str
    score: float | None = None
    threshold: float | None = None
    model: str = ""
    reference_list: str = ""
    category: str = Field(default="unknown", sa_column_kwargs={"server_default": "unknown"})
    """Of persons, as who confirmed it said: suspect, victim, witness, other or unknown."""
    state: str = "unreviewed"
    """unreviewed, confirmed, rejected or expired."""
    first_by: str = ""
    """User id of the first who confirmed; ``first_name`` is what is shown."""
    first_name: str = ""
    first_utc: int | None = Field(default=None, sa_type=BigInteger)
    decided_by: str = ""
    decided_name: str = ""
    decided_utc: int | None = Field(default=None, sa_type=BigInteger)
    made_utc: int = Field(sa_type=BigInteger)
    expires_utc: int = Field(sa_type=BigInteger)


class CapMessage(SQLModel, table=True):
    """An alert in the Common Alerting Protocol that came or went."""

    __tablename__ = "cap_message"
    __table_args__ = (
        UniqueConstraint("direction", "sender", "identifier", "sent", name="cap_message_once"),
    )

    id: str = Field(primary_key=True)
    direction: str
    """in or out."""
    sender: str
    identifier: str
    sent: str
    """As written; part of the message's name."""
    status: str
    msg_type: str
    scope: str
    incident: str = Field(default="", index=True)
    state: str = "active"
    """active, updated, cancelled or expired."""
    replaced_by: str = ""
    t_utc: int = Field(sa_type=BigInteger, index=True)
    expires_utc: int | None = Field(default=None, sa_type=BigInteger)
    raw_sha256: str
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Handover(SQLModel, table=True):
    """An incident handed over to another control room, or taken over from one."""

    __tablename__ = "incident_handover"
    __table_args__ = (
        UniqueConstraint("direction", "shared_id", "raw_sha256", name="incident_handover_once"),
    )

    id: str = Field(primary_key=True)
    direction: str
    """in or out."""
    shared_id: str = Field(index=True)
    incident: str = Field(index=True)
    by: str
    t_utc: int = Field(sa_type=BigInteger)
    raw_sha256: str
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
