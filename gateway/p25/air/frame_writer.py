"""Frames to be sent: sync, identifier, protected content, null bits and status symbols."""

from gateway.model.errors import InvalidCommand
from gateway.p25.air.nid import MAX_NAC, NID_BITS, encode_nid
from gateway.p25.air.places import (
    CONTENT_AT,
    GROUP_BITS,
    GROUPS_AT,
    HEADER_MI_OCTETS,
    LDU_BITS,
    LOW_SPEED_AT,
    LOW_SPEED_BITS,
    MAX_SIGNALLING_BLOCKS,
    SYNC,
    TDU_BITS,
    VOICE_AT,
)
from gateway.p25.air.protection import (
    ENCRYPTION_SYNC,
    HEADER,
    LINK_CONTROL,
    TERMINATOR,
    encode_low_speed,
)
from gateway.p25.air.status_symbols import ALL_UNKNOWN, SLOT_BITS, Status, fill
from gateway.p25.air.units import (
    FRAMES_PER_LDU,
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
from gateway.p25.air.voice import CODED_BITS, CODED_OCTETS, protect
from gateway.p25.words import tables
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.packet import (
    CONFIRMED_OCTETS,
    HEADER_OCTETS,
    MAX_BLOCKS,
    UNCONFIRMED_OCTETS,
)
from voicecodecs.fec.trellis import BITS as BLOCK_BITS
from voicecodecs.fec.trellis import HALF, THREE_QUARTERS


def encode_frame(frame: AirFrame, status: Status = ALL_UNKNOWN) -> bytes:
    """Return the octets on air, whole microslots with sync, identifier and status symbols.

    Raises InvalidCommand where a field does not fit, or is None.
    """
    if not 0 <= frame.nac <= MAX_NAC:
        raise InvalidCommand(f"frame: expected a NAC of 000 to FFF, got {frame.nac:X}")
    content, bits = _content(frame)
    head = SYNC << NID_BITS | encode_nid(frame.nac, frame.duid)
    return fill(head << bits | content, CONTENT_AT + bits, status)


def _content(frame: AirFrame) -> tuple[int, int]:
    """Return the bits behind the identifier, null bits left to the filling, and their number."""
    match frame:
        case Ldu1():
            word = _given(frame.link_control, "link control", LINK_CONTROL.octets)
            coded = _ldu(frame, LINK_CONTROL.encode(word)), LDU_BITS - CONTENT_AT
        case Ldu2():
            word = _sync(frame.sync).encode()
            coded = _ldu(frame, ENCRYPTION_SYNC.encode(word)), LDU_BITS - CONTENT_AT
        case Hdu():
            coded = HEADER.encode(_header_octets(frame)), HEADER.coded_bits
        case Tdu():
            coded = 0, TDU_BITS - CONTENT_AT
        case Tdulc():
            word = _given(frame.link_control, "link control", TERMINATOR.octets)
            coded = TERMINATOR.encode(word), TERMINATOR.coded_bits
        case Tsdu():
            coded = _signalling(frame)
        case Pdu():
            coded = _packet(frame)
        case UnknownUnit():
            coded = _unknown(frame.content)
        case _:
            raise InvalidCommand(f"frame: {type(frame).__name__} is no data unit")
    return coded


def _unknown(content: bytes) -> tuple[int, int]:
    """Return bits as received: what filled up the last octet is no microslot of its own."""
    bits = 8 * len(content)
    filling = (CONTENT_AT + bits) % SLOT_BITS
    if filling >= 8:
        filling = 0
    return int.from_bytes(content, "big") >> filling, bits - filling


def _given(octets: bytes | None, what: str, count: int) -> bytes:
    if octets is None or len(octets) != count:
        got = "none" if octets is None else str(len(octets))
        raise InvalidCommand(f"{what}: expected {count} octets, got {got}")
    return octets


def _sync(sync: EncryptionSync | None) -> EncryptionSync:
    if sync is None:
        raise InvalidCommand("encryption sync: expected one, got none")
    return sync


def _header_octets(frame: Hdu) -> bytes:
    sync = _sync(frame.sync).encode()
    if not 0 <= frame.mfid <= 0xFF or not 0 <= frame.group <= 0xFFFF:
        raise InvalidCommand(f"header: MFID {frame.mfid} or group {frame.group} does not fit")
    group = frame.group.to_bytes(2, "big")
    return sync[:HEADER_MI_OCTETS] + bytes([frame.mfid]) + sync[HEADER_MI_OCTETS:] + group


def _ldu(frame: Ldu1 | Ldu2, beside: int) -> int:
    if len(frame.voice) != FRAMES_PER_LDU:
        raise InvalidCommand(f"voice unit: expected 9 frames, got {len(frame.voice)}")
    content = 0
    for at, voice in zip(VOICE_AT, frame.voice, strict=True):
        coded = voice if len(voice) == CODED_OCTETS else protect(voice)
        content |= int.from_bytes(coded, "big") << LDU_BITS - at - CODED_BITS
    groups = len(GROUPS_AT)
    for index, at in enumerate(GROUPS_AT):
        group = beside >> GROUP_BITS * (groups - 1 - index) & (1 << GROUP_BITS) - 1
        content |= group << LDU_BITS - at - GROUP_BITS
    low_speed = encode_low_speed(_given(frame.low_speed, "low-speed data", 2))
    return content | low_speed << LDU_BITS - LOW_SPEED_AT - LOW_SPEED_BITS


def _signalling(frame: Tsdu) -> tuple[int, int]:
    if not 1 <= len(frame.blocks) <= MAX_SIGNALLING_BLOCKS:
        raise InvalidCommand(f"signalling unit: expected 1 to 3 blocks, got {len(frame.blocks)}")
    content = 0
    for block in frame.blocks:
        coded = HALF.encode_word(_given(block, "signalling block", HALF.octets))
        content = content << BLOCK_BITS | coded
    return content, BLOCK_BITS * len(frame.blocks)


def _packet(frame: Pdu) -> tuple[int, int]:
    head = _given(frame.header, "packet header", HEADER_OCTETS)
    confirmed = head[0] & 0x1F == tables.CONFIRMED
    if len(frame.blocks) > MAX_BLOCKS:
        raise InvalidCommand(f"packet: expected up to {MAX_BLOCKS} blocks")
    code = THREE_QUARTERS if confirmed else HALF
    size = CONFIRMED_OCTETS if confirmed else UNCONFIRMED_OCTETS
    content = HALF.encode_word(head)
    for block in frame.blocks:
        content = content << BLOCK_BITS | code.encode_word(_given(block, "packet block", size))
    return content, BLOCK_BITS * (1 + len(frame.blocks))
