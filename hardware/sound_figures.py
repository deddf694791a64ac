"""What a link's sound port counted since it was asked last, for the audio path."""

from gateway.model.sound_port import SoundPortFigures
from gateway.model.spread import Spread
from hardware.sound_port import SoundPort

_COUNTED = ("received", "lost", "late", "underruns", "xruns")


class SoundPortMeter:
    """Counts of one port from one question to the next."""

    def __init__(self, address: str, port: SoundPort) -> None:
        """Take the port and the sound address it was made of."""
        self.transit = Spread()
        """From the card's input to us, of the blocks that were handed on."""
        self.gated = Spread()
        """How long they waited at the gate."""
        self._kind = address.partition(":")[0]
        self._port = port
        self._told = dict.fromkeys(_COUNTED, 0)

    def sending(self) -> None:
        """Note what waits before a card as a block is sent."""
        if self._kind == "device":
            self._port.count.pending.add(self._port.pending_ms * 1000)

    def take(self) -> SoundPortFigures:
        """Return what was counted since the last time."""
        count = self._port.count
        now = {name: getattr(count, name) for name in _COUNTED}
        new = {name: now[name] - self._told[name] for name in _COUNTED}
        self._told = now
        transit = self.transit.take()
        transit.join(count.transit.take())
        held = self.gated.take()
        held.join(count.held.take())
        return SoundPortFigures(
            kind=self._kind,
            transit=transit,
            held=held,
            pending=count.pending.take(),
            received=new["received"],
            lost=new["lost"],
            late=new["late"],
            underruns=new["underruns"] + new["xruns"],
        )
