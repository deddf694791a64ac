"""Trunking signalling blocks: twelve octets in, one message out, and back (TIA-102.AABB, .AABC)."""

from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.words import motorola, tsbk_site, tsbk_units, tsbk_voice
from gateway.p25.words.crc import ccitt_holds
from gateway.p25.words.tsbk_base import (
    ARGUMENTS,
    LAST_BLOCK,
    OPCODE,
    PROTECTED,
    TSBK_BITS,
    TSBK_OCTETS,
    KnownTsbk,
    Tsbk,
    UnknownTsbk,
)


def _by_number() -> dict[tuple[int, int, bool], tuple[type[KnownTsbk], ...]]:
    found: dict[tuple[int, int, bool], tuple[type[KnownTsbk], ...]] = {}
    for kind in (*tsbk_voice.BLOCKS, *tsbk_units.BLOCKS, *tsbk_site.BLOCKS, *motorola.BLOCKS):
        for inbound in kind.WAYS:
            key = (kind.MFID, kind.OPCODE, inbound)
            found[key] = (*found.get(key, ()), kind)
    return found


KINDS: Final = _by_number()
"""Classes by manufacturer, opcode and ``inbound``; two where a bit tells them apart."""


def decode_tsbk(octets: bytes, *, inbound: bool, check: bool = True) -> Tsbk:
    """Read a block from a radio (``inbound``) or from a site.

    A block without a known layout, or an encrypted one, is an ``UnknownTsbk`` that keeps its
    octets. Raises ProtocolViolation at another length and, with ``check``, when the CRC is wrong.
    """
    if len(octets) != TSBK_OCTETS:
        raise ProtocolViolation(
            f"signalling block: expected {TSBK_OCTETS} octets, got {len(octets)}",
            raw=octets,
            offset=min(len(octets), TSBK_OCTETS),
        )
    if check and not ccitt_holds(octets):
        raise ProtocolViolation(
            f"signalling block {octets.hex()}: the check is wrong", raw=octets, offset=10
        )
    if octets[0] & PROTECTED:
        return _unknown(octets, inbound, "its arguments are encrypted")
    kinds = KINDS.get((octets[1], octets[0] & OPCODE, inbound))
    if kinds is None:
        return _unknown(octets, inbound, "no layout known")
    number = int.from_bytes(octets, "big")
    kind = next(kind for kind in kinds if _fits(kind, number))
    layout = kind.layout()
    return kind(
        inbound=inbound,
        last_block=bool(octets[0] & LAST_BLOCK),
        spare=number & ARGUMENTS & ~layout.covered & ~_told_apart(kind),
        **layout.read(number),
    )


def _unknown(octets: bytes, inbound: bool, reason: str) -> UnknownTsbk:
    return UnknownTsbk(
        inbound=inbound,
        last_block=bool(octets[0] & LAST_BLOCK),
        protected=bool(octets[0] & PROTECTED),
        octets=octets,
        reason=reason,
    )


def _fits(kind: type[KnownTsbk], number: int) -> bool:
    return kind.WHEN is None or number >> (TSBK_BITS - 1 - kind.WHEN[0]) & 1 == kind.WHEN[1]


def _told_apart(kind: type[KnownTsbk]) -> int:
    return 0 if kind.WHEN is None else 1 << (TSBK_BITS - 1 - kind.WHEN[0])


__all__ = ["KINDS", "KnownTsbk", "Tsbk", "UnknownTsbk", "decode_tsbk"]
