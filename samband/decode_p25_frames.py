"""P25 frames on air as JSON keys: identifier, header, voice, terminators, signalling, packets."""

from collections.abc import Iterable, Iterator
from functools import partial

from gateway.model.errors import ProtocolViolation
from gateway.p25.air.frame import (
    AirFrame,
    Hdu,
    Ldu1,
    Ldu2,
    Pdu,
    Tdu,
    Tdulc,
    Tsdu,
    decode_frame,
)
from gateway.p25.air.nid import NID_BITS, NID_OCTETS, Nid, decode_nid, read_nid
from gateway.p25.air.places import SYNC_BITS
from gateway.p25.air.protection import LINK_CONTROL, TERMINATOR, Protected
from gateway.p25.air.status_symbols import strip
from gateway.p25.air.voice import CODED_OCTETS, IMBE_OCTETS, correct_words, protect
from gateway.p25.words import tables
from gateway.p25.words.crc import ccitt_holds
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.link_control_base import LC_OCTETS
from gateway.p25.words.packet import (
    CONFIRMED_OCTETS,
    HEADER_OCTETS,
    ConfirmedBlock,
    decode_header,
    packet_data,
)
from gateway.p25.words.tsbk import decode_tsbk
from gateway.p25.words.tsbk_base import TSBK_OCTETS
from samband.decode_hex import octet_rows
from samband.decode_p25_direction import likely_inbound
from samband.decode_p25_words import link_control_row, packet_header_row, tsbk_row
from samband.decode_rows import Row, malformed
from voicecodecs.fec.reed_solomon import RS_24_12, hexbits, octets_of
from voicecodecs.fec.trellis import BITS as BLOCK_BITS
from voicecodecs.fec.trellis import HALF, THREE_QUARTERS

_CODED_BLOCK_OCTETS = 25
_NID_IN = 18
"""Octets of a frame that hold the identifier, whole microslots."""
_CONTENT_DIGIT = 28
"""Hex digit of a frame at which the content begins, behind sync and identifier."""
_KINDS: dict[str, tuple[type[AirFrame], ...]] = {
    "hdu": (Hdu,),
    "ldu": (Ldu1, Ldu2),
    "tdu": (Tdu, Tdulc),
    "tsbk": (Tsdu,),
    "pdu": (Pdu,),
}


def nid_row(octets: bytes) -> Row:
    """Return an identifier: eight octets, or a frame with sync and status symbols."""
    if len(octets) <= NID_OCTETS:
        return _nid(read_nid(octets))
    found = decode_nid(strip(octets[:_NID_IN]).cut(SYNC_BITS, NID_BITS))
    if found is None:
        raise ProtocolViolation("NID: BCH(63,16) uncorrectable", raw=octets, offset=6)
    return _nid(found)


def _nid(nid: Nid) -> Row:
    return {
        "nac": f"{nid.nac:03x}",
        "duid": nid.duid,
        "unit": tables.UNITS_ON_AIR.get(nid.duid, "reserved"),
        "errors": nid.errors,
    }


def unit_row(octets: bytes, kind: str) -> Row:
    """Return a frame of one kind; another kind, or an unreadable one, raises ProtocolViolation."""
    return _unit(decode_frame(octets), octets, kind)


def _unit(frame: AirFrame, octets: bytes, kind: str) -> Row:
    if not isinstance(frame, _KINDS[kind]):
        found = tables.UNITS_ON_AIR.get(frame.duid, "reserved")
        raise ProtocolViolation(
            f"expected a frame of kind {kind}, got one of kind {found} (DUID {frame.duid:X})",
            raw=octets,
            offset=6,
        )
    row: Row = {
        "nac": f"{frame.nac:03x}",
        "duid": frame.duid,
        "status_symbols": "".join(map(str, frame.status_symbols)),
        "errors": frame.errors,
    }
    row |= _content(frame)
    if "unreadable" in row:
        what = row.pop("unreadable")
        row |= malformed(_CONTENT_DIGIT, f"{what} beyond correction", octets.hex())
    return row


def _content(frame: AirFrame) -> Row:
    match frame:
        case Hdu(sync=None):
            return {"unreadable": "header"}
        case Hdu(sync=sync) if sync is not None:
            return _sync(sync) | {"mfid": f"{frame.mfid:02x}", "group": frame.group}
        case Ldu1() | Ldu2():
            return _voice(frame)
        case Tdulc(link_control=None):
            return {"lc": None, "unreadable": "link control"}
        case Tdulc(link_control=word) if word is not None:
            return link_control_row(word)
    return {}


def _sync(sync: EncryptionSync) -> Row:
    return {
        "message_indicator": sync.message_indicator.hex(),
        "algid": f"{sync.algorithm:02x}",
        "algorithm": tables.algorithm_words(sync.algorithm),
        "kid": f"{sync.key_id:04x}",
    }


def _voice(frame: Ldu1 | Ldu2) -> Row:
    frames = [correct_words(coded) for coded in frame.voice]
    wrong = [sum(one.errors) for one in frames]
    row: Row = {
        "imbe": [one.imbe.hex() for one in frames],
        "lsd": frame.low_speed.hex(),
        "voice_errors": wrong,
        "errors": frame.errors + sum(wrong),
    }
    if not frame.low_speed_readable:
        row["lsd_readable"] = False
    if isinstance(frame, Ldu2):
        if frame.sync is None:
            return row | {"unreadable": "encryption sync"}
        return row | _sync(frame.sync)
    if frame.link_control is None:
        return row | {"lc": None, "unreadable": "link control"}
    return row | link_control_row(frame.link_control)


