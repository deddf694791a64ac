"""Readers of P25 frames on air, their words and voice frames."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from gateway.model.errors import ProtocolViolation
from gateway.p25.air.frame import (
    AirFrame,
    Hdu,
    Ldu1,
    Ldu2,
    Pdu,
    Tdulc,
    Tsdu,
    UnknownUnit,
    decode_frame,
)
from gateway.p25.air.frame import encode_frame as write
from gateway.p25.air.nid import decode_nid, encode_nid
from gateway.p25.air.voice import CODED_OCTETS, correct, protect
from gateway.p25.words import tables
from gateway.p25.words.crc import with_ccitt
from gateway.p25.words.link_control import decode_link_control
from gateway.p25.words.packet import decode_header, pack, packet_data
from gateway.p25.words.tsbk import UnknownTsbk, decode_tsbk
from samband.decode import KINDS
from tests.gateway.p25.vectors import octets, rows
from tests.soak.mutation import damaged

Found = TypeVar("Found")
MAX_NID_ERRORS = 12
"""Eleven of BCH and the bit of parity."""


def frames() -> list[bytes]:
    """Return frames of every kind: those of the vectors, and longer ones of our own."""
    found = [
        octets(row["frame"])
        for name in ("hdu", "ldu1", "ldu2", "tdu_tdulc", "tsbk")
        for row in rows(name)
        if "frame" in row
    ]
    blocks = [octets(row["tsbk"]) for row in rows("tsbk")[1:4]]
    found.append(write(Tsdu(nac=0x293, blocks=tuple(blocks))))
    for count, confirmed in ((20, False), (20, True), (1400, False), (1900, True)):
        header, parts = pack(bytes(count), llid=1, sap=4, confirmed=confirmed)
        found.append(write(Pdu(nac=0x293, header=header.encode(), blocks=parts)))
    return found


class _Damaged:
    """Good inputs with seeded damage."""

    @cached_property
    def good(self) -> list[bytes]:
        """Inputs that are right."""
        return frames()

    def make(self, rng: random.Random) -> bytes:
        """Return the next input."""
        return damaged(rng, self.good, ())

    def close(self) -> None:
        """Let go of nothing."""


class Nid(_Damaged):
    """Sixty-four bits: within the bound of one identifier, or none; the hint changes nothing."""

    @cached_property
    def good(self) -> list[bytes]:
        """Identifiers of every unit."""
        return [
            encode_nid(nac, duid).to_bytes(8, "big") for nac in (0x293, 1) for duid in range(16)
        ]

    def take(self, data: bytes) -> None:
        """Read with and without a hint."""
        word = int.from_bytes(data[:8].ljust(8, b"\0"), "big")
        found = decode_nid(word)
        assert found == decode_nid(word, 0x293)
        if found is not None:
            assert (encode_nid(found.nac, found.duid) ^ word).bit_count() == found.errors
            assert found.errors <= MAX_NID_ERRORS


class Frame(_Damaged):
    """A frame: refused, or readable; what is readable can be sent and read again."""

    def take(self, data: bytes) -> None:
        """Read, write, read."""
        found, fault = _read(decode_frame, data)
        if found is None:
            _in_words(fault, data)
            return
        assert 0 <= found.errors <= 8 * len(data)
        if _sendable(found):
            again = decode_frame(write(found, found.status_symbols))
            assert again.errors == 0
            if isinstance(found, UnknownUnit) and isinstance(again, UnknownUnit):
                again = replace(again, content=again.content[: len(found.content)])
            assert again == replace(found, errors=0, status_symbols=again.status_symbols)


def _sendable(frame: AirFrame) -> bool:
    match frame:
        case Hdu(sync=None) | Ldu2(sync=None):
            return False
        case Ldu1(low_speed_readable=False) | Ldu2(low_speed_readable=False):
            return False
        case Ldu1(link_control=None) | Tdulc(link_control=None) | Pdu(header=None):
            return False
        case Tsdu(blocks=blocks) | Pdu(blocks=blocks):
            return None not in blocks
    return True


class Words(_Damaged):
    """Link control and signalling blocks: always some word, written again as it came."""

    @cached_property
    def good(self) -> list[bytes]:
        """Words of the vectors."""
        words = [octets(row["lc"]) for row in rows("tdu_tdulc") if "lc" in row]
        return words + [octets(row["tsbk"]) for row in rows("tsbk")]

    def take(self, data: bytes) -> None:
        """Take the beginning as each of them; other lengths are refused."""
        word = data[:9].ljust(9, b"\0")
        assert decode_link_control(word).encode() == word
        block = with_ccitt(data[:10].ljust(10, b"\0"))
        for inbound in (True, False):
            found = decode_tsbk(block, inbound=inbound)
            assert found.encode() == block
            assert isinstance(found, UnknownTsbk) or not found.protected
        for read in (decode_link_control, lambda raw: decode_tsbk(raw, inbound=True)):
            _refused(read, data)


def _refused(read: Callable[[bytes], object], data: bytes) -> None:
    """Read or be refused; a refusal must say why and where."""
    found, fault = _read(read, data)
    if found is None:
        _in_words(fault, data)


def _read(
    read: Callable[[bytes], Found], data: bytes
) -> tuple[Found | None, ProtocolViolation | None]:
    try:
        return read(data), None
    except ProtocolViolation as fault:
        return None, fault


def _in_words(fault: ProtocolViolation | None, data: bytes) -> None:
    assert fault is not None
    assert str(fault)
    assert 0 <= fault.offset <= max(len(data), 10)


class Packet(_Damaged):
    """Headers with a right check, and blocks as they come."""

    @cached_property
    def good(self) -> list[bytes]:
        """A header and its blocks in one row of octets."""
        found = []
        for confirmed in (False, True):
            header, blocks = pack(b"grid 4711, all well", llid=7, sap=4, confirmed=confirmed)
            found.append(header.encode() + b"".join(blocks))
        return found

    def take(self, data: bytes) -> None:
        """Read the header and join what follows, with a gap."""
        head = with_ccitt(data[:10].ljust(10, b"\0"))
        header = decode_header(head)
        assert header.encode() == head
        size = 18 if header.format == tables.CONFIRMED else 12
        rest = data[12:]
        cut = [rest[at : at + size] for at in range(0, len(rest) - size + 1, size)]
        found = packet_data(header, cut)
        assert len(found.data) <= len(rest)
        assert not packet_data(header, [*cut, None]).whole
        _refused(decode_header, data)


class VoiceFrame(_Damaged):
    """Eighteen octets of voice: always a frame, as many bits away as were counted."""

    @cached_property
    def good(self) -> list[bytes]:
        """Frames of the vectors."""
        return [octets(row["coded"]) for row in rows("imbe")]

    def take(self, data: bytes) -> None:
        """Correct and protect again."""
        coded = data[:CODED_OCTETS].ljust(CODED_OCTETS, b"\0")
        imbe, errors = correct(coded)
        wrong = int.from_bytes(protect(imbe), "big") ^ int.from_bytes(coded, "big")
        assert wrong.bit_count() == errors
        assert correct(protect(imbe)) == (imbe, 0)
        _refused(correct, data)


class AirRows(_Damaged):
    """Lines of ``samband decode``, each kind in turn: a row that can be written."""

    kinds = ("nid", "hdu", "ldu", "tdu", "tsbk", "pdu", "lc", "imbe-frame")

    def __init__(self) -> None:
        """Begin with the first kind."""
        self.turn = 0

    @cached_property
    def good(self) -> list[bytes]:
        """Frames and words as hex."""
        return [item.hex().encode() for item in self._octets]

    @cached_property
    def _octets(self) -> list[bytes]:
        return [*frames(), *Words().good, *VoiceFrame().good, *Nid().good]

    def make(self, rng: random.Random) -> bytes:
        """Damage the octets mostly, and the digits at times."""
        if rng.randrange(8):
            return damaged(rng, self._octets, ()).hex().encode()
        return damaged(rng, self.good, ())

    def take(self, data: bytes) -> None:
        """Every line has its rows."""
        self.turn = (self.turn + 1) % len(self.kinds)
        text = data.decode("utf-8", errors="surrogateescape")
        for row in KINDS[self.kinds[self.turn]](text.split("\n")):
            json.dumps(row).encode()


AIR: dict[str, Callable[[], Nid | Frame | Words | Packet | VoiceFrame | AirRows]] = {
    "p25_nid": Nid,
    "p25_frame": Frame,
    "p25_words": Words,
    "p25_packet": Packet,
    "p25_voice": VoiceFrame,
    "p25_rows": AirRows,
}
AIR_DECODERS = ("p25_nid", "p25_frame", "p25_words", "p25_packet", "p25_voice")
"""Those that get the most inputs in the soak."""
