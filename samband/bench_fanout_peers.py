"""The other process of ``samband bench fanout``: browsers as aiortc plays them.

They complete ICE and DTLS; then all but the first few only count packets at the socket. The two
processes speak in lines of JSON. Run as ``python -m samband.bench_fanout_peers COUNT``.
"""

import asyncio
import gc
import json
import os
import resource
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av.packet import Packet
from av.stream import Stream

from gateway.model.voice import TIMESTAMP_HZ
from webrtc.addresses import use_media_addresses

WHOLE_STACK_PEERS: Final = 10
"""Peers that keep aiortc's whole receiver, so that receiver reports flow."""
LINE_BYTES: Final = 1 << 20
SETUP_S: Final = 120.0


class _Silent(MediaStreamTrack):
    """A microphone that never says anything and costs nothing."""

    kind = "audio"

    async def recv(self) -> Any:
        await asyncio.Event().wait()


class _Counter:
    """Counts RTP packets of all peers."""

    def __init__(self) -> None:
        self.packets = 0

    def whole(self, receiver: Any) -> None:
        """Count in aiortc's receiver and leave the rest to it."""
        original = receiver._handle_rtp_packet

        async def handle(packet: Any, arrival_time_ms: int) -> None:
            self.packets += 1
            await original(packet, arrival_time_ms=arrival_time_ms)

        receiver._handle_rtp_packet = handle

    def cheap(self, peer: RTCPeerConnection) -> None:
        """Count at the socket and drop; STUN and DTLS go on as before (RFC 7983 first bytes)."""
        connection: Any = peer.getTransceivers()[0].receiver.transport.transport
        for protocol in connection._connection._protocols:
            protocol.datagram_received = self._counting(protocol.datagram_received)

    def _counting(self, original: Callable[[bytes, Any], None]) -> Callable[[bytes, Any], None]:
        def datagram_received(data: bytes, address: Any) -> None:
            if 128 <= data[0] <= 191:
                self.packets += not 200 <= data[1] <= 207
            else:
                original(data, address)

        return datagram_received


async def _be_peers(count: int) -> None:
    use_media_addresses(["127.0.0.1"])
    counter = _Counter()
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    peers: list[RTCPeerConnection] = []
    joined: list[asyncio.Event] = []
    for n in range(count):
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.addTransceiver(_Silent(), direction="sendonly")
        line = peer.addTransceiver("audio", direction="recvonly")
        if n < WHOLE_STACK_PEERS:
            counter.whole(line.receiver)
        await peer.setLocalDescription(await peer.createOffer())
        say(n=n, sdp=peer.localDescription.sdp)
        message = json.loads(await reader.readline())
        answer = RTCSessionDescription(sdp=message["sdp"], type="answer")
        await peer.setRemoteDescription(answer)
        peers.append(peer)
        joined.append(connected(peer))
    await asyncio.wait_for(asyncio.gather(*(done.wait() for done in joined)), SETUP_S)
    for peer in peers[WHOLE_STACK_PEERS:]:
        counter.cheap(peer)
    say(connected=count)
    gc.freeze()
    while await reader.readline():
        say(count=counter.packets)


def connected(peer: RTCPeerConnection) -> asyncio.Event:
    """Return an event that is set once the peer is connected."""
    done = asyncio.Event()

    def changed() -> None:
        if peer.connectionState == "connected":
            done.set()

    peer.on("connectionstatechange", changed)
    changed()
    return done


def opus_packet(opus: bytes, pts: int) -> "Packet[Stream]":
    """Return a packet of Opus as a track gives it to aiortc; ``pts`` in 48 kHz units."""
    packet: Packet[Stream] = Packet(opus)
    packet.pts = pts
    packet.time_base = Fraction(1, TIMESTAMP_HZ)
    return packet


def say(**message: object) -> None:
    """Write one line of JSON for the other process."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def prepare(core: int) -> None:
    """Take a core of our own, and as many descriptors as we may have (a socket a peer)."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[core % len(cores)]})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    # The sender's core came along with the fork: take any, then the second.
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    prepare(1)
    asyncio.run(_be_peers(int(sys.argv[1])))
