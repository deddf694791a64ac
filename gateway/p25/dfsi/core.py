"""One fixed station, without input or output: we are its host (``gateway.p25.talk.port.P25Core``).

Two channels: ``control`` carries the control service (``session``), ``voice`` RTP with blocks of
the standard or V.24 records. What is heard goes to ``talk.TalkIn`` (``stream_in``), what a desk
says goes out by ``stream_out``. On such a channel nobody arbitrates: a press of ordinary priority
is refused while somebody is heard, a pre-emptive or emergency one is not.

While a desk talks, what the station hears is not followed: the channel is the desk's. An emergency
is told even then.
"""

from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    Capability,
    EmergencySign,
    EmergencySigned,
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkInfo,
    LinkState,
    Malformed,
    RadioEvent,
    SendProgress,
    SendState,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.model.unit_acts import UnitAct
from gateway.p25.dfsi.blocks import StartAck
from gateway.p25.dfsi.gate import FloodGate, PerSecond
from gateway.p25.dfsi.ldu_word import LduWord, piece_index
from gateway.p25.dfsi.session import StationSession
from gateway.p25.dfsi.stream_in import StreamIn
from gateway.p25.dfsi.stream_out import StreamOut
from gateway.p25.dfsi.unasked import Connection, Unasked
from gateway.p25.dfsi.voice_in import Begin, Block, End, Half, Heard, Voice, read_voice, words_of
from gateway.p25.talk.port import Datagram
from gateway.p25.talk.records import FRAMES_PER_LDU
from gateway.p25.talk.repeats import Repeats
from gateway.p25.talk.signalling import UnitActBook
from gateway.p25.talk.talk_in import TalkIn
from gateway.p25.talk.talk_out import TalkOut
from gateway.p25.words.link_control import GroupVoice, decode_link_control
from gateway.p25.words.tsbk import decode_tsbk

MAX_KEY_MS: Final = 180_000
"""The core's own key time-out, behind the engine's."""
PREEMPTIVE, EMERGENCY = 2, 3
MAX_GROUP: Final = 0xFFFF
MAX_FAULTS_S: Final = 10
"""Unreadable datagrams that are told in a second; no more, so that a flood is no news."""
MAX_LINES_S: Final = 20
"""The same of starts, headers, ends and blocks on the engineer's page."""
CAUSES: Final = frozenset({"released", "withdrawn", "preempted", "link_lost", "moved", "failed"})
TIA: Final = LinkInfo(
    technology="p25",
    capabilities=frozenset({Capability.EMERGENCY_IN, Capability.EMERGENCY_OUT, Capability.SIGNAL}),
)
"""The standard's voice conveyance: emergencies as a bit beside the voice, no signalling."""
V24: Final = LinkInfo(
    technology="p25",
    capabilities=TIA.capabilities | {Capability.EMERGENCY_ACK, Capability.UNIT_ACTS},
)
"""V.24 records carry signalling blocks as well."""


