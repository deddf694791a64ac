"""The signalling word of an LDU, cut into six pieces beside voice frames 3 to 8 (1.8, 2.3).

Six pieces of three octets are the code word of RS(24,12,13) over link control in LDU1, and of
RS(24,16,9) over encryption sync in LDU2. A piece that never came is four erased symbols: link
control survives three of them, encryption sync two.
"""

from typing import Final

from gateway.model.ids import MonoMs
from gateway.p25.talk.records import FRAMES_PER_LDU
from voicecodecs.fec.reed_solomon import RS_24_12, RS_24_16, hexbits, octets_of

PIECES: Final = 6
PIECE_OCTETS: Final = 3
FIRST_FRAME: Final = 2
"""The frame of an LDU, from 0, that carries the first piece."""
SYMBOLS: Final = 4
"""Six-bit symbols in a piece."""
WINDOW_MS: Final = 250
"""The pieces of one word come within this; the same piece of the next one 360 ms later."""


def pieces_of(word: bytes, *, second: bool) -> tuple[bytes, ...]:
    """Return the six pieces of a word: 9 octets in LDU1, 12 in LDU2."""
    code = RS_24_16 if second else RS_24_12
    coded = octets_of(code.encode(hexbits(word)))
    return tuple(coded[at : at + PIECE_OCTETS] for at in range(0, len(coded), PIECE_OCTETS))


class LduWord:
    """Collects the pieces of the same word of one superframe after the other."""

    def __init__(self, *, second: bool) -> None:
        """``second``: encryption sync of LDU2, else link control of LDU1."""
        self._code = RS_24_16 if second else RS_24_12
        self._pieces: dict[int, bytes] = {}
        self._begun_ms: MonoMs | None = None
        self._done = False
        self.errors = 0
        """Symbols that were changed in the last word."""

    def take(self, index: int, piece: bytes, now: MonoMs) -> list[bytes | None]:
        """Take one piece (0 to 5); returns words that became known, None for one that is lost."""
        words = self.expire(now)
        if self._begun_ms is None:
            self._begun_ms = now
        if self._done or index in self._pieces:
            return words
        self._pieces[index] = piece[:PIECE_OCTETS]
        if len(self._pieces) == PIECES:
            words.append(self._decode())
        return words

    def expire(self, now: MonoMs) -> list[bytes | None]:
        """Close a word whose time is over, and return it if it was not returned before."""
        if self._begun_ms is None or now - self._begun_ms < WINDOW_MS:
            return []
        words = [] if self._done else [self._decode()]
        self.reset()
        return words

    def deadline(self) -> MonoMs | None:
        """Return when a word that is not complete is closed."""
        if self._begun_ms is None or self._done:
            return None
        return MonoMs(self._begun_ms + WINDOW_MS)

    def reset(self) -> None:
        """Forget what was collected."""
        self._pieces.clear()
        self._begun_ms = None
        self._done = False

    def _decode(self) -> bytes | None:
        self._done = True
        symbols: list[int] = []
        erased: list[int] = []
        for index in range(PIECES):
            piece = self._pieces.get(index)
            if piece is None:
                erased += range(index * SYMBOLS, (index + 1) * SYMBOLS)
            symbols += hexbits(piece or bytes(PIECE_OCTETS))
        read = self._code.decode(symbols, erased)
        self.errors = read.errors if read.ok else 0
        return octets_of(read.data) if read.ok else None


def piece_index(place: int) -> int | None:
    """Return which piece the frame of a place carries, None where it has none."""
    index = place % FRAMES_PER_LDU - FIRST_FRAME
    return index if 0 <= index < PIECES else None
