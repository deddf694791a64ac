"""What all sound ports share: the block of 20 ms, the counts, the interface."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from gateway.model.ids import UtcUs
from gateway.model.spread import Spread

SAMPLE_RATE_HZ = 8000
BLOCK_MS = 20
SAMPLES_PER_BLOCK = SAMPLE_RATE_HZ * BLOCK_MS // 1000
PCM_BYTES = SAMPLES_PER_BLOCK * 2
SILENCE = bytes(PCM_BYTES)

Capture = Callable[[bytes, UtcUs], None]
"""Takes 160 samples and the time of their capture (the latest possible, where a far end's clock was
never compared with ours)."""
Trouble = Callable[[str], None]
"""Takes why there is no sound, in words; "" when there is again."""


@dataclass(slots=True)
class SoundCount:
    """What happened to the blocks of one link."""

    received: int = 0
    sent: int = 0
    bad: int = 0
    """Datagrams of another size than a block."""
    lost: int = 0
    late: int = 0
    """Came after their place was played, or twice."""
    unsent: int = 0
    """Dropped because the other side does not take them."""
    underruns: int = 0
    """Holes in what was sent, because sound came too late for the card."""
    xruns: int = 0
    """Holes that a card's own driver reports: the machine was too busy for its buffer."""
    clipped: int = 0
    """Samples that did not fit into 16 bits after a gain."""
    transit: Spread = field(default_factory=Spread)
    """From the capture, as late as it can have been, to us: jitter of the way, by kind of port."""
    held: Spread = field(default_factory=Spread)
    """How long blocks waited to be put in order."""
    pending: Spread = field(default_factory=Spread)
    """How much waited before the card when a block was sent."""


class SoundPort(Protocol):
    """Where the sound of a link comes from and goes to."""

    count: SoundCount

    @property
    def trouble(self) -> str:
        """Why no sound can be sent now, in words; "" when it can, or when nobody can know."""
        ...

    @property
    def pending_ms(self) -> int:
        """How much of what was sent is not played yet: an un-key waits for it."""
        ...

    async def start(self) -> None:
        """Open; a peer that is not there yet is waited for in the background."""
        ...

    def send(self, pcm: bytes) -> None:
        """Send 160 samples now; never waits."""
        ...

    def drop(self) -> None:
        """Forget what was sent and is not played yet: the press was broken off."""
        ...

    async def close(self) -> None:
        """Close; safe twice."""
        ...


class DigitalSound:
    """What is the same for ports that pass blocks on at once: nothing waits, nothing is known."""

    @property
    def trouble(self) -> str:
        """Nothing is known of the other side."""
        return ""

    @property
    def pending_ms(self) -> int:
        """Nothing waits here."""
        return 0

    def drop(self) -> None:
        """Nothing to forget."""


class NoSound(DigitalSound):
    """A link without sound: data only."""

    def __init__(self) -> None:
        """Nothing to prepare."""
        self.count = SoundCount()

    async def start(self) -> None:
        """Nothing to open."""

    def send(self, pcm: bytes) -> None:
        """Count what cannot be sent."""
        self.count.unsent += 1

    async def close(self) -> None:
        """Nothing to close."""
