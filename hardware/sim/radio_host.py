"""Shell round one simulated radio: its pseudo-terminal, its sound and one timer."""

import asyncio
import struct
import time
from collections.abc import Callable
from pathlib import Path

from hardware.sim.chassis import RadioSettings
from hardware.sim.pei_radio import SimulatedRadio
from hardware.sim.pty_port import PtyPort
from hardware.sim.sound_open import open_sound
from hardware.sim.sound_port import SoundPort
from hardware.sim.truth import Entry, TruthLog


def mono_ms() -> float:
    """Return CLOCK_MONOTONIC in milliseconds: the same for every process of the machine."""
    return time.monotonic_ns() / 1e6


QUIET_PEAK = 64
"""Below this (-54 dB of full scale) a card's sound is nobody's."""


def quiet(pcm: bytes) -> bool:
    """Say whether a block (int16 little-endian) holds nothing but noise."""
    return max(map(abs, struct.unpack(f"<{len(pcm) // 2}h", pcm)), default=0) < QUIET_PEAK


class RadioHost:
    """Runs one radio on the event loop."""

    def __init__(
        self,
        settings: RadioSettings,
        seed: int,
        link: Path | None,
        listener: Callable[[Entry], None] | None = None,
    ) -> None:
        """Make the radio; ``start`` opens its port and sound."""
        self.settings = settings
        self.truth = TruthLog(settings.name, listener)
        self.radio = SimulatedRadio(settings, self.truth, seed=seed)
        self.radio.chassis.port_open = False
        self.port = PtyPort(self._opened, self._closed, self._received, link)
        self._sound: SoundPort | None = None
        self._always = False
        """A card gives sound all the time; the other addresses only what the host sends."""
        self._timer: asyncio.TimerHandle | None = None
        self._replug: asyncio.TimerHandle | None = None

    async def start(self, audio: str, place: int, *, several: bool) -> None:
        """Open the sound URL and the pseudo-terminal."""
        name = self.settings.name
        self._always = audio.startswith("device:")
        self._sound = await open_sound(audio, place, name, several, self._heard)
        self.port.plug()

    async def close(self) -> None:
        """Stop; safe twice."""
        for timer in (self._timer, self._replug):
            if timer is not None:
                timer.cancel()
        self.port.unplug()
        if self._timer is not None:
            self._timer.cancel()
        if self._sound is not None:
            await self._sound.close()

    def first_line(self) -> dict[str, object]:
        """Return what others need to reach this radio."""
        return {
            "name": self.settings.name,
            "pty": self.port.path,
            "audio": self._sound.url if self._sound else "",
            "issi": self.settings.issi,
            "group": self.settings.group,
        }

    def unplug(self, for_ms: float) -> None:
        """Pull the cable, and put it in again after ``for_ms`` under a new name."""
        self.truth.note("unplugged", mono_ms())
        self.port.unplug()
        if self._replug is not None:
            self._replug.cancel()
        loop = asyncio.get_running_loop()
        self._replug = loop.call_later(for_ms / 1000.0, self._plug)

    def _plug(self) -> None:
        self.port.plug()
        self.truth.note("plugged", mono_ms(), pty=self.port.path)

    def pump(self) -> None:
        """Write what the radio says, send what it hears, arm the timer anew."""
        if data := self.radio.outgoing():
            self.port.write(data)
        while self.radio.sound_out:
            block = self.radio.sound_out.popleft()
            if self._sound is not None:
                self._sound.send(block)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.radio.deadline()
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due / 1000.0, self._tick)

    def _tick(self) -> None:
        self.radio.tick(mono_ms())
        self.pump()

    def _opened(self) -> None:
        self.radio.port_opened(mono_ms())
        self.pump()

    def _closed(self) -> None:
        self.radio.port_closed(mono_ms())
        self.pump()

    def _received(self, data: bytes) -> None:
        self.radio.receive(data, mono_ms())
        self.pump()

    def _heard(self, pcm: bytes) -> None:
        if self._always and quiet(pcm) and not self.radio.calls.carries_host_sound:
            return
        self.radio.receive_sound(pcm, mono_ms())
        self.pump()
