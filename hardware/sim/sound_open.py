"""Opens the sound side of a simulated radio by its URL: ``udp:``, ``unix:`` or ``device:``."""

from pathlib import Path

from gateway.model.errors import ConfigError
from hardware.sim.sound_port import Heard, SoundPort, UdpSound, UnixSound


class NoSound(SoundPort):
    """A radio without a sound connection."""


async def open_sound(url: str, place: int, name: str, several: bool, heard: Heard) -> SoundPort:
    """Open the sound of radio number ``place``; several radios get several ports or paths.

    Raises ConfigError for another kind of URL, OSError when it cannot be opened.
    """
    kind, _, rest = url.partition(":")
    if not url:
        return NoSound(heard)
    if kind == "udp":
        host, _, port = rest.rpartition(":")
        if host and port.isdecimal() and int(port) + place <= 65_535:
            udp = UdpSound(heard)
            await udp.open(host.strip("[]"), int(port) + place if int(port) else 0)
            return udp
    elif kind == "unix" and rest:
        unix = UnixSound(heard)
        await unix.open(Path(f"{rest}-{name}" if several else rest))
        return unix
    elif kind == "device" and rest:
        from hardware.sim.sound_card import CardSound  # noqa: PLC0415 - only who has a card

        if several and "{name}" not in rest:
            raise ConfigError(
                f"--audio: {url!r}: several radios need a card each; "
                "{name} in the address stands for the radio's name"
            )
        card = CardSound(url.replace("{name}", name), heard)
        await card.open()
        return card
    raise ConfigError(f"--audio: expected udp:HOST:PORT, unix:PATH or device:NAME, got {url!r}")