class DfsiCore:
    """Our side of one fixed station."""

    def __init__(
        self,
        *,
        nac: int,
        own_id: int,
        voice_port: int,
        dialect: str = "tia",
        heartbeat_s: int = 10,
        ssrc: int | None = None,
        channels_wanted: tuple[int, int] | None = None,
        short_select: bool = False,
        verbose: bool = False,
        control: bool = True,
        talk_in: TalkIn | None = None,
    ) -> None:
        """``own_id``: the unit that a desk is on air; ``voice_port``: where our voice socket is.

        ``channels_wanted``: receive and transmit channel to select; ``verbose``: long headers;
        ``control`` False: the station has no control service.
        """
        number = own_id if ssrc is None else ssrc
        self._tia = dialect == "tia"
        self._own_id = own_id
        self._session: Connection = Unasked()
        if control:
            self._session = StationSession(
                voice_port=voice_port,
                ssrc=number,
                heartbeat_s=heartbeat_s,
                channels=channels_wanted,
                short_select=short_select,
            )
        self._talk = talk_in or TalkIn()
        self._in = StreamIn(self._talk)
        self._out = StreamOut(nac=nac, ssrc=number, tia=self._tia, verbose=verbose)
        self._acts = UnitActBook(own_id)
        self._repeats = Repeats()
        self._gate = FloodGate()
        self._aside = LduWord(second=False)
        self._alarmed = False
        self._demand: KeyDemand | None = None
        self._releasing = False
        self._limit_ms: MonoMs | None = None
        self._starts = 0
        self._faults = PerSecond(MAX_FAULTS_S)
        self._lines = PerSecond(MAX_LINES_S)

    # -- what a driver asks

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        return TIA if self._tia else V24

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of its sockets; the last one is keyed."""
        return ("control", "voice")

    @property
    def on_air(self) -> RequestId | None:
        """The press whose voice may be sent now."""
        return None if self._demand is None or self._releasing else self._demand.demand

    @property
    def keyed(self) -> bool:
        """Whether something is on the wire that has to be ended."""
        return self._out.keyed

    def bound(self, channel: str, port: int) -> None:
        """Take the port that a socket was given, where the settings left it open."""
        if channel == "voice":
            self._session.voice_port = port

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        due = [
            self._session.deadline(),
            self._in.deadline(),
            self._talk.deadline(),
            self._out.deadline(),
            self._gate.deadline(),
            self._limit_ms,
        ]
        return min((one for one in due if one is not None), default=None)

    def outgoing(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        port = self._session.station_voice_port
        voice = [Datagram(channel="voice", data=d, port=port) for d in self._out.outgoing()]
        control = [Datagram(channel="control", data=d) for d in self._session.outgoing()]
        return control + voice

    def unkey(self) -> Datagram | None:
        """Return the one datagram that ends what is keyed, for the un-key guard."""
        if not self._out.keyed:
            return None
        port = self._session.station_voice_port
        return Datagram(channel="voice", data=self._out.unkey(), port=port)

    # -- life

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin: the sockets are open."""
        return self._session.opened(now)

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """End everything: the sockets are closed."""
        events = self._all_lost(now, reason)
        self._session.closed(now)
        return [*events, LinkChanged(state=LinkState.DOWN, reason=reason, mode="DFSI")]

    def receive(self, datagram: Datagram, now: MonoMs) -> list[RadioEvent]:
        """Take what came."""
        flooded = self._gate.flooded
        if not self._gate.admit(now):
            return [] if flooded else [self._news("the station floods us; the rest is dropped")]
        if datagram.channel == "control":
            return self._of_session(self._session.receive(datagram.data, now), now)
        if not self._session.connected:
            return []
        self._session.heard(now)
        events: list[RadioEvent] = []
        try:
            self._out.answer(datagram.data)
            for one in read_voice(datagram.data, records=not self._tia):
                events += self._seen(datagram.data, one, now)
                events += self._hear(one, now)
        except ProtocolViolation as fault:
            events += self._malformed(fault, now)
        self._answer_starts()
        return events

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        events = self._in.tick(now)
        self._watch(now)
        events += self._of_session(self._session.tick(now), now)
        if self._gate.tick(now):
            events.append(self._news(""))
        events += self._talk.tick(now)
        if self._out.tick(now):
            events += self._ended(now, "released")
        if self._limit_ms is not None and now >= self._limit_ms:
            self._out.cut(now)
            events += self._ended(now, "failed", "the key was on for too long")
        return events

    # -- push-to-talk

    def demand(self, demand: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        """Ask to talk: the station is keyed at once, or the answer says why not."""
        reason = self._hindrance(demand)
        if reason:
            return [TxNotSent(demand=demand.demand, reason=reason)]
        if self._talk.busy and demand.priority < PREEMPTIVE:
            return [TxRefused(demand=demand.demand, reason="the channel is busy")]
        emergency = demand.priority >= EMERGENCY
        events = self._talk.own(now, demand.group, priority=demand.priority, emergency=emergency)
        assert self._talk.instance is not None  # ``own`` gave it one
        self._in.forget()
        self._aside.reset()
        self._alarmed = False
        self._demand, self._releasing = demand, False
        self._limit_ms = MonoMs(now + MAX_KEY_MS)
        over = TalkOut(
            group=demand.group,
            source=self._own_id,
            emergency=emergency,
            superframes=self._tia,  # dvmhost takes an end after LDU1 for the start of a call
        )
        self._out.begin(over, now)
        return [*events, TxGranted(demand=demand.demand, instance=self._talk.instance)]

    def send_voice(self, demand: RequestId, imbe: bytes, now: MonoMs) -> None:
        """Give 20 ms of voice, 11 octets; dropped unless this demand is on air."""
        if demand == self.on_air:
            self._out.push(imbe, now)

    def end(self, demand: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Un-key: what was given is sent after a release, and dropped for any other cause."""
        if self._demand is None or self._demand.demand != demand:
            return []
        if cause == "released":
            if not self._releasing:
                self._releasing = True
                self._out.release(now)
            return []
        self._out.cut(now)
        return self._ended(now, cause if cause in CAUSES else "failed")

    def act(self, act: UnitAct, now: MonoMs) -> list[RadioEvent]:
        """Reach one unit: by V.24 records alone, the standard's voice service has no signalling."""
        reason = ""
        if self._tia:
            reason = "this interface carries no signalling (dialect tia)"
        elif not self._session.connected:
            reason = "the station is not connected"
        if reason:
            return [SendProgress(message=act.message, state=SendState.FAILED, reason=reason)]
        self._out.signal(self._acts.ask(act))
        return self._acts.sent(act)

    # -- inside: the station

    def _seen(self, octets: bytes, one: Heard, now: MonoMs) -> list[RadioEvent]:
        words = words_of(one)
        if not words or not self._lines.allow(now):
            return []
        return [LineSeen(outgoing=False, raw=octets.hex(), words=words)]

    def _hear(self, one: Heard, now: MonoMs) -> list[RadioEvent]:
        if isinstance(one, Block):
            again = not self._repeats.is_new(one.octets, now)
            return [] if again else self._acts.heard(decode_tsbk(one.octets, inbound=True))
        if self._out.keyed:
            return self._overhear(one, now)
        match one:
            case Begin():
                return self._in.start(now)
            case Half():
                return self._in.half(one.second, one.hexbits, now)
            case Voice():
                return self._in.voice(one.place, one.imbe, one.piece, one.errors, now)
            case End():
                return self._in.end(now)

    def _overhear(self, one: Heard, now: MonoMs) -> list[RadioEvent]:
        """While a desk talks: only an emergency of somebody else is told, once."""
        index = piece_index(one.place) if isinstance(one, Voice) else None
        if not isinstance(one, Voice) or index is None or one.place >= FRAMES_PER_LDU:
            return []
        for octets in self._aside.take(index, one.piece, now):
            word = None if octets is None else decode_link_control(octets)
            if not isinstance(word, GroupVoice) or not word.service.emergency or self._alarmed:
                continue
            if word.source != self._own_id:
                self._alarmed = True
                sign = EmergencySign.CALL_PRIORITY
                return [EmergencySigned(unit=word.source, sign=sign, group=word.group)]
        return []

    def _answer_starts(self) -> None:
        if self._in.starts != self._starts:
            self._starts = self._in.starts
            self._out.acknowledge_start(StartAck())

    def _watch(self, now: MonoMs) -> None:
        """Doubt a station that is silent while a call runs."""
        if self._out.keyed or self._in.silent:
            self._session.probe(now)

    def _of_session(self, events: list[RadioEvent], now: MonoMs) -> list[RadioEvent]:
        """Hand on news of the connection; when it is lost, what hung on it ends first."""
        down = next(
            (e for e in events if isinstance(e, LinkChanged) and e.state is LinkState.DOWN), None
        )
        return events if down is None else [*self._all_lost(now, down.reason), *events]

    def _all_lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        self._in.forget()
        self._acts.lost()
        keyed = self._out.keyed
        self._out.drop()
        events = self._talk.lost(now, reason)
        return [*(self._ended(now, "link_lost", reason) if keyed else []), *events]

    def _ended(self, now: MonoMs, cause: str, reason: str = "") -> list[RadioEvent]:
        demand, self._demand = self._demand, None
        self._releasing = False
        self._limit_ms = None
        self._talk.own_ended(now)
        self._in.settle(now)
        return [] if demand is None else [TxEnded(demand=demand.demand, cause=cause, reason=reason)]

    def _hindrance(self, demand: KeyDemand) -> str:
        if not self._session.connected:
            return f"the station is not connected: {self._session.reason}".rstrip(": ")
        if demand.individual is not None:
            return "this link carries no private calls"
        if not 0 < demand.group <= MAX_GROUP:
            return f"P25 has groups 1 to {MAX_GROUP}"
        return "" if self._demand is None else "this station transmits already"

    def _news(self, reason: str) -> LinkChanged:
        state = LinkState.UP if self._session.connected else LinkState.DOWN
        return LinkChanged(state=state, reason=reason, mode="DFSI")

    def _malformed(self, fault: ProtocolViolation, now: MonoMs) -> list[RadioEvent]:
        if not self._faults.allow(now):
            return []
        return [Malformed(raw=fault.raw, offset=fault.offset, reason=str(fault))]
