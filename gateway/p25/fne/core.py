"""A peer of a DVM FNE without input or output (``gateway.p25.talk.port.P25Core``).

One channel, ``fne``: everything between peer and master goes through one socket. Many calls are
heard at once, and overs of several desks sent. What the two sides say is in the modules beside this
one; ``intake`` gives each packet to those it concerns.
"""

from collections.abc import Callable
from itertools import count

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    Capability,
    KeyDemand,
    LinkChanged,
    LinkInfo,
    LinkState,
    Malformed,
    RadioEvent,
    SendProgress,
    SendState,
    TxNotSent,
    TxRefused,
)
from gateway.model.unit_acts import UnitAct
from gateway.p25.fne.access import Access
from gateway.p25.fne.affiliations import Affiliations
from gateway.p25.fne.calls_in import HANG_MS, CallsIn
from gateway.p25.fne.intake import Intake
from gateway.p25.fne.line_watch import LineWatch
from gateway.p25.fne.login import PeerConfiguration
from gateway.p25.fne.message import P25Message
from gateway.p25.fne.news import FLOOD, LINE, News
from gateway.p25.fne.numbers import LAST_SEQUENCE, Function, Protocol
from gateway.p25.fne.outbox import Outbox
from gateway.p25.fne.over_out import Network, Transmitter
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.reporter import Reporter
from gateway.p25.fne.session import PING_MS, Session
from gateway.p25.fne.signals import Signals
from gateway.p25.fne.wrapper import Wrapper, is_wrapped
from gateway.p25.talk.port import Datagram

CHANNEL = "fne"
INFO = LinkInfo(
    technology="p25",
    capabilities=frozenset(
        {
            Capability.EMERGENCY_IN,
            Capability.EMERGENCY_ACK,
            Capability.EMERGENCY_OUT,
            Capability.AFFILIATION,
            Capability.DELIVERY,
            Capability.STATUS,
            Capability.UNIT_ACTS,
        }
    ),
    many_calls=True,
)
_QUIET = frozenset({Function.PONG, Function.PING})
"""Not told as lines: they come all the time and say nothing."""
MAX_RAW = 512
"""Octets of an unreadable packet that are told."""
_STREAM_AT = slice(20, 24)
_FUNCTION_AT = 18
PRIVATE_WORDS = "private calls cannot be answered on this link"
OTHER_DESK = "another desk talks on this talkgroup"
MAX_OVERS = 4
TOO_MANY_DESKS = f"{MAX_OVERS} desks talk on this link already, more it does not carry"


