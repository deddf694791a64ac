"""A simulated radio on a real sound card (or a name of a sound server): ``device:NAME?…``."""

import asyncio
import time

from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from hardware.sim.sound_port import Heard, SoundPort
from hardware.sound_address import parse_device
from hardware.sound_device import DeviceSound

OPEN_WITHIN_S = 10.0


class CardSound(SoundPort):
    """Plays what the radio hears to a card, and takes what the host plays from one."""

    def __init__(self, url: str, heard: Heard) -> None:
        """Prepare; raises ConfigError when the address cannot be read."""
        super().__init__(heard)
        self.url = url
        self._card = DeviceSound(
            parse_device(url),
            lambda pcm, _utc: heard(pcm),
            lambda: UtcUs(time.time_ns() // 1000),
        )

    async def open(self) -> None:
        """Open the card; raises ConfigError when it does not open within some seconds."""
        await self._card.start()
        deadline_s = time.monotonic() + OPEN_WITHIN_S
        while self._card.trouble:
            if time.monotonic() > deadline_s:
                await self._card.close()
                raise ConfigError(f"--audio: {self._card.trouble}")
            await asyncio.sleep(0.05)

    def send(self, pcm: bytes) -> None:
        """Play one block of 160 samples."""
        self._card.send(pcm)

    async def close(self) -> None:
        """Close the card; safe twice."""
        await self._card.close()
