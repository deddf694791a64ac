"""The payload of a voice packet: a control octet, block headers, blocks in the same order (2.3).

The headers' E bit is read in two ways: one program sets it in all of them, and by the usual
reading of RTP redundancy it stands in all but the last. The number of headers in the control octet
says the same without doubt, so the bit is kept and not relied on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.dfsi.blocks import (
    Block,
    BlockType,
    EndOfStream,
    StartAck,
    UnknownBlock,
    decode_start_of_stream,
    decode_voice_block,
    decode_voice_header,
)

VERBOSE_OCTETS: Final = 4
_SIGNAL, _COMPACT, _COUNT = 0b1000_0000, 0b0100_0000, 0b0011_1111
_E_BIT, _TYPE = 0b1000_0000, 0b0111_1111
_KNOWN: Final = frozenset(int(kind) for kind in BlockType)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHeader:
    """Header of one block; offset (8 kHz) and length only in the verbose form."""

    type: int
    e_bit: bool = True
    time_offset: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicePacket:
    """One payload."""

    headers: tuple[BlockHeader, ...]
    blocks: tuple[Block, ...]
    signal: bool = False
    compact: bool = True
    rest: bytes = b""
    """Octets behind the last block."""

    def encode(self) -> bytes:
        """Return the payload's octets."""
        control = self.signal << 7 | self.compact << 6 | len(self.headers)
        heads = b"".join(self._header(header) for header in self.headers)
        return bytes([control]) + heads + b"".join(b.encode() for b in self.blocks) + self.rest

    def _header(self, header: BlockHeader) -> bytes:
        first = bytes([header.e_bit << 7 | header.type])
        if self.compact:
            return first
        return first + (header.time_offset << 10 | header.length).to_bytes(3, "big")


def packet_of(*blocks: Block) -> VoicePacket:
    """Return a packet of ``blocks`` in the form that stations on the air use: compact, E set."""
    return VoicePacket(headers=tuple(BlockHeader(type=b.type) for b in blocks), blocks=blocks)


def verbose_packet_of(*blocks: Block) -> VoicePacket:
    """Return a packet with the long headers; E is set in all but the last."""
    sizes = [len(block.encode()) for block in blocks]
    headers = tuple(
        BlockHeader(type=block.type, e_bit=index < len(blocks) - 1, length=size)
        for index, (block, size) in enumerate(zip(blocks, sizes, strict=True))
    )
    return VoicePacket(headers=headers, blocks=blocks, compact=False)


def decode_voice_packet(octets: bytes) -> VoicePacket:
    """Read a payload; raises ProtocolViolation."""
    if not octets:
        raise ProtocolViolation("voice packet: no control octet", raw=octets, offset=0)
    control = octets[0]
    compact = bool(control & _COMPACT)
    size = 1 if compact else VERBOSE_OCTETS
    start = 1 + size * (control & _COUNT)
    if start > len(octets):
        raise ProtocolViolation(
            f"voice packet: expected {control & _COUNT} block headers of {size} octets",
            raw=octets,
            offset=len(octets),
        )
    headers = tuple(_header(octets[at : at + size]) for at in range(1, start, size))
    blocks, end = _blocks(octets, start, headers, compact=compact)
    return VoicePacket(
        headers=headers,
        blocks=tuple(blocks),
        signal=bool(control & _SIGNAL),
        compact=compact,
        rest=octets[end:],
    )


def _header(octets: bytes) -> BlockHeader:
    place = int.from_bytes(octets[1:], "big")
    return BlockHeader(
        type=octets[0] & _TYPE,
        e_bit=bool(octets[0] & _E_BIT),
        time_offset=place >> 10,
        length=place & 0x3FF,
    )


def _blocks(
    octets: bytes, at: int, headers: Sequence[BlockHeader], *, compact: bool
) -> tuple[list[Block], int]:
    blocks: list[Block] = []
    for index, header in enumerate(headers):
        if compact:
            end = len(octets)
            if index + 1 < len(headers) and header.type not in _KNOWN:
                raise ProtocolViolation(
                    f"voice packet: block type {header.type:02X} has an unknown length",
                    raw=octets,
                    offset=1 + index,
                )
        else:
            end = at + header.length
            if end > len(octets):
                raise ProtocolViolation(
                    f"voice packet: block {index + 1} should have {header.length} octets, "
                    f"got {len(octets) - at}",
                    raw=octets,
                    offset=len(octets),
                )
        last = index + 1 == len(headers)
        block = _block(octets[:end], at, header.type, whole=not compact or last)
        blocks.append(block)
        at = at + len(block.encode()) if compact else end
    return blocks, at


def _block(octets: bytes, at: int, block_type: int, *, whole: bool) -> Block:
    """Read one block; ``whole``: everything up to the end is its own."""
    match block_type:
        case BlockType.VOICE:
            return decode_voice_block(octets, at)
        case BlockType.VOICE_HEADER_1 | BlockType.VOICE_HEADER_2:
            second = block_type == BlockType.VOICE_HEADER_2
            return decode_voice_header(octets, at, second=second)
        case BlockType.START_OF_STREAM:
            return decode_start_of_stream(octets, at)
        case BlockType.END_OF_STREAM:
            return EndOfStream(octets=octets[at : at + 1] if whole else b"")
        case BlockType.START_ACK:
            return StartAck(octets=octets[at : at + 1] if whole else b"")
        case _:
            return UnknownBlock(type=block_type, octets=octets[at:])
