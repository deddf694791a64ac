"""Sound of a link: blocks of 20 ms, 8 kHz, int16 little-endian, by one of the sound addresses.

``udp:HOST:PORT`` and ``unix:PATH`` carry blocks with a header (``hardware.sound_blocks``),
``device:NAME`` is a sound card through PortAudio (``hardware.sound_device``).

What arrives is handed on at once, whoever talks: whether it is heard is decided by the engine,
and for sound cards by a gate in the driver (``hardware.sound_gate``).
"""

from collections.abc import Callable

from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from hardware.sound_address import parse_device
from hardware.sound_blocks import BLOCK_BYTES, HEADER, MAX_FILLED_BLOCKS, Reorder
from hardware.sound_port import (
    BLOCK_MS,
    PCM_BYTES,
    SAMPLE_RATE_HZ,
    SAMPLES_PER_BLOCK,
    SILENCE,
    Capture,
    NoSound,
    SoundCount,
    SoundPort,
    Trouble,
)
from hardware.sound_udp import UdpSound, parse_udp
from hardware.sound_unix import UnixSound

__all__ = [
    "BLOCK_BYTES",
    "BLOCK_MS",
    "HEADER",
    "MAX_FILLED_BLOCKS",
    "PCM_BYTES",
    "SAMPLES_PER_BLOCK",
    "SAMPLE_RATE_HZ",
    "SILENCE",
    "Capture",
    "NoSound",
    "Reorder",
    "SoundCount",
    "SoundPort",
    "open_sound",
    "parse_udp",
]


def open_sound(
    url: str,
    capture: Capture,
    utc_us: Callable[[], UtcUs],
    *,
    in_gain_db: float = 0.0,
    out_gain_db: float = 0.0,
    trouble: Trouble | None = None,
) -> SoundPort:
    """Return the sound port of an address (not started); raises ConfigError on a wrong one.

    The gains belong to the cable of a sound card and are ignored by the other kinds. ``trouble``
    is called on the event loop when a card goes away ("" when it is back).
    """
    kind, _, rest = url.partition(":")
    if not url:
        return NoSound()
    if kind == "udp":
        return UdpSound(parse_udp(url), capture, utc_us)
    if kind == "unix" and rest.startswith("/"):
        return UnixSound(rest, capture, utc_us)
    if kind == "device":
        from hardware.sound_device import DeviceSound  # noqa: PLC0415 - costs only who has a card

        address = parse_device(url)
        gains = (in_gain_db, out_gain_db)
        return DeviceSound(address, capture, utc_us, gains_db=gains, trouble=trouble)
    raise ConfigError(f"sound: expected udp:HOST:PORT, unix:/PATH or device:NAME, got {url!r}")
