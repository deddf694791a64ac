"""The microphone of a position, taken from raw RTP: a decoded track would be 80 ms later.

aiortc has no public way to raw packets. This module alone reaches into its receiver:
``_handle_rtp_packet`` is wrapped, and ``_handle_disconnect`` ends the decoder thread that nobody
needs. ``tests/webrtc/test_contracts.py`` fails when aiortc changes either.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiortc import RTCRtpReceiver

from gateway.bus import Bus
from gateway.model.ids import PositionId, UtcUs
from gateway.model.voice import FRAME_MS, MAX_OPUS_BYTES, VoiceFlag, VoiceFrame
from gateway.ports import Clock
from voicecodecs.errors import VoiceError
from voicecodecs.opus import packet_samples
from voicecodecs.pcm import SAMPLE_RATE_HZ
from webrtc.stats import StageTimes

REORDER_PACKETS: Final = 3
"""Packets that may wait for an earlier one: 60 ms, then the gap is final."""
OWN_VOICE_US: Final = 2_000_000
"""So long what a microphone said last may still come back as sound of its talkgroup."""
_HALF: Final = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpVoice:
    """One RTP packet of the microphone; ``sequence`` goes on past 16 bits."""

    sequence: int
    timestamp: int
    payload: bytes
    arrived_utc_us: UtcUs


class ReorderBuffer:
    """Puts packets into the order of their numbers; what comes late or twice is dropped."""

    def __init__(self, depth: int = REORDER_PACKETS) -> None:
        """Begin with whatever number comes first."""
        self.late = 0
        self._depth = depth
        self._next: int | None = None
        self._held: dict[int, RtpVoice] = {}

    def push(
        self, number: int, timestamp: int, payload: bytes, arrived_utc_us: UtcUs
    ) -> list[RtpVoice]:
        """Add a packet with its 16-bit number; returns what is in order now."""
        sequence = self._unwrap(number)
        if self._next is None:
            self._next = sequence
        if sequence < self._next or sequence in self._held:
            self.late += 1
            return []
        if sequence - self._next > _HALF // 16:
            return self._begin_anew(sequence, timestamp, payload, arrived_utc_us)
        self._held[sequence] = RtpVoice(
            sequence=sequence, timestamp=timestamp, payload=payload, arrived_utc_us=arrived_utc_us
        )
        out = self._in_order()
        if len(self._held) >= self._depth:
            self._next = min(self._held)
            out += self._in_order()
        return out

    def flush(self) -> list[RtpVoice]:
        """Return everything that waits, in order."""
        out = []
        while self._held:
            self._next = min(self._held)
            out += self._in_order()
        return out

    def _begin_anew(
        self, sequence: int, timestamp: int, payload: bytes, arrived_utc_us: UtcUs
    ) -> list[RtpVoice]:
        out = self.flush()
        self._next = sequence + 1
        fresh = RtpVoice(
            sequence=sequence, timestamp=timestamp, payload=payload, arrived_utc_us=arrived_utc_us
        )
        return [*out, fresh]

    def _unwrap(self, number: int) -> int:
        if self._next is None:
            return number + (1 << 16)
        ahead = (number - self._next) & 0xFFFF
        return self._next + ahead - (1 << 16 if ahead >= _HALF else 0)

    def _in_order(self) -> list[RtpVoice]:
        out = []
        while self._next in self._held:
            out.append(self._held.pop(self._next))
            self._next += 1
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkTarget:
    """Where a microphone goes while who speaks into it asks for or holds the floor.

    ``position`` is who speaks: a desk, or what stands for one in a test transmission.
    """

    system: int
    talkgroup: int
    position: PositionId


Mouth = str
"""What names a microphone: the position whose it is, or one browser's sound session alone."""


