"""Encryption sync: which algorithm and key a call uses, and where its key stream stands.

Nothing is ever decrypted here. The words serve to say that a call cannot be heard, and why.
"""

from dataclasses import dataclass

from gateway.model.errors import ProtocolViolation

CLEAR_ALGORITHM = 0x80
"""ALGID of a call that is not encrypted (TIA-102.BAAA)."""
SYNC_OCTETS = 12
MI_OCTETS = 9


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
