"""The firmware of a simulated modem: frames of the serial protocol in and out, a transmit buffer.

Written from the reference (part 3) by itself. It refuses what a real board refuses: commands it
does not know, a configuration that is too short, P25 before it was set up, a full buffer.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hardware.sim.p25.modem_air import SIZES, TDU, air_ms

START = 0xE0
GET_VERSION, GET_STATUS, SET_CONFIG, SET_MODE, SET_FREQ = 0x00, 0x01, 0x02, 0x03, 0x04
P25_HDR, P25_LDU, P25_LOST, ACK, NAK, DEBUG1 = 0x30, 0x31, 0x32, 0x70, 0x7F, 0xF1
COMMANDS = {
    "GET_VERSION": GET_VERSION,
    "GET_STATUS": GET_STATUS,
    "SET_CONFIG": SET_CONFIG,
    "SET_MODE": SET_MODE,
    "SET_FREQ": SET_FREQ,
    "P25_HDR": P25_HDR,
    "P25_LDU": P25_LDU,
}
UNKNOWN_COMMAND, WRONG_STATE, BAD_PARAMETERS, BUFFER_FULL = 1, 2, 4, 5
IDLE, P25 = 0, 4
MODES = (0, 1, 2, 3, 4, 5, 6, 10)
P25_BIT = 0x08
V1_CONFIG, V2_CONFIG = 23, 37
"""Fewest payload octets of SET_CONFIG."""
TX_FLAG = 0x01
MAX_DELAY_MS = 500
LATE_MS = 1_000.0
"""A board whose machine stood still goes on from now: it does not hurry."""
UDID = bytes(range(16))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSettings:
    """What kind of board it is."""

    protocol: int = 2
    firmware: str = "MMDVM 20260424 (Samband simulator)"
    p25: bool = True
    reset_ms: float = 1_500.0
    """How long it is deaf after its port was opened."""
    buffer_frames: int = 10
    """Frames that its P25 buffer takes: as in the capture of a real session."""
    low_hz: int = 136_000_000
    high_hz: int = 941_000_000


class Listener(Protocol):
    """The radio side of a board, and who writes down what it sees."""

    def on_air(self, frame: bytes, now_ms: float) -> None:
        """Take a frame that goes on air now."""
        ...

    def off_air(self, now_ms: float) -> None:
        """Note that the transmitter has stopped."""
        ...

    def note(self, kind: str, **what: object) -> None:
        """Write something down."""
        ...

    def violation(self, raw: bytes, reason: str) -> None:
        """Write down what the gateway did against the reference."""
        ...


@dataclass(slots=True)
class _Refusal:
    command: int | None
    reason: int
    times: int


class Board:
    """One board; ``send`` takes what it writes, a frame at a time."""

    def __init__(
        self, settings: BoardSettings, listener: Listener, send: Callable[[bytes], None]
    ) -> None:
        """Begin without power."""
        self.settings = settings
        self._listener, self._send = listener, send
        self.deaf = False
        self.flags = 0
        """Further bits of the status: overflows, lockout."""
        self.stuck = False
        """The transmit buffer is never emptied."""
        self._refusals: list[_Refusal] = []
        self._input = bytearray()
        self.counts: dict[str, int] = {}
        self._reset(0.0)

    def _reset(self, ready_ms: float) -> None:
        self._ready_ms = ready_ms
        self.configured = False
        self.mode = IDLE
        self.hz: tuple[int, int] | None = None
        self._delay_ms = 0.0
        self._queue: deque[bytes] = deque()
        self.transmitting = False
        self._next_ms = 0.0
        self._input.clear()

    # ---- what the front does to it

    def powered(self, now_ms: float) -> None:
        """Reset: the port was opened, or the cable plugged in."""
        if self.transmitting:
            self._listener.off_air(now_ms)
        self._reset(now_ms + self.settings.reset_ms)

    def refuse(self, what: str, reason: int, times: int) -> None:
        """Refuse a command, whichever comes where ``what`` is empty."""
        self._refusals.append(_Refusal(COMMANDS.get(what), reason, times))

    def mend(self) -> None:
        """Be a good board again."""
        self._refusals.clear()
        self.deaf = self.stuck = False
        self.flags = 0

    def say(self, kind: int, payload: bytes = b"") -> None:
        """Write a frame to the gateway."""
        if self.deaf:
            return
        length = len(payload) + 3
        head = bytes([START, length]) if length <= 255 else bytes([START, 0, length + 1 - 255])
        self._send(head + bytes([kind]) + payload)

    def receive(self, data: bytes, now_ms: float) -> None:
        """Take octets of the gateway."""
        if self.deaf or now_ms < self._ready_ms:
            return
        self._input += data
        while (frame := self._cut()) is not None:
            self._do(frame[0], frame[1:], now_ms)

    # ---- time

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        return self._next_ms if self.transmitting else None

    def tick(self, now_ms: float) -> None:
        """Send what is due, frame after frame; a buffer that has run dry stops the transmitter."""
        if self.transmitting and now_ms - self._next_ms > LATE_MS:
            self._next_ms = now_ms
        while self.transmitting and now_ms >= self._next_ms:
            if self.stuck:
                self._next_ms += air_ms(SIZES[0])
                continue
            if not self._queue:
                self.transmitting = False
                self._listener.off_air(self._next_ms)
                return
            frame = self._queue.popleft()
            self._listener.on_air(frame, self._next_ms)
            self._next_ms += air_ms(len(frame))

    # ---- inside

    def _cut(self) -> bytes | None:
        """Return type and payload of the next frame; what comes before a start is skipped."""
        place = self._input.find(START)
        del self._input[: len(self._input) if place < 0 else place]
        if len(self._input) < 3:
            return None
        length, header = self._input[1], 2
        if length == 0:
            length, header = self._input[2] + 255, 3
        if length <= header:
            self._listener.violation(bytes(self._input[:4]), f"a frame of {length} octets")
            del self._input[:1]
            return self._cut()
        if len(self._input) < length:
            return None
        frame = bytes(self._input[header:length])
        del self._input[:length]
        return frame

    def _do(self, kind: int, payload: bytes, now_ms: float) -> None:
        name = next((name for name, number in COMMANDS.items() if number == kind), f"{kind:02X}")
        self.counts[name] = self.counts.get(name, 0) + 1
        reason = self._scripted(kind)
        if reason is None:
            reason = self._act(kind, payload, now_ms)
        if reason:
            self._listener.note("nak", command=name, reason=reason)
            self.say(NAK, bytes([kind, reason]))
        elif kind in (SET_CONFIG, SET_MODE, SET_FREQ):
            self.say(ACK, bytes([kind]))

    def _scripted(self, kind: int) -> int | None:
        for refusal in self._refusals:
            if refusal.command in (None, kind) and refusal.times > 0:
                refusal.times -= 1
                return refusal.reason
        return None

    def _act(self, kind: int, payload: bytes, now_ms: float) -> int:
        match kind:
            case 0x00:
                self.say(GET_VERSION, self._version())
            case 0x01:
                self.say(GET_STATUS, self._status())
            case 0x02:
                return self._config(payload)
            case 0x03:
                return self._set_mode(payload)
            case 0x04:
                return self._set_freq(payload)
            case 0x30 | 0x31:
                return self._transmit(kind, payload, now_ms)
            case _:
                return UNKNOWN_COMMAND
        return 0

    def _version(self) -> bytes:
        text = self.settings.firmware.encode("latin-1")
        if self.settings.protocol == 1:
            return b"\x01" + text
        modes = P25_BIT if self.settings.p25 else 0x02
        return bytes([2, modes, 0, 2]) + UDID + text

    def _status(self) -> bytes:
        flags = self.flags | (TX_FLAG if self.transmitting else 0)
        space = max(0, self.settings.buffer_frames - len(self._queue))
        if self.settings.protocol == 1:
            enabled = P25_BIT if self.configured else 0
            return bytes([enabled, self.mode, flags, 0, 0, 0, 0, space, 0, 0, 0])
        return bytes([self.mode, flags, 0, 0, 0, 0, 0, space]).ljust(17, b"\0")

    def _config(self, payload: bytes) -> int:
        second = self.settings.protocol == 2
        if len(payload) < (V2_CONFIG if second else V1_CONFIG):
            return BAD_PARAMETERS
        if not second and len(payload) >= V2_CONFIG:
            self._listener.violation(payload, "version 2 of SET_CONFIG for a board of version 1")
        modes, delay = payload[1], payload[3 if second else 2] * 10
        if delay > MAX_DELAY_MS or (modes & P25_BIT and not self.settings.p25):
            return BAD_PARAMETERS
        self.configured = bool(modes & P25_BIT)
        self._delay_ms = float(delay)
        self._listener.note("config", payload=payload.hex())
        return 0

    def _set_mode(self, payload: bytes) -> int:
        if len(payload) != 1 or payload[0] not in MODES:
            return BAD_PARAMETERS
        if payload[0] not in (IDLE, P25) or (payload[0] == P25 and not self.configured):
            return WRONG_STATE
        self.mode = payload[0]
        return 0

    def _set_freq(self, payload: bytes) -> int:
        if len(payload) < 9:
            return BAD_PARAMETERS
        hz = tuple(int.from_bytes(payload[at : at + 4], "little") for at in (1, 5))
        if any(not self.settings.low_hz <= one <= self.settings.high_hz for one in hz):
            return BAD_PARAMETERS
        self.hz = (hz[0], hz[1])
        return 0

    def _transmit(self, kind: int, payload: bytes, now_ms: float) -> int:
        if not self.configured or self.mode != P25:
            return WRONG_STATE
        frame = payload[1:]
        if not payload or payload[0] != 0 or len(frame) not in SIZES.values():
            return BAD_PARAMETERS
        if (kind == P25_HDR) != (len(frame) == SIZES[0]):
            self._listener.violation(payload[:8], f"{len(frame)} octets with type {kind:02X}")
        if len(self._queue) >= self.settings.buffer_frames:
            return BUFFER_FULL
        self._queue.append(frame)
        if len(frame) == SIZES[TDU]:
            self._listener.note("terminator")
        if not self.transmitting:
            self.transmitting = True
            self._next_ms = now_ms + self._delay_ms
        return 0
