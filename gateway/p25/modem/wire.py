"""Frames of the modem protocol as they travel: cutting them out of a byte stream, and writing them.

``E0``, length, type, payload; the length counts everything. Length 0 is the long form: the next
octet plus 255 is the length, and the type follows it (reference p25, part 3). Nothing protects a
frame against line errors, so what cannot be one is skipped: a length below three, or one that the
type does not have.
"""

from dataclasses import dataclass

START = 0xE0
SHORT_HEADER, LONG_HEADER = 3, 4
LONG_FORM_ADDS = 255
MAX_SHORT_OCTETS = 255
MAX_OCTETS = LONG_FORM_ADDS + 255
MAX_RUBBISH_KEPT = 64
"""Octets of a run of rubbish that are kept to be shown."""

GET_VERSION, GET_STATUS, SET_CONFIG, SET_MODE, SET_FREQ = 0x00, 0x01, 0x02, 0x03, 0x04
CAL_DATA, RSSI_DATA, SEND_CWID = 0x08, 0x09, 0x0A
P25_HDR, P25_LDU, P25_LOST = 0x30, 0x31, 0x32
ACK, NAK = 0x70, 0x7F
SERIAL_DATA, TRANSPARENT, QSO_INFO = 0x80, 0x90, 0x91
DEBUG1, DEBUG5, DEBUG_DUMP = 0xF1, 0xF5, 0xFA

NAMES = {
    GET_VERSION: "GET_VERSION",
    GET_STATUS: "GET_STATUS",
    SET_CONFIG: "SET_CONFIG",
    SET_MODE: "SET_MODE",
    SET_FREQ: "SET_FREQ",
    CAL_DATA: "CAL_DATA",
    RSSI_DATA: "RSSI_DATA",
    SEND_CWID: "SEND_CWID",
    P25_HDR: "P25_HDR",
    P25_LDU: "P25_LDU",
    P25_LOST: "P25_LOST",
    ACK: "ACK",
    NAK: "NAK",
    SERIAL_DATA: "SERIAL_DATA",
    TRANSPARENT: "TRANSPARENT",
    QSO_INFO: "QSO_INFO",
    DEBUG1: "DEBUG1",
    0xF2: "DEBUG2",
    0xF3: "DEBUG3",
    0xF4: "DEBUG4",
    DEBUG5: "DEBUG5",
    DEBUG_DUMP: "DEBUG_DUMP",
}
"""Types of frames by number."""

_START = bytes([START])
_ANY = (0, MAX_OCTETS)
MAX_P25_PAYLOAD = 1 + 216 + 2
"""Control octet, an LDU, RSSI. Packet data units come as their header alone."""
_PAYLOADS = {
    GET_VERSION: (0, MAX_OCTETS),
    GET_STATUS: (0, 40),
    SET_CONFIG: (1, 96),
    SET_MODE: (1, 1),
    SET_FREQ: (1, 32),
    P25_HDR: (2, MAX_P25_PAYLOAD),
    P25_LDU: (2, MAX_P25_PAYLOAD),
    P25_LOST: (0, 1),
    ACK: (1, 4),
    NAK: (2, 4),
}
"""Fewest and most payload octets of a type; a frame outside them is rubbish."""


