"""Bytes of the serial line to lines, in any chunking.

A line ends at CR or LF; empty lines are dropped; control bytes are stripped. A line longer than
``MAX_LINE_BYTES`` is given up and reading begins anew after its end.
"""

from dataclasses import dataclass

MAX_LINE_BYTES = 8192
"""A payload of 2047 bits is 512 digits; anything near this limit is no PEI line."""

_CR, _LF = 0x0D, 0x0A
_STRIPPED = bytes(c for c in range(0x20) if c not in (_CR, _LF)) + b"\x7f"
_TO_LF = bytes.maketrans(b"\r", b"\n")
_KEPT_OF_OVERLONG = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlong:
    """A line that passed the limit; ``head`` is its beginning, ``dropped`` counts its bytes."""

    head: bytes
    dropped: int


class LineReader:
    """Turns received bytes into lines of text; holds at most ``limit`` bytes."""

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        """Begin with an empty buffer."""
        self._limit = limit
        self._buffer = bytearray()
        self._overlong_head: bytes | None = None
        self._overlong_bytes = 0

    def feed(self, data: bytes) -> list[str | Overlong]:
        """Return the lines that ``data`` completes, Latin-1 decoded so that nothing is lost."""
        lines: list[str | Overlong] = []
        pieces = data.translate(_TO_LF, _STRIPPED).split(b"\n")
        for piece in pieces[:-1]:
            self._take(piece)
            self._finish(lines)
        self._take(pieces[-1])
        return lines

    def clear(self) -> None:
        """Forget a half line (the port was opened anew)."""
        self._buffer.clear()
        self._overlong_head = None
        self._overlong_bytes = 0

    def _take(self, piece: bytes) -> None:
        if self._overlong_head is not None:
            self._overlong_bytes += len(piece)
            return
        self._buffer += piece
        if len(self._buffer) > self._limit:
            self._overlong_head = bytes(self._buffer[:_KEPT_OF_OVERLONG])
            self._overlong_bytes = len(self._buffer)
            self._buffer.clear()

    def _finish(self, lines: list[str | Overlong]) -> None:
        if self._overlong_head is not None:
            lines.append(Overlong(head=self._overlong_head, dropped=self._overlong_bytes))
        elif line := self._buffer.decode("latin-1").strip(" "):
            lines.append(line)
        self.clear()
