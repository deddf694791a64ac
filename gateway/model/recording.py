"""What a recording is of: written beside the sound before its first packet, so a crash keeps it."""

from dataclasses import dataclass

from gateway.model.ids import (
    CallId,
    LinkId,
    PatchId,
    PositionId,
    TalkgroupId,
    TransmissionId,
    UnitId,
    UtcUs,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMeta:
    """The transmission that is recorded, as known when it began."""

    transmission: TransmissionId
    call: CallId
    call_seq: int
    talkgroup: TalkgroupId
    link: LinkId
    started_utc: UtcUs
    talker: UnitId | None = None
    alias: str = ""
    position: PositionId | None = None
    operator: str = ""
    emergency: bool = False
    encrypted: bool = False
    retention: str = "call"
    plan: int = 1
    exercise: bool = False
    copy_of: TransmissionId | None = None
    """Set where another link heard the same over: whose further reception this is."""
    patch: PatchId | None = None
    """The patch that its talkgroup was in."""
    source: TransmissionId | None = None
    """Set on what a patch passed on: the over that was received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLevel:
    """What the level control did to one 20 ms frame.

    ``gain_db`` was applied, ``limited`` says the limiter held a peak, ``level_dbfs`` is the level
    afterwards: the received level is ``level_dbfs - gain_db``.
    """

    gain_db: float = 0.0
    limited: bool = False
    level_dbfs: float = -96.0
    raw: bytes = b""
    """The Opus packet of the same 20 ms before level control, for sources that keep it."""
    coded: bytes = b""
    """The vocoder frame as it was received, for links that carry such; encrypted ones as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingEnd:
    """What became known while the transmission ran."""

    duration_ms: int
    cause: str
    talker: UnitId | None = None
    alias: str = ""
    emergency: bool = False
    lost_frames: int = 0
