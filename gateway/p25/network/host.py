"""Reflector side of a MMDVM P25 network: gateways and hotspots connect to us.

A client is known by its address from its first poll on, and dropped 60 s after its last one. One
client talks at a time: what it sends goes to all others as it came, and to the desks. Whoever has
not polled is not heard. A stream that stops for 1.5 s has ended (reference p25, part 4).
"""

from dataclasses import dataclass, field

from gateway.model.ids import MonoMs
from gateway.model.radio import KeyDemand, LineSeen, LinkState, RadioEvent
from gateway.p25.network.call_in import END_GRACE_MS, FIRST_PIECE, STRAY_MS
from gateway.p25.network.core import DELAY_MS, NetworkCore
from gateway.p25.network.datagrams import End, Poll, Unknown, Unlink, Voice, decode_datagram
from gateway.p25.network.flood import FloodGate
from gateway.p25.talk.port import Datagram
from gateway.p25.talk.talk_in import TalkIn

CLIENT_MS = 60_000
STREAM_MS = 1_500
MAX_CLIENTS = 200
MOST_A_SECOND, MOST_OF_ONE = 2_000, 150
"""Datagrams a second, of all and of one client: an over has fifty records a second."""
MAX_NAMED = 8
"""Callsigns on the tile."""
PRE_EMPTIVE = 2
"""From this priority on a desk takes the channel away from a client that talks."""


@dataclass(slots=True)
class _Client:
    callsign: str
    polled_ms: MonoMs
    gate: FloodGate = field(default_factory=lambda: FloodGate(MOST_OF_ONE))
    heard_ms: MonoMs | None = None
    """When its stream was last heard; None when it has ended."""
    ended_ms: MonoMs | None = None
    barred: bool = False
    """Its stream is not taken before it has ended: somebody else talked first."""


