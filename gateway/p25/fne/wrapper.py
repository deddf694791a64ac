"""The optional wrapping of whole packets: C0 FE, then AES-256-ECB (reference p25, 5.1).

The packet is filled up with zeros to whole blocks; the payload length in its header says where it
ends. Login and voice were run through it against dvmfne R05A04, both ways.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.model.errors import ProtocolViolation

MARK = b"\xc0\xfe"
KEY_OCTETS = 32
BLOCK_OCTETS = 16


class Wrapper:
    """Wraps and unwraps with one key; nothing of the key can be printed."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 octets; raises ValueError for another length."""
        if len(key) != KEY_OCTETS:
            raise ValueError(f"FNE key: expected {KEY_OCTETS} octets, got {len(key)}")
        # ECB is what the other side speaks; it hides no repetition and proves no sender.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305

    def wrap(self, packet: bytes) -> bytes:
        """Return a packet wrapped."""
        encryptor = self._cipher.encryptor()
        filled = packet + bytes(-len(packet) % BLOCK_OCTETS)
        return MARK + encryptor.update(filled) + encryptor.finalize()

    def unwrap(self, data: bytes) -> bytes:
        """Return the packet, zeros behind it included; raises ProtocolViolation."""
        if not is_wrapped(data):
            raise ProtocolViolation("FNE packet: expected C0FE of a wrapping", raw=data, offset=0)
        body = data[len(MARK) :]
        if not body or len(body) % BLOCK_OCTETS:
            raise ProtocolViolation(
                f"FNE packet: expected whole blocks of {BLOCK_OCTETS} octets, got {len(body)}",
                raw=data,
                offset=len(data),
            )
        decryptor = self._cipher.decryptor()
        return decryptor.update(body) + decryptor.finalize()


def is_wrapped(data: bytes) -> bool:
    """Say whether a datagram is wrapped: an RTP packet never begins with C0."""
    return data[: len(MARK)] == MARK
