"""Encryption sync: which algorithm and key a call uses, and where its key stream stands.

Nothing is ever decrypted here. The words serve to say that a call cannot be heard, and why.
"""

from dataclasses import dataclass, replace
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.words.tables import algorithm_words

CLEAR_ALGORITHM = 0x80
"""ALGID of a call that is not encrypted (TIA-102.BAAA)."""
SYNC_OCTETS = 12
MI_OCTETS = 9
_TAPS: Final = (63, 61, 45, 37, 26, 14)
"""x^64 + x^62 + x^46 + x^38 + x^27 + x^15 + 1, as bits of the register."""
_STEPS: Final = 64
"""Of the register in one superframe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionSync:
    """Message indicator (nine octets, the last one zero), ALGID and KID."""

    message_indicator: bytes = bytes(MI_OCTETS)
    algorithm: int = CLEAR_ALGORITHM
    key_id: int = 0

    @property
    def clear(self) -> bool:
        """Whether the voice can be heard without a key; an unknown algorithm cannot."""
        return self.algorithm == CLEAR_ALGORITHM

    @property
    def words(self) -> str:
        """Algorithm and key for people: ``AES-256, key 1234``; ``clear``."""
        name = algorithm_words(self.algorithm)
        return name if self.clear else f"{name}, key {self.key_id:04X}"

    def following(self) -> "EncryptionSync":
        """Return the sync one superframe (360 ms) later: what the next LDU2 should say."""
        return replace(self, message_indicator=next_indicator(self.message_indicator))

    def encode(self) -> bytes:
        """Return the twelve octets of an LDU2: MI, ALGID, KID."""
        return self.message_indicator + bytes([self.algorithm]) + self.key_id.to_bytes(2, "big")

    @classmethod
    def decode(cls, octets: bytes) -> "EncryptionSync":
        """Read twelve octets; raises ProtocolViolation on another number."""
        if len(octets) != SYNC_OCTETS:
            raise ProtocolViolation(
                f"encryption sync: expected {SYNC_OCTETS} octets, got {len(octets)}",
                raw=octets,
                offset=min(len(octets), SYNC_OCTETS),
            )
        return cls(
            message_indicator=octets[:MI_OCTETS],
            algorithm=octets[MI_OCTETS],
            key_id=int.from_bytes(octets[MI_OCTETS + 1 :], "big"),
        )


def next_indicator(indicator: bytes) -> bytes:
    """Return the message indicator one superframe later; the ninth octet is not part of it."""
    register = int.from_bytes(indicator[:-1], "big")
    for _ in range(_STEPS):
        fed_back = 0
        for tap in _TAPS:
            fed_back ^= register >> tap & 1
        register = (register << 1 & (1 << _STEPS) - 1) | fed_back
    return register.to_bytes(MI_OCTETS - 1, "big") + indicator[-1:]
