"""Lists serial ports and looks for a radio on one: tries the usual speeds."""

import asyncio
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from gateway.model.errors import ConfigError, LinkError
from hardware.link import LinkSettings
from hardware.opening import open_link
from hardware.port_names import USB, device_of
from hardware.speed_search import SPEEDS_BPS, Heard, find_speed

BY_ID = Path("/dev/serial/by-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPort:
    """One serial port of this machine; ``stable`` is the name that survives re-plugging."""

    device: str
    stable: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a port answered: the speed at which a radio spoke, or why none did."""

    device: str
    speed_bps: int | None = None
    answer: str = ""
    reason: str = ""
    tried: tuple[Heard, ...] = ()


def serial_ports(by_id: Path = BY_ID) -> list[FoundPort]:
    """List the serial ports; opens none."""
    stable = {os.path.realpath(name): str(name) for name in by_id.glob("*")}
    return [
        FoundPort(
            device=port.device,
            stable=stable.get(os.path.realpath(port.device), port.device),
            words="" if port.description in (None, "n/a") else str(port.description),
        )
        for port in sorted(list_ports.comports(), key=lambda port: str(port.device))
    ]


def same_port(one: str, other: str) -> bool:
    """Tell whether two names lead to the same port now."""
    return one == other or _real(one) == _real(other)


def is_ptt_line(device: str, ptt_lines: Iterable[str]) -> bool:
    """Tell whether opening ``device`` could key a transmitter (its DTR or RTS is a PTT line)."""
    return any(same_port(device, line) for line in ptt_lines)


def probe(
    device: str, *, ptt_lines: Collection[str] = (), speeds_bps: Iterable[int] = SPEEDS_BPS
) -> Probe:
    """Try the speeds: CR, then ``AT``; ``OK`` or any error of a radio is a radio.

    Never opens a port that is a PTT line, and none that another program has locked. Waits up to
    0.8 s for each speed, in a loop of its own: not for the event loop.
    """
    if is_ptt_line(device, ptt_lines):
        return Probe(device=device, reason="it keys a transmitter (PTT line): not opened")
    try:
        return asyncio.run(_probe(device, tuple(speeds_bps)))
    except (LinkError, ConfigError) as error:
        return Probe(device=device, reason=f"{error}. {error.hint}".rstrip(". ") + ".")


async def _probe(device: str, speeds_bps: tuple[int, ...]) -> Probe:
    link = await open_link(device, LinkSettings(speed_bps=speeds_bps[0]))
    try:
        search = await find_speed(link, speeds_bps)
    finally:
        link.close()
    if search.found is None:
        return Probe(device=device, reason=search.words, tried=search.tried)
    found = search.found
    return Probe(device=device, speed_bps=found.speed_bps, answer=found.answer, tried=search.tried)


def _real(name: str) -> str:
    if name.startswith(USB):
        try:
            name = device_of(name)
        except LinkError:
            return name
    return os.path.realpath(name) if name.startswith("/") else name
