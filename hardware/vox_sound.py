"""The sound of a link whose carrier is the sound itself: heard as it comes, and its level told."""

from collections.abc import Callable

from gateway.model.ids import UtcUs
from gateway.model.plan import Link
from gateway.model.radio import RadioEvent
from gateway.model.sound_port import SoundPortFigures
from gateway.ports import Clock, RadioEventSink, SoundSink
from hardware.sound import open_sound
from hardware.sound_figures import SoundPortMeter
from voicecodecs.pcm import frame_from_bytes, level_dbfs


class VoxSound:
    """Has the face of ``LinkSound``, without a gate: events and sound are in step by themselves."""

    def __init__(
        self,
        link: Link,
        events: RadioEventSink,
        sound: SoundSink,
        clock: Clock,
        trouble: Callable[[str], None],
        *,
        level: Callable[[float], None],
    ) -> None:
        """``level`` takes the RMS of each block in dBFS, before the block is handed on."""
        self._id = link.id
        self._sink = events

        knows_capture = link.sound.startswith("device:")

        def capture(pcm: bytes, utc: UtcUs) -> None:
            if knows_capture:
                self._meter.transit.add(clock.utc_us() - utc)
            level(level_dbfs(frame_from_bytes(pcm)))
            sound(link.id, pcm, utc)

        self.port = open_sound(
            link.sound,
            capture,
            clock.utc_us,
            in_gain_db=link.sound_in_gain_db,
            out_gain_db=link.sound_out_gain_db,
            trouble=trouble,
        )
        self._meter = SoundPortMeter(link.sound, self.port)

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
        await self.port.close()

    def event(self, event: RadioEvent) -> None:
        """Give an event of the link to the engine."""
        self._sink(self._id, event)

    def send(self, pcm: bytes) -> None:
        """Send 160 samples now."""
        self._meter.sending()
        self.port.send(pcm)

    def drop(self) -> None:
        """Forget what is still on its way: the press was broken off."""
        self.port.drop()
