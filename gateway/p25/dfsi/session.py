"""The host's side of a station's control service: connected, alive, lost, refused.

Theory of operation::

    CLOSED     opened                    -> CONNECTING  CONNECT
    CONNECTING ack                       -> CONNECTED   heartbeats both ways
    CONNECTING nak                       -> REFUSED     CONNECT again after RETRY_MS
    CONNECTING no answer in ANSWER_MS    -> CONNECTING  CONNECT again, and it is told
    CONNECTED  silent for LOSS_MS        -> CONNECTING  told as lost
    CONNECTED  silent in mid-call        -> CONNECTING  ``probe``: told within GONE_MS

**In mid-call.** Heartbeats come seconds apart, too seldom to say in time that a station is gone
while somebody talks. Once a call is doubtful, the host asks for the selected modes every
``PROBE_MS``; silence for ``GONE_MS`` then means that the station is gone. This holds only for
stations that answered the same question after they connected: to others only heartbeats count.
"""

import enum
from collections import deque
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs
from gateway.model.radio import LineSeen, LinkChanged, LinkState, Malformed, RadioEvent
from gateway.p25.dfsi import control
from gateway.p25.dfsi.control import (
    Ack,
    AckCode,
    Connect,
    Disconnect,
    Heartbeat,
    MessageId,
    ReportModes,
    SelectChannel,
    UnknownControl,
)
from gateway.p25.dfsi.control_words import words_of
from gateway.p25.dfsi.gate import PerSecond

ANSWER_MS: Final = 5_000
"""A live station's first answer took about 2 s (reference p25, 2.2)."""
RETRY_MS: Final = 30_000
LOSS_MS: Final = 45_000
HEARTBEAT_EARLY_MS: Final = 1_000
"""A heartbeat leaves this long before it is due."""
MIN_HEARTBEAT_S, MAX_HEARTBEAT_S = 5, 30
PROBE_MS: Final = 400
GONE_MS: Final = 1_200
MAX_ANSWERS_S: Final = 20
"""Messages of the station that are answered in a second: a flood is not echoed."""
MAX_LINES_S: Final = 20
"""Messages that are shown in a second, and unreadable ones that are told."""
MAX_WAITING: Final = 32
SILENT = "the station does not answer; check its address, its power and the network"
GONE = "the station stopped answering in mid-call"
LOST = "the station has been silent for 45 s"


class SessionState(enum.Enum):
    """Where the connection stands."""

    CLOSED = "closed"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    REFUSED = "refused"


