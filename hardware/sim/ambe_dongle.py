"""``sim ambe``: a simulated vocoder dongle on a pseudo-terminal. It does not vocode.

The chip is in ``ambe_chip``, what stands in for coded speech in ``ambe_stand_in``. It hears and
says rubbish when the host has set another speed, as a real port does.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path

from gateway.model.errors import ConfigError
from hardware.ambe.numbers import SPEEDS_BPS
from hardware.sim.ambe_chip import ChipSettings, SimulatedChip
from hardware.sim.json_lines import JsonLines, end_on_signal, mono_ms, number_of, run_until
from hardware.sim.pty_port import PtyPort

START_JUNK_BYTES = 24
"""Noise on the line when the port is opened, beginnings of packets in it."""
MAX_JUNK_BYTES = 100_000


class DongleHost:
    """Runs the chip on the event loop, behind a pseudo-terminal."""

    def __init__(
        self,
        settings: ChipSettings | None = None,
        *,
        seed: int = 1,
        link: Path | None = None,
        noisy: bool = True,
    ) -> None:
        """Make the chip; ``start`` opens its port. ``noisy``: junk comes when a host opens it."""
        self.chip = SimulatedChip(settings or ChipSettings(), seed)
        self.port = PtyPort(self._opened, self._closed, self._received, link)
        self._noisy = noisy
        self._timer: asyncio.TimerHandle | None = None
        self._replug: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Open the pseudo-terminal."""
        self.chip.run(mono_ms())
        self.port.plug()

    def close(self) -> None:
        """Stop; safe twice."""
        for timer in (self._timer, self._replug):
            if timer is not None:
                timer.cancel()
        self.port.unplug()
        if self._timer is not None:
            self._timer.cancel()

    def first_line(self) -> dict[str, object]:
        """Return what others need to reach this dongle."""
        return {
            "pty": self.port.path,
            "speed_bps": self.chip.settings.speed_bps,
            "vocoder": "none: a stand-in",
        }

    def unplug(self, for_ms: float) -> None:
        """Pull the cable, and put it in again after ``for_ms``: the chip has had no power."""
        self.chip.note("unplugged")
        self.port.unplug()
        if self._replug is not None:
            self._replug.cancel()
        self._replug = asyncio.get_running_loop().call_later(for_ms / 1000.0, self._plug)

    def pump(self) -> None:
        """Write what the chip says, arm the timer anew."""
        self.chip.run(mono_ms())
        if data := self.chip.outgoing():
            wrong = self.port.speed_bps not in (None, self.chip.settings.speed_bps)
            self.port.write(bytes(byte ^ 0x5A for byte in data) if wrong else data)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self.chip.deadline()
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due / 1000.0, self.pump)

    def _plug(self) -> None:
        self.chip.restart()
        self.port.plug()
        self.chip.note("plugged", pty=self.port.path)
        self.pump()

    def _opened(self) -> None:
        self.chip.note("port opened")
        if self._noisy:
            self.chip.junk(START_JUNK_BYTES)
        self.pump()

    def _closed(self) -> None:
        self.chip.note("port closed")

    def _received(self, data: bytes) -> None:
        self.chip.receive(data, mono_ms(), self.port.speed_bps)
        self.pump()