def tsbk_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Give the rows of signalling blocks, the direction written before or behind, or guessed."""
    for line in lines:
        inbound, digits = _direction(line)
        for row in octet_rows([digits], partial(_tsbk, inbound=inbound)):
            yield row | {"raw": line} if "raw" in row else row


def _direction(line: str) -> tuple[bool | None, str]:
    words = line.lower().replace("/", " ").replace(":", " ").split()
    for word, inbound in (("isp", True), ("osp", False)):
        if word in words:
            return inbound, "".join(other for other in words if other != word)
    return None, line


def _tsbk(octets: bytes, inbound: bool | None) -> Row:
    if len(octets) == TSBK_OCTETS:
        return _block(octets, inbound)
    if len(octets) == _CODED_BLOCK_OCTETS:
        found = HALF.decode_word(_coded(octets))
        return _block(found.data, inbound) | {"errors": found.errors}
    frame = decode_frame(octets)
    row = _unit(frame, octets, "tsbk")
    blocks = frame.blocks if isinstance(frame, Tsdu) else ()
    rows = [
        malformed(_CONTENT_DIGIT, "signalling block beyond correction", octets.hex())
        if block is None
        else _block(block, inbound)
        for block in blocks
    ]
    return row | (rows[0] if len(rows) == 1 else {"blocks": rows})


def _coded(octets: bytes) -> int:
    return int.from_bytes(octets, "big") >> 8 * _CODED_BLOCK_OCTETS - BLOCK_BITS


def _block(octets: bytes, inbound: bool | None) -> Row:
    way = likely_inbound(octets) if inbound is None else inbound
    row = tsbk_row(decode_tsbk(octets, inbound=way), octets)
    return row if inbound is not None else row | {"direction_guessed": True}


def pdu_row(octets: bytes) -> Row:
    """Return a packet on air, a header (12 octets) or one coded block (25 octets)."""
    if len(octets) == HEADER_OCTETS:
        return packet_header_row(decode_header(octets), octets)
    if len(octets) == CONFIRMED_OCTETS:
        return _confirmed(octets, 0)
    if len(octets) == _CODED_BLOCK_OCTETS:
        return _packet_block(_coded(octets)) | {"fec": octets.hex()}
    frame = decode_frame(octets)
    row = _unit(frame, octets, "pdu")
    if not isinstance(frame, Pdu) or frame.header is None:
        return row | malformed(_CONTENT_DIGIT, "packet header beyond correction", octets.hex())
    header = decode_header(frame.header)
    packet = packet_data(header, frame.blocks)
    row |= packet_header_row(header, frame.header)
    return row | {
        "block_octets": [None if block is None else block.hex() for block in frame.blocks],
        "data": packet.data.hex(),
        "whole": packet.whole,
    }


def _packet_block(coded: int) -> Row:
    """Return a block of which only the bits are known: the reading that fits best."""
    half, more = HALF.decode_word(coded), THREE_QUARTERS.decode_word(coded)
    if ccitt_holds(half.data):
        return packet_header_row(decode_header(half.data), half.data) | {"errors": half.errors}
    if ConfirmedBlock.decode(more.data) is not None and more.errors < half.errors:
        return _confirmed(more.data, more.errors)
    return {"kind": "PDUBLK UNCONF", "data": half.data.hex(), "errors": half.errors}


def _confirmed(octets: bytes, errors: int) -> Row:
    block = ConfirmedBlock.decode(octets)
    if block is None:
        raise ProtocolViolation("packet block: the check is wrong", raw=octets, offset=0)
    return {
        "kind": "PDUBLK CONF",
        "raw": octets.hex(),
        "serial": block.serial,
        "data": block.data.hex(),
        "errors": errors,
    }


def lc_row(octets: bytes) -> Row:
    """Return link control: nine octets, or with its protection 18 (RS), 30 (LDU1) or 36 (TDULC)."""
    if len(octets) == LC_OCTETS:
        return link_control_row(octets)
    found = _protected(octets)
    if found is None:
        return link_control_row(octets)
    if found.octets is None:
        raise ProtocolViolation("link control beyond correction", raw=octets, offset=0)
    return link_control_row(found.octets) | {"errors": found.errors}


def _protected(octets: bytes) -> Protected | None:
    number = int.from_bytes(octets, "big")
    for protection in (LINK_CONTROL, TERMINATOR):
        if 8 * len(octets) == protection.coded_bits:
            return protection.decode(number)
    if len(octets) != RS_24_12.n * 6 // 8:
        return None
    found = RS_24_12.decode(hexbits(octets))
    if not found.ok:
        return Protected(None, 0)
    right = octets_of(RS_24_12.encode(found.data))
    return Protected(right[:LC_OCTETS], (number ^ int.from_bytes(right, "big")).bit_count())


def imbe_row(octets: bytes) -> Row:
    """Return 20 ms of voice: 18 octets as on air, or 11 to be protected."""
    if len(octets) == IMBE_OCTETS:
        return {"imbe": octets.hex(), "coded": protect(octets).hex()}
    if len(octets) != CODED_OCTETS:
        raise ProtocolViolation(
            f"expected {CODED_OCTETS} octets of a coded voice frame, or {IMBE_OCTETS} of a bare "
            f"one, got {len(octets)}",
            raw=octets,
            offset=min(len(octets), CODED_OCTETS),
        )
    found = correct_words(octets)
    return {
        "imbe": found.imbe.hex(),
        "coded": octets.hex(),
        "errors": sum(found.errors),
        "errors_by_word": list(found.errors),
    }
