"""A track that hands Opus packets through as they are: nothing is decoded, nothing is encoded."""

import asyncio
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet
from av.stream import Stream

from gateway.model.ids import PositionId, UtcUs
from gateway.model.transmit_test import is_test_position
from gateway.model.voice import TIMESTAMP_HZ
from webrtc.rtp_origin import RTP_MASK

QUEUE_PACKETS: Final = 10
"""Bound of one listener's queue, 200 ms: a stalled browser loses the oldest, nobody else waits."""
TIME_BASE: Final = Fraction(1, TIMESTAMP_HZ)


class VoicePacket:
    """One Opus packet that all listeners share (only read once made), and its times."""

    __slots__ = ("capture_utc_us", "hub_utc_us", "measured", "packet", "transmission")

    def __init__(
        self,
        opus: bytes,
        pts: int,
        capture_utc_us: UtcUs,
        hub_utc_us: UtcUs,
        transmission: bytes = b"",
    ) -> None:
        """Make the packet; ``pts`` is in 48 kHz units."""
        self.packet: Packet[Stream] = Packet(opus)
        self.packet.pts = pts
        self.packet.time_base = TIME_BASE
        self.capture_utc_us = capture_utc_us
        self.hub_utc_us = hub_utc_us
        self.measured = False
        self.transmission = transmission


Measure = Callable[[VoicePacket], None]
"""Called with a packet when the first listener's sender takes it."""


class VoiceTrack(MediaStreamTrack):
    """What one listener hears of one talkgroup; silent without any cost while nobody talks."""

    kind = "audio"

    def __init__(
        self,
        position: PositionId | None,
        measure: Measure | None = None,
        sent_timestamp: Callable[[], int] | None = None,
    ) -> None:
        """Begin empty. ``measure`` is told of each packet's first hand-over to RTP.

        ``sent_timestamp`` returns the RTP time of the last packet sent.
        """
        super().__init__()
        self.position = position
        self.listener = ""
        """The session whose track this is: all its tracks are one pair of ears."""
        self.spoke_as: Callable[[], PositionId | None] = lambda: None
        """Returns who is said to speak by this listener's microphone in a test transmission."""
        self.dropped = 0
        self.sent = 0
        self.origin: int | None = None
        """What RTP adds to our packets' times, modulo 2**32; known from the second packet on."""
        self._measure = measure
        self._sent_timestamp = sent_timestamp
        self._last_pts: int | None = None
        self._queue: deque[VoicePacket] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def speaks(self, speaker: PositionId) -> bool:
        """Say whether a speaker is this listener, who does not hear the own voice."""
        if self.position == speaker:
            return True
        return is_test_position(speaker) and self.spoke_as() == speaker

    def offer(self, packet: VoicePacket) -> None:
        """Queue a packet; the oldest goes when the listener does not keep up."""
        if len(self._queue) >= QUEUE_PACKETS:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(packet)
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def clear(self) -> None:
        """Drop what waits: nothing more of it is sent."""
        self._queue.clear()

    async def recv(self) -> "Packet[Stream]":
        """Return the next packet for aiortc's sender."""
        if self.origin is None and self._last_pts is not None and self._sent_timestamp is not None:
            # aiortc asks for the next packet when the one before it has left.
            self.origin = (self._sent_timestamp() - self._last_pts) & RTP_MASK
        while not self._queue:
            if self.readyState != "live":
                raise MediaStreamError
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        packet = self._queue.popleft()
        self.sent += 1
        self._last_pts = packet.packet.pts
        if self._measure is not None and not packet.measured:
            packet.measured = True
            self._measure(packet)
        return packet.packet

    def stop(self) -> None:
        """End the track; a waiting sender is let go."""
        super().stop()
        self.clear()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
