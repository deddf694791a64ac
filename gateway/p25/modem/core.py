"""One MMDVM modem with a P25 radio behind it, without input or output.

``now`` is monotonic milliseconds, given by the caller. Every verb returns the events that are due.
What a driver does after each verb: hand the events on; when ``keyed``, give ``guard_bytes()`` to
the un-key guard **before** it writes anything; write ``outgoing()`` until it is empty; arm one
timer for ``deadline()``. When ``needs_reopen`` is set, call ``lost``, close the port, open it again
and call ``opened``. Over UDP one datagram is one frame: ``datagrams`` says so.

The modem is set to P25 alone and stays there. What it hears becomes calls by ``talk.TalkIn``; our
overs go out by ``Transmitter``. The gateway does not repeat what it hears: a modem set to duplex
carries desks and radios, not radios among themselves.
"""

from collections import deque

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    Capability,
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkInfo,
    LinkState,
    Malformed,
    RadioEvent,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.model.unit_acts import UnitAct
from gateway.p25.air.frame import encode_frame
from gateway.p25.air.status_symbols import ALL_BUSY, ALL_IDLE
from gateway.p25.air.units import AirFrame, Hdu, Tdu
from gateway.p25.modem import wire
from gateway.p25.modem.acts import Acts
from gateway.p25.modem.hearing import Hearing
from gateway.p25.modem.orders import Frequencies, Setup
from gateway.p25.modem.replies import CPUS, Ack, AirData, Nak, Status, Version
from gateway.p25.modem.start import Stage, Start
from gateway.p25.modem.transmit import Transmitter
from gateway.p25.modem.watch import Watch
from gateway.p25.modem.wire import Frame, FrameReader, Rubbish
from gateway.p25.modem.words import buffer_full, frame_words, nak_words, version_words
from gateway.p25.talk.signalling import UnitActBook
from gateway.p25.talk.talk_in import TalkIn

INFO = LinkInfo(
    technology="p25",
    capabilities=frozenset(
        {
            Capability.EMERGENCY_IN,
            Capability.EMERGENCY_ACK,
            Capability.EMERGENCY_OUT,
            Capability.STATUS,
            Capability.SIGNAL,
            Capability.UNIT_ACTS,
        }
    ),
)
"""What a modem can know and carry."""

HALF_FRAME_MS = 100
"""A frame whose rest does not come within this was none, or lost octets on the way."""
EMERGENCY = 3
MAX_SEEN = 128
"""Octets of a frame on the engineer's page."""
PADDING = bytes(wire.MAX_P25_PAYLOAD + wire.LONG_HEADER)
"""What the guard writes first: it fills up a frame that was cut off; zeros start none."""
BUSY_SIMPLEX = "the channel is busy: a modem in simplex hears nothing while it sends"
_QUIET = (wire.GET_STATUS, wire.ACK)
"""Frames that are no news on the engineer's page."""


