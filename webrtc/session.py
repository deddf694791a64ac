"""One browser's sound: its microphone, one track for each talkgroup it hears, one for its calls.

The page offers the microphone first, then one receive-only line a talkgroup. The answer gives each
line its talkgroup, or makes it inactive where there is no right to hear. Nothing is renegotiated
later: a right that goes away stops its track at once, a muted talkgroup is not sent. The track of
``PRIVATE_TRACK`` is silent but while the browser's position has a private call: then, and only
then, it carries that call's line.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)

from gateway.bus import Bus
from gateway.model.errors import InvalidCommand
from gateway.model.ids import PositionId, TalkgroupId
from gateway.model.private_line import PRIVATE_TRACK
from gateway.model.spread import Spread
from gateway.ports import Clock
from webrtc.addresses import use_media_addresses
from webrtc.hub import VoiceHub
from webrtc.microphone import Microphone, UplinkGate, attach, stop_decoder
from webrtc.path_times import Captured
from webrtc.rtp_line import RTP_MASK, RtpLine
from webrtc.sdp import ask_for_speech, media_count, opus_payloads, without_extensions
from webrtc.stats import Delay
from webrtc.tracks import VoiceTrack

logger = logging.getLogger(__name__)

MAX_TRACKS: Final = 32
"""Talkgroups one browser hears at once (measured: Chromium keeps 32 silent tracks alive)."""
CONNECT_MS: Final = 20_000
"""A peer that is not connected by then is closed."""

RtcSessionId = str
MayHear = Callable[[TalkgroupId], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the page gets: its session, the description, and which line carries what."""

    session: RtcSessionId
    sdp: str
    tracks: tuple[tuple[str, TalkgroupId], ...]
    """(mid, talkgroup) of each line that may be heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStats:
    """Counters of one session; what the browser has not reported is None."""

    state: str
    packets_sent: int
    bytes_sent: int
    packets_dropped: int
    """Left out because this browser did not take them."""
    microphone_packets: int
    microphone_frames: int
    loss_share: float | None
    round_trip_ms: float | None


class RtcSession:
    """One peer connection; made by ``RtcService``."""

    def __init__(
        self,
        session: RtcSessionId,
        position: PositionId | None,
        hub: VoiceHub,
        microphone: Microphone | None,
        gone: Callable[["RtcSession"], None],
    ) -> None:
        """Make a connection that asks no server for anything."""
        self.id = session
        self.position = position
        self._hub = hub
        self._microphone = microphone
        self._gone = gone
        self._tracks: dict[TalkgroupId, VoiceTrack] = {}
        self._lines: dict[TalkgroupId, RtpLine] = {}
        self._hearing: set[TalkgroupId] = set()
        self._line: TalkgroupId | None = None
        self._muted: set[TalkgroupId] = set()
        self._receivers: list[Any] = []  # aiortc's RTCRtpReceiver has private parts we use
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        # aiortc's default would ask a public STUN server.
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peer.on("connectionstatechange", self._on_state)

    @property
    def state(self) -> str:
        """The connection's state in WebRTC's own words."""
        return self._peer.connectionState

    async def answer(
        self, offer: str, talkgroups: Sequence[TalkgroupId], may_hear: MayHear
    ) -> Answer:
        """Answer the page's offer; raises InvalidCommand when it does not fit."""
        wanted = media_count(offer)
        if wanted != len(talkgroups) + 1 or len(talkgroups) > MAX_TRACKS:
            raise InvalidCommand(
                f"offer: expected a microphone line and one line for each of {len(talkgroups)} "
                f"talkgroups (at most {MAX_TRACKS}), got {wanted} lines"
            )
        if len(set(talkgroups)) != len(talkgroups):
            raise InvalidCommand("offer: expected each talkgroup once, got one twice")
        plain = RTCSessionDescription(sdp=without_extensions(offer), type="offer")
        try:
            await self._peer.setRemoteDescription(plain)
        except (ValueError, LookupError, AssertionError, RuntimeError) as error:
            # aiortc's parser has no error of its own for text that is no description.
            raise InvalidCommand(
                f"offer: no session description aiortc can read: {error}"
            ) from error
        lines = self._peer.getTransceivers()
        if len(lines) != wanted:
            raise InvalidCommand(f"offer: expected {wanted} audio lines, got {len(lines)}")
        self._use_microphone(lines[0])
        for line, talkgroup in zip(lines[1:], talkgroups, strict=True):
            self._use_line(line, talkgroup, allowed=may_hear(talkgroup))
        await self._peer.setLocalDescription(await self._peer.createAnswer())
        sdp = self._peer.localDescription.sdp
        for talkgroup, payload in zip(talkgroups, opus_payloads(sdp)[1:], strict=True):
            if (rtp := self._lines.get(talkgroup)) is not None:
                rtp.payload_type = payload
        self._timer = asyncio.get_running_loop().call_later(CONNECT_MS / 1000, self._too_late)
        tracks = tuple(
            (str(line.mid), talkgroup)
            for line, talkgroup in zip(lines[1:], talkgroups, strict=True)
            if talkgroup in self._tracks
        )
        return Answer(session=self.id, sdp=ask_for_speech(sdp), tracks=tracks)

    def set_hearing(self, talkgroups: Sequence[TalkgroupId]) -> None:
        """Send these talkgroups from now on, of those the session has tracks for; no others."""
        self._hearing = set(talkgroups)
        self._route()

    def set_line(self, line: TalkgroupId | None) -> None:
        """Send a private call's line on the private track from now on, or nothing there."""
        track = self._tracks.get(PRIVATE_TRACK)
        if self._line is not None and self._line != line and track is not None:
            self._hub.leave(self._line, track)
        self._line = line
        self._route()

    def mute(self, talkgroup: TalkgroupId, muted: bool) -> None:
        """Stop or go on sending a talkgroup without losing its track."""
        if muted:
            self._muted.add(talkgroup)
        else:
            self._muted.discard(talkgroup)
        self._route()

    def captured(self, talkgroup: TalkgroupId, rtp_timestamp: int) -> Captured | None:
        """Return when the sound was captured that this browser's RTP time names, None unknown."""
        rtp = self._lines.get(talkgroup)
        if rtp is None:
            return None
        source = self._line if talkgroup == PRIVATE_TRACK else talkgroup
        if source is None:
            return None
        return self._hub.captured(source, (rtp_timestamp - rtp.origin) & RTP_MASK)

    async def stats(self) -> SessionStats:
        """Return counters, and what the browser last reported."""
        sent_bytes = 0
        loss: list[float] = []
        trips: list[float] = []
        for line in self._peer.getTransceivers():
            for report in (await line.sender.getStats()).values():
                if report.type == "outbound-rtp":
                    sent_bytes += report.bytesSent
                elif report.type == "remote-inbound-rtp":
                    loss.append(report.fractionLost / 256)
                    if report.roundTripTime is not None:
                        trips.append(report.roundTripTime * 1000)
        tracks = self._tracks.values()
        return SessionStats(
            state=self.state,
            packets_sent=sum(track.sent for track in tracks),
            bytes_sent=sent_bytes,
            packets_dropped=sum(track.dropped for track in tracks),
            microphone_packets=self._microphone.received if self._microphone else 0,
            microphone_frames=self._microphone.sent if self._microphone else 0,
            loss_share=max(loss, default=None),
            round_trip_ms=max(trips, default=None),
        )

    async def close(self) -> None:
        """Stop everything and wait for it; safe twice and at the same time."""
        self.set_hearing(())
        self.set_line(None)
        if self._timer is not None:
            self._timer.cancel()
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name=f"rtc-close-{self.id}")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._peer.close()
        self._gone(self)

    def _use_microphone(self, line: RTCRtpTransceiver) -> None:
        if self._microphone is None:
            line.direction = "inactive"
            return
        line.direction = "recvonly"
        attach(line.receiver, self._microphone.take)
        self._receivers.append(line.receiver)

    def _use_line(self, line: RTCRtpTransceiver, talkgroup: TalkgroupId, *, allowed: bool) -> None:
        if not allowed:
            line.direction = "inactive"
            return
        rtp = self._lines[talkgroup] = RtpLine(line.sender)
        track = VoiceTrack(self.position, rtp.send, self._hub.measure)
        track.listener = self.id
        if self._microphone is not None:
            track.spoke_as = self._microphone.spoke_as
        line.direction = "sendonly"
        self._tracks[talkgroup] = track
        if talkgroup != PRIVATE_TRACK:
            self._hearing.add(talkgroup)

    def _route(self) -> None:
        connected = self.state == "connected"
        for talkgroup, track in self._tracks.items():
            if talkgroup == PRIVATE_TRACK:
                self._route_line(track, connected)
            elif connected and talkgroup in self._hearing and talkgroup not in self._muted:
                self._hub.join(talkgroup, track)
            else:
                self._hub.leave(talkgroup, track)

    def _route_line(self, track: VoiceTrack, connected: bool) -> None:
        if self._line is None:
            return
        if connected and PRIVATE_TRACK not in self._muted:
            self._hub.join(self._line, track)
        else:
            self._hub.leave(self._line, track)

    async def _on_state(self) -> None:
        if self.state == "connected":
            if self._timer is not None:
                self._timer.cancel()
            for receiver in self._receivers:
                stop_decoder(receiver)
            self._route()
        elif self.state in ("failed", "closed"):
            await self.close()

    def _too_late(self) -> None:
        logger.warning("rtc %s: not connected after %d ms, closed", self.id, CONNECT_MS)
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name=f"rtc-close-{self.id}")


