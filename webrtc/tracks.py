"""What one listener hears of one talkgroup. All listeners share a talkgroup's packets."""

import logging
from collections.abc import Callable

from gateway.model.ids import PositionId, UtcUs
from gateway.model.transmit_test import is_test_position

logger = logging.getLogger(__name__)


class VoicePacket:
    """One Opus packet that all listeners share (only read once made), and its times."""

    __slots__ = ("capture_utc_us", "hub_utc_us", "measured", "opus", "pts", "transmission")

    def __init__(
        self,
        opus: bytes,
        pts: int,
        capture_utc_us: UtcUs,
        hub_utc_us: UtcUs,
        transmission: bytes = b"",
    ) -> None:
        """Make the packet; ``pts`` is in 48 kHz units."""
        self.opus = opus
        self.pts = pts
        self.capture_utc_us = capture_utc_us
        self.hub_utc_us = hub_utc_us
        self.measured = False
        self.transmission = transmission


Send = Callable[[VoicePacket], bool]
"""Sends a packet to the listener; False when there is no way to them now."""
Measure = Callable[[VoicePacket], None]
"""Called with a packet when it has left for its first listener."""


class VoiceTrack:
    """One talkgroup of one listener; nothing waits here, and silence costs nothing."""

    def __init__(
        self, position: PositionId | None, send: Send, measure: Measure | None = None
    ) -> None:
        """Make a track of a listener; ``position`` is theirs."""
        self.position = position
        self.listener = ""
        """The session whose track this is: all its tracks are one pair of ears."""
        self.spoke_as: Callable[[], PositionId | None] = lambda: None
        """Returns who is said to speak by this listener's microphone in a test transmission."""
        self.dropped = 0
        """Packets that had no way to the listener."""
        self.sent = 0
        self._send = send
        self._failed = False
        self._measure = measure

    def speaks(self, speaker: PositionId) -> bool:
        """Say whether a speaker is this listener, who does not hear the own voice."""
        if self.position == speaker:
            return True
        return is_test_position(speaker) and self.spoke_as() == speaker

    def offer(self, packet: VoicePacket) -> None:
        """Send a packet now, or lose it."""
        if not self._try(packet):
            self.dropped += 1
            return
        self.sent += 1
        if self._measure is not None and not packet.measured:
            packet.measured = True
            self._measure(packet)

    def _try(self, packet: VoicePacket) -> bool:
        """Send; a fault of one listener's way keeps the sound from nobody else."""
        try:
            return self._send(packet)
        except Exception:
            if not self._failed:  # one of fifty a second tells it all
                logger.exception("voice: a listener (%s) is not reached", self.listener)
            self._failed = True
            return False
