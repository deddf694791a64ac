"""What the gateway sends to a simulated station's voice port, read strictly."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hardware.sim.p25 import station_words as words
from hardware.sim.p25.stage_voice import MAX_FRAMES, Ears, Heard

SILENCE_MS = 500.0
"""Without voice for this long the station un-keys by itself."""
VOICE_SIZES = (14, 14, 18, 18, 18, 18, 18, 18, 17)
RECORD_SIZES = (22, 14, 17, 17, 17, 17, 17, 17, 16)
RECORD_VOICE_AT = (10, 1, 5, 5, 5, 5, 5, 5, 4)
TICKS_PER_FRAME = 160
VOICE, HEADER_1, HEADER_2, START, END, START_ACK = 0x00, 0x06, 0x07, 0x09, 0x0A, 0x0E


@dataclass(slots=True)
class Listener:
    """Follows the gateway's overs. ``starts`` is called for each start that may be acknowledged."""

    ears: Ears
    tia: bool
    violation: Callable[[bytes, str], None]
    starts: Callable[[], None]
    signals: Callable[[bytes], None]
    heard: Heard | None = None
    heard_ms: float = 0.0
    ends: int = 0
    """Ends that came, those said twice included."""
    repeats: int = 0
    """Voice frames that came again."""
    short_ends: int = 0
    """Overs that were broken off inside an LDU."""
    gaps: int = 0
    """Datagrams that are missing or out of order, by the sequence number."""
    _data: bytes = b""
    _ticks: int = 0
    _sequence: int | None = None
    _voice_ticks: int | None = None
    _place: int | None = None
    _halves: dict[int, bytes] = field(default_factory=dict)
    _pieces: dict[int, bytes] = field(default_factory=dict)
    _frames: dict[int, bytes] = field(default_factory=dict)
    """By their time stamps."""

    def take(self, data: bytes, now_ms: float) -> None:
        """Take one datagram."""
        if len(data) < 13 or data[0] != 0x80:
            self.violation(data, "expected RTP version 2 with a payload")
            return
        wanted = (0x64,) if self.tia else (0x64, 0x5D, 0x5E)
        if data[1] not in wanted:
            self.violation(data, f"payload type {data[1]:02X} in this dialect")
            return
        self._follow(int.from_bytes(data[2:4], "big"))
        self._data, self._ticks = data, int.from_bytes(data[4:8], "big")
        if self.tia:
            self._blocks(data[12:], now_ms)
        else:
            self._record(data[12:], now_ms)

    def tick(self, now_ms: float) -> None:
        """End an over that went silent."""
        if self.heard is not None and now_ms - self.heard_ms >= SILENCE_MS:
            self._end(now_ms, terminated=False)

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        return None if self.heard is None else self.heard_ms + SILENCE_MS

    def _wrong(self, reason: str) -> None:
        self.violation(self._data, reason)

    def _follow(self, sequence: int) -> None:
        if self._sequence is not None and sequence != (self._sequence + 1) & 0xFFFF:
            self.gaps += 1
        self._sequence = sequence

    # -- the standard's blocks

    def _blocks(self, payload: bytes, now_ms: float) -> None:
        control = payload[0]
        count = control & 0x3F
        if not control & 0x40 or len(payload) < 1 + count or not count:
            self._wrong("expected compact block headers")
            return
        kinds = [head & 0x7F for head in payload[1 : 1 + count]]
        at = 1 + count
        for kind in kinds:
            size = self._size(kind, payload, at)
            if size is None or at + size > len(payload):
                self._wrong(f"block type {kind:02X} at {at}: wrong type or length")
                return
            self._block(kind, payload[at : at + size], kinds, now_ms)
            at += size
        if at != len(payload):
            self._wrong(f"{len(payload) - at} octets behind the last block")

    def _size(self, kind: int, payload: bytes, at: int) -> int | None:
        if kind == VOICE:
            place = payload[at] - 0x62 if at < len(payload) else -1
            return VOICE_SIZES[place % 9] if 0 <= place < 18 else None
        return {HEADER_1: 22, HEADER_2: 22, START: 3, END: 0, START_ACK: 0}.get(kind)

    def _block(self, kind: int, octets: bytes, kinds: list[int], now_ms: float) -> None:
        if kind == START:
            self.starts()
            if len(kinds) == 1:
                self._begin(now_ms)
        elif kind in (HEADER_1, HEADER_2):
            self._half(kind == HEADER_2, octets[1:19], now_ms)
        elif kind == END:
            self._over_ends(now_ms)
        elif kind == VOICE:
            place = octets[0] - 0x62
            self._voice(place, octets[1:12], octets[14:17], now_ms)

    # -- V.24 records

    def _record(self, record: bytes, now_ms: float) -> None:
        number, place = record[0], record[0] - 0x62
        if number == 0 and len(record) == 9:
            if record[3] == 0x25:
                self._over_ends(now_ms)
            else:
                self._begin(now_ms)
        elif number in (0x60, 0x61):
            self._record_half(record, now_ms)
        elif 0 <= place < 18 and len(record) == RECORD_SIZES[place % 9]:
            at = RECORD_VOICE_AT[place % 9]
            self._voice(place, record[at : at + 11], record[1:4], now_ms)
        elif number == 0xA1 and len(record) == 24:
            if words.block_holds(record[9:21]):
                self.signals(record[9:21])
            else:
                self._wrong("the check of a signalling block is wrong")
        elif number != 0x74 or len(record) != 21:  # a terminator with link control says no more
            self._wrong(f"record {number:02X} of {len(record)} octets")

    def _record_half(self, record: bytes, now_ms: float) -> None:
        second = record[0] == 0x61
        at, size = (1, 22) if second else (9, 30)
        if len(record) != size:
            self._wrong(f"voice header record of {len(record)} octets")
            return
        symbols = record[at : at + 8] + record[at + 9 : at + 17] + record[at + 18 : at + 20]
        self._half(second, symbols, now_ms)

    # -- the over

    def _begin(self, now_ms: float) -> None:
        if self.heard is not None and self.heard.count:
            self._end(now_ms, terminated=False)
        if self.heard is None:
            self.heard = self.ears.begin(now_ms)
        self.heard_ms = now_ms
        self._halves.clear()
        self._place = self._voice_ticks = None

    def _half(self, second: bool, symbols: bytes, now_ms: float) -> None:
        if self.heard is None:
            self._begin(now_ms)
        self._halves[second] = symbols
        heard = self.heard
        if len(self._halves) < 2 or heard is None:
            return
        header = words.header_of(self._halves[0] + self._halves[1])
        if header is None:
            self.violation(symbols, "the header word cannot be corrected")
            return
        heard.algorithm, heard.key_id = header.algorithm, header.key_id
        heard.group = heard.group or header.group or None

    def _voice(self, place: int, imbe: bytes, piece: bytes, now_ms: float) -> None:
        heard = self.heard
        if heard is None:
            self._wrong("voice without a start")
            heard = self.heard = self.ears.begin(now_ms)
        self.heard_ms = now_ms
        if self._ticks in self._frames:
            self.repeats += 1
            return
        self._check_place(place)
        self._frames[self._ticks] = imbe
        heard.add(imbe)
        if 2 <= place % 9 <= 7:
            if place % 9 == 2:
                self._pieces.clear()
            self._pieces[place % 9] = piece
            if len(self._pieces) == 6:
                self._word(heard, second=place >= 9)

    def _check_place(self, place: int) -> None:
        """Look at order and clock; what the line lost shows in ``gaps`` as well."""
        if self._place is not None and self._voice_ticks is not None and not self.gaps:
            if place != (self._place + 1) % 18:
                self._wrong(f"frame {place} after frame {self._place}")
            if (self._ticks - self._voice_ticks) & 0xFFFFFFFF != TICKS_PER_FRAME:
                self._wrong(f"time stamp {self._ticks} after {self._voice_ticks}")
        self._place, self._voice_ticks = place, self._ticks

    def _word(self, heard: Heard, *, second: bool) -> None:
        word = words.word_of([self._pieces[n] for n in range(2, 8)], second)
        self._pieces.clear()
        if word is None:
            self.violation(b"", "the word of an LDU cannot be corrected")
        elif second:
            heard.algorithm, heard.key_id = word[9], int.from_bytes(word[10:], "big")
        elif word[0] & 0x3F == words.UNIT_VOICE:
            heard.target, heard.source = _number(word[3:6]), _number(word[6:9])
            heard.emergency = bool(word[2] & words.EMERGENCY_BIT)
        elif word[0] & 0x3F == words.GROUP_VOICE:
            heard.group, heard.source = _number(word[4:6]), _number(word[6:9])
            heard.emergency = bool(word[2] & words.EMERGENCY_BIT)

    def _over_ends(self, now_ms: float) -> None:
        self.ends += 1
        if self.heard is not None:
            self.short_ends += self.heard.count % 9 != 0
            self._end(now_ms, terminated=True)

    def _end(self, now_ms: float, *, terminated: bool) -> None:
        if self.heard is not None:
            self.heard.frames = self._in_order()
            self.ears.end(self.heard, now_ms, terminated=terminated)
        self.heard = None
        self._pieces.clear()
        self._frames.clear()

    def _in_order(self) -> list[bytes]:
        """Return the over's frames by their time stamps; an empty one never came."""
        if not self._frames:
            return []
        first = next(iter(self._frames))
        places = {_apart(ticks, first): imbe for ticks, imbe in self._frames.items()}
        last = min(max(places), min(places) + TICKS_PER_FRAME * MAX_FRAMES)
        return [places.get(ticks, b"") for ticks in range(min(places), last + 1, TICKS_PER_FRAME)]


def _apart(ticks: int, other: int) -> int:
    """Return how much later a time stamp of 32 bits is; negative: earlier."""
    return (ticks - other + (1 << 31) & 0xFFFFFFFF) - (1 << 31)


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")