class UplinkGate:
    """Which microphones are let through now; ``webrtc.ptt`` opens and closes it."""

    def __init__(self) -> None:
        """Begin with all closed."""
        self._open: dict[Mouth, UplinkTarget] = {}

    def open(self, mouth: Mouth, target: UplinkTarget) -> None:
        """Let a microphone through to the gateway's press buffer."""
        self._open[mouth] = target

    def close(self, mouth: Mouth) -> None:
        """Ignore what a microphone sends; safe twice."""
        self._open.pop(mouth, None)

    def target(self, mouth: Mouth) -> UplinkTarget | None:
        """Return where to, or None while it neither asks for nor holds the floor."""
        return self._open.get(mouth)


class Microphone:
    """Turns a browser's RTP packets into voice frames for the gateway while its gate is open.

    It has two names: that of its browser's session, and that of the position if there is one.
    """

    def __init__(
        self,
        mouths: tuple[Mouth, ...],
        bus: Bus,
        clock: Clock,
        gate: UplinkGate,
        times: StageTimes,
    ) -> None:
        """Begin without a receiver."""
        self.received = 0
        self.sent = 0
        self.broken = 0
        self._mouths = mouths
        self._bus = bus
        self._clock = clock
        self._gate = gate
        self._times = times
        self._order = ReorderBuffer()
        self._target: UplinkTarget | None = None
        self._spoke: tuple[PositionId, UtcUs] | None = None

    def spoke_as(self) -> PositionId | None:
        """Return whose voice it gave until just now, None of a microphone that was quiet since."""
        if self._spoke is None or self._clock.utc_us() - self._spoke[1] > OWN_VOICE_US:
            return None
        return self._spoke[0]

    def take(self, number: int, timestamp: int, payload: bytes) -> None:
        """Take one RTP packet: its 16-bit number, its time in 48 kHz units, its Opus packet."""
        self.received += 1
        targets = (self._gate.target(mouth) for mouth in self._mouths)
        target = next((found for found in targets if found is not None), None)
        if target is None:
            self._target = None
            return
        if target is not self._target:
            self._target = target
            self._order = ReorderBuffer()
            flags = VoiceFlag.START
        else:
            flags = VoiceFlag.NONE
        if not 0 < len(payload) <= MAX_OPUS_BYTES * 3:
            self.broken += 1
            return
        for packet in self._order.push(number, timestamp, payload, self._clock.utc_us()):
            self._publish(packet, target, flags)
            flags = VoiceFlag.NONE

    def _publish(self, packet: RtpVoice, target: UplinkTarget, flags: VoiceFlag) -> None:
        try:
            samples = packet_samples(packet.payload)
        except VoiceError:
            self.broken += 1
            return
        duration_ms = samples * 1000 // SAMPLE_RATE_HZ
        frame = VoiceFrame(
            sequence=packet.sequence & 0xFFFFFFFF,
            timestamp_48k=packet.timestamp & 0xFFFFFFFF,
            capture_utc_us=packet.arrived_utc_us,
            transmission=bytes(16),
            system=target.system,
            talkgroup=target.talkgroup,
            talker=0,
            opus=packet.payload,
            flags=flags,
            duration_ms=duration_ms if duration_ms in (20, 40, 60) else FRAME_MS,
        )
        self.sent += 1
        self._spoke = target.position, packet.arrived_utc_us
        self._times.add("uplink", self._clock.utc_us() - packet.arrived_utc_us)
        self._bus.publish_uplink(target.position, frame)


RtpHandler = Callable[..., Awaitable[None]]


def attach(receiver: RTCRtpReceiver, take: Callable[[int, int, bytes], None]) -> None:
    """Give every RTP packet of ``receiver`` to ``take`` (number, time, payload).

    aiortc still sees the packet: its counters feed the receiver reports that the browser gets.
    """
    original: RtpHandler = receiver._handle_rtp_packet

    async def handle(packet: Any, arrival_time_ms: int) -> None:  # aiortc's RtpPacket is private
        take(packet.sequence_number, packet.timestamp, packet.payload)
        await original(packet, arrival_time_ms=arrival_time_ms)

    setattr(receiver, "_handle_rtp_packet", handle)  # noqa: B010  # mypy: a method


def stop_decoder(receiver: RTCRtpReceiver) -> None:
    """End the receiver's decoder thread: nobody listens to its sound. Safe twice."""
    receiver._handle_disconnect()
