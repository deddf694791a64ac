"""Frames on air as a simulated modem makes and reads them, bit by bit from the reference (part 1).

Bits are kept as texts of 0 and 1, in the order of sending: slow, and easy to hold against the page.
It shares the error correcting codes of ``voicecodecs.fec`` with the gateway and nothing else. What
the gateway sends must be right to the bit: nothing is corrected here but the voice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hardware.sim.p25.stage_voice import SimOver
from hardware.sim.p25.station_words import (
    HeardHeader,
    block_holds,
    encryption_sync,
    header_of,
    header_symbols,
    link_control,
    pieces,
    word_of,
)
from voicecodecs.fec.bch import encode_63_16
from voicecodecs.fec.cyclic import encode_16_8
from voicecodecs.fec.golay import decode_18_6, encode_18_6
from voicecodecs.fec.hamming import decode_10_6, encode_10_6
from voicecodecs.fec.reed_solomon import hexbits, octets_of
from voicecodecs.fec.trellis import HALF

SYNC = 0x5575F5FF77FF
HDU, TDU, LDU1, TSDU, LDU2, TDULC = 0x0, 0x3, 0x5, 0x7, 0xA, 0xF
SLOT_BITS = 70
UNKNOWN = 2
"""Status symbol of a radio that knows nothing of the inbound channel."""
HEAD_BITS, VOICE_BITS, GROUP_BITS, LOW_SPEED_BITS, BLOCK_BITS = 112, 144, 40, 32, 196
FRAMES = 9
BITS_PER_MS = 9.6
SIZES = {HDU: 99, TDU: 18, LDU1: 216, LDU2: 216, TSDU: 45, TDULC: 54}
"""Octets on air; a TSDU of one block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAir:
    """What a frame of the gateway says."""

    duid: int
    nac: int
    symbols: tuple[int, ...]
    header: HeardHeader | None = None
    word: bytes | None = None
    voice: tuple[bytes, ...] = ()
    """Nine frames of 18 octets."""
    block: bytes | None = None


def air_ms(octets: int) -> float:
    """Return how long so many octets are on air."""
    return octets * 8 / BITS_PER_MS


def hdu(over: SimOver, nac: int) -> bytes:
    """Return a header."""
    return _frame(nac, HDU, "".join(_bits(encode_18_6(one), 18) for one in header_symbols(over)))


def ldu(over: SimOver, nac: int, frames: Sequence[bytes], *, second: bool) -> bytes:
    """Return 180 ms of voice (nine frames of 11 octets)."""
    from voicecodecs.imbe.bits import protect_frame  # noqa: PLC0415 - brings the vocoder along

    word = encryption_sync(over) if second else link_control(over)
    symbols = hexbits(b"".join(pieces(word, second)))
    beside = [_bits(encode_10_6(one), 10) for one in symbols]
    groups = ["".join(beside[at : at + 4]) for at in range(0, len(beside), 4)]
    voice = [_bits(int.from_bytes(protect_frame(one), "big"), VOICE_BITS) for one in frames]
    low_speed = _bits(encode_16_8(0), 16) * 2
    content = voice[0] + voice[1]
    for group, one in zip(groups, voice[2:8], strict=True):
        content += group + one
    return _frame(nac, LDU2 if second else LDU1, content + low_speed + voice[8])


def tdu(nac: int) -> bytes:
    """Return a terminator."""
    return _frame(nac, TDU, "")


def tsdu(block: bytes, nac: int) -> bytes:
    """Return a signalling block of twelve octets."""
    return _frame(nac, TSDU, _bits(HALF.encode_word(block), BLOCK_BITS))


def read(data: bytes) -> OnAir | str:
    """Return what a frame says, or in words what is wrong with it."""
    bits, symbols = _stripped(data)
    if len(bits) < HEAD_BITS or int(bits[:48], 2) != SYNC:
        return "no frame sync"
    word = int(bits[48:HEAD_BITS], 2)
    info = word >> 48
    nac, duid = info >> 4, info & 0xF
    if word != _nid(nac, duid):
        return f"NID {word:016x} is no code word"
    if SIZES.get(duid) != len(data):
        return f"DUID {duid:X} with {len(data)} octets"
    return _content(OnAir(duid=duid, nac=nac, symbols=symbols), bits[HEAD_BITS:])


def _content(unit: OnAir, bits: str) -> OnAir | str:
    nac, duid, symbols = unit.nac, unit.duid, unit.symbols
    if duid == HDU:
        found = [decode_18_6(int(bits[at : at + 18], 2)).info for at in range(0, 648, 18)]
        header = header_of(bytes(found))
        if header is None:
            return "header beyond correction"
        return OnAir(duid=duid, nac=nac, symbols=symbols, header=header)
    if duid in (LDU1, LDU2):
        return _voice(unit, bits)
    if duid == TSDU:
        block = HALF.decode_word(int(bits[:BLOCK_BITS], 2)).data
        if not block_holds(block):
            return "signalling block with a wrong check"
        return OnAir(duid=duid, nac=nac, symbols=symbols, block=block)
    return unit


def _voice(unit: OnAir, bits: str) -> OnAir | str:
    voice: list[bytes] = []
    groups = ""
    at = 0
    for number in range(FRAMES):
        if 2 <= number <= 7:
            groups += bits[at : at + GROUP_BITS]
            at += GROUP_BITS
        elif number == FRAMES - 1:
            at += LOW_SPEED_BITS
        voice.append(int(bits[at : at + VOICE_BITS], 2).to_bytes(18, "big"))
        at += VOICE_BITS
    symbols = [decode_10_6(int(groups[n : n + 10], 2)).info for n in range(0, len(groups), 10)]
    coded = octets_of(symbols)
    second = unit.duid == LDU2
    word = word_of([coded[n : n + 3] for n in range(0, 18, 3)], second)
    if word is None:
        return "link control or encryption sync beyond correction"
    return OnAir(duid=unit.duid, nac=unit.nac, symbols=unit.symbols, word=word, voice=tuple(voice))


def _frame(nac: int, duid: int, content: str) -> bytes:
    bits = _bits(SYNC, 48) + _bits(_nid(nac, duid), 64) + content
    bits += "0" * (-len(bits) % SLOT_BITS)
    sent = "".join(
        bits[at : at + SLOT_BITS] + _bits(UNKNOWN, 2) for at in range(0, len(bits), SLOT_BITS)
    )
    return int(sent, 2).to_bytes(len(sent) // 8, "big")


def _nid(nac: int, duid: int) -> int:
    parity = (duid >> 1 ^ duid) & 1
    return encode_63_16(nac << 4 | duid) << 1 | parity


def _stripped(data: bytes) -> tuple[str, tuple[int, ...]]:
    bits = _bits(int.from_bytes(data, "big"), 8 * len(data))
    slots = [bits[at : at + SLOT_BITS + 2] for at in range(0, len(bits), SLOT_BITS + 2)]
    symbols = tuple(int(slot[SLOT_BITS:], 2) for slot in slots if len(slot) == SLOT_BITS + 2)
    return "".join(slot[:SLOT_BITS] for slot in slots), symbols


def _bits(value: int, width: int) -> str:
    return f"{value:0{width}b}"
