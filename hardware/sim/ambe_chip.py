"""A simulated AMBE-3000R, as far as its packets go: no port, no vocoder (see ``ambe_stand_in``).

It reads packets by itself: with the driver it shares the tables of numbers and nothing else. It is
strict: what a chip could not use is dropped without a word and noted as a violation. Times that are
its own choice, since no source has them: answers to settings, coding, decoding, its queue.
"""

import heapq
import itertools
import random
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from hardware.ambe.numbers import (
    EXTRA_BYTES,
    HEADER_BYTES,
    LOST_FRAME,
    PARITY_ID,
    RATES,
    SAMPLES_PER_FRAME,
    SPEEDS_BPS,
    START,
    Field,
    Kind,
)
from hardware.sim.ambe_stand_in import PARTS, buzz, encode, levels, softer

LONGEST_BYTES = 1024
"""A length beyond this is no packet's: it looks for the next start."""
PIECE_BYTES = 62
"""What a USB adapter hands on at once."""
BITS_A_BYTE = 10
MAX_ENTRIES = 4000
REFUSED = 1
DATA_BYTES = {
    Field.ENCODER_MODE: 2, Field.DECODER_MODE: 2, Field.RATE_INDEX: 1, Field.RATE_WORDS: 12,
    Field.INIT: 1, Field.PRODUCT: 0, Field.VERSION: 0, Field.RESET: 0, Field.RESET_SOFT: 6,
    Field.PARITY_MODE: 1, Field.CHANNEL_0: 0, Field.GAIN: 2,
}  # fmt: skip
"""Bytes that follow each control field; that of the gain is a guess."""
PRODUCT = b"AMBE3000R\0"
VERSION = b"simulated by Samband, no vocoder\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipSettings:
    """How the board is wired, and how fast it is."""

    speed_bps: int = SPEEDS_BPS[0]
    parity: bool = True
    """Whether packets need parity after a reset."""
    packet_mode: bool = True
    """False: only a reset with a configuration (0x34) makes it listen."""
    forgets_rate: bool = False
    """Old firmware: initialisation takes the rate away."""
    reset_ms: float = 20.0
    setting_ms: float = 1.0
    encode_ms: float = 9.0
    decode_ms: float = 5.0
    room: int = 2
    """Frames of a direction that it holds: one in work, one ahead."""


@dataclass(slots=True)
class Faults:
    """What goes wrong next; a control port sets it."""

    mute: bool = False
    lose: int = 0
    """So many answers to frames never leave."""
    spoil: int = 0
    """So many have one bit turned over."""
    slow: int = 0
    slow_ms: float = 0.0


