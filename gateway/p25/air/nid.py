"""Network identifier: NAC and data unit id under BCH(63,16,23) and a bit of parity (TIA-102.BAAA).

Up to eleven wrong bits of the sixty-three are corrected. More are reported: a word that far from
every code word may be anybody's.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from gateway.model.errors import ProtocolViolation
from gateway.p25.words.tables import NAC_ANY, NAC_DEFAULT, NAC_REPEAT_ANY
from voicecodecs.fec.bch import BCH_63_16, decode_63_16, encode_63_16

NID_BITS: Final = 64
NID_OCTETS: Final = 8
MAX_NAC: Final = 0xFFF
_DUID_BITS: Final = 4


class Nid(NamedTuple):
    """Network access code, data unit id, and how many of the 64 bits were wrong."""

    nac: int
    duid: int
    errors: int = 0


@lru_cache(maxsize=4096)
def encode_nid(nac: int, duid: int) -> int:
    """Return the 64 bits."""
    return encode_63_16(nac << _DUID_BITS | duid) << 1 | (duid ^ duid >> 1) & 1


def decode_nid(received: int, expected_nac: int | None = None) -> Nid | None:
    """Return what 64 received bits say; None beyond eleven wrong bits.

    ``expected_nac`` only saves time: the answer is the same without it, for no two code words lie
    within eleven bits of one word.
    """
    info = received >> NID_BITS - 16
    nac, duid = info >> _DUID_BITS, info & 0xF
    if encode_nid(nac, duid) == received:
        return Nid(nac, duid)
    near = None if expected_nac is None else _nearest(received, expected_nac)
    if near is not None:
        return near
    found = decode_63_16(received >> 1)
    if not found.ok:
        return None
    nac, duid = found.info >> _DUID_BITS, found.info & 0xF
    return Nid(nac, duid, (encode_nid(nac, duid) ^ received).bit_count())


def _nearest(received: int, nac: int) -> Nid | None:
    """Return the data unit of this NAC within the bound, if there is one."""
    for duid in range(1 << _DUID_BITS):
        wrong = encode_nid(nac, duid) ^ received
        if (wrong >> 1).bit_count() <= BCH_63_16.correctable:
            return Nid(nac, duid, wrong.bit_count())
    return None


def nid_octets(nac: int, duid: int) -> bytes:
    """Return the eight octets, without a status symbol between."""
    return encode_nid(nac, duid).to_bytes(NID_OCTETS, "big")


def read_nid(octets: bytes, expected_nac: int | None = None) -> Nid:
    """Read eight octets without a status symbol; raises ProtocolViolation beyond the bound."""
    if len(octets) != NID_OCTETS:
        raise ProtocolViolation(
            f"NID: expected {NID_OCTETS} octets, got {len(octets)}",
            raw=octets,
            offset=min(len(octets), NID_OCTETS),
        )
    found = decode_nid(int.from_bytes(octets, "big"), expected_nac)
    if found is None:
        raise ProtocolViolation(
            f"NID {octets.hex()}: BCH(63,16) uncorrectable", raw=octets, offset=0
        )
    return found


def opens_on(configured: int, received: int) -> bool:
    """Whether a receiver set to ``configured`` takes a frame with ``received``."""
    return configured in (NAC_ANY, NAC_REPEAT_ANY, received)


def nac_to_send(configured: int, received: int | None) -> int:
    """Return the NAC that a repeater sends: F7F repeats what came, F7E is for receivers only."""
    if configured == NAC_REPEAT_ANY and received is not None:
        return received
    return NAC_DEFAULT if configured in (NAC_ANY, NAC_REPEAT_ANY) else configured
