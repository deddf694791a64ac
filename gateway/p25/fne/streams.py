"""Order within the streams of a network: what came twice, too early, or after the end.

A sender counts the packets of a call from 0 and ends it with FFFF. One that comes before its turn
waits a moment for those that it has overtaken. Some senders count nothing at all; then the order of
arrival holds, and the same packet is told by its checksum while it is fresh.
"""

from collections import deque
from dataclasses import dataclass, field

from gateway.model.ids import MonoMs
from gateway.p25.fne.numbers import LAST_SEQUENCE
from gateway.p25.fne.packet import FnePacket, crc16

REMEMBERED = 32
"""Packets of a stream that are remembered, some six seconds."""
FRESH_MS = 170
"""No sender repeats a data unit within this: an LDU takes 180 ms."""
END_WAIT_MS = 100
"""An end waits this long for voice that it has overtaken; what waits is being played meanwhile."""
AFTER_END_MS = 500
"""What comes of an ended stream within this is late and belongs to no new over."""


EARLY_WAIT_MS = 80
"""A packet ahead of its turn waits this long; it is less than an end waits."""
MAX_EARLY = 4


@dataclass(slots=True, kw_only=True)
class Stream:
    """The packets of one over."""

    number: int
    source: int
    heard_ms: MonoMs
    packets: int = 0
    fed: bool = False
    """Whether voice of it was taken: what names itself a header afterwards is none."""
    end_ms: MonoMs | None = None
    """When its end, which has been heard, is carried out."""
    end_word: bytes | None = None
    over_ms: MonoMs | None = None
    """When it was ended."""
    lost: int = 0
    """Packets that were waited for and never came."""
    disordered: int = 0
    """Packets that had overtaken another one."""
    early_ms: MonoMs | None = None
    """When packets ahead of their turn are taken, whatever is missing before them."""
    _expected: int | None = None
    _counts: bool = True
    _early: dict[int, FnePacket] = field(default_factory=dict)
    _seen: deque[tuple[int, int, MonoMs]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.over_ms is None

    def is_twice(self, packet: FnePacket, now: MonoMs) -> bool:
        """Say whether a packet came before; notes it if not."""
        mark = packet.sequence, crc16(packet.payload)
        counted = packet.sequence != LAST_SEQUENCE and len({one[0] for one in self._seen}) > 1
        for sequence, crc, when in self._seen:
            if (sequence, crc) == mark and (counted or now - when < FRESH_MS):
                return True
        self._seen.append((*mark, now))
        self.packets += 1
        self.heard_ms = now
        return False

    def in_turn(self, packet: FnePacket, now: MonoMs) -> list[FnePacket]:
        """Return the packets whose turn it is, now that this one has come."""
        expected = self._expected
        if expected is None or not self._counts or packet.sequence == expected:
            self._expected = packet.sequence + 1
            return [packet, *self._following()]
        if packet.sequence < expected:
            if expected - packet.sequence == 1:
                self._counts = False  # the same number again for something else
                return [packet]
            return []
        self._early[packet.sequence] = packet
        if self.early_ms is None:
            self.early_ms = MonoMs(now + EARLY_WAIT_MS)
        return self.overdue() if len(self._early) > MAX_EARLY else []

    def overdue(self) -> list[FnePacket]:
        """Return the packets that waited for nothing, in order."""
        packets = [self._early[number] for number in sorted(self._early)]
        if packets and self._expected is not None:
            self.lost += packets[-1].sequence + 1 - self._expected - len(packets)
        self._early.clear()
        self.early_ms = None
        if packets:
            self._expected = packets[-1].sequence + 1
        return packets

    def _following(self) -> list[FnePacket]:
        packets = []
        while self._expected in self._early:
            packet = self._early.pop(self._expected)
            packets.append(packet)
            self._expected = packet.sequence + 1
        self.disordered += len(packets)
        if not self._early:
            self.early_ms = None
        return packets