class DongleControl(JsonLines):
    """The control port of the dongle."""

    def __init__(self, host: DongleHost) -> None:
        """Act on one dongle."""
        super().__init__(
            {
                "unplug": self._unplug,
                "restart": self._restart,
                "mute": self._mute,
                "lose": self._lose,
                "spoil": self._spoil,
                "slow": self._slow,
                "junk": self._junk,
                "log": self._log,
                "state": self._state,
                "clear": self._clear,
            }
        )
        self._host = host

    def _unplug(self, request: Mapping[str, object]) -> dict[str, object]:
        self._host.unplug(number_of(request, "for_ms", 1000.0))
        return {}

    def _restart(self, request: Mapping[str, object]) -> dict[str, object]:
        self._host.chip.restart()
        self._host.pump()
        return {}

    def _mute(self, request: Mapping[str, object]) -> dict[str, object]:
        self._host.chip.faults.mute = bool(request.get("on", True))
        return {}

    def _lose(self, request: Mapping[str, object]) -> dict[str, object]:
        self._host.chip.faults.lose = int(number_of(request, "times", 1))
        return {}

    def _spoil(self, request: Mapping[str, object]) -> dict[str, object]:
        self._host.chip.faults.spoil = int(number_of(request, "times", 1))
        return {}

    def _slow(self, request: Mapping[str, object]) -> dict[str, object]:
        self._host.chip.faults.slow_ms = number_of(request, "by_ms", 60.0)
        self._host.chip.faults.slow = int(number_of(request, "times", 1))
        return {}

    def _junk(self, request: Mapping[str, object]) -> dict[str, object]:
        count = int(number_of(request, "bytes", START_JUNK_BYTES))
        if not 1 <= count <= MAX_JUNK_BYTES:
            raise ConfigError(f"bytes: expected 1 to {MAX_JUNK_BYTES}, got {count}")
        self._host.chip.junk(count)
        self._host.pump()
        return {}

    def _log(self, request: Mapping[str, object]) -> dict[str, object]:
        return {"entries": list(self._host.chip.log)}

    def _state(self, request: Mapping[str, object]) -> dict[str, object]:
        chip = self._host.chip
        violations = [one for one in chip.log if one["kind"] == "violation"]
        return {
            **self._host.first_line(),
            "encoded": chip.encoded,
            "decoded": chip.decoded,
            "foreign": chip.foreign,
            "violations": len(violations),
        }

    def _clear(self, request: Mapping[str, object]) -> dict[str, object]:
        chip = self._host.chip
        chip.log.clear()
        chip.encoded = chip.decoded = chip.foreign = 0
        return {}


# -- the program


def add_ambe_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``sim ambe``."""
    parser.epilog = "example: samband sim ambe --pty --link /tmp/dongle --control 0"
    parser.add_argument(
        "--pty", action="store_true", help="on a pseudo-terminal (the default, and the only way)"
    )
    parser.add_argument(
        "--speed", type=int, default=SPEEDS_BPS[0], metavar="BPS", help="speed it is wired for"
    )
    parser.add_argument("--link", metavar="PATH", help="a stable symbolic link to its port")
    parser.add_argument("--control", type=int, metavar="PORT", help="JSON lines on loopback TCP")
    parser.add_argument("--seed", type=int, default=1, help="chance of noise and damage")
    parser.add_argument("--quiet-start", action="store_true", help="no noise at the opening")
    parser.add_argument("--no-parity", action="store_true", help="wired to start without parity")
    parser.add_argument(
        "--codec-mode", action="store_true", help="wired so that it needs a reset with six bytes"
    )
    parser.add_argument(
        "--old-firmware", action="store_true", help="initialisation takes the rate away"
    )


def run_ambe(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; ConfigError when something cannot be used."""
    if args.speed < 1:
        raise ConfigError(f"--speed: expected bits a second, got {args.speed}")
    try:
        asyncio.run(_run(args))
    except OSError as error:
        raise ConfigError(
            f"simulator: a port cannot be opened: {error}",
            hint="Another program may hold it; port 0 takes a free one.",
        ) from None
    return 0


async def _run(args: argparse.Namespace) -> None:
    stop = end_on_signal()
    settings = ChipSettings(
        speed_bps=args.speed,
        parity=not args.no_parity,
        packet_mode=not args.codec_mode,
        forgets_rate=args.old_firmware,
    )
    link = Path(args.link) if args.link else None
    host = DongleHost(settings, seed=args.seed, link=link, noisy=not args.quiet_start)
    control = DongleControl(host)
    try:
        host.start()
        port = await control.open(args.control) if args.control is not None else None
        line = {"kind": "ambe", "pid": os.getpid(), "control": port, **host.first_line()}
        print(json.dumps(line), flush=True)
        await run_until(stop)
    finally:
        await control.close()
        host.close()
