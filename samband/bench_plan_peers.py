"""Browsers of ``samband bench plan``, as aiortc plays them: one that hears, some that speak.

Run as ``python -m samband.bench_plan_peers``; speaks in lines of JSON. ``{"op": "listen", "lines":
N}`` and ``{"op": "speak"}`` are answered with an offer, which an answer follows; then ``{"joined":
true}``. ``{"op": "heard"}`` gives for each line of the listener what came since the last asking.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from typing import Any, Final

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from gateway.model.voice import FRAME_MS, TIMESTAMP_STEP
from hardware.sim.speech import Sound
from samband.bench_fanout_peers import LINE_BYTES, SETUP_S, connected, opus_packet, say
from voicecodecs.opus import OpusEncoder
from webrtc.addresses import use_media_addresses

SEQUENCES: Final = 1 << 16
TONE_HZ: Final = 700.0
TONE_MS: Final = 2000.0
TONE_DBFS: Final = -20.0


class _Microphone(MediaStreamTrack):
    """Whistles, a packet of Opus each 20 ms."""

    kind = "audio"

    def __init__(self, packets: list[bytes]) -> None:
        super().__init__()
        self._packets = packets
        self._count = 0
        self._begin: float | None = None

    async def recv(self) -> Any:  # av.Packet, whose type has a parameter of PyAV's own
        loop = asyncio.get_running_loop()
        if self._begin is None:
            self._begin = loop.time()
        await asyncio.sleep(self._begin + self._count * FRAME_MS / 1000 - loop.time())
        opus, pts = self._packets[self._count % len(self._packets)], self._count * TIMESTAMP_STEP
        self._count += 1
        return opus_packet(opus, pts)


class _Silent(MediaStreamTrack):
    kind = "audio"

    async def recv(self) -> Any:
        await asyncio.Event().wait()


@dataclass(slots=True)
class Heard:
    """What came on one line: packets, holes in their numbers, the longest pause between two."""

    packets: int = 0
    lost: int = 0
    jumps: int = 0
    """Packets whose RTP time does not follow the one before: sound that was never sent."""
    longest_ms: float = 0.0
    _number: int | None = None
    _time: int = 0
    _at: float = 0.0

    def take(self, number: int, timestamp: int) -> None:
        """Take a packet's number and RTP time."""
        now = time.monotonic() * 1000
        if self._number is not None:
            self.longest_ms = max(self.longest_ms, now - self._at)
            self.lost += (number - self._number - 1) % SEQUENCES
            self.jumps += (timestamp - self._time) % (1 << 32) != TIMESTAMP_STEP
        self.packets += 1
        self._number, self._time, self._at = number, timestamp, now

    def tell(self) -> dict[str, Any]:
        """Return the figures and begin to count anew; the pause until now counts."""
        now = time.monotonic() * 1000
        told = {
            "packets": self.packets,
            "lost": self.lost,
            "jumps": self.jumps,
            "longest_ms": max(self.longest_ms, now - self._at if self._at else now),
        }
        self.packets = self.lost = self.jumps = 0
        self.longest_ms = 0.0
        return told


class _Peers:
    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._open: list[RTCPeerConnection] = []
        self._speech: list[bytes] = []

    def _packets(self) -> list[bytes]:
        if not self._speech:
            encoder, sound = OpusEncoder(), Sound.tone(TONE_HZ, TONE_MS, TONE_DBFS)
            self._speech = [encoder.encode(sound.block(n)) for n in range(sound.blocks)]
        return self._speech

    async def offer(self, lines: int, *, speaks: bool) -> RTCPeerConnection:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._open.append(peer)
        track = _Microphone(self._packets()) if speaks else _Silent()
        peer.addTransceiver(track, direction="sendonly")
        for _ in range(lines):
            line = peer.addTransceiver("audio", direction="recvonly")
            self.heard.append(Heard())
            _listen(line.receiver, self.heard[-1])
        await peer.setLocalDescription(await peer.createOffer())
        return peer

    async def serve(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            asked = json.loads(line)
            if asked["op"] == "heard":
                say(heard=[one.tell() for one in self.heard])
                continue
            peer = await self.offer(asked.get("lines", 0), speaks=asked["op"] == "speak")
            say(sdp=peer.localDescription.sdp)
            answer = json.loads(await reader.readline())
            await peer.setRemoteDescription(RTCSessionDescription(sdp=answer["sdp"], type="answer"))
            await asyncio.wait_for(connected(peer).wait(), SETUP_S)
            say(joined=True)


def _listen(receiver: Any, heard: Heard) -> None:  # aiortc's receiver, by a private way
    """Count each packet at the receiver and drop it: nobody needs the sound here."""

    async def handle(packet: Any, arrival_time_ms: int) -> None:
        heard.take(packet.sequence_number, packet.timestamp)

    receiver._handle_rtp_packet = handle


async def _run() -> None:
    use_media_addresses(["127.0.0.1"])
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await _Peers().serve(reader)


if __name__ == "__main__":
    asyncio.run(_run())