@dataclass(slots=True)
class SimulatedChip:
    """Bytes in, bytes out at their times; ``now`` is in milliseconds."""

    settings: ChipSettings = field(default_factory=ChipSettings)
    seed: int = 1
    faults: Faults = field(default_factory=Faults)
    log: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    encoded: int = 0
    decoded: int = 0
    foreign: int = 0
    """Frames that no simulated dongle made."""
    now: float = 0.0
    out: bytearray = field(default_factory=bytearray)
    _rng: random.Random = field(init=False)
    _kept: bytearray = field(default_factory=bytearray)
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)
    _free_at: float = 0.0
    _line_free_at: float = 0.0
    _under_way: dict[int, int] = field(default_factory=dict)
    _deaf: bool = False
    _parity: bool = True
    _listens: bool = True
    _ways: int = 0
    _bits: int = 0
    _last: tuple[int, ...] = (0,) * PARTS

    def __post_init__(self) -> None:
        """Be as after power-up."""
        self._rng = random.Random(self.seed)  # noqa: S311 - chance of faults, no secret
        self._forget()
        self._listens = self.settings.packet_mode

    # ---- the port

    def receive(self, data: bytes, now: float, speed_bps: int | None = None) -> None:
        """Take bytes of the host; at another speed it hears others. None: the right one."""
        self.run(now)
        if speed_bps not in (None, self.settings.speed_bps):
            self.note("wrong speed", speed_bps=speed_bps)
            data = self._rng.randbytes(len(data))
        self._kept += data
        while self._kept and self._step():
            pass

    def deadline(self) -> float | None:
        """Return when something is due."""
        return self._agenda[0][0] if self._agenda else None

    def run(self, now: float) -> None:
        """Do what is due."""
        while self._agenda and self._agenda[0][0] <= now:
            due, _, do = heapq.heappop(self._agenda)
            self.now = max(self.now, due)
            do()
        self.now = max(self.now, now)

    def outgoing(self) -> bytes:
        """Return what has left the chip by now."""
        data = bytes(self.out)
        self.out.clear()
        return data

    def note(self, kind: str, **what: object) -> None:
        """Add an entry to the log."""
        self.log.append({"kind": kind, "t_ms": round(self.now, 3), **what})

    def restart(self) -> None:
        """Lose power for a moment."""
        self.note("restarted")
        self._reset(listens=self.settings.packet_mode)

    def junk(self, count: int) -> None:
        """Put noise on the line, beginnings of packets in it."""
        noise = bytearray(self._rng.randbytes(count))
        for place in range(0, count, 16):
            noise[place] = START
        self._emit(bytes(noise))

    # ---- packets in

    def _step(self) -> bool:
        start = self._kept.find(START)
        if start:
            del self._kept[: len(self._kept) if start < 0 else start]
            return True
        if len(self._kept) < HEADER_BYTES:
            return False
        length = int.from_bytes(self._kept[1:3], "big")
        if not 1 <= length <= LONGEST_BYTES:
            del self._kept[:1]
            return True
        if len(self._kept) < HEADER_BYTES + length:
            return False  # as a chip does: it waits, whatever comes
        raw = bytes(self._kept[: HEADER_BYTES + length])
        del self._kept[: HEADER_BYTES + length]
        self._packet(raw)
        return True

    def _packet(self, raw: bytes) -> None:
        body = raw[HEADER_BYTES:]
        if self._deaf:
            self.note("deaf: resetting")
            return
        if self._parity:
            check = 0
            for byte in raw[1:-1]:
                check ^= byte
            if len(body) < 3 or body[-2] != PARITY_ID or body[-1] != check:
                self.violation("no parity, or a wrong one", raw)
                return
            body = body[:-2]
        arrived = self.now + len(raw) * self._byte_ms
        match raw[3]:
            case Kind.CONTROL:
                self._control(body, arrived, raw)
            case Kind.CHANNEL | Kind.SPEECH:
                self._frame(raw[3], body, arrived, raw)
            case _:
                self.violation("unknown type", raw)

    def violation(self, reason: str, raw: bytes) -> None:
        """Note what a chip could not use."""
        self.note("violation", reason=reason, hex=raw[:24].hex())

    # ---- settings

    def _control(self, body: bytes, arrived: float, raw: bytes) -> None:
        answer, at = bytearray(), 0
        while at < len(body):
            kind, data = body[at], body[at + 1 :]
            if kind in (Field.RESET, Field.RESET_SOFT):
                self._asked_reset(kind, data, raw)
                return
            if not self._listens:
                self.violation("not in packet mode", raw)
                return
            wanted = DATA_BYTES.get(kind)  # type: ignore[call-overload] # numbers of a table
            if wanted is None or len(data) < wanted:
                self.violation("unknown setting, or one cut off", raw)
                answer += bytes((kind, REFUSED))
                break
            answer += bytes((kind,)) + self._set(kind, data[:wanted])
            at += 1 + wanted
        self._later_answer(Kind.CONTROL, bytes(answer), arrived + self.settings.setting_ms)

    def _asked_reset(self, kind: int, data: bytes, raw: bytes) -> None:
        if kind == Field.RESET_SOFT and len(data) != DATA_BYTES[Field.RESET_SOFT]:
            self.violation("a reset with a configuration has six bytes", raw)
            return
        self._reset(listens=self.settings.packet_mode or kind == Field.RESET_SOFT)

    def _set(self, kind: int, data: bytes) -> bytes:
        """Make a setting; return what follows its number in the answer."""
        match kind:
            case Field.PRODUCT:
                return PRODUCT
            case Field.VERSION:
                return VERSION
            case Field.CHANNEL_0:
                return b""
            case Field.INIT:
                self._ways = data[0]
                if self.settings.forgets_rate:
                    self._bits = 0
            case Field.PARITY_MODE:
                if data[0] > 1:
                    return bytes((REFUSED,))
                self._parity = bool(data[0])
            case Field.RATE_INDEX | Field.RATE_WORDS:
                return self._set_rate(kind, data)
        return b"\0"

    def _set_rate(self, kind: int, data: bytes) -> bytes:
        words = tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
        for rate in RATES:
            if (kind == Field.RATE_INDEX and rate.index == data[0]) or rate.words == words:
                self._bits = rate.bits
                return b"\0"
        return bytes((REFUSED,))

    def _reset(self, *, listens: bool) -> None:
        self._agenda.clear()
        self.out.clear()
        self._deaf = True
        self.note("reset")

        def ready() -> None:
            self._forget()
            self._listens = listens
            if listens:
                self._emit(self._packed(Kind.CONTROL, bytes((Field.READY,))))

        self._later(self.now + self.settings.reset_ms, ready)

    def _forget(self) -> None:
        self._deaf = False
        self._parity = self.settings.parity
        self._ways = self._bits = 0
        self._under_way = {Kind.CHANNEL: 0, Kind.SPEECH: 0}
        self._free_at = self._line_free_at = self.now
        self._last = (0,) * PARTS

    # ---- frames

    def _frame(self, kind: int, body: bytes, arrived: float, raw: bytes) -> None:
        fields = body[1:] if body[:1] == bytes((Field.CHANNEL_0,)) else body
        wrong = self._what_is_wrong(kind, fields)
        if wrong:
            self.violation(wrong, raw)
            return
        self._under_way[kind] += 1
        work_ms = self.settings.encode_ms if kind == Kind.SPEECH else self.settings.decode_ms
        # One processor: packets are worked on one after the other, in the order they came.
        self._free_at = max(self._free_at, arrived) + work_ms
        result = self._encoded(fields) if kind == Kind.SPEECH else self._sound(fields)
        answered = Kind.CHANNEL if kind == Kind.SPEECH else Kind.SPEECH

        def done() -> None:
            self._under_way[kind] -= 1
            self._frame_answer(answered, result)

        self._later(self._free_at, done)

    def _what_is_wrong(self, kind: int, fields: bytes) -> str:
        speech = kind == Kind.SPEECH
        first, count = (Field.SPEECH_DATA, SAMPLES_PER_FRAME) if speech else (1, self._bits)
        need = 2 + (2 * SAMPLES_PER_FRAME if speech else (self._bits + 7) // 8)
        faults = {
            "not in packet mode": not self._listens,
            "not initialised": not self._ways & (1 if speech else 2),
            "no rate is set": not self._bits,
            "more than one frame ahead": self._under_way[kind] >= self.settings.room,
            "another length of frame than was set": fields[:2] != bytes((first, count)),
            "a frame cut off": len(fields) < need,
            "an unknown field beside the frame": _flags(fields[need:]) is None,
        }
        return next((words for words, wrong in faults.items() if wrong), "")

    def _encoded(self, fields: bytes) -> bytes:
        words = array("h", (int.from_bytes(fields[at : at + 2], "big", signed=True)
                            for at in range(2, 2 + 2 * SAMPLES_PER_FRAME, 2)))  # fmt: skip
        self.encoded += 1
        return bytes((Field.CHANNEL_DATA, self._bits)) + encode(words, self._bits)

    def _sound(self, fields: bytes) -> bytes:
        end = 2 + (self._bits + 7) // 8
        if (_flags(fields[end:]) or 0) & LOST_FRAME:
            self._last = softer(self._last)
        else:
            made = levels(fields[2:end])
            self.foreign += made is None
            self._last = made or (0,) * PARTS
        self.decoded += 1
        samples = b"".join(one.to_bytes(2, "big", signed=True) for one in buzz(self._last))
        return bytes((Field.SPEECH_DATA, SAMPLES_PER_FRAME)) + samples

    # ---- packets out

    def _frame_answer(self, kind: int, body: bytes) -> None:
        if self.faults.lose:
            self.faults.lose -= 1
            self.note("answer lost")
            return
        data = self._packed(kind, body)
        if self.faults.spoil:
            self.faults.spoil -= 1
            spoilt = bytearray(data)
            spoilt[self._rng.randrange(len(data))] ^= 1 << self._rng.randrange(8)
            data = bytes(spoilt)
        if self.faults.slow:
            self.faults.slow -= 1
            self._later(self.now + self.faults.slow_ms, lambda: self._emit(data))
            return
        self._emit(data)

    def _later_answer(self, kind: int, body: bytes, at: float) -> None:
        # Packed now: the answer to a change of parity has it already.
        data = self._packed(kind, body)
        self._free_at = max(self._free_at, at)
        self._later(self._free_at, lambda: self._emit(data))

    def _packed(self, kind: int, body: bytes) -> bytes:
        length = len(body) + (2 if self._parity else 0)
        raw = length.to_bytes(2, "big") + bytes((kind,)) + body
        if self._parity:
            raw += bytes((PARITY_ID,))
            check = 0
            for byte in raw:
                check ^= byte
            raw += bytes((check,))
        return bytes((START,)) + raw

    def _emit(self, data: bytes) -> None:
        """Put bytes on the line, in pieces and at the line's pace."""
        if self.faults.mute:
            return
        for at in range(0, len(data), PIECE_BYTES):
            piece = data[at : at + PIECE_BYTES]
            self._line_free_at = max(self._line_free_at, self.now) + len(piece) * self._byte_ms
            self._later(self._line_free_at, lambda piece=piece: self.out.extend(piece))  # type: ignore[misc] # bound now

    @property
    def _byte_ms(self) -> float:
        return BITS_A_BYTE * 1000 / self.settings.speed_bps

    def _later(self, at: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), do))


def _flags(rest: bytes) -> int | None:
    """Return the flags beside bits, 0 when there are none; None when the fields make no sense."""
    flags, at = 0, 0
    while at < len(rest):
        size = EXTRA_BYTES.get(rest[at])  # type: ignore[call-overload] # numbers of a table
        if size is None or at + 1 + size > len(rest):
            return None
        if rest[at] == Field.FLAGS:
            flags = int.from_bytes(rest[at + 1 : at + 3], "big")
        at += 1 + size
    return flags
