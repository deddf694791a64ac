"""Packets that wait to be sent, stamped and wrapped."""

from dataclasses import replace

from gateway.model.ids import MonoMs
from gateway.model.radio import LineSeen
from gateway.p25.fne.message import LDU1, LDU2
from gateway.p25.fne.numbers import Function, Protocol
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.words import line_seen
from gateway.p25.fne.wrapper import Wrapper

TICKS_PER_MS = 8
"""RTP counts at 8 kHz; masters do not look at it (reference p25, 5.1)."""
MAX_WAITING = 500
_DUID_AT = 22


class Outbox:
    """Filled by everybody who sends; ``now`` is set before each verb of the core."""

    def __init__(self, wrapper: Wrapper | None) -> None:
        """Begin empty."""
        self.now = MonoMs(0)
        self._wrapper = wrapper
        self._waiting: list[bytes] = []
        self._lines: list[LineSeen] = []

    def send(self, packet: FnePacket) -> None:
        """Take a packet; nobody takes them while a socket is closed, so they do not pile up."""
        if len(self._waiting) >= MAX_WAITING:
            return
        stamped = self._stamped(packet)
        self._waiting.append(self.coded(stamped))
        if not _is_voice(packet) and packet.function != Function.PING:
            self._lines.append(line_seen(stamped, outgoing=True))

    def coded(self, packet: FnePacket) -> bytes:
        """Return a packet as it goes on the wire."""
        data = packet.encode()
        return data if self._wrapper is None else self._wrapper.wrap(data)

    def drain(self) -> list[bytes]:
        """Return what waits, in order, and forget it."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def lines(self) -> list[LineSeen]:
        """Return what was sent, in words, and forget it."""
        lines, self._lines = self._lines, []
        return lines

    def _stamped(self, packet: FnePacket) -> FnePacket:
        return replace(packet, timestamp=self.now * TICKS_PER_MS & 0xFFFFFFFF)


def _is_voice(packet: FnePacket) -> bool:
    if packet.function != Function.PROTOCOL or packet.sub_function != Protocol.P25:
        return False
    return len(packet.payload) > _DUID_AT and packet.payload[_DUID_AT] in (LDU1, LDU2)
