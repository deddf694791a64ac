"""Packet data: headers, blocks and their checks (TIA-102.BAAA; reference p25, 1.17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model.errors import InvalidCommand, ProtocolViolation
from gateway.p25.words.crc import CONFIRMED_BITS, CRC_9, CRC_32, ccitt_holds, with_ccitt
from gateway.p25.words.tables import ALTERNATE_MBT, CONFIRMED, RESPONSE, UNCONFIRMED

HEADER_OCTETS: Final = 12
UNCONFIRMED_OCTETS: Final = 12
CONFIRMED_OCTETS: Final = 18
CONFIRMED_DATA_OCTETS: Final = 16
CRC_32_OCTETS: Final = 4
MAX_BLOCKS: Final = 127
MAX_PADDING: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketHeader:
    """What a packet is and to whom; of formats other than a response."""

    ack_wanted: bool = False
    outbound: bool = False
    format: int = UNCONFIRMED
    sap: int = 0
    mfid: int = 0
    llid: int
    """Logical link: the radio that sends (inbound) or is meant (outbound)."""
    full_message: bool = True
    blocks: int
    padding: int = 0
    """Octets of filling before the check."""
    synchronise: bool = False
    send_sequence: int = 0
    last_fragment: bool = False
    fragment: int = 0
    offset: int = 0
    """Octets of a further header at the beginning of the data."""
    spare: bytes = bytes(HEADER_OCTETS - 2)
    """Bits that no field covers, where they stood."""

    @property
    def opcode(self) -> int | None:
        """Opcode of multi-block trunking, or None. [?] in octet 7, where others count padding."""
        return (self.padding | self.spare[7]) & 0x3F if self.format == ALTERNATE_MBT else None

    def encode(self) -> bytes:
        """Return the twelve octets with their check."""
        octets = bytes(
            (
                self.ack_wanted << 6 | self.outbound << 5 | self.format,
                0xC0 | self.sap,
                self.mfid,
                *self.llid.to_bytes(3, "big"),
                self.full_message << 7 | self.blocks,
                self.padding,
                self.synchronise << 7
                | self.send_sequence << 4
                | self.last_fragment << 3
                | self.fragment,
                self.offset,
            )
        )
        return with_ccitt(bytes(a ^ b for a, b in zip(octets, self.spare, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHeader:
    """The answer to a confirmed packet: ``kind`` 0 acknowledges, 1 refuses, 2 asks again. [?]."""

    outbound: bool = False
    response_class: int
    response_type: int
    response_status: int
    mfid: int = 0
    llid: int
    blocks: int = 0
    rest: bytes = bytes(3)
    """Octets 7 to 9: a second address or nothing, not read."""
    spare: bytes = bytes(7)
    """Bits of octets 0 to 6 that no field covers."""

    format = RESPONSE

    @property
    def padding(self) -> int:
        """There is none."""
        return 0

    def encode(self) -> bytes:
        """Return the twelve octets with their check."""
        octets = bytes(
            (
                self.outbound << 5 | RESPONSE,
                self.response_class << 6 | self.response_type << 3 | self.response_status,
                self.mfid,
                *self.llid.to_bytes(3, "big"),
                self.blocks,
            )
        )
        spared = bytes(a ^ b for a, b in zip(octets, self.spare, strict=True))
        return with_ccitt(spared + self.rest)


Header = PacketHeader | ResponseHeader


def decode_header(octets: bytes) -> Header:
    """Read twelve octets; raises ProtocolViolation at another length or a wrong check."""
    if len(octets) != HEADER_OCTETS:
        raise ProtocolViolation(
            f"packet header: expected {HEADER_OCTETS} octets, got {len(octets)}",
            raw=octets,
            offset=min(len(octets), HEADER_OCTETS),
        )
    if not ccitt_holds(octets):
        raise ProtocolViolation(
            f"packet header {octets.hex()}: the check is wrong", raw=octets, offset=10
        )
    llid = int.from_bytes(octets[3:6], "big")
    if octets[0] & 0x1F == RESPONSE:
        return ResponseHeader(
            outbound=bool(octets[0] & 0x20),
            response_class=octets[1] >> 6,
            response_type=octets[1] >> 3 & 7,
            response_status=octets[1] & 7,
            mfid=octets[2],
            llid=llid,
            blocks=octets[6] & 0x7F,
            rest=octets[7:10],
            spare=bytes((octets[0] & 0xC0, 0, 0, 0, 0, 0, octets[6] & 0x80)),
        )
    return PacketHeader(
        ack_wanted=bool(octets[0] & 0x40),
        outbound=bool(octets[0] & 0x20),
        format=octets[0] & 0x1F,
        sap=octets[1] & 0x3F,
        mfid=octets[2],
        llid=llid,
        full_message=bool(octets[6] & 0x80),
        blocks=octets[6] & 0x7F,
        padding=octets[7] & 0x1F,
        synchronise=bool(octets[8] & 0x80),
        send_sequence=octets[8] >> 4 & 7,
        last_fragment=bool(octets[8] & 8),
        fragment=octets[8] & 7,
        offset=octets[9] & 0x3F,
        spare=_uncovered(octets),
    )


def _uncovered(octets: bytes) -> bytes:
    """Return what differs from the layout's fields; the first two bits of octet 1 are ones."""
    gaps = (0x80, 0xC0, 0, 0, 0, 0, 0, 0xE0, 0, 0xC0)
    usual = bytes((0, 0xC0, *bytes(8)))
    return bytes((a ^ b) & gap for a, b, gap in zip(octets, usual, gaps, strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedBlock:
    """Sixteen octets of a confirmed packet with a serial number (0 to 127) and a check."""

    serial: int
    data: bytes

    def encode(self) -> bytes:
        """Return the eighteen octets."""
        check = CRC_9.of_bits(self._checked(), CONFIRMED_BITS)
        return bytes((self.serial << 1 | check >> 8, check & 0xFF)) + self.data

    def _checked(self) -> int:
        return self.serial << 8 * CONFIRMED_DATA_OCTETS | int.from_bytes(self.data, "big")

    @classmethod
    def decode(cls, octets: bytes) -> "ConfirmedBlock | None":
        """Read eighteen octets; None if the check is wrong."""
        block = cls(serial=octets[0] >> 1, data=octets[2:])
        return block if block.encode() == octets else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketData:
    """What a packet carries, without padding and check."""

    data: bytes
    whole: bool
    """Every block came and the check over all of them holds."""


def packet_data(header: Header, blocks: Sequence[bytes | None]) -> PacketData:
    """Join the blocks of a packet; one that is missing counts as zeros and ``whole`` is False."""
    confirmed = header.format == CONFIRMED
    size = CONFIRMED_DATA_OCTETS if confirmed else UNCONFIRMED_OCTETS
    joined = b"".join(
        bytes(size) if block is None else block[2:] if confirmed else block for block in blocks
    )
    body, check = joined[:-CRC_32_OCTETS], joined[-CRC_32_OCTETS:]
    whole = (
        len(blocks) == header.blocks
        and None not in blocks
        and CRC_32.of(body) == int.from_bytes(check, "big")
    )
    return PacketData(data=body[: max(0, len(body) - header.padding)], whole=whole or not joined)


def pack(
    data: bytes, *, llid: int, sap: int, confirmed: bool = False, outbound: bool = True
) -> tuple[PacketHeader, tuple[bytes, ...]]:
    """Cut data into blocks behind their header; raises InvalidCommand where it is too long."""
    size = CONFIRMED_DATA_OCTETS if confirmed else UNCONFIRMED_OCTETS
    count = -(-(len(data) + CRC_32_OCTETS) // size)
    if count > MAX_BLOCKS:
        raise InvalidCommand(
            f"packet: expected at most {MAX_BLOCKS * size - CRC_32_OCTETS} octets, got {len(data)}"
        )
    padding = count * size - len(data) - CRC_32_OCTETS
    body = data + bytes(padding)
    body += CRC_32.of(body).to_bytes(CRC_32_OCTETS, "big")
    cut = [body[at : at + size] for at in range(0, len(body), size)]
    if confirmed:
        cut = [ConfirmedBlock(serial=n, data=piece).encode() for n, piece in enumerate(cut)]
    header = PacketHeader(
        ack_wanted=confirmed,
        outbound=outbound,
        format=CONFIRMED if confirmed else UNCONFIRMED,
        sap=sap,
        llid=llid,
        blocks=count,
        padding=padding,
        last_fragment=True,
    )
    return header, tuple(cut)
