"""Telnet framing without input or output: bytes in, pieces out, for both ends.

Facts: RFC 854 (commands, IAC doubled), RFC 855 (options), checked against pyserial's own client and
server in the tests. Anything may come in any chunks; a sub-negotiation has a limit.
"""

from dataclasses import dataclass

IAC, DONT, DO, WONT, WILL, SB, NOP, SE = 255, 254, 253, 252, 251, 250, 241, 240
BINARY, ECHO, SUPPRESS_GO_AHEAD, COM_PORT = 0, 1, 3, 44
VERBS = frozenset({DO, DONT, WILL, WONT})
MAX_SUB_BYTES = 256
"""Of a longer sub-negotiation nothing is kept."""
BEAT = bytes([IAC, NOP])
"""A command that means nothing: it shows that we live."""


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of the line itself."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Negotiation:
    """DO, DONT, WILL or WONT with its option."""

    verb: int
    option: int


@dataclass(frozen=True, slots=True)
class Sub:
    """A whole sub-negotiation of an option."""

    option: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """Another command, without a parameter."""

    code: int


Piece = Data | Negotiation | Sub | Command


class TelnetReader:
    """Takes a Telnet stream apart. States: data, after IAC, after a verb, in a sub-negotiation."""

    def __init__(self) -> None:
        """Begin with plain data."""
        self._iac = False
        self._verb = 0
        self._sub: bytearray | None = None
        self._data = bytearray()
        self._pieces: list[Piece] = []

    def feed(self, data: bytes) -> list[Piece]:
        """Take bytes in any chunks; returns what is complete, in order."""
        if not self._iac and not self._verb and self._sub is None and IAC not in data:
            return [Data(data)] if data else []
        for byte in data:
            if self._verb:
                self._add(Negotiation(self._verb, byte))
                self._verb = 0
            elif self._iac:
                self._iac = False
                self._command(byte)
            elif byte == IAC:
                self._iac = True
            else:
                self._keep(byte)
        self._flush()
        pieces, self._pieces = self._pieces, []
        return pieces

    def _command(self, byte: int) -> None:
        if byte == IAC:
            self._keep(IAC)
        elif byte in VERBS:
            self._verb = byte
        elif byte == SB:
            self._sub = bytearray()
        elif byte == SE:
            self._end_sub()
        else:
            self._add(Command(byte))

    def _keep(self, byte: int) -> None:
        if self._sub is None:
            self._data.append(byte)
        elif len(self._sub) <= MAX_SUB_BYTES:
            self._sub.append(byte)

    def _end_sub(self) -> None:
        sub, self._sub = self._sub, None
        if sub and len(sub) <= MAX_SUB_BYTES:
            self._add(Sub(sub[0], bytes(sub[1:])))

    def _add(self, piece: Piece) -> None:
        self._flush()
        self._pieces.append(piece)

    def _flush(self) -> None:
        if self._data:
            self._pieces.append(Data(bytes(self._data)))
            self._data.clear()


def escape(data: bytes) -> bytes:
    """Return line data as it goes over Telnet: each IAC byte twice."""
    return data.replace(b"\xff", b"\xff\xff")


def negotiation(verb: int, option: int) -> bytes:
    """Return the three bytes of a negotiation."""
    return bytes([IAC, verb, option])


def sub(option: int, payload: bytes) -> bytes:
    """Return a whole sub-negotiation."""
    return bytes([IAC, SB, option]) + escape(payload) + bytes([IAC, SE])