class ModemCore:
    """Host side of a modem."""

    def __init__(
        self,
        *,
        nac: int,
        own_id: int,
        setup: Setup | None = None,
        frequencies: Frequencies | None = None,
        datagrams: bool = False,
        talk_in: TalkIn | None = None,
    ) -> None:
        """Prepare. ``frequencies`` None: the radio is set by hand."""
        self._setup = setup or Setup()
        self._datagrams = datagrams
        self._now = MonoMs(0)
        self._events: list[RadioEvent] = []
        self._reader = FrameReader()
        self._half_ms: MonoMs | None = None
        self._start = Start(self._setup, frequencies)
        self._watch = Watch()
        self._talk = talk_in or TalkIn()
        book = UnitActBook(own_id)
        self._hearing = Hearing(self._talk, book, nac=nac)
        self._transmitter = Transmitter(nac=nac, own_id=own_id, write=self._put_on_air)
        self._acts = Acts(book, nac=nac)
        self._status_symbol = ALL_IDLE if self._setup.duplex else ALL_BUSY
        self._guard = Frame(
            kind=wire.P25_LDU,
            payload=b"\0" + encode_frame(Tdu(nac=nac), status=self._status_symbol),
        ).encode()
        self._queue: deque[Frame] = deque()
        self._partial = b""
        self._keyed = False
        self._told: LinkChanged | None = None
        self.lost_reason = ""

    # ---- what a driver asks

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        return INFO

    @property
    def needs_reopen(self) -> bool:
        """Whether the modem went silent: the driver calls ``lost`` and opens the port again."""
        return bool(self.lost_reason)

    @property
    def keyed(self) -> bool:
        """Whether frames that key may be on the wire without the one that ends them."""
        return self._keyed

    @property
    def on_air(self) -> RequestId | None:
        """The press whose voice may be given."""
        return self._transmitter.on_air

    def guard_bytes(self) -> bytes:
        """Return what ends a transmission, whatever was being written; empty when un-keyed."""
        if not self._keyed:
            return b""
        return self._guard if self._datagrams else PADDING + self._guard

    # ---- the five verbs

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin: the port is open."""
        self._now = now
        self._clear()
        self._start.opened(now)
        return self._after(now)

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """End everything: the port is closed, or the modem went silent."""
        self._now = now
        words = self.lost_reason or reason
        self._end_over("link_lost", words)
        self._events += self._talk.lost(now, words)
        self._events += self._acts.lost(words)
        self._clear()
        self._start.closed()
        self._tell(LinkState.DOWN, words)
        return self._drain()

    def receive(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        """Take bytes from the modem, in any chunking; over UDP one datagram."""
        self._now = now
        found = self._reader.feed(data)
        self._take_all(found, now)
        if self._datagrams:
            self._take_all(self._reader.give_up(), now)
        if not self._reader.begun:
            self._half_ms = None
        elif found or self._half_ms is None:
            self._half_ms = MonoMs(now + HALF_FRAME_MS)
        return self._after(now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        self._now = now
        if self._half_ms is not None and now >= self._half_ms:
            self._half_ms = None
            self._take_all(self._reader.give_up(), now)
        self._start.tick(now)
        return self._after(now)

    def outgoing(self, limit: int = wire.MAX_OCTETS) -> bytes:
        """Return what must be written next, at most one frame; empty when there is nothing."""
        if not self._partial and self._queue:
            frame = self._queue.popleft()
            if frame.kind == wire.GET_STATUS:
                self._transmitter.asked()
            self._partial = frame.encode()
        size = len(self._partial) if self._datagrams else limit
        data, self._partial = self._partial[:size], self._partial[size:]
        if data and not self._partial and not self._queue and not self._transmitter.begun:
            self._keyed = False  # the last of an over, its TDU, is going out
        return data

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due; None when the link is closed."""
        if self._events:
            return self._now
        if self._start.stage is Stage.CLOSED or self.lost_reason:
            return None
        times = (
            self._half_ms,
            self._start.deadline(),
            self._watch.deadline(),
            self._talk.deadline(),
            self._transmitter.deadline(),
            self._acts.deadline(),
        )
        return min((time for time in times if time is not None), default=None)

    # ---- submitting

    def demand(self, demand: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        """Ask to talk."""
        self._now = now
        reason = self._why_not()
        busy = self._talk.busy and not self._setup.duplex and demand.priority < EMERGENCY
        if demand.individual is not None:
            reason = reason or "a modem carries calls to groups only"
        if reason:
            self._events.append(TxNotSent(demand=demand.demand, reason=reason))
        elif self._transmitter.busy:
            self._events.append(TxRefused(demand=demand.demand, reason="the modem is in use"))
        elif busy:
            self._events.append(TxRefused(demand=demand.demand, reason=BUSY_SIMPLEX))
        else:
            self._begin_over(demand, now)
        return self._after(now)

    def send_voice(self, demand: RequestId, imbe: bytes, now: MonoMs) -> None:
        """Give 20 ms of voice, 11 octets; dropped unless this demand is on air."""
        self._now = now
        self._transmitter.voice(demand, imbe)
        self._ended(self._transmitter.tick(now), now)
        self._settle(now)

    def end(self, demand: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Un-key. A release sends what was given before; any other cause drops it."""
        self._now = now
        if cause != "released" and demand == self._transmitter.demand:
            self._queue = deque(frame for frame in self._queue if frame.kind != wire.P25_LDU)
        self._ended(self._transmitter.end(demand, cause, now), now)
        return self._after(now)

    def act(self, act: UnitAct, now: MonoMs) -> list[RadioEvent]:
        """Reach one unit."""
        self._now = now
        self._events += self._acts.ask(act, self._why_not())
        return self._after(now)

    # ---- what comes

    def _take_all(self, found: list[Frame | Rubbish], now: MonoMs) -> None:
        for one in found:
            if isinstance(one, Rubbish):
                if self._watch.count(now, air=False):
                    reason = f"{one.octets} octets that are no frame were skipped"
                    self._events.append(Malformed(raw=one.head, offset=0, reason=reason))
            elif self._watch.count(now, air=one.kind in (wire.P25_HDR, wire.P25_LDU)):
                self._take(one, now)
            if not isinstance(one, Rubbish):
                self._watch.heard_ms = now

    def _take(self, frame: Frame, now: MonoMs) -> None:
        try:
            self._dispatch(frame, now)
        except ProtocolViolation as fault:
            raw, offset = fault.raw[: wire.MAX_OCTETS], fault.offset
            self._events.append(Malformed(raw=raw, offset=offset, reason=str(fault)))

    def _dispatch(self, frame: Frame, now: MonoMs) -> None:
        match frame.kind:
            case wire.GET_VERSION:
                self._version(Version.decode(frame), frame, now)
                return
            case wire.GET_STATUS:
                self._status(frame, now)
            case wire.ACK:
                self._start.acknowledged(Ack.decode(frame), now)
            case wire.NAK:
                self._refused(Nak.decode(frame), frame, now)
                return
            case wire.P25_HDR | wire.P25_LDU:
                self._see(frame, outgoing=False)
                self._air(AirData.decode(frame), now)
                return
            case wire.P25_LOST:
                self._events += self._hearing.sync_lost(now)
        self._see(frame, outgoing=False)

    def _version(self, version: Version, frame: Frame, now: MonoMs) -> None:
        self._see(frame, outgoing=False, words=version_words(version))
        set_up = self._start.stage in (Stage.SETTING_UP, Stage.READY)
        if set_up and version == self._start.version:
            return  # the answer to a question that was asked twice
        self._end_over("link_lost", "the modem has restarted")
        self._start.heard_version(version, now)
        self._watch.begin(now)

    def _status(self, frame: Frame, now: MonoMs) -> None:
        version = self._start.version
        if version is None:
            return
        status = Status.decode(frame, version.protocol)
        self._transmitter.room(status.p25_space)
        if self._watch.status(status, now):
            self._start.mode_again(now)

    def _refused(self, nak: Nak, frame: Frame, now: MonoMs) -> None:
        words = nak_words(nak, self._start.firmware)
        self._see(frame, outgoing=False, words=words)
        if self._start.refused(nak, now):
            if self._start.stage is not Stage.READY:
                self._end_over("failed", words)
        elif nak.command in (wire.P25_HDR, wire.P25_LDU):
            self._air_refused(nak, words, now)

    def _air_refused(self, nak: Nak, words: str, now: MonoMs) -> None:
        if not self._transmitter.busy:
            self._transmitter.end_was_refused(now)
            self._events += self._acts.refused(words)
        elif not buffer_full(nak) or self._transmitter.buffer_full():
            self._end_over("failed", words)

    def _air(self, data: AirData, now: MonoMs) -> None:
        if self._transmitter.busy:
            return  # our own over has the call; what radios say meanwhile is not told
        self._events += self._hearing.frame(data, now)

    # ---- what goes

    def _begin_over(self, demand: KeyDemand, now: MonoMs) -> None:
        emergency = demand.priority >= EMERGENCY
        self._events += self._talk.own(
            now, demand.group, priority=demand.priority, emergency=emergency
        )
        self._transmitter.begin(demand, now, emergency=emergency)
        instance = self._talk.instance
        assert instance is not None  # ``own`` has opened the call
        self._events.append(TxGranted(demand=demand.demand, instance=instance))

    def _end_over(self, cause: str, reason: str) -> None:
        if self._transmitter.demand is not None:
            self._queue = deque(frame for frame in self._queue if frame.kind != wire.P25_LDU)
            demand = self._transmitter.demand
            self._ended(self._transmitter.end(demand, cause, self._now, reason), self._now)

    def _ended(self, events: list[RadioEvent], now: MonoMs) -> None:
        """Hand on what the transmitter tells; with its over our share of the call ends."""
        self._events += events
        if any(isinstance(event, TxEnded) for event in events):
            self._talk.own_ended(now)

    def _put_on_air(self, frame: AirFrame) -> None:
        kind = wire.P25_HDR if isinstance(frame, Hdu) else wire.P25_LDU
        self._keyed = True
        data = encode_frame(frame, status=self._status_symbol)
        self._order(Frame(kind=kind, payload=b"\0" + data))

    def _order(self, frame: Frame) -> None:
        self._queue.append(frame)
        self._see(frame, outgoing=True)

    # ---- the life of the link

    def _why_not(self) -> str:
        """Return why nothing can be sent, empty when it can."""
        if self._start.stage is not Stage.READY:
            return self._start.reason or self.lost_reason or "the modem is being started"
        return "the modem is locked out by its COS input" if self._watch.lockout else ""

    def _after(self, now: MonoMs) -> list[RadioEvent]:
        self._events += self._talk.tick(now)
        self._ended(self._transmitter.tick(now), now)
        self._settle(now)
        return self._drain()

    def _settle(self, now: MonoMs) -> None:
        free = not self._transmitter.busy and (self._setup.duplex or not self._talk.busy)
        self._events += self._acts.tick(now, self._put_on_air, free=free)
        for frame in self._start.outgoing:
            self._order(frame)
        self._start.outgoing.clear()
        if self._watch.poll_due(now):
            self._order(Frame(kind=wire.GET_STATUS))
        if self._start.stage is Stage.SILENT:
            self.lost_reason = self._start.reason
        elif self._watch.silent(now):
            self.lost_reason = "the modem has said nothing for 2 s"
        self._tell_state(now)

    def _tell_state(self, now: MonoMs) -> None:
        if self.lost_reason:
            return  # ``lost`` tells it
        match self._start.stage:
            case Stage.CLOSED:
                return
            case Stage.READY:
                self._tell(LinkState.UP, self._watch.trouble(now))
            case Stage.REFUSED:
                self._tell(LinkState.DOWN, self._start.reason)
            case _:
                self._tell(LinkState.STARTING, "")

    def _tell(self, state: LinkState, reason: str) -> None:
        version = self._start.version
        model = firmware = ""
        if version is not None:
            firmware = version.text
            cpu = "" if version.cpu is None else CPUS.get(version.cpu, "")
            model = f"MMDVM, {cpu}" if cpu else "MMDVM"
        told = LinkChanged(state=state, reason=reason, model=model, firmware=firmware, mode="P25")
        if told != self._told:
            self._told = told
            self._events.append(told)

    def _see(self, frame: Frame, *, outgoing: bool, words: str = "") -> None:
        if frame.kind in _QUIET or not self._watch.line():
            return
        try:
            words = words or frame_words(frame)
        except ProtocolViolation as fault:
            words = str(fault)
        raw = frame.encode()[:MAX_SEEN].hex()
        self._events.append(LineSeen(outgoing=outgoing, raw=raw, words=words))

    def _clear(self) -> None:
        self._reader.clear()
        self._queue.clear()
        self._partial, self._half_ms = b"", None
        self._keyed = False
        self._transmitter.drop()
        self._watch.stop()
        self.lost_reason = ""

    def _drain(self) -> list[RadioEvent]:
        events, self._events = self._events, []
        return events
