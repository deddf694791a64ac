"""Client of a MMDVM P25 network: of a reflector, or of a gateway as a hotspot is.

A reflector is polled and sends each poll back: that is all that is known of its health. A gateway
(``peer="gateway"``) answers nothing; it tells the talkgroup that it is linked to.
"""

from gateway.model.ids import MonoMs
from gateway.model.radio import GroupChanged, KeyDemand, LinkState, RadioEvent
from gateway.p25.network.core import CHANNEL, DELAY_MS, NetworkCore
from gateway.p25.network.datagrams import (
    UNLINKED,
    End,
    Poll,
    TalkgroupNotice,
    Unknown,
    Unlink,
    Voice,
    decode_datagram,
)
from gateway.p25.network.polling import Polling
from gateway.p25.talk.port import Datagram
from gateway.p25.talk.talk_in import TalkIn

REFLECTOR, GATEWAY = "reflector", "gateway"
UNLINKS = 3
MOST_A_SECOND = 150
"""Datagrams: an over has fifty records a second."""
BUSY = "somebody talks on the network, which lets nobody in between"
GONE = "the reflector does not answer its polls"
FLOOD = "the peer sends more than there can be: it is dropped"
NO_SIGN = "a gateway gives no sign of life between calls"


class NetworkClient(NetworkCore):
    """Gateway side of a network."""

    MODEL = "MMDVM P25 network"

    def __init__(
        self,
        *,
        callsign: str,
        own_id: int,
        groups: tuple[int, ...] = (),
        peer: str = REFLECTOR,
        talk_in: TalkIn | None = None,
    ) -> None:
        """Prepare a link that carries ``groups`` alone, all where it is empty.

        Raises ValueError for another kind of peer.
        """
        if peer not in (REFLECTOR, GATEWAY):
            raise ValueError(f"peer: expected {REFLECTOR} or {GATEWAY}, got {peer!r}")
        talk = talk_in or TalkIn(delay_ms=DELAY_MS, headers=False)
        super().__init__(talk, own_id=own_id, groups=groups, most_a_second=MOST_A_SECOND)
        self._callsign = callsign
        self._polled = peer == REFLECTOR
        self._polling = Polling()

    def unkey(self) -> Datagram | None:
        """Return the record that ends an over."""
        return Datagram(channel=CHANNEL, data=End().encode()) if self.keyed else None

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin: the socket is open."""
        self._open = True
        if self._polled:
            self._polling.begin(now)
        return self._after(now)

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """Leave: end what is keyed and unlink, three times."""
        if self._open and self._polled:
            self._end_over("link_lost", reason, now)
            for _ in range(UNLINKS):
                self._send(Unlink(callsign=self._callsign).encode())
        self._polling.end()
        self._close(now, reason)
        return self._drain()

    # ---- inside

    def _deadlines(self) -> list[MonoMs]:
        poll = self._polling.deadline()
        return super()._deadlines() + ([] if poll is None else [poll])

    def _take(self, datagram: Datagram, now: MonoMs) -> None:
        message = decode_datagram(datagram.data)
        self._polling.heard(now, echo=isinstance(message, Poll))
        ours = self._call_out.demand is not None
        match message:
            case Voice() if not ours:
                self._events += self._call_in.voice(message, now)
            case End() if not ours:
                self._events += self._call_in.end(now)
            case TalkgroupNotice():
                self._notice(message.group, datagram.data)
            case Unlink():
                self._see(datagram.data, f"{message.callsign} unlinks")
            case Unknown():
                self._see(datagram.data, f"record {datagram.data[0]:02X}, not known")

    def _notice(self, group: int, raw: bytes) -> None:
        linked = None if group == UNLINKED else group
        words = "no talkgroup" if linked is None else f"talkgroup {group}"
        self._see(raw, f"the gateway is linked to {words}")
        self._events.append(GroupChanged(number=linked))

    def _why_not(self) -> str:
        if not self._open:
            return "the network is not open"
        return "the reflector does not answer" if self._polled and not self._polling.alive else ""

    def _make_way(self, demand: KeyDemand, now: MonoMs) -> str:
        if self._talk.busy:
            return BUSY
        self._polling.hurry(now)
        return ""

    def _spread(self, data: bytes) -> None:
        self._send(data)

    def _tell_state(self, now: MonoMs) -> None:
        self._polling.busy = self._call_out.demand is not None or self._talk.busy
        if self._polling.due(now):
            self._send(Poll(callsign=self._callsign).encode())
        words = FLOOD if self._gate.flooded(now) else ""
        if not self._polled:
            self._tell(LinkState.UP, words or NO_SIGN)
        elif self._polling.alive:
            self._tell(LinkState.UP, words)
        elif self._polling.gone:
            self._end_over("link_lost", GONE, now)
            self._tell(LinkState.DOWN, GONE)
        else:
            self._tell(LinkState.STARTING, "")
