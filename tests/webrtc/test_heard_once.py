"""A listener of several members of a patch hears each over once."""

import asyncio
import os

from gateway.bus import InProcessBus
from gateway.model.events import TransmissionEnded, TransmissionStarted
from gateway.model.ids import (
    CallId,
    GatewayId,
    LinkId,
    TalkgroupId,
    TransmissionId,
    UtcUs,
    split_address,
    ulid,
    ulid_bytes,
)
from gateway.model.voice import VoiceFrame
from tests.gateway.engine.peer import StandingClock
from voicecodecs.opus import silence_packets
from webrtc.hub import VoiceHub
from webrtc.tracks import VoiceTrack

A, B, C = (TalkgroupId(f"net/{number}") for number in (101, 102, 103))
SAID, ON_B, ON_C = (
    TransmissionId(f"t-{ulid(UtcUs(1_790_000_000_000_000 + n), os.urandom(10))}") for n in range(3)
)


def begun(
    over: TransmissionId, talkgroup: TalkgroupId, source: TransmissionId | None
) -> TransmissionStarted:
    return TransmissionStarted(
        transmission=over,
        call=CallId("c-1"),
        talkgroup=talkgroup,
        link=LinkId("l"),
        source=source,
    )


def over_ends(over: TransmissionId, talkgroup: TalkgroupId) -> TransmissionEnded:
    return TransmissionEnded(
        transmission=over, call=CallId("c-1"), talkgroup=talkgroup, duration_ms=1, cause="ended"
    )


class Ears:
    """A hub and sessions with a track for each talkgroup that they hear."""

    def __init__(self) -> None:
        clock = StandingClock()
        self.bus = InProcessBus(GatewayId("g"), clock, os.urandom)
        self.hub = VoiceHub(self.bus, clock, {7: "net"})
        self.tracks: dict[tuple[str, TalkgroupId], VoiceTrack] = {}
        self.sequence = 0

    def hears(self, session: str, *talkgroups: TalkgroupId) -> None:
        for talkgroup in talkgroups:
            track = VoiceTrack(None, lambda packet: True)
            self.tracks[(session, talkgroup)] = track
            track.listener = session
            self.hub.join(talkgroup, track)

    async def frame(self, over: TransmissionId, talkgroup: TalkgroupId) -> None:
        self.sequence += 1
        frame = VoiceFrame(
            sequence=self.sequence,
            timestamp_48k=self.sequence * 960,
            capture_utc_us=1_790_000_000_000_000,
            transmission=ulid_bytes(over),
            system=7,
            talkgroup=split_address(talkgroup)[1],
            talker=0,
            opus=silence_packets(1)[0],
        )
        self.bus.publish_voice(frame)
        for _ in range(5):
            await asyncio.sleep(0)

    def heard(self, session: str) -> dict[TalkgroupId, int]:
        found = {}
        for (who, talkgroup), track in self.tracks.items():
            if who == session and track.sent:
                found[talkgroup], track.sent = track.sent, 0
        return found


async def test_each_listener_hears_an_over_of_a_patch_once() -> None:
    ears = Ears()
    ears.hears("all", A, B, C)
    ears.hears("two", B, C)
    ears.hears("one", C)
    await ears.hub.start()
    try:
        for event in (begun(SAID, A, None), begun(ON_B, B, SAID), begun(ON_C, C, SAID)):
            ears.bus.publish(event)
        for over, talkgroup in ((SAID, A), (ON_B, B), (ON_C, C)):
            await ears.frame(over, talkgroup)
        assert ears.heard("all") == {A: 1}
        assert ears.heard("two") == {B: 1}
        assert ears.heard("one") == {C: 1}
        ears.bus.publish(over_ends(SAID, A))  # the rest goes out a little later
        await ears.frame(ON_B, B)
        assert ears.heard("all") == {}
        assert ears.heard("two") == {B: 1}
        ears.bus.publish(over_ends(ON_B, B))  # cut on one member: the next one is heard
        await ears.frame(ON_C, C)
        assert ears.heard("two") == {C: 1}
        ears.hub.leave(A, ears.tracks[("all", A)])  # muted: then where it can be heard
        await ears.frame(ON_C, C)
        assert ears.heard("all") == {C: 1}
    finally:
        await ears.hub.close()