class StationSession:
    """One connection of ours to a fixed station."""

    def __init__(
        self,
        *,
        voice_port: int,
        ssrc: int,
        heartbeat_s: int = 10,
        channels: tuple[int, int] | None = None,
        short_select: bool = False,
    ) -> None:
        """``voice_port``: where we take voice; ``channels``: to select after connecting."""
        self.voice_port = voice_port
        self._ssrc = ssrc
        self._heartbeat_s = min(max(heartbeat_s, MIN_HEARTBEAT_S), MAX_HEARTBEAT_S)
        self._channels = channels
        self._short_select = short_select
        self._out: deque[bytes] = deque(maxlen=MAX_WAITING)
        self._events: list[RadioEvent] = []
        self._tag = 0
        self._connect_tag: int | None = None
        self._due_ms: MonoMs | None = None
        self._heartbeat_ms: MonoMs | None = None
        self._heard_ms = self._probe_ms = self._doubt_ms = MonoMs(0)
        self._doubted = False
        self._answers = PerSecond(MAX_ANSWERS_S)
        self._lines = PerSecond(MAX_LINES_S)
        self._told = ""
        self.state = SessionState.CLOSED
        self.station_voice_port: int | None = None
        self.modes: control.SelectedModes | None = None

    @property
    def reason(self) -> str:
        """Why it is not connected, empty while nothing went wrong."""
        return self._told

    @property
    def connected(self) -> bool:
        """Whether voice may be exchanged."""
        return self.state is SessionState.CONNECTED

    # -- life

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Ask for the station."""
        self._told = ""
        self._events.append(LinkChanged(state=LinkState.STARTING, mode="DFSI"))
        self._connect(now)
        return self._drain()

    def closed(self, now: MonoMs) -> None:
        """Give the station free."""
        if self.state in (SessionState.CONNECTED, SessionState.CONNECTING):
            self._send(Disconnect(tag=self._next_tag()), now)  # its answer may be under way
        self.state = SessionState.CLOSED
        self._due_ms = self._heartbeat_ms = None
        self._doubted = False

    def receive(self, octets: bytes, now: MonoMs) -> list[RadioEvent]:
        """Take one datagram."""
        if self.state is SessionState.CLOSED:
            return []
        try:
            message = control.decode_control(octets)
        except ProtocolViolation as fault:
            if self._lines.allow(now):
                self._events.append(Malformed(raw=octets, offset=fault.offset, reason=str(fault)))
            return self._drain()
        self.heard(now)
        if not isinstance(message, Heartbeat):
            self._seen(octets, words_of(message), now, outgoing=False)
        match message:
            case Ack():
                self._acked(message, now)
            case Heartbeat():
                pass
            case Disconnect():
                self._answer(message, AckCode.ACK, now)
                if self.connected:
                    self._lose("the station ended the connection", now, pause_ms=ANSWER_MS)
            case Connect() | ReportModes() | SelectChannel() | UnknownControl():
                self._answer(message, AckCode.FUNCTION, now)
        return self._drain()

    def heard(self, now: MonoMs) -> None:
        """Anything came from the station: it lives."""
        self._heard_ms = now
        self._doubted = False

    def probe(self, now: MonoMs) -> None:
        """Doubt that the station is there: a call runs and it is silent."""
        if self.connected and self.modes is not None and not self._doubted:
            self._doubted = True
            self._doubt_ms = now
            self._probe_ms = now

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        if self.connected:
            self._tick_connected(now)
        elif self._due_ms is not None and now >= self._due_ms:
            if self.state is SessionState.CONNECTING:
                self._tell_down(SILENT)
            self._connect(now)
        return self._drain()

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        due = [self._due_ms, self._heartbeat_ms]
        if self.connected:
            due.append(MonoMs(self._heard_ms + LOSS_MS))
            if self._doubted:
                due += [self._probe_ms, self._gone_ms()]
        return min((one for one in due if one is not None), default=None)

    def outgoing(self) -> list[bytes]:
        """Return the datagrams that are to be sent, in order, and forget them."""
        datagrams = list(self._out)
        self._out.clear()
        return datagrams

    # -- inside

    def _tick_connected(self, now: MonoMs) -> None:
        if now - self._heard_ms >= LOSS_MS:
            self._lose(LOST, now)
        elif self._doubted and now >= self._gone_ms():
            self._lose(GONE, now)
        elif self._doubted and now >= self._probe_ms:
            if now - self._heard_ms >= PROBE_MS:
                self._send(ReportModes(tag=self._next_tag()), now, quiet=True)
            self._probe_ms = MonoMs(now + PROBE_MS)
        if self._heartbeat_ms is not None and now >= self._heartbeat_ms:
            self._send(Heartbeat(), now, quiet=True)
            self._beat_later(now)

    def _gone_ms(self) -> MonoMs:
        return MonoMs(max(self._heard_ms, self._doubt_ms) + GONE_MS)

    def _beat_later(self, now: MonoMs) -> None:
        self._heartbeat_ms = MonoMs(now + self._heartbeat_s * 1000 - HEARTBEAT_EARLY_MS)

    def _connect(self, now: MonoMs) -> None:
        self.state = SessionState.CONNECTING
        self.modes = None
        self._heartbeat_ms = None
        self._connect_tag = self._next_tag()
        self._due_ms = MonoMs(now + ANSWER_MS)
        message = Connect(
            tag=self._connect_tag,
            voice_port=self.voice_port,
            ssrc=self._ssrc,
            station_heartbeat_s=self._heartbeat_s,
            host_heartbeat_s=self._heartbeat_s,
        )
        self._send(message, now)

    def _acked(self, ack: Ack, now: MonoMs) -> None:
        if ack.message == MessageId.CONNECT and self.state is SessionState.CONNECTING:
            if ack.tag != self._connect_tag:
                return  # of an attempt that was given up
            if ack.code != AckCode.ACK:
                self._refused(ack.code, now)
            else:
                self._connected(ack, now)
        elif not self.connected:
            return
        elif ack.message == MessageId.REPORT_MODES:
            # any answer shows that it answers, even one that says no
            self.modes = ack.modes or control.SelectedModes(
                repeat_inbound=False, receive_channel=0, transmit_channel=0, monitor=False
            )
        elif ack.message == MessageId.SELECT_CHANNEL and ack.code != AckCode.ACK:
            reason = f"the station did not change its channel: {control.code_words(ack.code)}"
            self._events.append(LinkChanged(state=LinkState.UP, reason=reason, mode="DFSI"))

    def _connected(self, ack: Ack, now: MonoMs) -> None:
        self.state = SessionState.CONNECTED
        self.station_voice_port = ack.voice_port
        self._due_ms = None
        self._told = ""
        self._doubted = False
        self._beat_later(now)
        self._events.append(LinkChanged(state=LinkState.UP, mode="DFSI"))
        if self._channels is not None:
            receive, transmit = (None, None) if self._short_select else self._channels
            select = SelectChannel(
                tag=self._next_tag(), receive_channel=receive, transmit_channel=transmit
            )
            self._send(select, now)
        self._send(ReportModes(tag=self._next_tag()), now)

    def _refused(self, code: int, now: MonoMs) -> None:
        self.state = SessionState.REFUSED
        self._due_ms = MonoMs(now + RETRY_MS)
        self._tell_down(f"the station refused the connection: {control.code_words(code)}")

    def _lose(self, reason: str, now: MonoMs, *, pause_ms: int = 0) -> None:
        self._tell_down(reason)
        self._doubted = False
        self._heartbeat_ms = None
        if pause_ms:
            self.state, self._due_ms = SessionState.REFUSED, MonoMs(now + pause_ms)
        else:
            self._connect(now)

    def _tell_down(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            self._events.append(LinkChanged(state=LinkState.DOWN, reason=reason, mode="DFSI"))

    def _answer(
        self,
        message: Connect | Disconnect | ReportModes | SelectChannel | UnknownControl,
        code: AckCode,
        now: MonoMs,
    ) -> None:
        if self._answers.allow(now):
            number = message.encode()[0]
            self._send(Ack(message=number, tag=message.tag, code=code), now, quiet=True)

    def _next_tag(self) -> int:
        self._tag = self._tag % 255 + 1
        return self._tag

    def _send(self, message: control.ControlMessage, now: MonoMs, *, quiet: bool = False) -> None:
        octets = message.encode()
        self._out.append(octets)
        if not quiet:
            self._seen(octets, words_of(control.decode_control(octets)), now, outgoing=True)

    def _seen(self, octets: bytes, words: str, now: MonoMs, *, outgoing: bool) -> None:
        if not self._lines.allow(now):
            return
        self._events.append(LineSeen(outgoing=outgoing, raw=octets.hex(), words=words))

    def _drain(self) -> list[RadioEvent]:
        events, self._events = self._events, []
        return events
