"""P25 traffic: a header of 24 octets, then the records of an LDU, a frame, or nothing.

Reference p25, 5.3. What stands in the header is what the master has settled: it may write another
talkgroup there than the records have, so talker and group are taken from it.
"""

from dataclasses import dataclass
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.talk.records import (
    FIRST_ID,
    FNE,
    FRAMES_PER_LDU,
    LDU_OCTETS,
    SIZES,
    VoiceRecord,
    read_record,
    write_record,
)
from gateway.p25.words.encryption import SYNC_OCTETS, EncryptionSync
from voicecodecs.fec.reed_solomon import RS_24_12, RS_24_16, ReedSolomon, hexbits, octets_of

MAGIC: Final = b"P25D"
HEADER_OCTETS: Final = 24
TDU, LDU1, TSDU, LDU2, PDU, TDULC = 0x03, 0x05, 0x07, 0x0A, 0x0C, 0x0F
LENGTHS: Final = {LDU1: 178, LDU2: 178, TDU: 24, TSDU: 45, TDULC: 54}
"""What the last octet of the header says: with the header for voice, without it for frames."""
FRAME_OCTETS: Final = {TSDU: 45, TDULC: 54}
PADDING: Final = bytes(8)
_LDU_END: Final = HEADER_OCTETS + LDU_OCTETS

GRANT_DEMAND, DENIAL, SWITCHOVER, ENCRYPTED, UNIT_TO_UNIT = 0x80, 0x40, 0x20, 0x08, 0x01
"""Bits of the control octet."""

HEADER_VALID, LATE_ENTRY, TERMINATOR = 1, 2, 3
"""Frame types of an LDU1; 0 continues the call."""

GROUP_VOICE_LCO, UNIT_VOICE_LCO = 0x00, 0x03
_LCO_BITS: Final = 0x3F


