"""A small radio room for the tests: bus, hub, service, and browsers played by aiortc itself."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)

from gateway.bus import InProcessBus
from gateway.model.ids import GatewayId, MonoMs, PositionId, TalkgroupId, UtcUs
from gateway.model.voice import TIMESTAMP_STEP, VoiceFlag, VoiceFrame
from samband.bench_fanout_peers import opus_packet
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import FRAME_SAMPLES
from voicecodecs.tones import sine
from webrtc.hub import VoiceHub
from webrtc.microphone import UplinkGate
from webrtc.session import Answer, RtcService
from webrtc.stats import StageTimes

PATROL = TalkgroupId("norrvik/310201")
FIRE = TalkgroupId("norrvik/310301")
AMBULANCE = TalkgroupId("norrvik/310401")
HANDLES = {1: "norrvik"}


class SystemClock:
    """The machine's clocks."""

    def mono_ms(self) -> MonoMs:
        return MonoMs(time.monotonic_ns() // 1_000_000)

    def utc_us(self) -> UtcUs:
        return UtcUs(time.time_ns() // 1000)


async def until(condition: Callable[[], bool], what: str, within_s: float = 10.0) -> None:
    """Wait until something is true; fails with ``what`` when it does not become so."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {what}")
        await asyncio.sleep(0.01)


@dataclass
class Room:
    """Everything between the bus and the browsers."""

    bus: InProcessBus
    hub: VoiceHub
    rtc: RtcService
    gate: UplinkGate
    clock: SystemClock
    sequence: "itertools.count[int]" = field(default_factory=itertools.count)

    def frame(
        self,
        talkgroup: TalkgroupId,
        opus: bytes,
        *,
        number: int = 0,
        transmission: bytes = b"t" * 16,
        flags: VoiceFlag = VoiceFlag.NONE,
    ) -> VoiceFrame:
        """Return a frame captured now; ``number`` counts within the transmission."""
        return VoiceFrame(
            sequence=next(self.sequence),
            timestamp_48k=number * TIMESTAMP_STEP,
            capture_utc_us=self.clock.utc_us(),
            transmission=transmission,
            system=1,
            talkgroup=int(talkgroup.partition("/")[2]),
            talker=1210204,
            opus=opus,
            flags=flags,
        )

    async def talk(
        self,
        talkgroup: TalkgroupId,
        *,
        frames: int = 25,
        hz: float = 1000,
        transmission: bytes = b"t" * 16,
    ) -> None:
        """Send a tone in real time as one transmission."""
        encoder = OpusEncoder()
        sound = sine(hz, frames * 20, level_dbfs=-20).reshape(-1, FRAME_SAMPLES)
        begin = asyncio.get_running_loop().time()
        for n, block in enumerate(sound):
            flags = VoiceFlag.START if n == 0 else VoiceFlag.NONE
            if n == frames - 1:
                flags |= VoiceFlag.END
            self.bus.publish_voice(
                self.frame(
                    talkgroup,
                    encoder.encode(block.tobytes()),
                    number=n,
                    transmission=transmission,
                    flags=flags,
                )
            )
            await asyncio.sleep(max(0, begin + (n + 1) * 0.02 - asyncio.get_running_loop().time()))


@asynccontextmanager
async def open_room(addresses: Sequence[str] = ("127.0.0.1",)) -> AsyncIterator[Room]:
    """Open a room and close it again, everything awaited."""
    clock = SystemClock()
    bus = InProcessBus(GatewayId("g"), clock, os.urandom)
    hub = VoiceHub(bus, clock, HANDLES)
    gate = UplinkGate()
    numbers = itertools.count(1)
    rtc = RtcService(
        hub, bus, clock, gate, new_id=lambda: f"s{next(numbers)}", media_addresses=addresses
    )
    await hub.start()
    try:
        yield Room(bus, hub, rtc, gate, clock)
    finally:
        await rtc.close()
        await hub.close()


class Counted:
    """Packets of one incoming track, taken before aiortc decodes them."""

    def __init__(self, receiver: Any) -> None:
        self.payloads: list[bytes] = []
        self.timestamps: list[int] = []

        async def handle(packet: Any, arrival_time_ms: int) -> None:
            self.payloads.append(packet.payload)
            self.timestamps.append(packet.timestamp)

        receiver._handle_rtp_packet = handle

    def holds(self, count: int) -> Callable[[], bool]:
        """Return a question: have at least ``count`` packets come?"""
        return lambda: len(self.payloads) >= count


class Browser:
    """A page as aiortc would play it: a microphone line, then one line a talkgroup."""

    def __init__(self, microphone: MediaStreamTrack | None = None) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._microphone = microphone
        self.heard: dict[TalkgroupId, Counted] = {}
        self.answer: Answer | None = None

    async def offer(self, count: int) -> str:
        """Return an offer with ``count`` lines to hear."""
        line = self.peer.addTransceiver(self._microphone or "audio", direction="sendonly")
        line.direction = "sendonly"
        for _ in range(count):
            self.peer.addTransceiver("audio", direction="recvonly")
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def join(
        self,
        room: Room,
        talkgroups: Sequence[TalkgroupId],
        *,
        position: str | None = "1",
        may_hear: Callable[[TalkgroupId], bool] = lambda _: True,
    ) -> Answer:
        """Join and wait for the connection."""
        offer = await self.offer(len(talkgroups))
        place = PositionId(position) if position else None
        answer = await room.rtc.open(place, offer, talkgroups, may_hear)
        lines = self.peer.getTransceivers()[1:]
        for line, talkgroup in zip(lines, talkgroups, strict=True):
            self.heard[talkgroup] = Counted(line.receiver)
        await self.peer.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))
        session = room.rtc.get(answer.session)
        await until(lambda: self.peer.connectionState == "connected", "browser connected")
        await until(lambda: session.state == "connected", "session connected")
        self.answer = answer
        return answer

    async def close(self) -> None:
        await self.peer.close()


class SharedPackets(MediaStreamTrack):
    """A microphone that sends the packets it is given, 20 ms each."""

    kind = "audio"

    def __init__(self, packets: Sequence[bytes]) -> None:
        super().__init__()
        self._packets = list(packets)
        self._at = 0
        self._begin: float | None = None

    async def recv(self) -> Any:
        loop = asyncio.get_running_loop()
        if self._begin is None:
            self._begin = loop.time()
        await asyncio.sleep(max(0.0, self._begin + self._at * 0.02 - loop.time()))
        opus = self._packets[self._at % len(self._packets)]
        packet = opus_packet(opus, self._at * TIMESTAMP_STEP)
        self._at += 1
        return packet


def no_times() -> StageTimes:
    """Return stage times that nobody reads."""
    return StageTimes()
