"""What a link's sound port counted since it was asked last."""

from dataclasses import dataclass, field

from gateway.model.spread import Spread


@dataclass(slots=True, kw_only=True)
class SoundPortFigures:
    """Figures of one sound port. ``kind`` is device, udp, unix, or coded (vocoder frames)."""

    kind: str = ""
    transit: Spread = field(default_factory=Spread)
    """From the first sample at the card's input to us; of other kinds from the latest moment at
    which a block can have been captured, by its number and the fastest block: jitter of the way."""
    held: Spread = field(default_factory=Spread)
    """From the port to the engine: put in order, or waited for the link to name a talker."""
    pending: Spread = field(default_factory=Spread)
    """What waited before the card when a block was sent."""
    received: int = 0
    lost: int = 0
    late: int = 0
    underruns: int = 0
    """Holes in what was sent, those that the card's driver reports included."""
