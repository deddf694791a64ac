"""Packets of the AMBE-3000R, bytes to values and back; no port, no clock.

A packet is 0x61, a length (16 bit, big-endian: the bytes after the type byte), a type (0 control,
1 channel, 2 speech) and fields. With parity it ends in 0x2F and the exclusive or of every byte from
the length on; both count in the length. All 16-bit numbers are big-endian, samples too.
"""

from array import array
from dataclasses import dataclass

from gateway.model.errors import InvalidCommand
from hardware.ambe.numbers import (
    EXTRA_BYTES,
    HEADER_BYTES,
    LEAST_BITS,
    LEAST_SAMPLES,
    MAX_LENGTH,
    MAX_PACKET_BYTES,
    MOST_BITS,
    MOST_SAMPLES,
    PARITY_BYTES,
    PARITY_ID,
    START,
    Field,
    Kind,
    bytes_of,
)

MAX_JUNK_BYTES = MAX_PACKET_BYTES
"""Most bytes of one ``Malformed``; what is more comes in several."""
_EXTRAS: dict[int, int] = {int(field): count for field, count in EXTRA_BYTES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A control packet with one field: a request, or the answer to one."""

    field: int
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Coded bits of one frame, the first bit in the most significant bit of ``data[0]``.

    ``flags``: what the decoder is told about this frame; ``others``: further fields, as they came.
    """

    bits: int
    data: bytes
    flags: int | None = None
    others: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Sound of one frame: int16 **little-endian**, 8 kHz, as everywhere in the program."""

    pcm: bytes
    flags: int | None = None
    others: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """Bytes that are no packet; ``offset`` counts from the first byte ever received."""

    raw: bytes
    offset: int
    reason: str


Packet = Control | Channel | Speech


class _Fault(Exception):
    """Why bytes are no packet."""


# ---- values to bytes


def to_bytes(packet: Packet, *, parity: bool) -> bytes:
    """Return the bytes of a packet; raises InvalidCommand for one that no chip would take."""
    kind, body = _body(packet)
    length = len(body) + (PARITY_BYTES if parity else 0)
    if not 1 <= length <= MAX_LENGTH:
        raise InvalidCommand(f"packet: expected at most {MAX_LENGTH} bytes, got {length}")
    counted = length.to_bytes(2, "big") + bytes((kind,)) + body
    if parity:
        counted += bytes((PARITY_ID,))
        counted += bytes((exclusive_or(counted),))
    return bytes((START,)) + counted


def exclusive_or(data: bytes) -> int:
    """Return the parity byte of what it covers."""
    value = 0
    for byte in data:
        value ^= byte
    return value


def _body(packet: Packet) -> tuple[Kind, bytes]:
    match packet:
        case Control():
            return Kind.CONTROL, bytes((packet.field,)) + packet.data
        case Channel():
            _check_channel(packet)
            head = bytes((Field.CHANNEL_DATA, packet.bits))
            return Kind.CHANNEL, head + packet.data + _after(packet)
        case Speech():
            _check_speech(packet)
            head = bytes((Field.SPEECH_DATA, len(packet.pcm) // 2))
            return Kind.SPEECH, head + swapped(packet.pcm) + _after(packet)


def _after(packet: Channel | Speech) -> bytes:
    if packet.flags is None:
        return packet.others
    return bytes((Field.FLAGS,)) + packet.flags.to_bytes(2, "big") + packet.others


def _check_channel(packet: Channel) -> None:
    wanted = bytes_of(packet.bits)
    if not LEAST_BITS <= packet.bits <= MOST_BITS or len(packet.data) != wanted:
        raise InvalidCommand(
            f"channel packet: expected {LEAST_BITS} to {MOST_BITS} bits in {wanted} bytes, "
            f"got {packet.bits} bits in {len(packet.data)} bytes"
        )


def _check_speech(packet: Speech) -> None:
    samples, odd = divmod(len(packet.pcm), 2)
    if odd or not LEAST_SAMPLES <= samples <= MOST_SAMPLES:
        raise InvalidCommand(
            f"speech packet: expected {LEAST_SAMPLES} to {MOST_SAMPLES} samples of two bytes, "
            f"got {len(packet.pcm)} bytes"
        )


def swapped(samples: bytes) -> bytes:
    """Return 16-bit samples with the bytes of each exchanged: little-endian to big and back.

    The same on every machine: memory comes and goes as it is.
    """
    words = array("h", samples)
    words.byteswap()
    return words.tobytes()


# ---- bytes to values


class PacketReader:
    """Finds packets in a stream of bytes, split or damaged in any way.

    Bytes that are no packet come out as ``Malformed``, neighbours together, and cost no packet that
    follows: after a packet that proves wrong, reading goes on one byte after its start. Neither
    what is kept nor one ``Malformed`` exceeds the longest packet. ``need_parity``: whether a packet
    without parity is none; otherwise both are taken (while it is not known what the chip does).
    """

    def __init__(self) -> None:
        """Begin with nothing received."""
        self.need_parity = False
        self.last_had_parity = False
        """Whether the packet that came last had parity."""
        self._kept = bytearray()
        self._junk = bytearray()
        self._reason = ""
        self._offset = 0

    @property
    def waiting(self) -> bool:
        """Whether a packet has begun that is not complete."""
        return bool(self._kept)

    def receive(self, data: bytes) -> list[Packet | Malformed]:
        """Take bytes; return what they completed, in order."""
        found: list[Packet | Malformed] = []
        self._kept += data
        while self._kept and self._step(found):
            pass
        if not self._kept:
            self._tell_junk(found)
        return found

    def settle(self) -> list[Packet | Malformed]:
        """Nothing more will come of a packet that has begun: read on behind its start."""
        found: list[Packet | Malformed] = []
        while self._kept:
            self._drop(1, "a packet that did not go on", found)
            while self._kept and self._step(found):
                pass
        self._tell_junk(found)
        return found

    def _step(self, found: list[Packet | Malformed]) -> bool:
        """Take one packet or some junk off the front; return False when more bytes are needed."""
        start = self._kept.find(START)
        if start:
            count = len(self._kept) if start < 0 else start
            self._drop(count, f"expected 0x{START:02x}", found)
            return True
        try:
            length = _length(self._kept)
            if length is None:
                return False
            packet = self._packet(bytes(self._kept[: HEADER_BYTES + length]))
        except _Fault as fault:
            self._drop(1, str(fault), found)
            return True
        self._tell_junk(found)
        del self._kept[: HEADER_BYTES + length]
        self._offset += HEADER_BYTES + length
        found.append(packet)
        return True

    def _packet(self, raw: bytes) -> Packet:
        has_parity = (
            len(raw) > HEADER_BYTES + PARITY_BYTES
            and raw[-PARITY_BYTES] == PARITY_ID
            and raw[-1] == exclusive_or(raw[1:-1])
        )
        if self.need_parity and not has_parity:
            raise _Fault(f"wrong or no parity: ends in {raw[-PARITY_BYTES:].hex(' ')}")
        packet = _parse(raw[3], raw[HEADER_BYTES : -PARITY_BYTES if has_parity else None])
        self.last_had_parity = has_parity
        return packet

    def _drop(self, count: int, reason: str, found: list[Packet | Malformed]) -> None:
        self._reason = self._reason or reason
        self._junk += self._kept[:count]
        del self._kept[:count]
        self._offset += count
        while len(self._junk) > MAX_JUNK_BYTES:
            at = self._offset - len(self._junk)
            raw = bytes(self._junk[:MAX_JUNK_BYTES])
            found.append(Malformed(raw=raw, offset=at, reason=self._reason))
            del self._junk[:MAX_JUNK_BYTES]

    def _tell_junk(self, found: list[Packet | Malformed]) -> None:
        if self._junk:
            at = self._offset - len(self._junk)
            found.append(Malformed(raw=bytes(self._junk), offset=at, reason=self._reason))
            self._junk.clear()
            self._reason = ""


def _length(kept: bytearray) -> int | None:
    """Return the length of the packet at the front, None while it is not complete.

    Raises _Fault as early as the first bytes show that it is no packet.
    """
    if len(kept) >= 3:
        length = int.from_bytes(kept[1:3], "big")
        if not 1 <= length <= MAX_LENGTH:
            raise _Fault(f"length {length}: expected 1 to {MAX_LENGTH}")
    if len(kept) >= HEADER_BYTES and kept[3] > Kind.SPEECH:
        raise _Fault(f"type {kept[3]}: expected 0, 1 or 2")
    if len(kept) > HEADER_BYTES:
        _check_first(kept[3], kept[HEADER_BYTES])
    if len(kept) < HEADER_BYTES:
        return None
    return length if len(kept) >= HEADER_BYTES + length else None


def _check_first(kind: int, first: int) -> None:
    """Raise _Fault when no packet of this type begins with this field."""
    wanted = Field.SPEECH_DATA if kind == Kind.SPEECH else Field.CHANNEL_DATA
    if kind != Kind.CONTROL and first not in (wanted, Field.CHANNEL_0):
        raise _Fault(f"field 0x{first:02x} begins no packet of type {kind}")


def _parse(kind: int, body: bytes) -> Packet:
    if kind == Kind.CONTROL:
        return Control(field=body[0], data=body[1:])
    fields = body[1:] if body[0] == Field.CHANNEL_0 else body
    if len(fields) < 2 or fields[0] == Field.CHANNEL_0:
        raise _Fault(f"{len(fields)} bytes of fields: expected at least 2")
    _check_first(kind, fields[0])
    return _speech(fields) if kind == Kind.SPEECH else _channel(fields)


def _speech(fields: bytes) -> Speech:
    samples = fields[1]
    if not LEAST_SAMPLES <= samples <= MOST_SAMPLES:
        raise _Fault(f"{samples} samples: expected {LEAST_SAMPLES} to {MOST_SAMPLES}")
    data, flags, others = _cut(fields, 2 + 2 * samples)
    return Speech(pcm=swapped(data), flags=flags, others=others)


def _channel(fields: bytes) -> Channel:
    bits = fields[1]
    if not LEAST_BITS <= bits <= MOST_BITS:
        raise _Fault(f"{bits} bits: expected {LEAST_BITS} to {MOST_BITS}")
    data, flags, others = _cut(fields, 2 + bytes_of(bits))
    return Channel(bits=bits, data=data, flags=flags, others=others)


def _cut(fields: bytes, end: int) -> tuple[bytes, int | None, bytes]:
    """Return the data, the flags behind it, and further fields."""
    if len(fields) < end:
        raise _Fault(f"{len(fields)} bytes of fields: expected {end}")
    rest, flags = fields[end:], None
    if rest[:1] == bytes((Field.FLAGS,)) and len(rest) >= 3:
        flags, rest = int.from_bytes(rest[1:3], "big"), rest[3:]
    _check_others(rest)
    return fields[2:end], flags, rest


def _check_others(rest: bytes) -> None:
    at = 0
    while at < len(rest):
        if rest[at] not in _EXTRAS:
            raise _Fault(f"unknown field 0x{rest[at]:02x} after the data")
        at += 1 + _EXTRAS[rest[at]]
    if at > len(rest):
        raise _Fault("the last field is cut off")
