"""Motorola's V.24 records, as they travel in RTP or in HDLC (reference p25, 2.5).

Octet 0 is the record's id. Ids 62 to 73 are voice frames 1 to 18 of a superframe.
"""

from dataclasses import dataclass
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.dfsi.blocks import HEXBITS
from gateway.p25.talk.records import FIRST_ID, FRAMES_PER_LDU, IMBE_OCTETS, PLACES, SIZES

START_STOP: Final = 0x00
VOICE_HEADER_1: Final = 0x60
VOICE_HEADER_2: Final = 0x61
TDULC: Final = 0x74
TSBK: Final = 0xA1
TRANSMIT, RECEIVE = 0x02, 0x04
PAYLOAD, STOP = 0x0C, 0x25
"""Parameters of the first pair of a start/stop."""
PAYLOAD_NAMES: Final = {
    0x05: "data-12",
    0x06: "data-18",
    0x0B: "voice",
    0x0C: "data",
    0x0E: "tdulc",
    0x0F: "tsbk",
}
VOICE_PAYLOAD, TSBK_PAYLOAD = 0x0B, 0x0F
BUSY_INBOUND: Final = 2
_ICW_OCTETS: Final = 8
_TSBK_AT, _TSBK_OCTETS, TSBK_RECORD_OCTETS = 9, 12, 24
_HALF_1 = (slice(9, 17), slice(18, 26), slice(27, 29))
_HALF_2 = (slice(1, 9), slice(10, 18), slice(19, 21))
_HALF_OCTETS = (30, 22)
_VOICE_AT: Final = (10, 1, 5, 5, 5, 5, 5, 5, 4)
VOICE_ICW: Final = bytes([2, TRANSMIT, PAYLOAD, VOICE_PAYLOAD, 0, 0, 0, 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class StartStop:
    """Start or stop of a transmission, with three pairs of parameter and argument."""

    opcode: int = TRANSMIT
    pairs: tuple[tuple[int, int], ...] = ((PAYLOAD, VOICE_PAYLOAD), (0, 0), (0, 0))
    version: int = 2

    @property
    def stops(self) -> bool:
        """Whether it ends the transmission."""
        return any(parameter == STOP for parameter, _ in self.pairs)

    @property
    def kind(self) -> str:
        """Return what starts or stops, as ``start-voice``."""
        wanted = STOP if self.stops else PAYLOAD
        payload = next((value for parameter, value in self.pairs if parameter == wanted), None)
        name = "" if payload is None else PAYLOAD_NAMES.get(payload, f"{payload:02x}")
        return f"{'stop' if self.stops else 'start'}-{name}".rstrip("-")

    def encode(self) -> bytes:
        """Return 9 octets."""
        pairs = b"".join(bytes(pair) for pair in self.pairs)
        return bytes([START_STOP, self.version, self.opcode]) + pairs


START_VOICE: Final = StartStop()
STOP_VOICE: Final = StartStop(pairs=((STOP, VOICE_PAYLOAD), (0, 0), (0, 0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class V24Header:
    """Half of the header word: 18 six-bit symbols, with gaps between them on the wire."""

    second: bool
    hexbits: bytes
    busy: int = BUSY_INBOUND
    icw: bytes = VOICE_ICW
    """Octets 1 to 8 of the first half, as those of a start."""
    gaps: bytes = bytes(2)

    def encode(self) -> bytes:
        """Return 30 octets, or 22 of the second half."""
        first, second, third = self.hexbits[:8], self.hexbits[8:16], self.hexbits[16:]
        symbols = first + self.gaps[:1] + second + self.gaps[1:] + third
        head = b"" if self.second else self.icw
        marker = VOICE_HEADER_2 if self.second else VOICE_HEADER_1
        return bytes([marker]) + head + symbols + bytes([self.busy])


@dataclass(frozen=True, slots=True, kw_only=True)
class V24Voice:
    """One voice frame."""

    place: int
    imbe: bytes
    piece: bytes = b""
    """Frames 3 to 8: four octets, the last one usually zero; frame 9: two of low-speed data."""
    busy: int = BUSY_INBOUND
    icw: bytes = VOICE_ICW + b"\0"
    """Octets 1 to 9 of the first frame of an LDU."""
    fill: int = 0
    """The octet that our sources leave zero; frames 3 to 8 have it in ``piece``."""

    def encode(self) -> bytes:
        """Return 22, 14, 17 or 16 octets; ``piece`` is filled up with zeros to its length."""
        head, frame = bytes([FIRST_ID + self.place]), self.place % FRAMES_PER_LDU
        if frame == 0:
            return head + self.icw + self.imbe + bytes([self.fill])
        if frame == 1:
            return head + self.imbe + bytes([self.fill, self.busy])
        if frame == FRAMES_PER_LDU - 1:
            low_speed = self.piece[:2].ljust(2, b"\0")
            return head + low_speed + bytes([self.busy]) + self.imbe + bytes([self.fill])
        return head + self.piece[:4].ljust(4, b"\0") + self.imbe + bytes([self.busy])


@dataclass(frozen=True, slots=True, kw_only=True)
class V24Tsbk:
    """A single signalling block, 12 octets."""

    octets: bytes
    icw: bytes = bytes([2, TRANSMIT, PAYLOAD, TSBK_PAYLOAD, 0, 0, 0, 0])
    tail: bytes = bytes(3)

    def encode(self) -> bytes:
        """Return 24 octets."""
        return bytes([TSBK]) + self.icw + self.octets + self.tail


@dataclass(frozen=True, slots=True, kw_only=True)
class V24Other:
    """A record that we keep whole: a terminator with link control, packet data, unknown ids."""

    octets: bytes

    @property
    def record(self) -> int:
        """Its id."""
        return self.octets[0]

    def encode(self) -> bytes:
        """Return it as it came."""
        return self.octets


Record = StartStop | V24Header | V24Voice | V24Tsbk | V24Other


def decode_record(octets: bytes) -> Record:
    """Read one record; octets behind it are ignored. Raises ProtocolViolation."""
    if not octets:
        raise ProtocolViolation("V.24 record: nothing there", raw=octets, offset=0)
    number = octets[0]
    if FIRST_ID <= number < FIRST_ID + PLACES:
        return _voice(octets)
    match number:
        case 0x00:
            _need(octets, 9)
            pairs = tuple((octets[at], octets[at + 1]) for at in (3, 5, 7))
            return StartStop(version=octets[1], opcode=octets[2], pairs=pairs)
        case 0x60 | 0x61:
            return _half(octets, second=number == VOICE_HEADER_2)
        case 0xA1:
            _need(octets, TSBK_RECORD_OCTETS)
            return V24Tsbk(
                icw=octets[1:_TSBK_AT],
                octets=octets[_TSBK_AT : _TSBK_AT + _TSBK_OCTETS],
                tail=octets[_TSBK_AT + _TSBK_OCTETS : TSBK_RECORD_OCTETS],
            )
        case _:
            return V24Other(octets=octets)


def _need(octets: bytes, count: int) -> None:
    if len(octets) < count:
        raise ProtocolViolation(
            f"V.24 record {octets[0]:02X}: expected {count} octets, got {len(octets)}",
            raw=octets,
            offset=len(octets),
        )


def _half(octets: bytes, *, second: bool) -> V24Header:
    size = _HALF_OCTETS[second]
    _need(octets, size)
    places = _HALF_2 if second else _HALF_1
    symbols = b"".join(octets[place] for place in places)
    assert len(symbols) == HEXBITS  # by the slices above
    return V24Header(
        second=second,
        hexbits=symbols,
        busy=octets[size - 1],
        icw=VOICE_ICW if second else octets[1 : 1 + _ICW_OCTETS],
        gaps=bytes([octets[places[0].stop], octets[places[1].stop]]),
    )


def _voice(octets: bytes) -> V24Voice:
    place = octets[0] - FIRST_ID
    frame = place % FRAMES_PER_LDU
    size = SIZES[frame]
    _need(octets, size)
    at = _VOICE_AT[frame]
    imbe = octets[at : at + IMBE_OCTETS]
    if frame == 0:
        return V24Voice(place=place, imbe=imbe, icw=octets[1:10], fill=octets[size - 1])
    if frame == 1:
        return V24Voice(place=place, imbe=imbe, fill=octets[12], busy=octets[13])
    if frame == FRAMES_PER_LDU - 1:
        return V24Voice(
            place=place, imbe=imbe, piece=octets[1:3], busy=octets[3], fill=octets[size - 1]
        )
    return V24Voice(place=place, imbe=imbe, piece=octets[1:5], busy=octets[size - 1])
