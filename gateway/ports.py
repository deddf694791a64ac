"""What the call engine needs of the world, as protocols. Links and clocks are given to it."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from gateway.model.ids import LinkId, MessageId, MonoMs, RequestId, TransmissionId, UtcUs
from gateway.model.radio import KeyDemand, LinkInfo, RadioEvent
from gateway.model.recording import FrameLevel, RecordingEnd, RecordingMeta
from gateway.model.sound_port import SoundPortFigures
from gateway.model.voice import VoiceFrame


class Clock(Protocol):
    """Time, given from outside so that tests own it."""

    def mono_ms(self) -> MonoMs:
        """Monotonic milliseconds."""
        ...

    def utc_us(self) -> UtcUs:
        """UTC microseconds."""
        ...


class RadioLink(Protocol):
    """One link as the engine drives it. No call waits; what happens comes back as events."""

    @property
    def id(self) -> LinkId:
        """The plan's id of this link."""
        ...

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        ...

    def demand(self, demand: KeyDemand) -> None:
        """Ask to talk. Answers: TxGranted, TxQueued, TxRefused, TxNotSent."""
        ...

    def end(self, demand: RequestId, cause: str = "released") -> None:
        """Un-key or withdraw at once, ahead of everything else on the wire. Answer: TxEnded."""
        ...

    def send_sound(self, demand: RequestId, pcm: bytes) -> None:
        """Give 20 ms of sound (160 samples int16 little-endian, 8 kHz); dropped unless granted."""
        ...

    def select_group(self, number: int) -> None:
        """Turn the radio to a group. Answer: GroupChanged with ``asked``."""
        ...

    def restart(self) -> None:
        """Close and open again."""
        ...


@runtime_checkable
class AcknowledgesEmergency(Protocol):
    """A link with the capability EMERGENCY_ACK: it can tell a radio that a person has its alarm."""

    def acknowledge_emergency(self, message: MessageId, unit: int) -> None:
        """Tell the radio."""
        ...


@runtime_checkable
class KnowsGuard(Protocol):
    """A link that can tell whether something un-keys its transmitter when the server cannot."""

    def no_guard(self) -> str:
        """Return why nothing may be keyed, in words; empty where the guard stands."""
        ...


@runtime_checkable
class MeasuresSound(Protocol):
    """A link whose sound port counts what it does."""

    def sound_figures(self) -> SoundPortFigures:
        """Return what was counted since the last time."""
        ...


class SoundRecorder(Protocol):
    """Keeps the sound of transmissions. No call waits for a disk and none raises."""

    def open(self, meta: RecordingMeta) -> None:
        """Begin the recording of a transmission."""
        ...

    def write(self, transmission: TransmissionId, frame: VoiceFrame, level: FrameLevel) -> None:
        """Add one packet."""
        ...

    def close(self, transmission: TransmissionId, end: RecordingEnd) -> None:
        """End the recording; it is hashed and reported by ``recording.closed``."""
        ...


class SequenceCounter(Protocol):
    """Counts calls without gaps over restarts."""

    def next(self) -> int:
        """Return the next number, first 1; it never waits for a database."""
        ...


RadioEventSink = Callable[[LinkId, RadioEvent], None]
"""Called on the event loop, in order, for each event of a link."""


class CallSoundSink(Protocol):
    """A ``SoundSink`` that can be told the call, by links that carry many at once."""

    def __call__(
        self,
        link: LinkId,
        pcm: bytes,
        utc_us: UtcUs,
        instance: int | None = None,
        coded: bytes = b"",
        /,
    ) -> None:
        """Take 160 samples (int16 little-endian, 8 kHz) and their capture time.

        ``coded`` is the vocoder frame that they were made of, as it was received.
        """
        ...


SoundSink = Callable[[LinkId, bytes, UtcUs], None]
"""Called on the event loop with 160 samples (int16 little-endian, 8 kHz) and their capture time."""
