"""A string of bits, read from the front. Bit 1 is the first sent, the most significant."""

from dataclasses import dataclass


class OutOfBits(ValueError):
    """A field reaches past the end of the payload; ``offset`` is in bits."""

    def __init__(self, offset: int, wanted: int, left: int) -> None:
        """Keep where it went wrong."""
        super().__init__(f"expected {wanted} bits at bit {offset}, got {left}")
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A payload of ``length_bits``; ``value`` holds them right-aligned.

    ``padding`` keeps what the radio sent behind them: text in 7 bit has its last bits in the low
    half of an octet that the stated length cuts in two.
    """

    value: int
    length_bits: int
    padding: int = 0
    padding_bits: int = 0

    @classmethod
    def from_hex(cls, digits: str, length_bits: int | None = None) -> "Payload":
        """Read hex digits (blanks allowed) and cut them to ``length_bits``, all of them by default.

        Radios pad to a digit or to an octet, so ``ceil(bits / 4)`` digits or more are accepted.
        """
        digits = "".join(digits.split())
        if not is_hex(digits):
            raise ValueError("payload: expected hex digits")
        carried_bits = 4 * len(digits)
        wanted_bits = carried_bits if length_bits is None else length_bits
        if wanted_bits > carried_bits:
            raise ValueError(
                f"payload: expected {-(-wanted_bits // 4)} hex digits, got {len(digits)}"
            )
        carried = int(digits or "0", 16)
        padding_bits = carried_bits - wanted_bits
        return cls(
            value=carried >> padding_bits,
            length_bits=wanted_bits,
            padding=carried & (1 << padding_bits) - 1,
            padding_bits=padding_bits,
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Payload":
        """Read whole octets."""
        return cls(value=int.from_bytes(data, "big"), length_bits=8 * len(data))

    def hex(self) -> str:
        """Return upper-case digits, the last one padded with zero bits."""
        digits = -(-self.length_bits // 4)
        padded = self.value << (4 * digits - self.length_bits)
        return f"{padded:0{digits}X}" if digits else ""

    def octets(self) -> bytes:
        """Return the whole octets; a rest of fewer than eight bits is left out."""
        whole = self.length_bits // 8
        return (self.value >> (self.length_bits - 8 * whole)).to_bytes(whole, "big")

    def padded_octets(self) -> bytes:
        """Return octets, the last one filled up with the bits that were sent behind, or zeros."""
        count = -(-self.length_bits // 8)
        missing_bits = 8 * count - self.length_bits
        taken_bits = min(missing_bits, self.padding_bits)
        filling = self.padding >> (self.padding_bits - taken_bits) << (missing_bits - taken_bits)
        return (self.value << missing_bits | filling).to_bytes(count, "big")

    def after(self, offset_bits: int) -> "Payload":
        """Return what follows ``offset_bits``."""
        left = self.length_bits - offset_bits
        if left < 0:
            raise OutOfBits(self.length_bits, offset_bits - self.length_bits, 0)
        return Payload(
            value=self.value & ((1 << left) - 1),
            length_bits=left,
            padding=self.padding,
            padding_bits=self.padding_bits,
        )


class BitReader:
    """Reads fields from the front of a payload."""

    def __init__(self, payload: Payload) -> None:
        """Begin at bit 0."""
        self._payload = payload
        self.offset = 0

    @property
    def left(self) -> int:
        """Bits not yet read."""
        return self._payload.length_bits - self.offset

    def unsigned(self, width: int) -> int:
        """Read an unsigned field; raises OutOfBits past the end."""
        if width > self.left:
            raise OutOfBits(self.offset, width, self.left)
        self.offset += width
        return self._payload.value >> (self._payload.length_bits - self.offset) & (1 << width) - 1

    def signed(self, width: int) -> int:
        """Read a two's complement field."""
        value = self.unsigned(width)
        return value - (1 << width) if value >> (width - 1) else value

    def rest(self) -> Payload:
        """Return what is left, without reading it."""
        return self._payload.after(self.offset)


def is_hex(text: str) -> bool:
    """Whether ``text`` is hex digits only."""
    return all(c in "0123456789abcdefABCDEF" for c in text)
