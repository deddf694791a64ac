"""What a host may write on the terminal's serial line: bytes to chunks, chunks to commands.

Commands are ASCII and end in CR; LF is skipped. A payload after ``AT+CMGS`` ends in 0x1A, and
0x1B throws away what was begun. The rules come from the public reference of the PEI and were
written apart from the driver, so that neither can share the other's mistakes.
"""

import enum
import re
from dataclasses import dataclass, field

MAX_LINE_BYTES = 2_048
"""Longest line the radio keeps: 1184 payload bits are 296 digits; the rest is room."""

CR, LF, SUB, ESC = 0x0D, 0x0A, 0x1A, 0x1B

_BASIC = re.compile(r"(&F|[EVQZDAHIR])\s*(.*)", re.IGNORECASE)
_EXTENDED = re.compile(r"\+([A-Z]+)(=\?|\?|=)?(.*)", re.IGNORECASE)


class End(enum.Enum):
    """What ended a chunk."""

    CR = "cr"
    SUB = "sub"
    ESC = "esc"
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Text up to a terminator. ``outstanding``: a command was unanswered when it arrived."""

    text: str
    end: End
    at_ms: float
    outstanding: bool = False
    ascii_only: bool = True


class Form(enum.Enum):
    """The four ways to write a command."""

    BARE = "bare"
    SET = "set"
    READ = "read"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class AtCommand:
    """One command: ``name`` without ``AT`` and ``+``, in capitals; ``text`` is what follows."""

    name: str
    form: Form
    text: str = ""
    extended: bool = True

    @property
    def fields(self) -> tuple[str, ...]:
        """The comma-separated parameters, stripped; empty where none was given."""
        return tuple(part.strip() for part in self.text.split(",")) if self.text else ()


class AtError(Exception):
    """The radio refuses with ``+CME ERROR: <code>``."""

    def __init__(self, code: int) -> None:
        """Keep the error number."""
        super().__init__(f"+CME ERROR: {code}")
        self.code = code


@dataclass(slots=True)
class HostReader:
    """Cuts what the host writes, in any chunking, at its terminators."""

    _line: bytearray = field(default_factory=bytearray)
    _overflow: bool = False

    def feed(self, data: bytes, now: float) -> list[Chunk]:
        """Return the chunks that ``data`` completes."""
        chunks: list[Chunk] = []
        for byte in data:
            if byte == LF:
                continue
            if byte in (CR, SUB, ESC):
                chunks.append(self._close(byte, now))
            elif len(self._line) >= MAX_LINE_BYTES:
                self._overflow = True
            else:
                self._line.append(byte)
        return chunks

    def clear(self) -> None:
        """Forget a half line (power cycle, closed port)."""
        self._line.clear()
        self._overflow = False

    def _close(self, byte: int, now: float) -> Chunk:
        raw = bytes(self._line)
        end = {CR: End.CR, SUB: End.SUB, ESC: End.ESC}[byte]
        if self._overflow and end is not End.ESC:
            end = End.OVERFLOW
        self.clear()
        text = raw.decode("latin-1")
        plain = all(0x20 <= one < 0x7F for one in raw)
        return Chunk(text, end, now, ascii_only=plain)


def parse_command(line: str) -> AtCommand:
    """Read one line; raises AtError 35 for what is no command at all."""
    text = line.strip()
    if text[:2].upper() != "AT":
        raise AtError(35)
    rest = text[2:].strip()
    if not rest:
        return AtCommand("", Form.BARE, extended=False)
    if extended := _EXTENDED.fullmatch(rest):
        return _extended(extended[1].upper(), extended[2], extended[3])
    if basic := _BASIC.fullmatch(rest):
        form = Form.SET if basic[2] else Form.BARE
        return AtCommand(basic[1].upper(), form, basic[2].strip(), extended=False)
    raise AtError(35 if not rest[:1].isalpha() else 4)


def _extended(name: str, mark: str | None, rest: str) -> AtCommand:
    form = {None: Form.BARE, "?": Form.READ, "=?": Form.TEST, "=": Form.SET}[mark]
    if (form is not Form.SET and rest) or (form is Form.SET and not rest):
        raise AtError(35)
    return AtCommand(name, form, rest)


def is_unkey(line: str) -> bool:
    """Whether ``line`` ends a transmission: the one thing that may overtake an open command."""
    try:
        command = parse_command(line)
    except AtError:
        return False
    return command.name in ("CUTXC", "H")


def number(text: str, low: int, high: int) -> int:
    """Return a decimal parameter; AtError 33 if it is none, 34 outside ``low`` to ``high``."""
    if not text.isascii() or not text.isdecimal():
        raise AtError(33)
    value = int(text) if len(text) <= 25 else high + 1
    if not low <= value <= high:
        raise AtError(34)
    return value


def ssi_of(address: str) -> int:
    """Return the SSI of an SSI (1 to 8 digits) or a TSI (15, 16 or 17 digits)."""
    if not address.isascii() or not address.isdecimal():
        raise AtError(33)
    if len(address) > 8 and len(address) not in (15, 16, 17):
        raise AtError(34)
    return number(address[-8:], 0, 0xFFFFFF)
