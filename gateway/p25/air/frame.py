"""Frames on air: sync, identifier, status symbols and what each data unit protects (TIA-102.BAAA).

Nothing here keeps state: a receiver that follows a call keeps its last good link control itself
(``gateway.p25.talk``).
"""

from collections.abc import Callable
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.air.frame_writer import encode_frame
from gateway.p25.air.nid import NID_BITS, decode_nid
from gateway.p25.air.places import (
    CONTENT_AT,
    GROUP_BITS,
    GROUPS_AT,
    HEADER_MI_OCTETS,
    LDU_BITS,
    LOW_SPEED_AT,
    LOW_SPEED_BITS,
    MAX_FRAME_OCTETS,
    MAX_SIGNALLING_BLOCKS,
    MAX_SYNC_ERRORS,
    SYNC,
    SYNC_BITS,
    VOICE_AT,
)
from gateway.p25.air.protection import (
    ENCRYPTION_SYNC,
    HEADER,
    LINK_CONTROL,
    TERMINATOR,
    decode_low_speed,
)
from gateway.p25.air.status_symbols import Stripped, strip
from gateway.p25.air.units import (
    AirFrame,
    Hdu,
    Ldu1,
    Ldu2,
    Pdu,
    Tdu,
    Tdulc,
    Tsdu,
    UnknownUnit,
)
from gateway.p25.air.voice import CODED_BITS, CODED_OCTETS
from gateway.p25.words import tables
from gateway.p25.words.crc import ccitt_holds
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.packet import ConfirmedBlock, decode_header
from gateway.p25.words.tsbk_base import LAST_BLOCK
from voicecodecs.fec.trellis import BITS as BLOCK_BITS
from voicecodecs.fec.trellis import HALF, THREE_QUARTERS


