"""The COM port control option of Telnet (RFC 2217) without input or output: both ends of it.

``ClientCore`` stands where the radio's driver is, ``ServerCore`` where the port is. Both take bytes
in any chunks and give bytes to send; neither waits nor looks at a clock. Numbers are those of
RFC 2217, checked against pyserial's client and server in the tests.
"""

import contextlib
import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hardware import telnet
from hardware.line_state import OUTPUTS, Line
from hardware.telnet import BINARY, COM_PORT, DO, DONT, SUPPRESS_GO_AHEAD, WILL, WONT

ANSWER = 100
"""A server's code is the client's plus 100."""
MIN_SPEED_BPS, MAX_SPEED_BPS = 50, 4_000_000


class Code(enum.IntEnum):
    """What a client asks; the server answers with the same code plus 100."""

    SIGNATURE = 0
    SPEED = 1
    DATA_BITS = 2
    PARITY = 3
    STOP_BITS = 4
    CONTROL = 5
    LINE_STATE = 6
    MODEM_STATE = 7
    SUSPEND = 8
    RESUME = 9
    LINE_STATE_MASK = 10
    MODEM_STATE_MASK = 11
    PURGE = 12


class Control(enum.IntEnum):
    """Values of ``Code.CONTROL`` that we use."""

    ASK_FLOW = 0
    FLOW_NONE = 1
    FLOW_RTS_CTS = 3
    ASK_BREAK = 4
    BREAK_OFF = 6
    ASK_DTR = 7
    DTR_ON = 8
    DTR_OFF = 9
    ASK_RTS = 10
    RTS_ON = 11
    RTS_OFF = 12


STATE_BITS = {Line.DCD: 0x80, Line.RI: 0x40, Line.DSR: 0x20, Line.CTS: 0x10}
CHANGE_BITS = {Line.DCD: 0x08, Line.RI: 0x04, Line.DSR: 0x02, Line.CTS: 0x01}
ON = {Line.DTR: Control.DTR_ON, Line.RTS: Control.RTS_ON}
OFF = {Line.DTR: Control.DTR_OFF, Line.RTS: Control.RTS_OFF}
PURGE_RECEIVED, PURGE_TO_SEND, PURGE_BOTH = 1, 2, 3
EIGHT_BITS, NO_PARITY, ONE_STOP_BIT = 8, 1, 1


def ask(code: Code, value: bytes = b"") -> bytes:
    """Return a request of a client."""
    return telnet.sub(COM_PORT, bytes([code]) + value)


def set_line(line: Line, *, active: bool) -> bytes:
    """Return the request that sets DTR or RTS."""
    return ask(Code.CONTROL, bytes([ON[line] if active else OFF[line]]))


def state_lines(state: int) -> frozenset[Line]:
    """Return the active lines of a modem state byte."""
    return frozenset(line for line, bit in STATE_BITS.items() if state & bit)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSettings:
    """What a client wants of the port; always 8 data bits, no parity, one stop bit."""

    speed_bps: int
    rtscts: bool = False
    active: frozenset[Line] = frozenset()
    """Outputs that are to be active; the others are set inactive."""

    def requests(self) -> list[tuple[bytes, bytes]]:
        """Return each request with the answer that confirms it (code and value)."""
        flow = Control.FLOW_RTS_CTS if self.rtscts else Control.FLOW_NONE
        values = [
            (Code.SPEED, self.speed_bps.to_bytes(4, "big")),
            (Code.DATA_BITS, bytes([EIGHT_BITS])),
            (Code.PARITY, bytes([NO_PARITY])),
            (Code.STOP_BITS, bytes([ONE_STOP_BIT])),
            (Code.CONTROL, bytes([flow])),
        ]
        for line in OUTPUTS:
            if line is Line.DTR or not self.rtscts:
                table = ON if line in self.active else OFF
                values.append((Code.CONTROL, bytes([table[line]])))
        return [(ask(code, value), bytes([code + ANSWER]) + value) for code, value in values]


