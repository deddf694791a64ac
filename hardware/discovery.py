"""Finds radios on serial ports: lists the ports, tries the usual speeds."""

import os
import select
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import serial
from serial.tools import list_ports

from gateway.model.errors import LinkError
from hardware.serial_link import explain

SPEEDS_BPS = (115200, 38400, 19200, 9600)
ANSWER_LIMIT_MS = 600
JUNK_MS = 200
"""Pause after the first CR, so that junk of the opening has been answered."""
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


def is_ptt_line(device: str, ptt_lines: Iterable[str]) -> bool:
    """Tell whether opening ``device`` could key a transmitter (its DTR or RTS is a PTT line)."""
    real = os.path.realpath(device)
    return any(os.path.realpath(line) == real for line in ptt_lines)


def probe(
    device: str, *, ptt_lines: Collection[str] = (), speeds_bps: Iterable[int] = SPEEDS_BPS
) -> Probe:
    """Try the speeds: CR, then ``AT``; ``OK`` or any ``+CME ERROR`` is a radio.

    Never opens a port that is a PTT line, and none that another program has locked. Waits up to
    0.8 s for each speed: not for the event loop.
    """
    if is_ptt_line(device, ptt_lines):
        return Probe(device=device, reason="it keys a transmitter (PTT line): not opened")
    for speed_bps in speeds_bps:
        try:
            answer = _ask(device, speed_bps)
        except LinkError as error:
            return Probe(device=device, reason=str(error))
        if answer:
            return Probe(device=device, speed_bps=speed_bps, answer=answer)
    return Probe(device=device, reason="no radio answered AT at any speed")


def _ask(device: str, speed_bps: int) -> str:
    """Return what a radio answered to ``AT`` (OK or an error), empty when nothing did."""
    port = serial.Serial()
    port.port = device
    port.baudrate = speed_bps
    port.timeout = 0
    port.write_timeout = ANSWER_LIMIT_MS / 1000
    port.exclusive = True
    port.dsrdtr = port.rtscts = False
    port.dtr = port.rts = False
    try:
        port.open()
    except (serial.SerialException, OSError) as error:
        raise explain(device, error) from None
    try:
        port.write(b"\r")
        _read(port, JUNK_MS, until=())
        port.write(b"AT\r")
        return _final(_read(port, ANSWER_LIMIT_MS, until=(b"OK", b"+CME ERROR")))
    except (serial.SerialException, OSError) as error:
        raise LinkError(f"{device} failed while it was tried: {error}") from None
    finally:
        port.close()


def _read(port: serial.Serial, limit_ms: int, until: tuple[bytes, ...]) -> bytes:
    """Read for ``limit_ms``, or until one of the words and the end of its line have come."""
    end = time.monotonic() + limit_ms / 1000
    seen = b""
    while (left := end - time.monotonic()) > 0:
        if select.select([port.fileno()], [], [], left)[0]:
            seen += port.read(256)
        if any(word in seen.rpartition(b"\r")[0] for word in until):
            break
    return seen


def _final(answer: bytes) -> str:
    for line in answer.decode("ascii", "replace").splitlines():
        text = line.strip()
        if text == "OK" or text.startswith("+CME ERROR"):
            return text
    return ""
