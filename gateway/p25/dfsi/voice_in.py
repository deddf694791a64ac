"""A datagram of the voice channel to what it says, whichever dialect it is in."""

from dataclasses import dataclass

from gateway.model.errors import ProtocolViolation
from gateway.p25.dfsi import v24
from gateway.p25.dfsi.blocks import EndOfStream, StartOfStream, VoiceBlock, VoiceHeader
from gateway.p25.dfsi.rtp import TIA_VOICE, V24_DATA, V24_VOICE, decode_rtp
from gateway.p25.dfsi.voice_packet import decode_voice_packet


@dataclass(frozen=True, slots=True)
class Begin:
    """An over begins; ``nac`` is not told by records."""

    nac: int | None = None


@dataclass(frozen=True, slots=True)
class Half:
    """Half of its header word."""

    second: bool
    hexbits: bytes


@dataclass(frozen=True, slots=True)
class Voice:
    """20 ms; ``imbe`` None: lost or muted on air; ``errors`` None: not known."""

    place: int
    imbe: bytes | None
    piece: bytes
    errors: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The over is done."""


@dataclass(frozen=True, slots=True)
class Block:
    """A signalling block of 12 octets."""

    octets: bytes


_RECORDS = frozenset({v24.START_STOP, v24.TDULC, v24.TSBK, *range(0x60, 0x74)})
COMPACT_COUNT = 0b0111_1111
_COMPACT_PACKETS = range(0x41, 0x50)
"""Control octets of packets with one to fifteen short block headers."""

Heard = Begin | Half | Voice | End | Block


def words_of(one: Heard) -> str:
    """Return what is news on the engineer's page; nothing for voice."""
    match one:
        case Begin():
            return "an over begins" + ("" if one.nac is None else f", NAC {one.nac:03X}")
        case Half():
            return f"voice header {2 if one.second else 1}"
        case End():
            return "the over is done"
        case Block():
            return f"signalling block, opcode {one.octets[0] & 0b0011_1111:02X}"
        case Voice():
            return ""


def read_voice(octets: bytes, *, records: bool = False) -> list[Heard]:
    """Read a datagram; raises ProtocolViolation.

    Records are known by their payload types, and in the standard's type by their first octet;
    ``records``: the station is set to them, so what could be either is one.
    """
    packet = decode_rtp(octets)
    plain = packet.payload_type == TIA_VOICE
    if plain and packet.payload:
        records = _is_record(packet.payload[0], records)
    if packet.payload_type in (V24_VOICE, V24_DATA) or (plain and records):
        return _of_record(v24.decode_record(packet.payload))
    if not plain:
        raise ProtocolViolation(
            f"RTP packet: expected payload type 64, 5D or 5E, got {packet.payload_type:02X}",
            raw=octets,
            offset=1,
        )
    blocks = decode_voice_packet(packet.payload).blocks
    heard: list[Heard] = []
    for block in blocks:
        match block:
            case VoiceBlock():
                imbe = None if block.lost or block.mute else block.imbe
                heard.append(Voice(block.place, imbe, block.extra, block.errors))
            case VoiceHeader():
                heard.append(Half(block.second, block.hexbits))
            case EndOfStream():
                heard.append(End())
            case StartOfStream() if len(blocks) == 1:
                heard.append(Begin(block.nac))
            case _:
                pass  # beside voice it says nothing new; acknowledgements and unknown types
    return heard


def _is_record(first: int, preset: bool) -> bool:
    """Tell records from block headers, of which no packet has more than a few, or none at all."""
    if first in _RECORDS:
        return True
    return preset and first & COMPACT_COUNT not in _COMPACT_PACKETS


def _of_record(record: v24.Record) -> list[Heard]:
    heard: Heard | None = None
    match record:
        case v24.V24Voice():
            heard = Voice(record.place, record.imbe, record.piece)
        case v24.V24Header():
            heard = Half(record.second, record.hexbits)
        case v24.V24Tsbk():
            heard = Block(record.octets)
        case v24.StartStop(stops=True) | v24.V24Other(record=v24.TDULC):
            heard = End()
        case v24.StartStop(kind="start-voice"):
            heard = Begin()
        case _:
            pass  # packet data, and starts of what carries no voice
    return [] if heard is None else [heard]