def name_of(kind: int) -> str:
    """Return the name of a type, or its number."""
    return NAMES.get(kind, f"{kind:02X}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame: its type and payload.

    ``long_form`` where one that would fit the short form came in the long one.
    """

    kind: int
    payload: bytes = b""
    long_form: bool = False

    def encode(self) -> bytes:
        """Return the octets on the line; raises ValueError for a payload that does not fit."""
        length = len(self.payload) + SHORT_HEADER
        if length <= MAX_SHORT_OCTETS and not self.long_form:
            return bytes([START, length, self.kind]) + self.payload
        more = length + 1 - LONG_FORM_ADDS
        if not 0 <= more <= 255:
            raise ValueError(f"{name_of(self.kind)}: {len(self.payload)} octets do not fit a frame")
        return bytes([START, 0, more, self.kind]) + self.payload


@dataclass(frozen=True, slots=True)
class Rubbish:
    """Octets between frames. ``head`` are the first of them."""

    octets: int
    head: bytes


class FrameReader:
    """Cuts frames out of bytes in any chunking."""

    def __init__(self) -> None:
        """Begin at the start of a stream."""
        self._buffer = bytearray()
        self._skipped = 0
        self._head = b""

    @property
    def begun(self) -> bool:
        """Whether a frame has begun and its end has not come."""
        return bool(self._buffer)

    def clear(self) -> None:
        """Forget what is incomplete."""
        self._buffer.clear()
        self._skipped, self._head = 0, b""

    def feed(self, data: bytes) -> list[Frame | Rubbish]:
        """Take bytes; a run of rubbish is told when the frame behind it is whole."""
        self._buffer += data
        return self._cut()

    def give_up(self) -> list[Frame | Rubbish]:
        """Look for frames inside one whose end does not come: its start was no start."""
        return [*self._cut(last=True), *self._told()]

    def _cut(self, *, last: bool = False) -> list[Frame | Rubbish]:
        """Return what is whole; with ``last`` nothing more comes, and what is cut short is none."""
        found: list[Frame | Rubbish] = []
        while True:
            self._to_start()
            size = self._size(0)
            if not self._buffer or (size is None and not last):
                break
            if not size or (last and len(self._buffer) < size):
                self._skip(1)
                continue
            if len(self._buffer) < size:
                inside = self._inside()
                if not inside:
                    break
                self._skip(inside)
                continue
            found += [*self._told(), _frame(bytes(self._buffer[:size]))]
            del self._buffer[:size]
        if not self._buffer:
            found += self._told()
        return found

    def _to_start(self) -> None:
        place = self._buffer.find(START)
        self._skip(len(self._buffer) if place < 0 else place)

    def _size(self, at: int) -> int | None:
        """Return the octets of the frame at a place; 0 for none, None while it cannot be told."""
        buffer = self._buffer
        header = self._header(at)
        if len(buffer) - at < 2:
            return None
        if header == SHORT_HEADER and buffer[at + 1] < SHORT_HEADER:
            return 0
        if len(buffer) - at < header:
            return None
        size = buffer[at + 2] + LONG_FORM_ADDS if header == LONG_HEADER else buffer[at + 1]
        if not self._is_exact(at) and not self._ends(at + size):
            return 0  # of any length: believed only where another frame, or nothing, follows
        low, high = _PAYLOADS.get(buffer[at + header - 1], _ANY)
        return size if low <= size - header <= high else 0

    def _header(self, at: int) -> int:
        return LONG_HEADER if self._buffer[at + 1 : at + 2] == b"\0" else SHORT_HEADER

    def _is_exact(self, at: int) -> bool:
        """Say whether the type at a place has a length of its own, and so is unlikely by chance."""
        kind = self._buffer[at + self._header(at) - 1]
        return _PAYLOADS.get(kind, _ANY)[1] < MAX_OCTETS

    def _ends(self, at: int) -> bool:
        """Say whether a frame can end here."""
        return self._buffer[at : at + 1] in (b"", _START)

    def _inside(self) -> int:
        """Return the place of a whole frame within one that has begun and may be none; 0: none.

        Looked for only where the first one's type is not known, or has no length of its own.
        """
        if self._is_exact(0):
            return 0
        at = self._buffer.find(START, 1)
        while at > 0:
            size = self._size(at)
            whole = bool(size) and at + (size or 0) <= len(self._buffer)
            if whole and self._is_exact(at) and self._ends(at + (size or 0)):
                return at
            at = self._buffer.find(START, at + 1)
        return 0

    def _skip(self, octets: int) -> None:
        if octets:
            self._skipped += octets
            self._head += bytes(self._buffer[: min(octets, MAX_RUBBISH_KEPT - len(self._head))])
            del self._buffer[:octets]

    def _told(self) -> list[Rubbish]:
        if not self._skipped:
            return []
        rubbish = Rubbish(self._skipped, self._head)
        self._skipped, self._head = 0, b""
        return [rubbish]


def _frame(octets: bytes) -> Frame:
    if octets[1]:
        return Frame(kind=octets[2], payload=octets[SHORT_HEADER:])
    long_form = len(octets) - 1 <= MAX_SHORT_OCTETS
    return Frame(kind=octets[3], payload=octets[LONG_HEADER:], long_form=long_form)
