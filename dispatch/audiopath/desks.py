"""What a page says of the sound at its desk: counters of its browser since it said so last."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_HEARD = 33
MAX_PLAYED = 12
Rate = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[float, Field(ge=0, le=60_000)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Dbfs = Annotated[float, Field(ge=-120, le=12)]


class _Part(BaseModel):
    """Frozen, no unknown keys, no numbers that are none."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DeskClock(_Part):
    """How far the browser's clock is ahead of the server's, and how well that is known."""

    offset_ms: float = Field(ge=-1e12, le=1e12)
    error_ms: Milliseconds


class Played(_Part):
    """A packet as it was given to be played: its RTP time, and when by the browser's clock."""

    rtp: int = Field(ge=0, lt=1 << 32)
    at_ms: float = Field(ge=0, le=1e14)


class Heard(_Part):
    """One talkgroup's track since the last report."""

    talkgroup: str = Field(max_length=64)
    packets: Count = 0
    lost: Count = 0
    jitter_ms: Milliseconds | None = None
    buffer_ms: Milliseconds | None = None
    """Mean time that sound waited in the browser's jitter buffer."""
    samples: Count = 0
    concealed: Count = 0
    """Of the samples, those that the browser made up."""
    level_dbfs: Dbfs | None = None
    peak_dbfs: Dbfs | None = None
    played: tuple[Played, ...] = Field((), max_length=MAX_PLAYED)


class Spoken(_Part):
    """The microphone since the last report."""

    latency_ms: Milliseconds | None = None
    """What the browser says of its input."""
    packets: Count = 0
    lost: Count = 0
    jitter_ms: Milliseconds | None = None
    level_dbfs: Dbfs | None = None


class DeskReport(_Part):
    """Figures of one page over some seconds. No talker, no person."""

    clock: DeskClock | None = None
    output_ms: Milliseconds | None = None
    """From the audio graph to the loudspeaker, as the browser says."""
    round_trip_ms: Milliseconds | None = None
    heard: tuple[Heard, ...] = Field((), max_length=MAX_HEARD)
    spoken: Spoken | None = None
