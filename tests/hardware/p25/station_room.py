"""A simulated fixed station and the driver that is its host, over real UDP on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
from pystoi import stoi

from gateway.model.ids import LinkId, RequestId, UtcUs
from gateway.model.radio import KeyDemand, LinkChanged, LinkState, RadioEvent
from gateway.p25.dfsi.core import DfsiCore
from gateway.p25.talk.talk_in import TalkIn
from hardware.mmdvm_radio import MmdvmRadioLink
from hardware.p25_radio import Ends, P25RadioLink
from hardware.sim.p25.stage import Front, Stage
from hardware.sim.p25.stage_steps import QUIET, check_step
from hardware.sim.p25.stage_voice import Heard
from hardware.sim.p25.station import StationFront
from hardware.sim.speech import BLOCK_SAMPLES, Sound
from tests.hardware.driving import RealClock
from voicecodecs.imbe.decoder import ImbeDecoder
from voicecodecs.imbe.encoder import DELAY_SAMPLES

PRESS = RequestId("r-1")
GROUP, UNIT, DESK = 10_001, 1_234_567, 0xFFFFFC
LOOPBACK = "127.0.0.1"


class StationRoom:
    """Both sides, and what came of it."""

    def __init__(self, stage: Stage, front: Front) -> None:
        self.stage, self.front = stage, front
        self.events: list[RadioEvent] = []
        self.times_s: list[float] = []
        self.pcm: list[bytes] = []
        self.spoken: list[UtcUs] = []
        """Capture time of each block in ``pcm``."""
        self.given: list[UtcUs] = []
        """When each of them was given to us."""
        self.driver: P25RadioLink | MmdvmRadioLink

    def event(self, link: LinkId, event: RadioEvent) -> None:
        self.events.append(event)
        self.times_s.append(asyncio.get_running_loop().time())

    def sound(
        self,
        link: LinkId,
        pcm: bytes,
        utc_us: UtcUs,
        instance: int | None = None,
        coded: bytes = b"",
        /,
    ) -> None:
        self.pcm.append(pcm)
        self.spoken.append(utc_us)
        self.given.append(RealClock().utc_us())

    def of(self, *kinds: type[RadioEvent]) -> list[RadioEvent]:
        return [event for event in self.events if isinstance(event, kinds)]

    @property
    def state(self) -> LinkState:
        changes = [event for event in self.events if isinstance(event, LinkChanged)]
        return changes[-1].state if changes else LinkState.CLOSED

    @property
    def reasons(self) -> list[str]:
        return [e.reason for e in self.events if isinstance(e, LinkChanged) and e.reason]

    def do(self, do: str, **values: object) -> None:
        action, faults = check_step({"do": do, **values}, "test")
        assert action is not None, faults
        self.stage.perform(action)

    async def until(self, what: Callable[[], object], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not what():
                await asyncio.sleep(0.005)

    def heard(self) -> list[Heard]:
        return list(self.stage.ears.overs)

    def front_state(self, name: str) -> object:
        return self.front.state()[name]

    async def say(self, sound: Sound, group: int = GROUP, priority: int = 0) -> None:
        """Press, speak and let go, as a desk does: a block each 20 ms."""
        self.driver.demand(KeyDemand(demand=PRESS, group=group, priority=priority))
        loop = asyncio.get_running_loop()
        start = loop.time()
        for index in range(sound.blocks):
            self.driver.send_sound(PRESS, sound.block(index))
            await asyncio.sleep(max(0.0, start + (index + 1) * 0.02 - loop.time()))
        self.driver.end(PRESS)


@asynccontextmanager
async def station_room(
    *, dialect: str = "tia", quirks: bool = True, answer_ms: float = 0.0, up: bool = True
) -> AsyncIterator[StationRoom]:
    front = StationFront(dialect=dialect, quirks=quirks, answer_ms=answer_ms)
    stage = Stage(front, QUIET)
    room = StationRoom(stage, front)
    ports = await stage.start()
    core = DfsiCore(
        nac=0x293, own_id=DESK, voice_port=0, dialect=dialect, talk_in=TalkIn(hang_ms=400)
    )
    ends = {
        "control": Ends(local=(LOOPBACK, 0), remote=(LOOPBACK, int(str(ports["control_port"])))),
        "voice": Ends(local=(LOOPBACK, 0), remote=(LOOPBACK, int(str(ports["voice_port"])))),
    }
    link = LinkId("site-1")
    room.driver = P25RadioLink(link, core, room.event, room.sound, RealClock(), ends=ends)
    await room.driver.start()
    try:
        if up:
            await room.until(lambda: room.state is LinkState.UP)
            await room.until(lambda: front.state()["modes_asked"])
        yield room
    finally:
        await room.driver.close()
        await stage.close()


def samples(sound: Sound) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """Return all of a sound, int16 (n,)."""
    data = b"".join(sound.block(index) for index in range(sound.blocks))
    return np.frombuffer(data, "<i2").astype(np.int16)


def decoded(frames: list[bytes]) -> bytes:
    """Return the sound of vocoder frames."""
    decoder = ImbeDecoder()
    blocks = [decoder.decode(frame) if frame else decoder.erasure() for frame in frames]
    return b"".join(block.astype("<i2").tobytes() for block in blocks)


def likeness(original: Sound, received: bytes) -> float:
    """Return STOI of what was received, the vocoder's delay taken off."""
    reference = samples(original).astype(np.float64)
    heard = np.frombuffer(received, "<i2").astype(np.float64)[DELAY_SAMPLES:]
    assert heard.size >= reference.size - BLOCK_SAMPLES, "its end is missing"
    length = min(heard.size, reference.size)
    return float(stoi(reference[:length], heard[:length], 8000))