@dataclass(frozen=True, slots=True, kw_only=True)
class P25Message:
    """One message of P25 traffic. ``body`` is what stands behind the header."""

    duid: int
    lco: int = GROUP_VOICE_LCO
    source: int = 0
    destination: int = 0
    system: int = 0
    wacn: int = 0
    control: int = 0
    mfid: int = 0
    low_speed: bytes = bytes(2)
    length: int = 0
    reserved: bytes = bytes(3)
    """Octets 13, and 19 with the spare high bits of 11 and 16 in the third."""
    body: bytes = b""

    @property
    def grant_demand(self) -> bool:
        """Whether this asks for a channel: no terminator then, whatever its DUID."""
        return bool(self.control & GRANT_DEMAND)

    @property
    def encrypted(self) -> bool:
        """Whether the sender says that its voice is encrypted."""
        return bool(self.control & ENCRYPTED)

    @property
    def unit_to_unit(self) -> bool:
        """Whether the destination is a unit."""
        return bool(self.control & UNIT_TO_UNIT) or self.lco & _LCO_BITS == UNIT_VOICE_LCO

    def encode(self) -> bytes:
        """Return the payload."""
        spare = self.reserved[2]
        return b"".join(
            (
                MAGIC,
                bytes([self.lco]),
                self.source.to_bytes(3, "big"),
                self.destination.to_bytes(3, "big"),
                (self.system | (spare & 0xF0) << 8).to_bytes(2, "big"),
                self.reserved[:1],
                bytes([self.control, self.mfid]),
                (self.wacn | (spare & 0x0F) << 20).to_bytes(3, "big"),
                self.reserved[1:2],
                self.low_speed,
                bytes([self.duid, self.length]),
                self.body,
            )
        )

    @classmethod
    def decode(cls, payload: bytes) -> "P25Message":
        """Read a payload; raises ProtocolViolation unless it begins with a header."""
        if payload[:4] != MAGIC:
            raise ProtocolViolation("P25 message: expected P25D", raw=payload, offset=0)
        if len(payload) < HEADER_OCTETS:
            raise ProtocolViolation(
                f"P25 message: expected a header of {HEADER_OCTETS} octets, got {len(payload)}",
                raw=payload,
                offset=len(payload),
            )
        system = int.from_bytes(payload[11:13], "big")
        wacn = int.from_bytes(payload[16:19], "big")
        return cls(
            duid=payload[22],
            lco=payload[4],
            source=int.from_bytes(payload[5:8], "big"),
            destination=int.from_bytes(payload[8:11], "big"),
            system=system & 0xFFF,
            wacn=wacn & 0xFFFFF,
            control=payload[14],
            mfid=payload[15],
            low_speed=payload[20:22],
            length=payload[23],
            reserved=bytes([payload[13], payload[19], system >> 8 & 0xF0 | wacn >> 20]),
            body=payload[HEADER_OCTETS:],
        )

    def records(self) -> tuple[VoiceRecord, ...]:
        """Read the nine records of an LDU; raises ProtocolViolation."""
        records = []
        at = 0
        first = FRAMES_PER_LDU if self.duid == LDU2 else 0
        for place, size in enumerate(SIZES, first):
            found = self.body[at : at + size]
            if found and found[0] != FIRST_ID + place:
                raise self._bad(at, f"expected record {FIRST_ID + place:X}, got {found[0]:02X}")
            try:
                records.append(read_record(found))
            except ProtocolViolation as fault:
                raise self._bad(at + fault.offset, str(fault)) from None
            at += size
        return tuple(records)

    def frame(self) -> bytes:
        """Return the frame on air of a TSDU or TDULC, with what follows; raises ProtocolViolation.

        A TSDU of several blocks is longer than the usual one.
        """
        size = FRAME_OCTETS[self.duid]
        if len(self.body) < size:
            raise self._bad(len(self.body), f"expected a frame of {size} octets")
        return self.body

    def _bad(self, offset: int, reason: str) -> ProtocolViolation:
        reason = f"P25 message, data unit {self.duid:X}: {reason}"
        return ProtocolViolation(reason, raw=self.body, offset=HEADER_OCTETS + offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceUnit:
    """An LDU as read."""

    voice: tuple[bytes, ...]
    """Nine frames of 11 octets."""
    word: bytes
    """Nine octets of link control, or twelve of encryption sync, as in the records."""
    low_speed: bytes
    frame_type: int = 0
    header: EncryptionSync | None = None
    """Only in an LDU1 that says that its header was valid."""

    @property
    def sync(self) -> EncryptionSync | None:
        """What an LDU2 says of encryption; None of an LDU1."""
        return EncryptionSync.decode(self.word) if len(self.word) == SYNC_OCTETS else None


def read_voice(message: P25Message) -> VoiceUnit:
    """Read an LDU1 or LDU2; raises ProtocolViolation. What stands behind the records may lack."""
    records = message.records()
    code = b"".join(record.piece[:3] for record in records[2:8])
    behind = message.body[LDU_OCTETS:]
    header = None
    frame_type = behind[2] if len(behind) > 2 and message.duid == LDU1 else 0
    if frame_type == HEADER_VALID and len(behind) >= 15:
        header = EncryptionSync(
            algorithm=behind[3],
            key_id=int.from_bytes(behind[4:6], "big"),
            message_indicator=behind[6:15],
        )
    return VoiceUnit(
        voice=tuple(record.imbe for record in records),
        word=code[:9] if message.duid == LDU1 else code[:SYNC_OCTETS],
        low_speed=records[8].piece,
        frame_type=frame_type,
        header=header,
    )


def write_voice(unit: VoiceUnit, *, second: bool) -> bytes:
    """Return the body of an LDU1, or LDU2 if ``second``; an LDU1's header is written if there."""
    code = _protect(unit.word, RS_24_16 if second else RS_24_12)
    first = FRAMES_PER_LDU if second else 0
    pieces = [b"", b"", *(code[at : at + 3] for at in range(0, 18, 3)), unit.low_speed]
    records = b"".join(
        write_record(first + frame, voice, piece, FNE)
        for frame, (voice, piece) in enumerate(zip(unit.voice, pieces, strict=True))
    )
    if second:
        return records + bytes(3) + PADDING
    header = unit.header
    said = bytes(12)
    if header is not None:
        said = (
            bytes([header.algorithm]) + header.key_id.to_bytes(2, "big") + header.message_indicator
        )
    return records + bytes(2) + bytes([unit.frame_type]) + said + PADDING


def link_control_of(message: P25Message, unit: VoiceUnit) -> bytes:
    """Return the link control of an LDU1: the header's talker and group, the record's service.

    A word of no call, which may take a record's place (aliases, site status), gives way to what the
    header says; service options are then unknown and taken as usual.
    """
    if message.source == 0 and message.destination == 0:
        return unit.word
    lco = UNIT_VOICE_LCO if message.unit_to_unit else GROUP_VOICE_LCO
    of_call = unit.word[0] & _LCO_BITS in (GROUP_VOICE_LCO, UNIT_VOICE_LCO)
    service = unit.word[2] if of_call else _USUAL_SERVICE | _protected(message)
    destination = message.destination.to_bytes(3, "big")
    if lco == GROUP_VOICE_LCO:
        destination = b"\0" + destination[1:]
    return bytes([lco, message.mfid, service]) + destination + message.source.to_bytes(3, "big")


_USUAL_SERVICE: Final = 0x04
_PROTECTED: Final = 0x40


def _protected(message: P25Message) -> int:
    return _PROTECTED if message.control & ENCRYPTED else 0


def _protect(word: bytes, code: ReedSolomon) -> bytes:
    return octets_of(code.encode(hexbits(word)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DataMessage:
    """The header of packet data, which has other fields at the same octets."""

    service_point: int
    unit: int
    octets: int
    blocks: int
    block: int


def read_data(message: P25Message) -> DataMessage:
    """Read the header of a PDU message."""
    return DataMessage(
        service_point=message.lco,
        unit=message.source,
        octets=message.destination,
        blocks=message.low_speed[0],
        block=message.low_speed[1],
    )
