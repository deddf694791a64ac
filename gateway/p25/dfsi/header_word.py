"""The header word of an over: RS(36,20,17) over 15 octets, as 36 six-bit symbols (1.7, 2.3).

DFSI and V.24 carry the symbols one an octet, half in each of two voice headers, without the inner
code that they have on air.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.p25.dfsi.blocks import HEXBITS
from gateway.p25.words.encryption import EncryptionSync
from voicecodecs.fec.reed_solomon import RS_36_20, hexbits, octets_of

MI_OCTETS: Final = 9
DATA_OCTETS: Final = 15
_SIX_BITS: Final = 0b11_1111


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderWord:
    """What an over's header says."""

    sync: EncryptionSync
    group: int
    manufacturer: int = 0

    def encode(self) -> tuple[bytes, bytes]:
        """Return the 18 symbols of each half, one an octet."""
        sync = self.sync
        data = (
            sync.message_indicator
            + bytes([self.manufacturer, sync.algorithm])
            + sync.key_id.to_bytes(2, "big")
            + self.group.to_bytes(2, "big")
        )
        symbols = bytes(RS_36_20.encode(hexbits(data)))
        return symbols[:HEXBITS], symbols[HEXBITS:]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHeader:
    """A header word as received; ``word`` None: it could not be corrected."""

    word: HeaderWord | None
    errors: int = 0
    """Symbols that were changed."""


def decode_header(symbols: Sequence[int], missing: Collection[int] = ()) -> ReadHeader:
    """Correct 36 symbols; ``missing`` are the places of those that never came."""
    read = RS_36_20.decode([one & _SIX_BITS for one in symbols], tuple(missing))
    if not read.ok:
        return ReadHeader(word=None)
    # four symbols make three octets
    data = octets_of(read.data)[:DATA_OCTETS]
    sync = EncryptionSync(
        message_indicator=data[:MI_OCTETS],
        algorithm=data[MI_OCTETS + 1],
        key_id=int.from_bytes(data[MI_OCTETS + 2 : MI_OCTETS + 4], "big"),
    )
    word = HeaderWord(
        sync=sync,
        manufacturer=data[MI_OCTETS],
        group=int.from_bytes(data[MI_OCTETS + 4 :], "big"),
    )
    return ReadHeader(word=word, errors=read.errors)
