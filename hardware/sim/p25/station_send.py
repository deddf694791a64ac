"""What a simulated station sends on its voice port, in either dialect.

``quirks``: as one program does it on the air: a constant sequence number, time stamps in steps of
60, the E bit of all block headers set, V.24 records in the standard's payload type. Else true
sequence, 8 kHz, E in all but the last, and payload types of their own.
"""

from dataclasses import dataclass, field

from hardware.sim.p25 import station_words as words
from hardware.sim.p25.stage_voice import SimOver

TIA_TYPE, RECORD_TYPE, DATA_TYPE = 0x64, 0x5D, 0x5E
VOICE, HEADER_1, HEADER_2, START, END, START_ACK = 0x00, 0x06, 0x07, 0x09, 0x0A, 0x0E
STATION_BUSY = 1
RECORD_BUSY = 2
_ICW = bytes.fromhex("02020c0b00000000")


@dataclass(slots=True)
class Sender:
    """Makes datagrams; keeps sequence, time stamp and the place in the superframe."""

    nac: int
    tia: bool
    quirks: bool
    ssrc: int = 100_000
    sequence: int = 0x20
    timestamp: int = 0
    _place: int = 0
    _superframe: int = 0
    _over: SimOver | None = None
    _pieces: list[bytes] = field(default_factory=list)

    def begin(self, over: SimOver) -> list[bytes]:
        """Return the start and the two voice headers; nothing where they were lost."""
        self._over, self._place, self._superframe = over, 0, 0
        if over.late:
            return []
        symbols = words.header_symbols(over)
        if self.tia:
            return [
                self._blocks([(START, self._start(0))]),
                *(
                    self._blocks([self._header(n, symbols), (START, self._start(0))])
                    for n in (0, 1)
                ),
            ]
        first, second = symbols[:18], symbols[18:]
        return [
            self._rtp(b"\0" + _ICW, RECORD_TYPE),
            self._rtp(b"\x60" + _ICW + _gapped(first) + bytes([RECORD_BUSY]), RECORD_TYPE),
            self._rtp(b"\x61" + _gapped(second) + bytes([RECORD_BUSY]), RECORD_TYPE),
        ]

    def voice(self, imbe: bytes) -> bytes:
        """Return the next 20 ms."""
        place, frame = self._place, self._place % 9
        self._place = (place + 1) % 18
        if frame == 0 and self._over is not None:
            second = place >= 9
            word = words.encryption_sync(self._over) if second else words.link_control(self._over)
            self._pieces = words.pieces(word, second)
        data = self._tia_voice(place, imbe) if self.tia else self._record(place, imbe)
        if place == 17:
            self._superframe = (self._superframe + 1) % 4
        return data

    def end(self) -> bytes:
        """Return the end of the over."""
        if self.tia:
            return self._blocks([(END, b"")])
        return self._rtp(bytes.fromhex("000202250b00000000"), RECORD_TYPE)

    def acknowledge_start(self) -> bytes:
        """Return the answer to a start of the gateway's."""
        return self._blocks([(START_ACK, b"")])

    def signal(self, tsbk: bytes) -> bytes:
        """Return a signalling block as a record."""
        return self._rtp(b"\xa1" + bytes.fromhex("02020c0f00000000") + tsbk + bytes(3), DATA_TYPE)

    def _tia_voice(self, place: int, imbe: bytes) -> bytes:
        counts = self._superframe << 2 | STATION_BUSY
        block = bytes([0x62 + place]) + imbe + bytes([0, counts]) + self._beside(place)
        return self._blocks([(VOICE, block), (START, self._start(0xA if place >= 9 else 0x5))])

    def _beside(self, place: int) -> bytes:
        frame = place % 9
        if 2 <= frame <= 7:
            return self._pieces[frame - 2] + b"\0"
        return bytes(3) if frame == 8 else b""

    def _record(self, place: int, imbe: bytes) -> bytes:
        frame, head = place % 9, bytes([0x62 + place])
        if frame == 0:
            record = head + _ICW + b"\0" + imbe + b"\0"
        elif frame == 1:
            record = head + imbe + bytes([0, RECORD_BUSY])
        elif frame == 8:
            record = head + bytes([0, 0, RECORD_BUSY]) + imbe + b"\0"
        else:
            record = head + self._pieces[frame - 2] + b"\0" + imbe + bytes([RECORD_BUSY])
        return self._rtp(record, RECORD_TYPE)

    def _header(self, half: int, symbols: bytes) -> tuple[int, bytes]:
        part = symbols[18 * half : 18 * half + 18]
        return (HEADER_2 if half else HEADER_1), bytes([0x60 + half]) + part + bytes(3)

    def _start(self, duid: int) -> bytes:
        return (self.nac << 4 | duid).to_bytes(2, "big") + b"\0"

    def _blocks(self, blocks: list[tuple[int, bytes]]) -> bytes:
        last = len(blocks) - 1
        heads = [
            kind | (0x80 if self.quirks or index < last else 0)
            for index, (kind, _) in enumerate(blocks)
        ]
        payload = bytes([0x40 | len(blocks), *heads]) + b"".join(octets for _, octets in blocks)
        return self._rtp(payload, TIA_TYPE)

    def _rtp(self, payload: bytes, kind: int) -> bytes:
        head = bytes([0x80, TIA_TYPE if self.quirks else kind]) + self.sequence.to_bytes(2, "big")
        head += self.timestamp.to_bytes(4, "big") + self.ssrc.to_bytes(4, "big")
        step = 60 if self.quirks else 160
        self.timestamp = (self.timestamp + step) & 0xFFFFFFFF
        if not self.quirks:
            self.sequence = (self.sequence + 1) & 0xFFFF
        return head + payload


def _gapped(symbols: bytes) -> bytes:
    return symbols[:8] + b"\0" + symbols[8:16] + b"\0" + symbols[16:]