class NetworkHost(NetworkCore):
    """A reflector. ``port`` of a datagram names the client."""

    MODEL = "MMDVM P25 reflector, our own"

    def __init__(
        self, *, own_id: int, groups: tuple[int, ...] = (), talk_in: TalkIn | None = None
    ) -> None:
        """Prepare a reflector that takes ``groups`` alone, all where it is empty."""
        talk = talk_in or TalkIn(delay_ms=DELAY_MS, silence_ms=STREAM_MS, headers=False)
        super().__init__(talk, own_id=own_id, groups=groups, most_a_second=MOST_A_SECOND)
        self._clients: dict[int, _Client] = {}
        self._talker: int | None = None

    @property
    def callsigns(self) -> tuple[str, ...]:
        """Who is connected."""
        return tuple(sorted(client.callsign for client in self._clients.values()))

    def unkey(self) -> Datagram | None:
        """Return nothing: one datagram cannot reach all clients; they end a stream that stops."""
        return None

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin: the socket is open. Clients are learned from their polls."""
        self._open = True
        return self._after(now)

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """End everything: the socket is being closed."""
        self._free(now)
        self._end_over("link_lost", reason, now)
        self._clients.clear()
        self._close(now, reason)
        return self._drain()

    # ---- what clients say

    def _take(self, datagram: Datagram, now: MonoMs) -> None:
        raw, port = datagram.data, datagram.port
        if port is None:
            return
        message = decode_datagram(raw)
        client = self._clients.get(port)
        if isinstance(message, Poll):
            self._polled(message, raw, port, now)
        elif client is None:
            self._see(raw, f"record {raw[0]:02X} of an address that has not polled: not taken")
        elif client.gate.take(now):
            self._take_of(client, message, raw, port, now)

    def _take_of(
        self, client: _Client, message: object, raw: bytes, port: int, now: MonoMs
    ) -> None:
        match message:
            case Voice():
                self._voice(client, message, raw, port, now)
            case End():
                self._ended(client, raw, port, now)
            case Unlink():
                self._leave(port, f"{client.callsign} has left", now)
            case Unknown():
                self._see(raw, f"record {raw[0]:02X} of {client.callsign}, not known")

    def _polled(self, poll: Poll, raw: bytes, port: int, now: MonoMs) -> None:
        client = self._clients.get(port)
        if client is None:
            if len(self._clients) >= MAX_CLIENTS:
                self._see(raw, f"{poll.callsign} is not taken: {MAX_CLIENTS} are connected")
                return
            client = self._clients[port] = _Client(poll.callsign, now)
            self._see(raw, f"{poll.callsign} has connected")
        if client.gate.take(now):
            client.callsign, client.polled_ms = poll.callsign, now
            self._send(raw, port)

    def _voice(self, client: _Client, record: Voice, raw: bytes, port: int, now: MonoMs) -> None:
        if self._is_late(client, record, now):
            self._events += self._call_in.voice(record, now)  # nobody else waits for it
            return
        fresh = client.heard_ms is None or now - client.heard_ms > STREAM_MS
        client.heard_ms = now
        if fresh:
            client.barred = self._is_taken(port)
            if client.barred:
                self._see(raw, f"{client.callsign} talks while another does: not taken")
        if client.barred:
            return
        self._talker = port
        self._pass_on(raw, port)
        self._events += self._call_in.voice(record, now)

    def _is_late(self, client: _Client, record: Voice, now: MonoMs) -> bool:
        """Say whether a record was overtaken by the end of its over, and begins none."""
        if client.ended_ms is None or client.heard_ms is not None:
            return False
        since_ms = now - client.ended_ms
        begins = record.place < FIRST_PIECE and since_ms >= END_GRACE_MS
        return since_ms < STRAY_MS and not begins

    def _is_taken(self, port: int) -> bool:
        return self._call_out.demand is not None or self._talker not in (None, port)

    def _ended(self, client: _Client, raw: bytes, port: int, now: MonoMs) -> None:
        client.barred, client.heard_ms, client.ended_ms = False, None, now
        if self._talker == port:
            self._talker = None
            self._pass_on(raw, port)
            self._events += self._call_in.end(now)

    def _pass_on(self, raw: bytes, sender: int | None) -> None:
        for port in self._clients:
            if port != sender:
                self._send(raw, port)

    def _free(self, now: MonoMs) -> None:
        """End the stream of whoever talks, for those who listen."""
        talker, self._talker = self._talker, None
        if talker is not None:
            self._pass_on(End().encode(), talker)
            self._events += self._call_in.end(now)

    def _leave(self, port: int, words: str, now: MonoMs) -> None:
        if self._talker == port:
            self._free(now)
        del self._clients[port]
        self._events.append(LineSeen(outgoing=False, raw="", words=words))

    # ---- what we say

    def _why_not(self) -> str:
        return "" if self._clients else "nobody is connected"

    def _make_way(self, demand: KeyDemand, now: MonoMs) -> str:
        if self._talker is None:
            return ""
        client = self._clients[self._talker]
        if demand.priority < PRE_EMPTIVE:
            return f"{client.callsign} talks"
        client.barred = True
        self._free(now)
        return ""

    def _spread(self, data: bytes) -> None:
        self._pass_on(data, None)

    # ---- time

    def _deadlines(self) -> list[MonoMs]:
        times = super()._deadlines()
        for client in self._clients.values():
            times.append(MonoMs(client.polled_ms + CLIENT_MS))
            quiet = client.gate.deadline()
            times += [] if quiet is None else [quiet]
        talker = self._clients.get(self._talker) if self._talker is not None else None
        if talker is not None and talker.heard_ms is not None:
            times.append(MonoMs(talker.heard_ms + STREAM_MS))
        return times

    def _tell_state(self, now: MonoMs) -> None:
        talker = self._clients.get(self._talker) if self._talker is not None else None
        if talker is not None and now - (talker.heard_ms or now) >= STREAM_MS:
            self._free(now)
        for port, client in list(self._clients.items()):
            if now - client.polled_ms >= CLIENT_MS:
                self._leave(port, f"{client.callsign} polls no more", now)
        if not self._clients:
            self._end_over("link_lost", "nobody is connected any more", now)
        self._tell(LinkState.UP, self._state_words(now))

    def _state_words(self, now: MonoMs) -> str:
        names = self.callsigns
        shown = ", ".join(names[:MAX_NAMED]) + (", …" if len(names) > MAX_NAMED else "")
        words = f"{len(names)} connected: {shown}" if names else "nobody is connected"
        loud = [one.callsign for one in self._clients.values() if one.gate.flooded(now)]
        if loud:
            words += f"; {loud[0]} sends more than there can be: it is dropped"
        if self._gate.flooded(now):
            words += "; more datagrams come than there can be: they are dropped"
        return words
