"""``samband bench fanout``: listeners per core, with real DTLS peers in another process.

Three senders after one another, each in a process of its own with its peers in a second one:

* ``pass_through``: the product's own path, one shared packet for all listeners of a talkgroup,
  its encoding included;
* ``aiortc_pcm``: aiortc's usual way, a track of PCM frames a listener (48 kHz encoder each);
* ``encoder_each``: one 8 kHz encoder a listener, handed over as packets.

The peers complete ICE and DTLS; then all but the first few only count packets, so that the other
core is not the limit. The cost is processor time of the sender by packet delivered. The two dearer
senders cannot carry 200 listeners on one core: they run with the share that they can serve in time,
for a sender that is over its limit would look dearer still.
"""

import argparse
import asyncio
import functools
import itertools
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av.audio.frame import AudioFrame

from gateway.bus import InProcessBus
from gateway.model.errors import LinkError
from gateway.model.ids import GatewayId, MonoMs, TalkgroupId, UtcUs
from gateway.model.voice import TIMESTAMP_STEP, VoiceFrame
from hardware.sim.speech import clip, clip_index
from samband.bench_fanout_peers import LINE_BYTES, SETUP_S, opus_packet, prepare, say
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ
from webrtc.addresses import use_media_addresses
from webrtc.collector import calm_collector
from webrtc.hub import VoiceHub
from webrtc.microphone import UplinkGate
from webrtc.session import RtcService
from webrtc.stats import percentile

SHARES: Final = {"pass_through": 1.0, "aiortc_pcm": 0.25, "encoder_each": 0.5}
"""The senders, and what share of the listeners each has."""
FRAME_S: Final = 0.02
TALKGROUPS: Final = 4
SETTLE_S: Final = 1.0
DELIVERED_PERCENT: Final = 99.0
GOALS: Final = {"listeners_per_core": 300, "against_aiortc_pcm": 4.0, "against_encoder_each": 2.5}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``fanout``."""
    parser = subparsers.add_parser("fanout", help="listeners per core, real DTLS peers")
    parser.add_argument("--peers", type=int, default=200, help="listeners (default 200)")
    parser.add_argument("--seconds", type=float, default=8.0, help="measured time of each sender")
    parser.add_argument("--repeat", type=int, default=3, help="rounds; the median is reported")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run all senders, ``repeat`` times, and return medians against the goals."""
    rounds: list[dict[str, dict[str, float]]] = []
    for number in range(args.repeat):
        print(f"fanout: round {number + 1} of {args.repeat}", file=sys.stderr, flush=True)
        found = {}
        for mode, share in SHARES.items():
            found[mode] = asyncio.run(_phase(mode, max(1, round(args.peers * share)), args.seconds))
        rounds.append(found)
    senders = {name: _medians([found[name] for found in rounds]) for name in rounds[0]}
    figures: dict[str, Any] = {
        "peers": args.peers,
        "talkgroups": TALKGROUPS,
        "seconds": args.seconds,
        "repeat": args.repeat,
        **senders,
        "listeners_per_core": senders["pass_through"]["listeners_per_core"],
        "against_aiortc_pcm": _ratio(rounds, "aiortc_pcm"),
        "against_encoder_each": _ratio(rounds, "encoder_each"),
        "goals": GOALS,
    }
    enough = all(figures[name] >= goal for name, goal in GOALS.items())
    delivered = min(sender["delivered_percent"] for sender in senders.values())
    figures["ok"] = enough and delivered >= DELIVERED_PERCENT
    return figures


def _ratio(rounds: Sequence[dict[str, dict[str, float]]], sender: str) -> float:
    """Return how much dearer a sender is than ours: the median over rounds, each on its own."""
    return statistics.median(
        found[sender]["cpu_us_per_packet"] / found["pass_through"]["cpu_us_per_packet"]
        for found in rounds
    )


