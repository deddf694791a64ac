"""Numbers of the AMBE-3000R's packets: identifiers, lengths, rates. No code, no port, no clock.

Driver and simulated dongle share these tables and nothing else. Where nothing is said, a number
comes from the project's notes on the packet layouts. "Manual": from single public pages of the
chip's manual (AMBE-3000 2.8 of 2011, AMBE-3000F 3.4 of 2014). Nothing here was checked on a chip.
"""

import enum
from dataclasses import dataclass

START = 0x61
HEADER_BYTES = 4
"""Start, length (16 bit, big-endian: the bytes after the type), type."""
PARITY_ID = 0x2F
PARITY_BYTES = 2
SAMPLES_PER_FRAME = 160
"""20 ms at 8 kHz."""
PCM_BYTES = 2 * SAMPLES_PER_FRAME
LEAST_SAMPLES, MOST_SAMPLES = 156, 164
"""Samples of a speech packet (manual); the driver sends and takes 160."""
LEAST_BITS, MOST_BITS = 40, 192
"""Bits of a channel packet (manual)."""
LOST_FRAME = 0x0004
"""Flag for the decoder: no bits came, repeat the frame before (manual: frame repeat enable)."""
SPEEDS_BPS = (460_800, 230_400)
"""Speeds of boards, the usual one first."""


class Kind(enum.IntEnum):
    """The type byte."""

    CONTROL = 0
    CHANNEL = 1
    SPEECH = 2


class Field(enum.IntEnum):
    """Identifiers of fields."""

    SPEECH_DATA = 0x00
    CHANNEL_DATA = 0x01
    FLAGS = 0x02
    """Beside bits or sound. The manual has the field; its number is from no page we could read."""
    SAMPLES = 0x03
    ENCODER_MODE = 0x05
    DECODER_MODE = 0x06
    TONE = 0x08
    """As FLAGS: the number is from no page we could read. Only read over, never sent."""
    RATE_INDEX = 0x09
    RATE_WORDS = 0x0A
    INIT = 0x0B
    PRODUCT = 0x30
    VERSION = 0x31
    RESET = 0x33
    RESET_SOFT = 0x34
    READY = 0x39
    PARITY_MODE = 0x3F
    CHANNEL_0 = 0x40
    """Names the only channel; the chip may send it before bits or sound (manual)."""
    GAIN = 0x4B


EXTRA_BYTES = {Field.FLAGS: 2, Field.SAMPLES: 1, Field.TONE: 2}
"""Bytes of data of fields that may follow bits or sound (manual)."""
MAX_LENGTH = 1 + 2 + 2 * MOST_SAMPLES + sum(1 + n for n in EXTRA_BYTES.values()) + PARITY_BYTES
"""Largest length of a packet: sound with its channel, every extra field and parity."""
MAX_PACKET_BYTES = HEADER_BYTES + MAX_LENGTH
SOFT_CONFIG_BYTES = 6
INIT_BOTH = 0b11
"""Encoder and decoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a frame of 20 ms is coded to: set by an index, or by six words."""

    name: str
    bits: int
    index: int | None = None
    words: tuple[int, ...] = ()

    @property
    def frame_bytes(self) -> int:
        """Length of a coded frame; bits that fill the last byte are zero and come last."""
        return bytes_of(self.bits)


def bytes_of(bits: int) -> int:
    """Return how many bytes carry so many bits."""
    return (bits + 7) // 8


HALF_RATE = Rate(name="half rate with error protection", bits=72, index=33)
HALF_RATE_BARE = Rate(name="half rate", bits=49, index=34)
FULL_RATE = Rate(
    name="full rate with error protection",
    bits=144,
    words=(0x0558, 0x086B, 0x1030, 0x0000, 0x0000, 0x0190),
)
FULL_RATE_BARE = Rate(
    name="full rate", bits=88, words=(0x0558, 0x086B, 0x0000, 0x0000, 0x0000, 0x0158)
)
RATES = (HALF_RATE, HALF_RATE_BARE, FULL_RATE, FULL_RATE_BARE)
