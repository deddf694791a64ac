"""``sim donor``: a simulated analogue radio with its carrier and PTT lines on an RFC 2217 server.

It is strict where a real set is: half duplex (while it is keyed it hears nothing and shows no
carrier), sound from the host goes on air only while the line keys, and its own time-out timer ends
a transmission whatever the line says, until the line was released. ``squelch_ms`` after a talker
stops its carrier falls; noise in between is what a squelch tail sounds like.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.errors import ConfigError
from hardware.line_state import Line
from hardware.rfc2217_server import Rfc2217Server
from hardware.sim.json_lines import JsonLines, end_on_signal, mono_ms, number_of, run_until
from hardware.sim.sound_open import open_sound
from hardware.sim.sound_port import SoundPort
from hardware.sim.speech import BLOCK_MS, BLOCK_SAMPLES, Sound, clip, pcm_bytes
from hardware.sim.virtual_port import VirtualPort

TX_LIMIT_S = 60.0
SQUELCH_MS = 120
MAX_ENTRIES = 4000
MAX_BLOCKS = 60 * 50
NOISE_PEAK = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class DonorLines:
    """Which lines the cable uses."""

    carrier: Line = Line.CTS
    ptt: Line = Line.RTS
    tx_limit_s: float = TX_LIMIT_S


@dataclass(slots=True)
class Truth:
    """What really happened; times are CLOCK_MONOTONIC milliseconds."""

    entries: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    heard: deque[bytes] = field(default_factory=lambda: deque(maxlen=MAX_BLOCKS))
    outside: int = 0
    """Blocks of sound that came while the line did not key."""

    def note(self, kind: str, **what: object) -> None:
        """Add an entry."""
        self.entries.append({"kind": kind, "t_ms": round(mono_ms(), 3), **what})


class DonorRadio:
    """The radio: lines, sound, and the channel behind it."""

    def __init__(self, lines: DonorLines, seed: int = 1) -> None:
        """Make the radio; ``start`` opens port and sound."""
        self._lines = lines
        self._noise = random.Random(seed)  # noqa: S311 - noise, not a secret
        self.truth = Truth()
        self.port = VirtualPort(line=self._line)
        self._server: Rfc2217Server | None = None
        self._sound: SoundPort | None = None
        self._talk: asyncio.Task[None] | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._address = ("127.0.0.1", 0)
        self._manual = False
        self._cable = asyncio.Lock()
        self._again = asyncio.Event()
        """Set when another word about the cable takes the place of the last one."""
        self.on_air = False

    async def start(self, host: str, number: int, audio: str) -> None:
        """Open the RFC 2217 server and the sound."""
        self._sound = await open_sound(audio, 0, "donor", False, self._from_host)
        self._server = Rfc2217Server(self.port)
        self._address = (host, await self._server.open(host, number))

    async def close(self) -> None:
        """Stop; safe twice."""
        self.hush()
        if self._limit is not None:
            self._limit.cancel()
        if self._server is not None:
            await self._server.close()
        if self._sound is not None:
            await self._sound.close()

    def first_line(self) -> dict[str, object]:
        """Return what others need to reach this radio."""
        host, number = self._address
        return {
            "port": f"rfc2217://{host}:{number}",
            "audio": self._sound.url if self._sound else "",
            "carrier": self._lines.carrier.value,
            "ptt": self._lines.ptt.value,
        }

    # -- the channel

    def talk(self, sound: Sound) -> None:
        """Somebody talks on the channel; another talker is talked over."""
        self.hush()
        self._talk = asyncio.get_running_loop().create_task(self._speak(sound), name="talker")

    def hush(self) -> None:
        """Nobody talks any more: the carrier is gone at once."""
        if self._talk is not None:
            self._talk.cancel()
            self._talk = None
        self._show(self._manual)

    def carrier(self, on: bool) -> None:
        """Hold a carrier without sound (or let it go)."""
        self._manual = on
        self._show(on)

    async def unplug(self, for_ms: float) -> None:
        """Be gone from the network for a while: connections break, nobody listens.

        0 ends an outage before its time. A key that stood is gone with the connection.
        """
        if not for_ms and self._server is not None:
            return
        self._again.set()
        self._again = again = asyncio.Event()
        async with self._cable:
            if self._server is not None:
                self.truth.note("unplugged")
                await self._server.close()
                self._server = None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(again.wait(), for_ms / 1000)
        async with self._cable:
            if again.is_set():
                return
            self._server = Rfc2217Server(self.port)
            await self._server.open(*self._address)
            self.truth.note("plugged")

    async def _speak(self, sound: Sound) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        self._show(True)
        tail = SQUELCH_MS // BLOCK_MS
        for number in range(sound.blocks + tail):
            block = sound.block(number) if number < sound.blocks else self._tail()
            if self._sound is not None and not self.on_air:
                self._sound.send(block)
            due_s = began_s + (number + 1) * BLOCK_MS / 1000
            await asyncio.sleep(max(0.0, due_s - loop.time()))
        self._talk = None
        self._show(self._manual)

    def _tail(self) -> bytes:
        return pcm_bytes(
            [self._noise.randint(-NOISE_PEAK, NOISE_PEAK) for _ in range(BLOCK_SAMPLES)]
        )

    def _show(self, carrier: bool) -> None:
        shown = carrier and not self.on_air
        if shown is not (self._lines.carrier in self.port.inputs):
            self.truth.note("carrier" if shown else "carrier_end")
            self.port.set_input(self._lines.carrier, active=shown)

    # -- the host

    def _line(self, line: Line, active: bool) -> None:
        self.truth.note("line", line=line.value, active=active)
        if line is not self._lines.ptt:
            return
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        if active:
            self._air(True, "")
            pause_s = self._lines.tx_limit_s
            self._limit = asyncio.get_running_loop().call_later(pause_s, self._timed_out)
        else:
            self._air(False, "released")

    def _timed_out(self) -> None:
        self._air(False, "time-out timer")

    def _air(self, on: bool, why: str) -> None:
        if on is self.on_air:
            return
        self.on_air = on
        self.truth.note("keyed" if on else "unkeyed", why=why)
        self._show(self._manual or self._talk is not None)

    def _from_host(self, pcm: bytes) -> None:
        if self.on_air:
            self.truth.heard.append(pcm)
        else:
            self.truth.outside += 1


# -- control port


class DonorControl(JsonLines):
    """The control port of the radio."""

    def __init__(self, radio: DonorRadio) -> None:
        """Act on one radio."""
        super().__init__(
            {
                "talk": self._talk,
                "hush": self._hush,
                "carrier": self._carrier,
                "unplug": self._unplug,
                "log": self._log,
                "state": self._state,
                "sound": self._sound,
                "clear": self._clear,
            }
        )
        self._radio = radio

    def _talk(self, request: Mapping[str, object]) -> dict[str, object]:
        say = request.get("say")
        if isinstance(say, str):
            sound = clip(say)
        else:
            length_ms = number_of(request, "for_s", 2.0) * 1000
            level = number_of(request, "level_dbfs", -20.0)
            sound = Sound.tone(number_of(request, "tone_hz", 1000.0), length_ms, level)
        self._radio.talk(sound)
        return {"blocks": sound.blocks}

    def _hush(self, request: Mapping[str, object]) -> dict[str, object]:
        self._radio.hush()
        return {}

    def _carrier(self, request: Mapping[str, object]) -> dict[str, object]:
        self._radio.carrier(bool(request.get("on", True)))
        return {}

    def _unplug(self, request: Mapping[str, object]) -> dict[str, object]:
        self.run_beside(self._radio.unplug(number_of(request, "for_ms", 1000.0)), "unplugged")
        return {}

    def _log(self, request: Mapping[str, object]) -> dict[str, object]:
        return {"entries": list(self._radio.truth.entries)}

    def _state(self, request: Mapping[str, object]) -> dict[str, object]:
        port = self._radio.port
        return {
            **self._radio.first_line(),
            "on_air": self._radio.on_air,
            "inputs": sorted(line.value for line in port.inputs),
            "outputs": sorted(line.value for line in port.outputs),
            "sound_blocks": len(self._radio.truth.heard),
            "sound_outside": self._radio.truth.outside,
        }

    def _sound(self, request: Mapping[str, object]) -> dict[str, object]:
        pcm = b"".join(self._radio.truth.heard)
        return {"pcm": base64.b64encode(pcm).decode(), "blocks": len(self._radio.truth.heard)}

    def _clear(self, request: Mapping[str, object]) -> dict[str, object]:
        truth = self._radio.truth
        truth.entries.clear()
        truth.heard.clear()
        truth.outside = 0
        return {}


# -- the program


def add_donor_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``sim donor``."""
    parser.epilog = "example: samband sim donor --listen 127.0.0.1:0 --control 0"
    parser.add_argument(
        "--listen", default="127.0.0.1:0", metavar="HOST:PORT", help="of the RFC 2217 server"
    )
    parser.add_argument(
        "--audio", default="udp:127.0.0.1:0", metavar="URL", help="udp:HOST:PORT or unix:PATH"
    )
    parser.add_argument("--control", type=int, metavar="PORT", help="JSON lines on loopback TCP")
    inputs = ("cts", "dcd", "dsr", "ri")
    parser.add_argument("--carrier", default="cts", choices=inputs, help="line that shows it")
    parser.add_argument("--ptt", default="rts", choices=("rts", "dtr"), help="line that keys")
    parser.add_argument(
        "--tx-limit-s", type=float, default=TX_LIMIT_S, metavar="S", help="its time-out timer"
    )


def run_donor(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; ConfigError when something cannot be used."""
    host, _, number = args.listen.rpartition(":")
    if not host or not number.isdecimal():
        raise ConfigError(f"--listen: expected HOST:PORT, got {args.listen!r}")
    try:
        asyncio.run(_run(args, host.strip("[]"), int(number)))
    except OSError as error:
        raise ConfigError(f"simulator: a port cannot be opened: {error}") from None
    return 0


async def _run(args: argparse.Namespace, host: str, number: int) -> None:
    stop = end_on_signal()
    lines = DonorLines(carrier=Line(args.carrier), ptt=Line(args.ptt), tx_limit_s=args.tx_limit_s)
    radio = DonorRadio(lines)
    control = DonorControl(radio)
    try:
        await radio.start(host, number, args.audio)
        port = await control.open(args.control) if args.control is not None else None
        line = {"kind": "donor", "pid": os.getpid(), "control": port, **radio.first_line()}
        print(json.dumps(line), flush=True)
        await run_until(stop)
    finally:
        await control.close()
        await radio.close()
