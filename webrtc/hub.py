"""One voice subscription on the bus, handed out to every listener of each talkgroup.

One packet object serves all listeners. A talkgroup on which nobody talks sends nothing; a call's
end is followed by 60 ms of encoded silence, or browsers would smear its last sound. RTP time goes
on with the wall clock between transmissions.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from gateway.bus import Bus, Subscription
from gateway.model.events import Envelope, TransmissionEnded, TransmissionStarted
from gateway.model.ids import PositionId, TalkgroupId, UtcUs, talkgroup_id, ulid_bytes
from gateway.model.private_line import PRIVATE_HANDLE, is_private, private_line
from gateway.model.voice import FRAME_MS, TIMESTAMP_HZ, TIMESTAMP_STEP, VoiceFlag, VoiceFrame
from gateway.ports import Clock
from voicecodecs.opus import silence_packets
from webrtc.heard_once import HeardOnce
from webrtc.path_times import Captured, CaptureTimes, LeaveTimes
from webrtc.stats import StageTimes
from webrtc.tracks import VoicePacket, VoiceTrack

logger = logging.getLogger(__name__)

SILENCE_PACKETS: Final = 3
"""60 ms of silence at the end of a transmission."""
FRAME_S: Final = FRAME_MS / 1000
ROUND_PACKETS: Final = 32
"""Packets sent before the loop may do other things: about 2 ms of sending."""
VOICE_QUEUE: Final = 500
EVENT_QUEUE: Final = 10_000


class _Line:
    """RTP time of one talkgroup."""

    def __init__(self) -> None:
        self.pts = 0
        self.transmission: bytes | None = None
        self.captured = CaptureTimes()
        self._offset = 0

    def place(self, frame: VoiceFrame, now_48k: int) -> int:
        """Return the frame's RTP time; a new transmission begins at the wall clock's."""
        if frame.transmission != self.transmission:
            start = max(now_48k // TIMESTAMP_STEP * TIMESTAMP_STEP, self.pts + TIMESTAMP_STEP)
            self.transmission = frame.transmission
            self._offset = start - frame.timestamp_48k
        self.pts = max(self.pts + 1, frame.timestamp_48k + self._offset)
        return self.pts


class VoiceHub:
    """Fans voice out to tracks. ``systems`` maps the handle in a VoiceFrame to the system's id."""

    def __init__(self, bus: Bus, clock: Clock, systems: Mapping[int, str]) -> None:
        """Make a hub that is not running yet."""
        self.times = StageTimes()
        self.leaving = LeaveTimes()
        self.unknown_systems = 0
        self._bus = bus
        self._clock = clock
        self._systems = systems
        self._listeners: dict[TalkgroupId, list[VoiceTrack]] = {}
        self._lines: dict[TalkgroupId, _Line] = {}
        self._speakers: dict[bytes, PositionId] = {}
        self._once = HeardOnce()
        self._silence = silence_packets(SILENCE_PACKETS)
        self._resting: set[asyncio.Task[None]] = set()
        self._sent = 0
        """Packets since the loop could last do something else, at most."""
        self._voice: Subscription[VoiceFrame] | None = None
        self._events: Subscription[Envelope] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def set_systems(self, systems: Mapping[int, str]) -> None:
        """Take the handles of a newly activated plan."""
        self._systems = systems

    @property
    def dropped(self) -> int:
        """Voice frames the hub itself had to leave out because it did not keep up."""
        return self._voice.dropped if self._voice is not None else 0

    async def start(self) -> None:
        """Begin to listen to the bus."""
        self._voice = self._bus.subscribe_voice("webrtc", capacity=VOICE_QUEUE)
        self._events = self._bus.subscribe(
            "webrtc", TransmissionStarted, TransmissionEnded, capacity=EVENT_QUEUE
        )
        self._tasks = [
            asyncio.create_task(self._run_voice(self._voice, self._events), name="voice-hub"),
            asyncio.create_task(self._run_events(self._events), name="voice-hub-events"),
        ]

    async def close(self) -> None:
        """Stop; safe twice."""
        for subscription in (self._voice, self._events):
            if subscription is not None:
                subscription.close()
        tasks, self._tasks = [*self._tasks, *self._resting], []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def join(self, talkgroup: TalkgroupId, track: VoiceTrack) -> None:
        """Let a track hear a talkgroup; once is enough."""
        tracks = self._listeners.setdefault(talkgroup, [])
        if track not in tracks:
            tracks.append(track)

    def leave(self, talkgroup: TalkgroupId, track: VoiceTrack) -> None:
        """Stop at once."""
        # A new list: a round that is under way goes on over the old one and looks here again.
        kept = [other for other in self._listeners.get(talkgroup, []) if other is not track]
        if kept:
            self._listeners[talkgroup] = kept
        else:
            self._listeners.pop(talkgroup, None)
            if is_private(talkgroup):
                self._lines.pop(talkgroup, None)  # no call has this line again

    def listener_count(self, talkgroup: TalkgroupId) -> int:
        """Return how many tracks hear a talkgroup."""
        return len(self._listeners.get(talkgroup, ()))

    async def deliver(self, frame: VoiceFrame) -> None:
        """Give one frame to everyone who hears its talkgroup, but not to who says it."""
        talkgroup = self._talkgroup(frame)
        if talkgroup is None or talkgroup not in self._listeners:
            return
        if frame.flags & VoiceFlag.SILENCE:
            # The recorder's silence comes all at once; browsers get theirs in its own time.
            if frame.flags & VoiceFlag.END:
                self._end(talkgroup, frame.transmission)
            return
        line = self._lines.setdefault(talkgroup, _Line())
        now = self._clock.utc_us()
        self.times.add("gateway", now - frame.capture_utc_us)
        pts = line.place(frame, self._now_48k())
        captured = UtcUs(frame.capture_utc_us)
        line.captured.note(pts, captured, frame.transmission)
        packet = VoicePacket(frame.opus, pts, captured, now, frame.transmission)
        await self._hand_out(talkgroup, packet, self._speakers.get(frame.transmission))
        if frame.flags & VoiceFlag.END:
            self._end(talkgroup, frame.transmission)

    def measure(self, packet: VoicePacket) -> None:
        """Note that a packet has left (each track is given this)."""
        now = self._clock.utc_us()
        hub_us, total_us = now - packet.hub_utc_us, now - packet.capture_utc_us
        self.times.add("hub", hub_us)
        self.times.add("total", total_us)
        self.leaving.note(packet.transmission, hub_us, total_us)

    def captured(self, talkgroup: TalkgroupId, pts_32: int) -> Captured | None:
        """Return when the sound of a packet was captured, by its time modulo 2**32."""
        line = self._lines.get(talkgroup)
        return line.captured.find(pts_32) if line is not None else None

    def _talkgroup(self, frame: VoiceFrame) -> TalkgroupId | None:
        if frame.system == PRIVATE_HANDLE:
            return private_line(frame.talkgroup)
        system = self._systems.get(frame.system)
        if system is None:
            self.unknown_systems += 1
            return None
        return talkgroup_id(system, frame.talkgroup)

    @staticmethod
    def _now_48k() -> int:
        return int(asyncio.get_running_loop().time() * TIMESTAMP_HZ)

    async def _hand_out(
        self, talkgroup: TalkgroupId, packet: VoicePacket, speaker: PositionId | None
    ) -> None:
        tracks = self._listeners.get(talkgroup, [])
        served = self._served(packet.transmission)
        for track in tracks:
            if self._sent >= ROUND_PACKETS:
                self._sent = 0
                await asyncio.sleep(0)
            if speaker is not None and track.speaks(speaker):
                continue
            if track.listener in served:
                continue
            current = self._listeners.get(talkgroup, [])
            if current is tracks or track in current:
                self._sent += 1
                track.offer(packet)

    def _served(self, transmission: bytes) -> frozenset[str]:
        """Return the listeners who hear this sound on another member of a patch."""
        others = self._once.elsewhere(transmission)
        tracks = (track for other in others for track in self._listeners.get(other, ()))
        return frozenset(track.listener for track in tracks if track.listener)

    def _end(self, talkgroup: TalkgroupId, transmission: bytes) -> None:
        line = self._lines.get(talkgroup)
        if line is None or line.transmission != transmission:
            return
        line.transmission = None
        speaker = self._speakers.get(transmission)
        task = asyncio.create_task(self._rest(talkgroup, line, speaker), name="voice-rest")
        self._resting.add(task)
        task.add_done_callback(self._resting.discard)

    async def _rest(self, talkgroup: TalkgroupId, line: _Line, speaker: PositionId | None) -> None:
        """Send the silence at the pace of sound, until somebody talks again.

        Packets ahead of their time would look to a browser's jitter buffer as if all later ones
        came late: it would hold back the next transmission by as much.
        """
        for opus in self._silence:
            await asyncio.sleep(FRAME_S)
            if line.transmission is not None:
                return
            line.pts += TIMESTAMP_STEP
            now = self._clock.utc_us()
            packet = VoicePacket(opus, line.pts, now, now)
            packet.measured = True
            await self._hand_out(talkgroup, packet, speaker)

    async def _run_voice(
        self, voice: Subscription[VoiceFrame], events: Subscription[Envelope]
    ) -> None:
        async for frame in voice:
            for envelope in events.drain():
                await self._on_event(envelope)
            await self.deliver(frame)

    async def _run_events(self, events: Subscription[Envelope]) -> None:
        async for envelope in events:
            await self._on_event(envelope)

    async def _on_event(self, envelope: Envelope) -> None:
        match envelope.event:
            case TransmissionStarted(position=position) as started:
                self._once.started(started)
                if position is not None:
                    self._speakers[ulid_bytes(started.transmission)] = position
            case TransmissionEnded() as ended:
                transmission = ulid_bytes(ended.transmission)
                self._end(ended.talkgroup, transmission)
                self._speakers.pop(transmission, None)
                self._once.ended(ended)
