"""What a link's sound port counted since it was asked last."""

from dataclasses import dataclass, field

from gateway.model.spread import Spread


@dataclass(slots=True, kw_only=True)
class SoundPortFigures:
    """Figures of one sound port. ``kind`` is device, udp or unix; empty without a port."""

    kind: str = ""
    transit: Spread = field(default_factory=Spread)
    """From the first sample at the card's input to us; empty where the capture time is unknown."""
    held: Spread = field(default_factory=Spread)
    """From the port to the engine: put in order, or waited for the link to name a talker."""
    pending: Spread = field(default_factory=Spread)
    """What waited before the card when a block was sent."""
    received: int = 0
    lost: int = 0
    late: int = 0
    underruns: int = 0
    """Holes in what was sent, those that the card's driver reports included."""
