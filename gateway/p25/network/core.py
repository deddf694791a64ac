"""What both roles on a MMDVM P25 network share: our overs, what is told, what is sent.

The network carries voice, talker and group; no service options, so no emergency, and no signalling.
"""

from abc import ABC, abstractmethod

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
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
from gateway.p25.network.call_in import CallIn
from gateway.p25.network.call_out import CallOut
from gateway.p25.network.flood import FloodGate
from gateway.p25.talk.port import Datagram
from gateway.p25.talk.talk_in import TalkIn

INFO = LinkInfo(technology="p25", capabilities=frozenset())
"""Nothing but voice: the network carries neither emergencies nor signalling."""
CHANNEL = "p25net"
DELAY_MS = 100
"""Voice comes in bursts of nine over networks of all kinds; so much jitter is evened out."""
NO_ACTS = "a MMDVM network carries no signalling"
MAX_SHOWN = 64
"""Octets of a datagram that are shown."""


class NetworkCore(ABC):
    """One side of a network (``gateway.p25.talk.port.P25Core``)."""

    MODEL = ""
    """What the other side is called on the tile."""

    def __init__(
        self, talk: TalkIn, *, own_id: int, groups: tuple[int, ...], most_a_second: int
    ) -> None:
        """Carry ``groups`` alone, all where it is empty."""
        self._groups = frozenset(groups)
        self._talk = talk
        self._call_in = CallIn(talk, self._groups)
        self._call_out = CallOut(own_id)
        self._gate = FloodGate(most_a_second)
        self._open = False
        self._sent: list[Datagram] = []
        self._events: list[RadioEvent] = []
        self._told: LinkChanged | None = None

    # ---- what a driver asks

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        return INFO

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of its sockets."""
        return (CHANNEL,)

    @property
    def on_air(self) -> RequestId | None:
        """The press whose voice may be given."""
        return self._call_out.on_air

    @property
    def keyed(self) -> bool:
        """Whether records were sent without the one that ends them."""
        return self._call_out.begun

    def outgoing(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        sent, self._sent = self._sent, []
        return sent

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        return min(self._deadlines(), default=None) if self._open else None

    def _deadlines(self) -> list[MonoMs]:
        times = (
            self._talk.deadline(),
            self._call_in.deadline(),
            self._call_out.deadline(),
            self._gate.deadline(),
        )
        return [time for time in times if time is not None]

    # ---- the life of the link

    def receive(self, datagram: Datagram, now: MonoMs) -> list[RadioEvent]:
        """Take what came."""
        if not self._open:
            return []
        if self._gate.take(now):
            try:
                self._take(datagram, now)
            except ProtocolViolation as fault:
                if self._gate.malformed():
                    raw, offset = fault.raw[:MAX_SHOWN], fault.offset
                    self._events.append(Malformed(raw=raw, offset=offset, reason=str(fault)))
        return self._after(now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        return self._after(now)

    def _close(self, now: MonoMs, reason: str) -> None:
        self._end_over("link_lost", reason, now)
        self._events += self._talk.lost(now, reason)
        self._call_in.cut()
        self._open = False
        self._tell(LinkState.DOWN, reason)

    # ---- our overs

    def demand(self, demand: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        """Ask to talk."""
        reason = self._why_not_this(demand) or self._why_not()
        refusal = "the link is in use" if self._call_out.demand is not None else ""
        refusal = refusal or ("" if reason else self._make_way(demand, now))
        if reason:
            self._events.append(TxNotSent(demand=demand.demand, reason=reason))
        elif refusal:
            self._events.append(TxRefused(demand=demand.demand, reason=refusal))
        else:
            self._events += self._talk.own(now, demand.group, priority=demand.priority)
            self._call_in.cut()
            self._call_out.begin(demand, now)
            instance = self._talk.instance
            assert instance is not None  # ``own`` has opened the call
            self._events.append(TxGranted(demand=demand.demand, instance=instance))
        return self._after(now)

    def send_voice(self, demand: RequestId, imbe: bytes, now: MonoMs) -> None:
        """Give 20 ms of voice, 11 octets; dropped unless this demand is on air."""
        self._call_out.voice(demand, imbe)
        self._spoken(self._call_out.tick(now), now)

    def end(self, demand: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Un-key. A release sends what was given before; any other cause drops it."""
        self._spoken(self._call_out.end(demand, cause, now), now)
        return self._after(now)

    def act(self, act: UnitAct, now: MonoMs) -> list[RadioEvent]:
        """Refuse: the network carries no signalling."""
        return [SendProgress(message=act.message, state=SendState.FAILED, reason=NO_ACTS)]

    # ---- what each role does its own way

    @abstractmethod
    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin: the socket is open."""

    @abstractmethod
    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """End everything: the socket is being closed."""

    @abstractmethod
    def unkey(self) -> Datagram | None:
        """Return the one datagram that ends what is keyed."""

    @abstractmethod
    def _take(self, datagram: Datagram, now: MonoMs) -> None:
        """Take a datagram; raises ProtocolViolation."""

    @abstractmethod
    def _why_not(self) -> str:
        """Return why nobody can talk, empty when somebody can."""

    @abstractmethod
    def _make_way(self, demand: KeyDemand, now: MonoMs) -> str:
        """Return who is in the way of an over of ours, empty when nobody is any more."""

    @abstractmethod
    def _spread(self, data: bytes) -> None:
        """Send a record of ours."""

    @abstractmethod
    def _tell_state(self, now: MonoMs) -> None:
        """Tell how the link is, where that is news."""

    # ---- inside

    def _why_not_this(self, demand: KeyDemand) -> str:
        if demand.individual is not None:
            return "a MMDVM network carries calls to groups only"
        if self._groups and demand.group not in self._groups:
            return f"this link does not carry talkgroup {demand.group}"
        return ""

    def _end_over(self, cause: str, reason: str, now: MonoMs) -> None:
        if self._call_out.demand is not None:
            demand = self._call_out.demand
            self._spoken(self._call_out.end(demand, cause, now, reason), now)

    def _spoken(self, done: tuple[list[bytes], list[RadioEvent]], now: MonoMs) -> None:
        datagrams, events = done
        for data in datagrams:
            self._spread(data)
        self._events += events
        if any(isinstance(event, TxEnded) for event in events):
            self._talk.own_ended(now)

    def _after(self, now: MonoMs) -> list[RadioEvent]:
        self._events += self._call_in.tick(now)
        self._events += self._talk.tick(now)
        self._spoken(self._call_out.tick(now), now)
        if self._open:
            self._tell_state(now)
        return self._drain()

    def _tell(self, state: LinkState, reason: str) -> None:
        told = LinkChanged(state=state, reason=reason, model=self.MODEL)
        if told != self._told:
            self._told = told
            self._events.append(told)

    def _see(self, raw: bytes, words: str) -> None:
        if self._gate.line():
            self._events.append(LineSeen(outgoing=False, raw=raw[:MAX_SHOWN].hex(), words=words))

    def _send(self, data: bytes, port: int | None = None) -> None:
        self._sent.append(Datagram(channel=CHANNEL, data=data, port=port))

    def _drain(self) -> list[RadioEvent]:
        events, self._events = self._events, []
        return events