def _medians(results: Sequence[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(found[key] for found in results) for key in results[0]}


async def _phase(mode: str, peers: int, seconds: float) -> dict[str, float]:
    """Run one sender in a process of its own and return its figures."""
    child = await asyncio.create_subprocess_exec(
        *_command("bench_fanout", mode, str(peers), str(seconds)), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await child.communicate()
    if child.returncode != 0:
        raise LinkError(
            f"bench fanout: the sender {mode} ended with {child.returncode}",
            hint="Fewer peers may help: --peers 50",
        )
    figures: dict[str, float] = json.loads(out)
    return figures


def _command(module: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"samband.{module}", *words)


# ---- the sender's process ----------------------------------------------------------------------


class _Clock:
    def mono_ms(self) -> MonoMs:
        return MonoMs(time.monotonic_ns() // 1_000_000)

    def utc_us(self) -> UtcUs:
        return UtcUs(time.time_ns() // 1000)


def _speech() -> list[bytes]:
    """Return blocks of the project's own spoken clips: what an encoder costs depends on them."""
    sounds = [clip(name) for name in clip_index()]
    return [sound.block(n) for sound in sounds for n in range(sound.blocks)]


@functools.cache
def _blocks() -> tuple[bytes, ...]:
    """Return the speech of this process, read once."""
    return tuple(_speech())


class _Paced(MediaStreamTrack):
    """A track that makes its own sound every 20 ms, as each listener's own would."""

    kind = "audio"

    def __init__(self, start: asyncio.Event, lateness_ms: list[float]) -> None:
        super().__init__()
        self._start = start
        self._blocks = itertools.cycle(_blocks())
        self._count = 0
        self._begin: float | None = None
        self._lateness_ms = lateness_ms

    async def pace(self) -> int:
        """Wait for the next 20 ms; returns its number."""
        loop = asyncio.get_running_loop()
        if self._begin is None:
            await self._start.wait()
            self._begin = loop.time()
        due = self._begin + self._count * FRAME_S
        await asyncio.sleep(due - loop.time())
        self._lateness_ms.append((loop.time() - due) * 1000)
        self._count += 1
        return self._count - 1


class _PcmTrack(_Paced):
    """PCM frames: aiortc resamples to 48 kHz stereo and encodes."""

    async def recv(self) -> AudioFrame:
        number = await self.pace()
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.planes[0].update(next(self._blocks))
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = number * FRAME_SAMPLES
        return frame


class _EncodedTrack(_Paced):
    """Packets of an 8 kHz encoder of the listener's own."""

    def __init__(self, start: asyncio.Event, lateness_ms: list[float]) -> None:
        super().__init__(start, lateness_ms)
        self._encoder = OpusEncoder()

    async def recv(self) -> Any:  # av.Packet, whose type has a parameter of PyAV's own
        number = await self.pace()
        opus = self._encoder.encode(next(self._blocks))
        return opus_packet(opus, number * TIMESTAMP_STEP)


class _Peers:
    """The process with the peers, spoken to in lines of JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def read(self) -> dict[str, Any]:
        if self._process.stdout is None:
            raise LinkError("bench fanout: the peers have no output")
        line = await asyncio.wait_for(self._process.stdout.readline(), SETUP_S)
        if not line:
            raise LinkError("bench fanout: the process with the peers ended")
        found: dict[str, Any] = json.loads(line)
        return found

    async def write(self, **message: object) -> None:
        if self._process.stdin is None:
            raise LinkError("bench fanout: the peers have no input")
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()

    async def count(self) -> int:
        await self.write(op="count")
        return int((await self.read())["count"])


@asynccontextmanager
async def _peers(count: int) -> AsyncIterator[_Peers]:
    process = await asyncio.create_subprocess_exec(
        *_command("bench_fanout_peers", str(count)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
    )
    try:
        yield _Peers(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


Answer = Callable[[int, str], Any]
"""Answers offer number n: returns an awaitable of the description."""


async def _connect(peers: _Peers, count: int, answer: Answer) -> float:
    """Join all peers; returns the processor time of one join in ms."""
    before = time.process_time()
    for _ in range(count):
        message = await peers.read()
        await peers.write(
            op="answer", n=message["n"], sdp=await answer(message["n"], message["sdp"])
        )
    while (await peers.read()).get("connected") != count:
        pass
    return (time.process_time() - before) * 1000 / count


class _Window:
    """Processor time, packets and seconds of the measured time."""

    def __init__(self, peers: _Peers) -> None:
        self._peers = peers

    async def run(self, seconds: float, lateness_ms: list[float]) -> dict[str, float]:
        """Measure for ``seconds`` while the senders send."""
        calm_collector()
        await asyncio.sleep(SETTLE_S)
        received = await self._peers.count()
        lateness_ms.clear()
        cpu, begin = time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        packets = await self._peers.count() - received
        cpu, elapsed = time.process_time() - cpu, time.monotonic() - begin
        late = list(lateness_ms)
        return {
            "packets": packets,
            "elapsed_s": elapsed,
            "cpu_percent": cpu / elapsed * 100,
            "cpu_us_per_packet": cpu * 1e6 / max(1, packets),
            "listeners_per_core": packets * FRAME_S / max(cpu, 1e-9),
            "lateness_p50_ms": percentile(late, 0.5),
            "lateness_p99_ms": percentile(late, 0.99),
        }


async def _send(mode: str, count: int, seconds: float) -> dict[str, float]:
    use_media_addresses(["127.0.0.1"])
    lateness_ms: list[float] = []
    run = _pass_through if mode == "pass_through" else _own_tracks
    async with _peers(count) as peers:
        figures = await run(mode, count, seconds, peers, lateness_ms)
    expected = figures["elapsed_s"] / FRAME_S * count
    figures["delivered_percent"] = figures.pop("packets") / expected * 100
    figures["listeners"] = count
    figures["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


async def _pass_through(
    _mode: str, count: int, seconds: float, peers: _Peers, lateness_ms: list[float]
) -> dict[str, float]:
    clock = _Clock()
    bus = InProcessBus(GatewayId("bench"), clock, os.urandom)
    hub = VoiceHub(bus, clock, {1: "bench"})
    numbers = itertools.count()
    service = RtcService(
        hub,
        bus,
        clock,
        UplinkGate(),
        new_id=lambda: str(next(numbers)),
        media_addresses=["127.0.0.1"],
    )
    await hub.start()

    async def answer(n: int, sdp: str) -> str:
        talkgroup = TalkgroupId(f"bench/{n % TALKGROUPS + 1}")
        return (await service.open(None, sdp, [talkgroup], lambda _: True)).sdp

    join_ms = await _connect(peers, count, answer)
    idle_cpu = time.process_time()
    await asyncio.sleep(2)
    idle_percent = (time.process_time() - idle_cpu) / 2 * 100 / count
    talk = asyncio.create_task(_talk(bus, clock, lateness_ms))
    figures = await _Window(peers).run(seconds, lateness_ms)
    talk.cancel()
    await asyncio.gather(talk, return_exceptions=True)
    await service.close()
    await hub.close()
    total = hub.times.report()["total"]
    return figures | {
        "join_cpu_ms": join_ms,
        "idle_cpu_percent_per_listener": idle_percent,
        "gateway_to_rtp_p99_ms": total.p99_ms,
    }


async def _talk(bus: InProcessBus, clock: _Clock, lateness_ms: list[float]) -> None:
    """Encode once a talkgroup and give it to the bus every 20 ms."""
    loop = asyncio.get_running_loop()
    encoders = [OpusEncoder() for _ in range(TALKGROUPS)]
    begin = loop.time()
    for number, block in enumerate(itertools.cycle(_blocks())):
        due = begin + number * FRAME_S
        await asyncio.sleep(due - loop.time())
        lateness_ms.append((loop.time() - due) * 1000)
        for talkgroup, encoder in enumerate(encoders, 1):
            frame = VoiceFrame(
                sequence=number,
                timestamp_48k=number * TIMESTAMP_STEP,
                capture_utc_us=clock.utc_us(),
                transmission=bytes([talkgroup]) * 16,
                system=1,
                talkgroup=talkgroup,
                talker=0,
                opus=encoder.encode(block),
            )
            bus.publish_voice(frame)


async def _own_tracks(
    mode: str, count: int, seconds: float, peers: _Peers, lateness_ms: list[float]
) -> dict[str, float]:
    make = _PcmTrack if mode == "aiortc_pcm" else _EncodedTrack
    connections: list[RTCPeerConnection] = []
    start = asyncio.Event()

    async def answer(_n: int, sdp: str) -> str:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connections.append(peer)
        await peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
        microphone, line = peer.getTransceivers()
        microphone.direction = "inactive"
        line.sender.replaceTrack(make(start, lateness_ms))
        line.direction = "sendonly"
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)

    await _connect(peers, count, answer)
    start.set()
    await asyncio.sleep(1)
    figures = await _Window(peers).run(seconds, lateness_ms)
    await asyncio.gather(*(peer.close() for peer in connections))
    return figures


def main(words: Sequence[str]) -> int:
    """Be the sender's process: ``MODE PEERS SECONDS``."""
    mode, count, seconds = words
    prepare(0)
    say(**asyncio.run(_send(mode, int(count), float(seconds))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
