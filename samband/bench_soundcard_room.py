"""A radio on sound cards for ``samband bench soundcard``: simulator, gateway, null sinks between.

The simulated terminal (a process of its own) plays to the sink ``down`` and listens to ``up``; the
gateway (link, engine, recorder, in this process) captures ``down`` and plays to ``up``.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from gateway.bus import InProcessBus, Subscription
from gateway.model.commands import FloorRelease, FloorRenew, FloorRequest
from gateway.model.envelope import Envelope
from gateway.model.errors import LinkError
from gateway.model.events import FloorGranted, FloorRefused, RecordingClosed
from gateway.model.ids import (
    GatewayId,
    LinkId,
    MonoMs,
    PositionId,
    RequestId,
    SiteId,
    SystemId,
    UtcUs,
    talkgroup_id,
)
from gateway.model.plan import Link, Plan, Site, System, Talkgroup
from gateway.model.voice import VoiceFrame
from hardware.pei_radio import PeiRadioLink
from hardware.sound_device import DeviceSound
from samband.bench_demo import Control, end_process
from samband.bench_signal import Sound, from_pcm
from samband.compose_radio import RadioFolders, RadioSide
from voicecodecs.ogg import read
from voicecodecs.opus import OpusDecoder, OpusEncoder

SINKS = ("down", "up", "loop")
RADIO, GROUP, UNIT = "card", 310201, 1210204
SYSTEM = SystemId("norrvik")
TALKGROUP = talkgroup_id(SYSTEM, GROUP)
POSITION = PositionId("1")
SCENARIO = f"""title = "One radio on a sound card"
mcc = 901
mnc = 1001
seed = 3
[[radio]]
name = "{RADIO}"
issi = 1299001
group = {GROUP}
[[group]]
number = {GROUP}
name = "CARD"
"""
RADIO_CARD = "device:?in=up_hear&out=down_play"
HOST_CARD = "device:?in=down_hear&out=up_play"
BLOCK_S = 0.02


class SystemClock:
    """The machine's clock."""

    def mono_ms(self) -> MonoMs:
        """Monotonic milliseconds."""
        return MonoMs(time.monotonic_ns() // 1_000_000)

    def utc_us(self) -> UtcUs:
        """UTC microseconds."""
        return UtcUs(time.time_ns() // 1000)


def plan(port: str, sound: str) -> Plan:
    """Return a plan of one radio and one talkgroup."""
    link = Link(
        id=LinkId(RADIO),
        name="Card",
        kind="tetra-pei",
        system=SYSTEM,
        site=SiteId("here"),
        port=port,
        sound=sound,
        talkgroups=(GROUP,),
        group=GROUP,
    )
    return Plan(
        name="card",
        systems=(System(id=SYSTEM, name="N", technology="tetra", handle=1, mcc=901, mnc=1001),),
        sites=(Site(id=SiteId("here"), name="Here"),),
        talkgroups=(Talkgroup(system=SYSTEM, number=GROUP, name="CARD", folder="F"),),
        links=(link,),
    )


@dataclass
class CardRoom:
    """What runs, and how to speak in both directions."""

    side: RadioSide
    bus: InProcessBus
    control: Control
    recordings: Path

    async def ask(self, **request: object) -> dict[str, object]:
        """Ask the simulator without standing in the way of the sound."""
        return await asyncio.to_thread(lambda: self.control.ask(**request))

    async def heard(self, wav: Path, spoken_s: float) -> Sound:
        """Let the radio hear a file; returns the recording, decoded (float64, (n,), 8 kHz)."""
        closed = self.bus.subscribe("bench", RecordingClosed)
        try:
            await self.ask(do="talk", radio=RADIO, group=GROUP, unit=UNIT, wav=str(wav))
            async with asyncio.timeout(spoken_s + 10):
                event = (await closed.get()).event
        finally:
            closed.close()
        assert isinstance(event, RecordingClosed)
        return decode(self.recordings / next(f.name for f in event.files if f.kind == "opus"))

    async def spoken(self, sound: Sound, number: int) -> Sound:
        """Say a sound at a desk's microphone; returns what the radio got while it was keyed."""
        request = RequestId(f"r-{number}")
        since = time.monotonic() * 1000
        told = self.bus.subscribe("bench", FloorGranted, FloorRefused)
        wish = FloorRequest(
            request=request, position=POSITION, operator="bench", talkgroup=TALKGROUP, source="key"
        )
        reply = await self.bus.request(wish)
        if not reply.ok:
            raise LinkError(f"the press was refused: {reply.reason}")
        async with asyncio.timeout(10):
            await self._until_granted(told, request)
        told.close()
        await self._speak(sound, request)
        await self.bus.request(FloorRelease(request=request, normal=True))
        await asyncio.sleep(1.0)
        pcm = await asyncio.to_thread(
            lambda: self.control.pcm(do="sound", radio=RADIO, since_ms=since, group=GROUP)
        )
        return from_pcm(pcm)

    async def outside(self) -> int:
        """Return how many blocks with sound reached the radio while it was not keyed."""
        state = await asyncio.to_thread(lambda: self.control.ask(do="state", radio=RADIO))
        return int(state["radios"][0]["sound_outside"])

    async def _until_granted(self, told: Subscription[Envelope], request: RequestId) -> None:
        while True:
            await self.bus.request(FloorRenew(request=request))
            with contextlib.suppress(TimeoutError):
                event = (await asyncio.wait_for(told.get(), 0.1)).event
                if isinstance(event, FloorRefused):
                    raise LinkError(f"the radio refused: {event.reason}")
                return

    async def _speak(self, sound: Sound, request: RequestId) -> None:
        encoder = OpusEncoder()
        pcm = (sound * 32767).astype("<i2").tobytes()
        due = time.monotonic()
        for number in range(len(pcm) // 320):
            opus = encoder.encode(pcm[number * 320 : number * 320 + 320])
            self.bus.publish_uplink(POSITION, microphone(opus, number))
            if number % 5 == 0:
                await self.bus.request(FloorRenew(request=request))
            due += BLOCK_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def microphone(opus: bytes, number: int) -> VoiceFrame:
    """Return a frame of a desk's microphone."""
    return VoiceFrame(
        sequence=number,
        timestamp_48k=number * 960,
        capture_utc_us=time.time_ns() // 1000,
        transmission=bytes(16),
        system=1,
        talkgroup=GROUP,
        talker=0,
        opus=opus,
    )


def decode(path: Path) -> Sound:
    """Return the sound of a recording."""
    decoder = OpusDecoder()
    found = read(path.read_bytes())
    return from_pcm(b"".join(decoder.decode(packet) for packet in found.packets))


@contextlib.asynccontextmanager
async def card_room(folder: Path, latency_ms: int) -> AsyncIterator[CardRoom]:
    """Start simulator and gateway; the sound server must run already."""
    scenario = folder / "card.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    words = [sys.executable, "-m", "hardware.sim", "pei", "--pty", "--control", "0"]
    words += [
        "--scenario",
        str(scenario),
        "--audio",
        f"{RADIO_CARD}&latency_ms={latency_ms}",
        "--link",
        str(folder / "pty"),
    ]
    simulator = subprocess.Popen(words, stdout=subprocess.PIPE)  # noqa: ASYNC220 - once, at start
    try:
        control = await asyncio.to_thread(_connect, simulator)
        sound = f"{HOST_CARD}&latency_ms={latency_ms}"
        async with _gateway(folder, str(folder / "pty"), sound) as (side, bus):
            yield CardRoom(side, bus, control, folder / "recordings")
        control.close()
    finally:
        await asyncio.to_thread(end_process, simulator)


def _connect(simulator: "subprocess.Popen[bytes]") -> Control:
    assert simulator.stdout is not None
    line = simulator.stdout.readline()
    if not line:
        raise LinkError("the simulator did not start")
    return Control(json.loads(line)["control"])


@contextlib.asynccontextmanager
async def _gateway(
    folder: Path, port: str, sound: str
) -> AsyncIterator[tuple[RadioSide, InProcessBus]]:
    clock = SystemClock()
    bus = InProcessBus(GatewayId("bench"), clock, os.urandom)
    folders = RadioFolders(recordings=folder / "recordings", spool=folder / "spool")
    folders.spool.mkdir(parents=True)
    side = RadioSide(plan(port, sound), 1, bus, clock, folders=folders)
    await side.start()
    try:
        await _until_up(side)
        yield side, bus
    finally:
        await side.close()


async def _until_up(side: RadioSide, limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while side.engine.offline_talkgroups() or link_card(side).trouble:
        if time.monotonic() > deadline:
            raise LinkError(f"the radio did not come up: {link_card(side).trouble}")
        await asyncio.sleep(0.05)


def link_card(side: RadioSide) -> DeviceSound:
    """Return the sound card of the link."""
    driver = side.drivers[LinkId(RADIO)]
    assert isinstance(driver, PeiRadioLink)
    assert isinstance(driver.sound_port, DeviceSound)
    return driver.sound_port
