"""The sound of one link as its driver uses it: the port, and for sound cards the gate before it."""

from collections.abc import Callable
from dataclasses import replace

from gateway.model.ids import UtcUs
from gateway.model.plan import Link
from gateway.model.radio import LinkChanged, RadioEvent
from gateway.model.sound_port import SoundPortFigures
from gateway.ports import Clock, RadioEventSink, SoundSink
from hardware.sound import open_sound
from hardware.sound_address import parse_device
from hardware.sound_figures import SoundPortMeter
from hardware.sound_gate import SoundGate
from hardware.sound_port import Capture, Trouble


class LinkSound:
    """Takes a link's events and sound on their way to the engine, and sound on its way out.

    Blocks that come by ``udp:`` and ``unix:`` go on at once. What a sound card captures passes
    a gate that the link's events open and close. While a card is away the link says so in its
    reason, and ``trouble`` is called.
    """

    def __init__(
        self,
        link: Link,
        events: RadioEventSink,
        sound: SoundSink,
        clock: Clock,
        trouble: Callable[[str], None],
    ) -> None:
        """Prepare; raises ConfigError when the link's sound address cannot be read."""
        self._id = link.id
        self._sink = events
        self._on_trouble = trouble
        self._changed: LinkChanged | None = None
        self._gate: SoundGate | None = None

        self.listener: Capture | None = None
        """Shown each captured block, before any gate: a check of the sound listens here."""

        def capture(pcm: bytes, utc: UtcUs) -> None:
            sound(link.id, pcm, utc)

        if link.sound.startswith("device:"):
            address = parse_device(link.sound)
            self._gate = SoundGate(address, self._tell, capture, clock.utc_us)
        told: Trouble = self._troubled
        onward = self._gate.take if self._gate is not None else capture

        def captured(pcm: bytes, utc: UtcUs) -> None:
            if self.listener is not None:
                self.listener(pcm, utc)
            onward(pcm, utc)

        self.port = open_sound(
            link.sound,
            captured,
            clock.utc_us,
            in_gain_db=link.sound_in_gain_db,
            out_gain_db=link.sound_out_gain_db,
            trouble=told,
        )
        self._meter = SoundPortMeter(link.sound, self.port)
        if self._gate is not None:
            self._meter.transit, self._meter.gated = self._gate.transit, self._gate.held

    def figures(self) -> SoundPortFigures:
        """Return what the port counted since the last time."""
        return self._meter.take()

    @property
    def trouble(self) -> str:
        """Why nobody would be heard now, in words; "" when nothing is known against it."""
        return f"no sound: {self.port.trouble}" if self.port.trouble else ""

    @property
    def pending_ms(self) -> int:
        """How long what was sent is still on its way to the radio."""
        return self.port.pending_ms

    async def start(self) -> None:
        """Open; a card that is not there yet is waited for."""
        await self.port.start()

    async def close(self) -> None:
        """Close; safe twice."""
        if self._gate is not None:
            self._gate.close()
        await self.port.close()

    def event(self, event: RadioEvent) -> None:
        """Give an event of the link to the engine, in step with its sound."""
        if self._gate is not None:
            self._gate.event(event)
        else:
            self._tell(event)

    def send(self, pcm: bytes) -> None:
        """Send 160 samples now."""
        self._meter.sending()
        self.port.send(pcm)

    def drop(self) -> None:
        """Forget what is still on its way: the press was broken off."""
        self.port.drop()

    def _tell(self, event: RadioEvent) -> None:
        if isinstance(event, LinkChanged):
            self._changed = event
            if self.trouble and not event.reason:
                event = replace(event, reason=self.trouble)
        self._sink(self._id, event)

    def _troubled(self, words: str) -> None:
        if self._changed is not None:
            self._tell(self._changed)
        self._on_trouble(words)
