"""What travels on a MMDVM P25 network: one record a datagram, no header (reference p25, part 4).

The sender is known by its address alone. A record 65 of four octets is no voice: it names the
talkgroup that a gateway is linked to.
"""

from dataclasses import dataclass

from gateway.model.errors import ProtocolViolation
from gateway.p25.talk.records import NETWORK, SIZES, is_voice, read_record, write_record

NOTICE, END, POLL, UNLINK = 0x65, 0x80, 0xF0, 0xF1
CALLSIGN_OCTETS = 10
POLL_OCTETS = 1 + CALLSIGN_OCTETS
NOTICE_OCTETS = 4
END_OCTETS = 17
UNLINKED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice record: its place in the superframe (0 to 17), voice, and the signalling beside."""

    place: int
    imbe: bytes
    piece: bytes

    def encode(self) -> bytes:
        """Return the datagram."""
        return write_record(self.place, self.imbe, self.piece, NETWORK)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The end of an over."""

    def encode(self) -> bytes:
        """Return the datagram."""
        return bytes([END]).ljust(END_OCTETS, b"\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A sign of life: a client sends it each 5 s, a reflector sends it back."""

    callsign: str

    def encode(self) -> bytes:
        """Return the datagram."""
        return bytes([POLL]) + _callsign(self.callsign)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlink:
    """A client leaves; it is sent three times."""

    callsign: str

    def encode(self) -> bytes:
        """Return the datagram."""
        return bytes([UNLINK]) + _callsign(self.callsign)


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkgroupNotice:
    """A gateway tells its host which talkgroup it is linked to; 0 is none."""

    group: int

    def encode(self) -> bytes:
        """Return the datagram."""
        return bytes([NOTICE]) + self.group.to_bytes(3, "big")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A datagram of no kind we know, kept whole."""

    data: bytes

    def encode(self) -> bytes:
        """Return the datagram."""
        return self.data


Message = Voice | End | Poll | Unlink | TalkgroupNotice | Unknown


def decode_datagram(data: bytes) -> Message:
    """Read a datagram; raises ProtocolViolation for one that is too short for its kind."""
    if not data:
        raise ProtocolViolation("datagram: expected a record, got nothing", raw=data, offset=0)
    if data[0] == NOTICE and len(data) == NOTICE_OCTETS:
        return TalkgroupNotice(group=int.from_bytes(data[1:], "big"))
    if is_voice(data):
        record = read_record(data)
        return Voice(place=record.place, imbe=record.imbe, piece=record.piece)
    match data[0]:
        case 0x80:
            return End()
        case 0xF0 | 0xF1:
            if len(data) < POLL_OCTETS:
                raise ProtocolViolation(
                    f"poll: expected {POLL_OCTETS} octets, got {len(data)}",
                    raw=data,
                    offset=len(data),
                )
            callsign = data[1:POLL_OCTETS].decode("latin-1").rstrip(" \0")
            return Poll(callsign=callsign) if data[0] == POLL else Unlink(callsign=callsign)
    return Unknown(data=data)


def _callsign(text: str) -> bytes:
    return text.encode("latin-1", errors="replace")[:CALLSIGN_OCTETS].ljust(CALLSIGN_OCTETS)


__all__ = ["SIZES", "decode_datagram"]