def decode_frame(
    data: bytes, *, expected_nac: int | None = None, max_sync_errors: int = MAX_SYNC_ERRORS
) -> AirFrame:
    """Read one frame; octets behind its end are ignored.

    ``expected_nac`` saves time with damaged identifiers. Raises ProtocolViolation when there is no
    frame sync, no readable identifier, or the frame is cut short inside its content; what cannot be
    corrected inside a frame is None in its fields.
    """
    air = strip(data[:MAX_FRAME_OCTETS])
    if air.length < CONTENT_AT:
        raise ProtocolViolation(
            f"frame: expected at least {CONTENT_AT} bits, got {air.length}",
            raw=data,
            offset=len(data),
        )
    sync_errors = (air.cut(0, SYNC_BITS) ^ SYNC).bit_count()
    if sync_errors > max_sync_errors:
        raise ProtocolViolation(
            f"frame: expected sync {SYNC:012x}, got {data[:6].hex()}", raw=data, offset=0
        )
    nid = decode_nid(air.cut(SYNC_BITS, NID_BITS), expected_nac)
    if nid is None:
        raise ProtocolViolation(
            f"frame: NID {air.cut(SYNC_BITS, NID_BITS):016x} uncorrectable", raw=data, offset=6
        )
    reader = _READERS.get(nid.duid)
    if reader is None:
        content = air.bits & (1 << air.length - CONTENT_AT) - 1
        bits = air.length - CONTENT_AT
        return UnknownUnit(
            nac=nid.nac,
            errors=sync_errors + nid.errors,
            status_symbols=air.symbols,
            unit=nid.duid,
            content=(content << -bits % 8).to_bytes(-(-bits // 8), "big"),
        )
    least, read = reader
    if air.length < least:
        raise ProtocolViolation(
            f"{tables.UNITS_ON_AIR[nid.duid]} unit: expected {least} bits without status symbols, "
            f"got {air.length}",
            raw=data,
            offset=len(data),
        )
    return read(air, nid.nac, sync_errors + nid.errors)


def _read_hdu(air: Stripped, nac: int, errors: int) -> Hdu:
    found = HEADER.decode(air.cut(CONTENT_AT, HEADER.coded_bits))
    errors += found.errors
    if found.octets is None:
        return Hdu(nac=nac, errors=errors, status_symbols=air.symbols, sync=None)
    octets = found.octets
    return Hdu(
        nac=nac,
        errors=errors,
        status_symbols=air.symbols,
        sync=EncryptionSync.decode(octets[:HEADER_MI_OCTETS] + octets[10:13]),
        mfid=octets[HEADER_MI_OCTETS],
        group=int.from_bytes(octets[13:], "big"),
    )


def _groups(air: Stripped) -> int:
    """Return the 240 bits beside the voice."""
    bits = 0
    for at in GROUPS_AT:
        bits = bits << GROUP_BITS | air.cut(at, GROUP_BITS)
    return bits


def _voice(air: Stripped) -> tuple[bytes, ...]:
    return tuple(air.cut(at, CODED_BITS).to_bytes(CODED_OCTETS, "big") for at in VOICE_AT)


def _read_ldu1(air: Stripped, nac: int, errors: int) -> Ldu1:
    found = LINK_CONTROL.decode(_groups(air))
    low_speed = decode_low_speed(air.cut(LOW_SPEED_AT, LOW_SPEED_BITS))
    return Ldu1(
        nac=nac,
        errors=errors + found.errors + low_speed.errors,
        status_symbols=air.symbols,
        voice=_voice(air),
        low_speed=low_speed.octets,
        low_speed_readable=low_speed.readable,
        link_control=found.octets,
    )


def _read_ldu2(air: Stripped, nac: int, errors: int) -> Ldu2:
    found = ENCRYPTION_SYNC.decode(_groups(air))
    low_speed = decode_low_speed(air.cut(LOW_SPEED_AT, LOW_SPEED_BITS))
    return Ldu2(
        nac=nac,
        errors=errors + found.errors + low_speed.errors,
        status_symbols=air.symbols,
        voice=_voice(air),
        low_speed=low_speed.octets,
        low_speed_readable=low_speed.readable,
        sync=None if found.octets is None else EncryptionSync.decode(found.octets),
    )


def _read_tdu(air: Stripped, nac: int, errors: int) -> Tdu:
    return Tdu(nac=nac, errors=errors, status_symbols=air.symbols)


def _read_tdulc(air: Stripped, nac: int, errors: int) -> Tdulc:
    found = TERMINATOR.decode(air.cut(CONTENT_AT, TERMINATOR.coded_bits))
    return Tdulc(
        nac=nac,
        errors=errors + found.errors,
        status_symbols=air.symbols,
        link_control=found.octets,
    )


def _coded_block(air: Stripped, index: int) -> int:
    return air.cut(CONTENT_AT + index * BLOCK_BITS, BLOCK_BITS)


def _blocks_that_came(air: Stripped) -> int:
    return (air.length - CONTENT_AT) // BLOCK_BITS


def _read_tsdu(air: Stripped, nac: int, errors: int) -> Tsdu:
    """Read up to the block that says it is the last; one that is unreadable says nothing."""
    blocks: list[bytes | None] = []
    while len(blocks) < min(_blocks_that_came(air), MAX_SIGNALLING_BLOCKS):
        found = HALF.decode_word(_coded_block(air, len(blocks)))
        if not ccitt_holds(found.data):
            blocks.append(None)
            continue
        errors += found.errors
        blocks.append(found.data)
        if found.data[0] & LAST_BLOCK:
            break
    return Tsdu(nac=nac, errors=errors, status_symbols=air.symbols, blocks=tuple(blocks))


def _read_pdu(air: Stripped, nac: int, errors: int) -> Pdu:
    head = HALF.decode_word(_coded_block(air, 0))
    if not ccitt_holds(head.data):
        return Pdu(nac=nac, errors=errors, status_symbols=air.symbols, header=None)
    errors += head.errors
    header = decode_header(head.data)
    came = min(header.blocks, _blocks_that_came(air) - 1)
    confirmed = header.format == tables.CONFIRMED
    code = THREE_QUARTERS if confirmed else HALF
    blocks: list[bytes | None] = []
    for block in code.decode_words([_coded_block(air, 1 + index) for index in range(came)]):
        readable = not confirmed or ConfirmedBlock.decode(block.data) is not None
        errors += block.errors if readable else 0
        blocks.append(block.data if readable else None)
    blocks += [None] * (header.blocks - came)
    return Pdu(
        nac=nac,
        errors=errors,
        status_symbols=air.symbols,
        header=head.data,
        blocks=tuple(blocks),
    )


_READERS: Final[dict[int, tuple[int, Callable[[Stripped, int, int], AirFrame]]]] = {
    tables.HDU: (CONTENT_AT + HEADER.coded_bits, _read_hdu),
    tables.LDU1: (LDU_BITS, _read_ldu1),
    tables.LDU2: (LDU_BITS, _read_ldu2),
    tables.TDU: (CONTENT_AT, _read_tdu),
    tables.TDULC: (CONTENT_AT + TERMINATOR.coded_bits, _read_tdulc),
    tables.TSDU: (CONTENT_AT + BLOCK_BITS, _read_tsdu),
    tables.PDU: (CONTENT_AT + BLOCK_BITS, _read_pdu),
}
"""Bits that a unit needs at least, and what reads it. Null bits at the end may be missing."""

__all__ = [
    "AirFrame",
    "Hdu",
    "Ldu1",
    "Ldu2",
    "Pdu",
    "Tdu",
    "Tdulc",
    "Tsdu",
    "UnknownUnit",
    "decode_frame",
    "encode_frame",
]
