"""An uploaded call in one shape, whatever program sent it."""

from dataclasses import dataclass, field
from typing import Any

MIN_AUDIO_BYTES = 45
"""The header of a WAV without sound has 44."""
MAX_OVERS = 500
RDIO, TRUNK_RECORDER, OPENMHZ = "rdio", "trunk-recorder", "openmhz"
US_PER_MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One over of the call: who talked from where in the recording on. ``unit`` 0: unknown."""

    unit: int
    from_ms: int = 0
    tag: str = ""
    emergency: bool = False


@dataclass(slots=True, kw_only=True)
class Received:
    """What was uploaded. Numbers are 0 and texts empty where nothing was told."""

    family: str
    key: str = field(default="", repr=False)
    test: bool = False
    system: int = 0
    system_label: str = ""
    talkgroup: int = 0
    talkgroup_label: str = ""
    started_utc: int = 0
    """Microseconds, by the recorder's clock; 0: not told."""
    length_ms: int | None = None
    audio: bytes = field(default=b"", repr=False)
    audio_name: str = ""
    audio_type: str = ""
    frequency_hz: int = 0
    frequencies: list[dict[str, Any]] = field(default_factory=list)  # as they were told
    sources: list[Source] = field(default_factory=list)
    patches: list[int] = field(default_factory=list)
    emergency: bool = False
    encrypted: bool = False
    errors: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    """Further facts that are kept as they were told; JSON values."""
    fields: dict[str, str] = field(default_factory=dict)
    """All parts but the sound and the key, as they came."""

    @property
    def short(self) -> bool:
        """Whether there is no sound in it: no more than a header."""
        return len(self.audio) < MIN_AUDIO_BYTES


class Incomplete(Exception):
    """A call that lacks something; the text is what the sender is told."""


def complete(call: Received) -> None:
    """Raise Incomplete unless a call has what it needs.

    The talkgroup is looked for first: a program that tests the connection sends none, and waits for
    just this answer. Of an encrypted call no sound is taken, so none is asked for.
    """
    if not call.talkgroup and not call.talkgroup_label:
        raise Incomplete("no talkgroup")
    if not (call.system or call.system_label or call.family == OPENMHZ):
        raise Incomplete("no system")
    if call.started_utc <= 0:
        raise Incomplete("no datetime")
    if call.short and not call.encrypted:
        raise Incomplete("no audio")
