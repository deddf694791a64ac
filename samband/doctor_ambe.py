"""``samband doctor --ambe``: looks at a vocoder dongle and says in words what to do."""

import asyncio
import time
from typing import TYPE_CHECKING

from gateway.model.errors import ConfigError, LinkError
from gateway.model.ids import MonoMs, UtcUs
from samband.doctor_radio import Ports, hindrance
from samband.findings import Finding

if TYPE_CHECKING:
    from hardware.ambe.check import DongleReport

FRAME_MS = 20
QUIET = 100
"""Below this mean amplitude (-50 dB of full scale) a tone has not come back."""
NO_DONGLE = (
    "Is it an AMBE-3000R board in packet mode? Other speeds and boards that need a reset with six "
    "bytes are settings of the driver (docs/hardware/ambe-dongle.md)."
)
SLOW = "Too slow for live speech: see the latency timer in docs/hardware/ambe-dongle.md."
LOSSY = "Try another cable or USB port; nothing else may use the dongle meanwhile."
SILENT = "It answers, but codes nothing that can be heard: try another dongle."


class _Clock:
    def mono_ms(self) -> MonoMs:
        return MonoMs(time.monotonic_ns() // 1_000_000)

    def utc_us(self) -> UtcUs:
        return UtcUs(time.time_ns() // 1000)


def look_for_dongle(port: str, ports: Ports) -> Finding:
    """Open one port, where that is allowed, and send a tone through the dongle and back."""
    from hardware.ambe.check import check_dongle
    from hardware.ambe.numbers import SPEEDS_BPS

    try:
        blocked = hindrance(port, ports)
        if blocked is not None:
            return blocked
        report = asyncio.run(check_dongle(port, _Clock(), SPEEDS_BPS))
    except ConfigError as error:
        return Finding(port, "fail", str(error), error.hint)
    except LinkError as error:
        speeds = " and ".join(str(speed) for speed in SPEEDS_BPS)
        return Finding(port, "fail", f"{error} (tried at {speeds} bit/s)", NO_DONGLE)
    return _judge(port, report)


def _judge(port: str, report: "DongleReport") -> Finding:
    words = (
        f"vocoder {report.product} ({report.version}) at {report.speed_bps} bit/s; a tone went "
        f"there and back: {report.frame_ms:.0f} ms a frame, slowest answer {report.slowest_ms} ms"
    )
    if report.loudness < QUIET:
        return Finding(port, "fail", f"{words}, but silence came back", SILENT)
    if report.lost:
        return Finding(port, "warn", f"{words}, {report.lost} frames lost", LOSSY)
    if report.frame_ms > FRAME_MS:
        return Finding(port, "warn", words, SLOW)
    return Finding(port, "ok", words)