class ClientCore:
    """Our side of a port far away.

    ``lines`` are the inputs that the server says are active. ``ready`` holds once the option is
    agreed on and each setting was confirmed; ``refusal`` says in words why that cannot be.
    """

    def __init__(self, settings: PortSettings) -> None:
        """Begin: the first bytes to send are in ``outgoing``."""
        self._settings = settings
        self._reader = telnet.TelnetReader()
        self._out = bytearray()
        self._waiting: list[bytes] = []
        self._told: dict[int, set[int]] = {verb: set() for verb in telnet.VERBS}
        self._agreed = False
        self.lines: frozenset[Line] = frozenset()
        self.lines_known = False
        self.refusal = ""
        for verb, option in ((WILL, COM_PORT), (WILL, BINARY), (DO, BINARY)):
            self._say(verb, option)
        for verb in (WILL, DO):
            self._say(verb, SUPPRESS_GO_AHEAD)

    @property
    def ready(self) -> bool:
        """Whether the port is set up as wanted."""
        return self._agreed and not self._waiting and not self.refusal

    @property
    def unconfirmed(self) -> tuple[bytes, ...]:
        """Answers that have not come yet."""
        return tuple(self._waiting)

    def outgoing(self) -> list[bytes]:
        """Return what must be sent, each command whole."""
        out, self._out = bytes(self._out), bytearray()
        return [out] if out else []

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the connection; returns those that came from the line."""
        line_data = b""
        for piece in self._reader.feed(data):
            match piece:
                case telnet.Data():
                    line_data += piece.data
                case telnet.Negotiation():
                    self._negotiate(piece.verb, piece.option)
                case telnet.Sub(option=telnet.COM_PORT) if piece.payload:
                    self._answered(piece.payload)
                case _:
                    continue
        return line_data

    def use(self, settings: PortSettings) -> None:
        """Ask for other settings; ``ready`` holds again when they are confirmed."""
        self._settings = settings
        if self._agreed:
            self._configure()

    def _say(self, verb: int, option: int) -> None:
        if option not in self._told[verb]:
            self._told[verb].add(option)
            self._out += telnet.negotiation(verb, option)

    def _negotiate(self, verb: int, option: int) -> None:
        known = option in (BINARY, SUPPRESS_GO_AHEAD, COM_PORT)
        if verb in (DO, WILL):
            wanted = known or (verb == WILL and option == telnet.ECHO)
            yes, no = (WILL, WONT) if verb == DO else (DO, DONT)
            self._say(yes if wanted else no, option)
            if option == COM_PORT and not self._agreed:
                self._agreed = True
                self._configure()
        elif verb == DONT and option == COM_PORT:
            self.refusal = "the other side does not speak RFC 2217"

    def _configure(self) -> None:
        self._waiting = []
        for request, answer in self._settings.requests():
            self._out += request
            self._waiting.append(answer)
        everything = bytes([sum(STATE_BITS.values()) | sum(CHANGE_BITS.values())])
        self._out += ask(Code.MODEM_STATE_MASK, everything)
        self._out += ask(Code.PURGE, bytes([PURGE_BOTH]))
        self._out += ask(Code.MODEM_STATE)

    def _answered(self, payload: bytes) -> None:
        if payload[0] == Code.MODEM_STATE + ANSWER and len(payload) == 2:
            self.lines, self.lines_known = state_lines(payload[1]), True
        elif payload in self._waiting:
            self._waiting.remove(payload)
        elif payload[0] == Code.SPEED + ANSWER and len(payload) == 5:
            speed_bps = int.from_bytes(payload[1:], "big")
            wanted = self._settings.speed_bps
            self.refusal = f"the port runs at {speed_bps} bit/s and not at {wanted}"


class SharedPort(Protocol):
    """The port as a server sees it. Nothing here waits."""

    @property
    def speed_bps(self) -> int:
        """Speed that is set now."""
        ...

    @property
    def inputs(self) -> frozenset[Line]:
        """Inputs that are active now."""
        ...

    @property
    def outputs(self) -> frozenset[Line]:
        """Outputs that are active now."""
        ...

    @property
    def rtscts(self) -> bool:
        """Whether RTS and CTS are flow control."""
        ...

    def set_speed(self, speed_bps: int) -> None:
        """Set the speed; raises ValueError when the port cannot."""
        ...

    def set_rtscts(self, on: bool) -> None:
        """Switch flow control."""
        ...

    def set_line(self, line: Line, *, active: bool) -> None:
        """Set DTR or RTS."""
        ...

    def purge(self, *, received: bool, to_send: bool) -> None:
        """Throw away what waits."""
        ...


class ServerCore:
    """The side that has the port: one client's connection.

    ``beats`` tells whether the client has shown that it sends beats (Telnet NOP), so that its
    silence means something.
    """

    def __init__(self, port: SharedPort, signature: str = "Samband serial server") -> None:
        """Begin: the first bytes to send are in ``outgoing``."""
        self._port = port
        self._signature = signature
        self._reader = telnet.TelnetReader()
        self._out = bytearray()
        self._told: dict[int, set[int]] = {verb: set() for verb in telnet.VERBS}
        self._state = 0
        self._mask = 0xFF
        self.agreed = False
        self.beats = False
        self.suspended = False
        for verb, option in (
            (DO, COM_PORT),
            (WILL, BINARY),
            (DO, BINARY),
            (WILL, SUPPRESS_GO_AHEAD),
            (DO, SUPPRESS_GO_AHEAD),
        ):
            self._say(verb, option)
        self._requests: dict[int, Callable[[bytes], bytes | None]] = {
            Code.SIGNATURE: self._sign,
            Code.SPEED: self._set_speed,
            Code.DATA_BITS: lambda value: bytes([EIGHT_BITS]),
            Code.PARITY: lambda value: bytes([NO_PARITY]),
            Code.STOP_BITS: lambda value: bytes([ONE_STOP_BIT]),
            Code.CONTROL: self._control,
            Code.LINE_STATE: lambda value: bytes(1),
            Code.LINE_STATE_MASK: lambda value: value[:1],
            Code.MODEM_STATE_MASK: self._set_mask,
            Code.PURGE: self._purge,
        }

    def outgoing(self) -> bytes:
        """Return what must be sent."""
        out, self._out = bytes(self._out), bytearray()
        return out

    def send(self, data: bytes) -> None:
        """Send what came from the line."""
        self._out += telnet.escape(data)

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the connection; returns those for the line."""
        for_line = b""
        for piece in self._reader.feed(data):
            match piece:
                case telnet.Data():
                    for_line += piece.data
                case telnet.Negotiation():
                    self._negotiate(piece.verb, piece.option)
                case telnet.Command(code=telnet.NOP):
                    self.beats = True
                case telnet.Sub(option=telnet.COM_PORT) if piece.payload:
                    self._asked(piece.payload[0], piece.payload[1:])
                case _:
                    continue
        return for_line

    def tell_lines(self, *, always: bool = False) -> None:
        """Tell the client of inputs that changed (or of all of them)."""
        state = sum(STATE_BITS[line] for line in self._port.inputs)
        changed = state ^ self._state
        self._state = state
        changes = sum(CHANGE_BITS[line] for line, bit in STATE_BITS.items() if changed & bit)
        if self.agreed and (always or changed & self._mask):
            self._answer(Code.MODEM_STATE, bytes([(state | changes) & self._mask]))

    def _say(self, verb: int, option: int) -> None:
        if option not in self._told[verb]:
            self._told[verb].add(option)
            self._out += telnet.negotiation(verb, option)

    def _negotiate(self, verb: int, option: int) -> None:
        if verb not in (DO, WILL):
            return
        wanted = option in (BINARY, SUPPRESS_GO_AHEAD, COM_PORT)
        yes, no = (WILL, WONT) if verb == DO else (DO, DONT)
        self._say(yes if wanted else no, option)
        if option == COM_PORT and not self.agreed:
            self.agreed = True
            self.tell_lines(always=True)

    def _answer(self, code: int, value: bytes) -> None:
        self._out += telnet.sub(COM_PORT, bytes([code + ANSWER]) + value)

    def _asked(self, code: int, value: bytes) -> None:
        if code == Code.MODEM_STATE:
            self.tell_lines(always=True)
        elif code in (Code.SUSPEND, Code.RESUME):
            self.suspended = code == Code.SUSPEND
        elif code in self._requests:
            answer = self._requests[code](value)
            if answer is not None:
                self._answer(code, answer)

    def _sign(self, value: bytes) -> bytes | None:
        return None if value else self._signature.encode()

    def _set_speed(self, value: bytes) -> bytes:
        speed_bps = int.from_bytes(value[:4], "big")
        if len(value) == 4 and MIN_SPEED_BPS <= speed_bps <= MAX_SPEED_BPS:
            with contextlib.suppress(ValueError):  # the answer says which speed is set
                self._port.set_speed(speed_bps)
        return self._port.speed_bps.to_bytes(4, "big")

    def _set_mask(self, value: bytes) -> bytes:
        if value:
            self._mask = value[0]
        return bytes([self._mask])

    def _purge(self, value: bytes) -> bytes | None:
        if not value or value[0] not in (PURGE_RECEIVED, PURGE_TO_SEND, PURGE_BOTH):
            return None
        self._port.purge(received=value[0] != PURGE_TO_SEND, to_send=value[0] != PURGE_RECEIVED)
        return value[:1]

    def _control(self, value: bytes) -> bytes | None:
        """Set or tell one thing; what this server does not have is answered as it stands."""
        wanted = value[0] if value else -1
        for line in OUTPUTS:
            if wanted in (ON[line], OFF[line]):
                self._port.set_line(line, active=wanted == ON[line])
                return bytes([wanted])
        if wanted in (Control.ASK_DTR, Control.ASK_RTS):
            line = Line.DTR if wanted == Control.ASK_DTR else Line.RTS
            return bytes([(ON if line in self._port.outputs else OFF)[line]])
        if wanted in (Control.FLOW_NONE, Control.FLOW_RTS_CTS):
            self._port.set_rtscts(wanted == Control.FLOW_RTS_CTS)
        if wanted in (Control.ASK_BREAK, 5, Control.BREAK_OFF):
            return bytes([Control.BREAK_OFF])
        if 0 <= wanted <= Control.FLOW_RTS_CTS:
            return bytes([Control.FLOW_RTS_CTS if self._port.rtscts else Control.FLOW_NONE])
        return None