class RtcService:
    """All browsers' sound. ``media_addresses`` are offered to them and no others."""

    def __init__(
        self,
        hub: VoiceHub,
        bus: Bus,
        clock: Clock,
        gate: UplinkGate,
        *,
        new_id: Callable[[], RtcSessionId],
        media_addresses: Sequence[str] = ("127.0.0.1",),
    ) -> None:
        """Make a service; ``new_id`` gives a session id that cannot be guessed."""
        use_media_addresses(media_addresses)
        self._hub = hub
        self._bus = bus
        self._clock = clock
        self._gate = gate
        self._new_id = new_id
        self._sessions: dict[RtcSessionId, RtcSession] = {}
        self.on_gone: Callable[[RtcSessionId], None] | None = None
        """Told when a session is closed, whatever closed it."""

    async def open(
        self,
        position: PositionId | None,
        offer: str,
        talkgroups: Sequence[TalkgroupId],
        may_hear: MayHear,
        *,
        speaks: bool = False,
    ) -> Answer:
        """Open a session for a browser.

        Its microphone goes nowhere but where a press opens the gate: one of its position, or a
        test transmission that names this session, which only who ``speaks`` can make.
        """
        name = self._new_id()
        mouths = (name,) if position is None else (name, position)
        microphone = None
        if speaks or position is not None:
            microphone = Microphone(mouths, self._bus, self._clock, self._gate, self._hub.times)
        session = RtcSession(name, position, self._hub, microphone, self._forget)
        self._sessions[session.id] = session
        try:
            return await session.answer(offer, talkgroups, may_hear)
        except BaseException:
            await session.close()
            raise

    def get(self, session: RtcSessionId) -> RtcSession:
        """Return an open session; raises InvalidCommand when there is none."""
        found = self._sessions.get(session)
        if found is None:
            raise InvalidCommand(f"rtc session {session}: not open", hint="Reload the page.")
        return found

    @property
    def sessions(self) -> tuple[RtcSession, ...]:
        """All open sessions."""
        return tuple(self._sessions.values())

    def set_hearing(self, session: RtcSessionId, talkgroups: Sequence[TalkgroupId]) -> None:
        """Let a session hear these talkgroups and no others, from the next packet on."""
        self.get(session).set_hearing(talkgroups)

    def set_line(self, session: RtcSessionId, line: TalkgroupId | None) -> None:
        """Let a session hear the line of its position's private call, or none."""
        self.get(session).set_line(line)

    def mute(self, session: RtcSessionId, talkgroup: TalkgroupId, muted: bool) -> None:
        """Mute or unmute one talkgroup of a session at the server."""
        self.get(session).mute(talkgroup, muted)

    @property
    def dropped(self) -> int:
        """Voice frames left out because the fan-out did not keep up."""
        return self._hub.dropped

    def leave_times(self) -> dict[bytes, tuple[Spread, Spread]]:
        """Return (bus to RTP, capture to RTP) of each transmission since the last time."""
        return self._hub.leaving.take()

    def delays(self) -> dict[str, Delay]:
        """Return the voice delay of each stage."""
        return self._hub.times.report()

    async def close_session(self, session: RtcSessionId) -> None:
        """Close a session; nothing happens when it is gone already."""
        found = self._sessions.get(session)
        if found is not None:
            await found.close()

    async def close(self) -> None:
        """Close all; safe twice."""
        await asyncio.gather(*(session.close() for session in self.sessions))

    def _forget(self, session: RtcSession) -> None:
        if self._sessions.pop(session.id, None) is not None and self.on_gone is not None:
            self.on_gone(session.id)