class FneCore:
    """Peer side of a DVM FNE (reference p25, part 5)."""

    def __init__(
        self,
        *,
        peer_id: int,
        password: bytes,
        own_id: int,
        randbytes: Callable[[int], bytes],
        identity: str = "SAMBAND",
        nac: int = 0x293,
        system_id: int = 0x001,
        wacn: int = 0xBEE00,
        location: str = "",
        talkgroups: tuple[int, ...] = (),
        ping_ms: int = PING_MS,
        hang_ms: int = HANG_MS,
        key: bytes | None = None,
    ) -> None:
        """``talkgroups`` are those that we announce where a master asks for affiliation.

        ``randbytes`` makes stream ids; ``key`` wraps packets. Raises ValueError for a peer id of 0,
        an empty password or a key of another length.
        """
        if not 0 < peer_id <= 0xFFFFFFFF:
            raise ValueError(f"peer id: expected 1 to 4294967295, got {peer_id}")
        if not password:
            raise ValueError("password: expected one, got none")
        self._peer = peer_id
        self._wrapper = Wrapper(key) if key is not None else None
        self._out = Outbox(self._wrapper)
        self._randbytes = randbytes
        self._network = Network(peer=peer_id, own_id=own_id, system=system_id, wacn=wacn)
        self._session = Session(
            peer=peer_id,
            password=password,
            configuration=PeerConfiguration(identity=identity, location=location),
            send=self._out.send,
            new_stream=self._new_stream,
            own_number=own_id,
            ping_ms=ping_ms,
        )
        self._access = Access(own_id)
        self.calls = CallsIn(count(1).__next__, hang_ms)
        self._transmitter = Transmitter(self._network, self._out.send, self._new_stream)
        self._signals = Signals(self._network, nac)
        self.reporter = Reporter()
        self._line = LineWatch(self.calls.count)
        self._news = News()
        self._affiliations = Affiliations(
            self._network, talkgroups, self._out.send, self._new_stream
        )
        self._intake = Intake(
            session=self._session,
            calls=self.calls,
            transmitter=self._transmitter,
            signals=self._signals,
            access=self._access,
            affiliations=self._affiliations,
            reporter=self.reporter,
            news=self._news,
        )
        self._was_running = False
        self._logins = 0

    # ---- what a driver asks

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        return INFO

    @property
    def channels(self) -> tuple[str, ...]:
        """One socket."""
        return (CHANNEL,)

    @property
    def on_air(self) -> RequestId | None:
        """The press whose voice may be sent now."""
        return self._transmitter.on_air

    @property
    def keyed(self) -> bool:
        """Whether a channel was asked for or talked on, and not yet given back."""
        return self._transmitter.count > 0

    @property
    def max_overs(self) -> int:
        """How many desks may talk at once."""
        return MAX_OVERS

    def talks(self, demand: RequestId) -> bool:
        """Say whether the voice of a press may be sent now."""
        return self._transmitter.talks(demand)

    def unkey(self) -> Datagram | None:
        """Return the datagram that ends the first of the running overs."""
        return next(iter(self.unkeys()), None)

    def unkeys(self) -> list[Datagram]:
        """Return the datagrams that end the running overs, one each, always the same."""
        return [
            Datagram(channel=CHANNEL, data=self._out.coded(packet))
            for packet in self._transmitter.end_packets()
        ]

    def outgoing(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        return [Datagram(channel=CHANNEL, data=data) for data in self._out.drain()]

    # ---- time and the wire

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin to log in."""
        self._out.now = now
        return self._after(self._session.open(now), now)

    def joined(self, now: MonoMs) -> list[RadioEvent]:
        """Take it that the login was before: for a recording that began later."""
        self._out.now = now
        return self._after(self._session.joined(now), now)

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """End everything; a master that still hears us is told."""
        self._out.now = now
        events = self._all_lost(now, reason)
        if self._session.running:
            self._affiliations.leave()
        self._session.close()
        self._was_running = False
        down = LinkChanged(state=LinkState.DOWN, reason=reason)
        return [*events, down, *self._out.lines()]

    def receive(self, datagram: Datagram, now: MonoMs) -> list[RadioEvent]:
        """Take what came."""
        self._out.now = now
        data = datagram.data
        if not self.reporter.packet(now) and not self._matters(data):
            self.reporter.drop()
            return self._after([], now)
        try:
            packet = FnePacket.decode(self._unwrapped(data))
        except ProtocolViolation as fault:
            self.reporter.unread += 1
            bad = Malformed(raw=data[:MAX_RAW], offset=fault.offset, reason=str(fault))
            return self._after(self.reporter.tell(bad), now)
        events = self._session.heard(now)
        try:
            events += self._intake.take(packet, now)
        except ProtocolViolation as fault:
            self.reporter.unread += 1
            bad = Malformed(raw=packet.payload[:MAX_RAW], offset=fault.offset, reason=str(fault))
            events += self.reporter.tell(bad)
        return self._after(events, now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        self._out.now = now
        events = self._transmitter.tick(now)
        events += self.calls.tick(now)
        events += self._session.tick(now)
        events += self.reporter.tick(now, running=self._session.running)
        return self._after(events, now)

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        due = (
            self._transmitter.deadline(),
            self.calls.deadline(),
            self._session.deadline(),
            self.reporter.deadline(),
            self._line.deadline(),
        )
        return min((one for one in due if one is not None), default=None)

    # ---- talking and acting

    def demand(self, demand: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        """Ask to talk. The answer comes within a tenth of a second."""
        self._out.now = now
        impossible = self._impossible(demand)
        if impossible:
            return [TxNotSent(demand=demand.demand, reason=impossible)]
        refused = self._access.refusal(demand.group) or self._busy_words(demand.group, now)
        if refused:
            return [TxRefused(demand=demand.demand, reason=refused)]
        channel = self.calls.channel(demand.group, now)
        if channel is None:
            return [TxNotSent(demand=demand.demand, reason="too many calls at once")]
        self._transmitter.begin(demand, channel, now)
        return self._after([], now)

    def send_voice(self, demand: RequestId, imbe: bytes, now: MonoMs) -> None:
        """Take 20 ms of voice; dropped unless this demand is on air."""
        self._out.now = now
        self._transmitter.voice(demand, imbe, now)

    def end(self, demand: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Un-key."""
        self._out.now = now
        return self._after(self._transmitter.end(demand, cause, now), now)

    def act(self, act: UnitAct, now: MonoMs) -> list[RadioEvent]:
        """Reach one unit."""
        self._out.now = now
        if not self._session.running:
            reason = self._session.reason
            return [SendProgress(message=act.message, state=SendState.FAILED, reason=reason)]
        self._traffic(self._signals.act(act))
        return self._after(self._signals.sent(act), now)

    # ---- inside

    def _after(self, events: list[RadioEvent], now: MonoMs) -> list[RadioEvent]:
        """Follow the session: what begins and ends with it, and how closely it is watched."""
        running = self._session.running
        if self._logins != self._session.logins:
            self._logins = self._session.logins
            self._access.clear()
            self._affiliations.forget()
        if running != self._was_running:
            self._news.forget()
        if running:
            events = [*events, *self._news.say(FLOOD, self.reporter.words)]
            events += self._news.say(LINE, self._line.look(now))
        if self._was_running and not running:
            events = [*events, *self._all_lost(now, self._session.reason)]
        self._was_running = running
        self._session.watch(now, busy=self.keyed or self.calls.busy(now))
        return [*events, *self._out.lines()]

    def _all_lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        self._signals.lost()
        return [*self._transmitter.lost(now, reason), *self.calls.lost(now, reason)]

    def _impossible(self, demand: KeyDemand) -> str:
        """Return why nothing can be asked for, empty where it can."""
        if not self._session.running:
            return self._session.reason
        if demand.individual is not None:
            return PRIVATE_WORDS
        if self._transmitter.on_group(demand.group) is not None:
            return OTHER_DESK
        return TOO_MANY_DESKS if self._transmitter.count >= MAX_OVERS else ""

    def _busy_words(self, group: int, now: MonoMs) -> str:
        talker = self.calls.talker(group, now)
        if talker is None:
            return ""
        return f"unit {talker} is talking" if talker else "somebody is talking"

    def _traffic(self, message: P25Message) -> None:
        """Send one message that belongs to no over."""
        self._out.send(
            FnePacket(
                function=Function.PROTOCOL,
                sub_function=Protocol.P25,
                sequence=LAST_SEQUENCE,
                ssrc=self._peer,
                peer=self._peer,
                stream=self._new_stream(),
                payload=message.encode(),
            )
        )

    def _matters(self, data: bytes) -> bool:
        """Say whether a packet is read even in a flood: of a call that runs, or a sign of life."""
        if self._wrapper is not None or len(data) <= _FUNCTION_AT:
            return False
        if data[_FUNCTION_AT] in _QUIET:
            return True
        return int.from_bytes(data[_STREAM_AT], "big") in self.calls.streams

    def _unwrapped(self, data: bytes) -> bytes:
        if self._wrapper is not None:
            return self._wrapper.unwrap(data)
        if is_wrapped(data):
            reason = "FNE packet: the master wraps its packets (AES); this link has no key"
            raise ProtocolViolation(reason, raw=data, offset=0)
        return data

    def _new_stream(self) -> int:
        return int.from_bytes(self._randbytes(4), "big") or 1
