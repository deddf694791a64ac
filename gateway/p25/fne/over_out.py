"""Our overs: asking for the channel, LDUs each 180 ms, the end.

Before the first voice the master is asked (grant request) and given ``ASK_MS`` to say no; it never
says yes. The first LDU1 says that its header is valid and carries the grant demand bit as well, for
masters that look there.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import KeyDemand, RadioEvent, TxEnded, TxGranted, TxRefused
from gateway.p25.fne.calls_in import LDU_MS, Channel
from gateway.p25.fne.message import (
    GRANT_DEMAND,
    HEADER_VALID,
    LDU1,
    LDU2,
    LENGTHS,
    PADDING,
    TDU,
    P25Message,
    VoiceUnit,
    write_voice,
)
from gateway.p25.fne.numbers import LAST_SEQUENCE, NO_SUB_FUNCTION, Function, Protocol
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.requests import GrantRequest
from gateway.p25.talk.records import FRAMES_PER_LDU
from gateway.p25.talk.talk_out import OutLdu, TalkOut

ASK_MS = 100
"""How long a master may say no before we talk; no answer is a yes."""
MAX_ENDED = 16
ECHO_MS = 1_000
"""What comes of an over of ours within this after its end is an echo, and nobody's call."""
END_GAP_MS = 40
"""A released over ends this long after its last voice: a master that works on packets side by side
may else take the end first, and the voice for another call (seen with dvmfne R05A04)."""
GIVE_WAY_PACKETS = 2
"""So many packets of another talker say that the master carries him and not us."""
EMERGENCY = 3
"""Priority of a press that is an emergency."""
DEFAULT_PRIORITY, HIGH_PRIORITY = 4, 6
"""Priorities of the service options."""


class Phase(enum.Enum):
    """How far an over has come."""

    ASKED = "asked"
    TALKING = "talking"
    ENDING = "ending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What every message of ours says of the network and of us."""

    peer: int
    own_id: int
    system: int
    wacn: int


@dataclass(slots=True, kw_only=True)
class OverOut:
    """One press, from the question to the end."""

    demand: RequestId
    talk: TalkOut
    channel: Channel
    stream: int
    begun_ms: MonoMs
    next_ms: MonoMs
    """When the next LDU may leave."""
    sent_ms: MonoMs | None = None
    """When the last LDU left."""
    phase: Phase = Phase.ASKED
    sequence: int = 0
    foreign: int = 0
    """Packets of others on the same group since we began."""

    @property
    def group(self) -> int:
        """Group that is talked to."""
        return self.talk.group


class Transmitter:
    """The overs that desks send, each on a group of its own."""

    def __init__(
        self, network: Network, send: Callable[[FnePacket], None], new_stream: Callable[[], int]
    ) -> None:
        """Begin silent; ``send`` takes what is to be sent."""
        self._network = network
        self._send = send
        self._new_stream = new_stream
        self._overs: dict[RequestId, OverOut] = {}
        self._ended: dict[int, MonoMs] = {}

    @property
    def count(self) -> int:
        """Overs that are under way."""
        return len(self._overs)

    @property
    def on_air(self) -> RequestId | None:
        """A press whose voice may be sent now: the first of them."""
        return next((demand for demand in self._overs if self.talks(demand)), None)

    def talks(self, demand: RequestId) -> bool:
        """Say whether the voice of a press may be sent now."""
        over = self._overs.get(demand)
        return over is not None and over.phase is Phase.TALKING

    def on_group(self, group: int) -> OverOut | None:
        """Return the over on a group."""
        return next((over for over in self._overs.values() if over.group == group), None)

    def said(self, stream: int, now: MonoMs) -> bool:
        """Say whether a stream is an over of ours, or was a moment ago.

        A parrot plays an over back under its own number, some seconds later: that is a call.
        """
        if any(over.stream == stream for over in self._overs.values()):
            return True
        ended = self._ended.get(stream)
        return ended is not None and now - ended < ECHO_MS

    def groups(self) -> list[int]:
        """Return the groups that are talked on."""
        return [over.group for over in self._overs.values()]

    def begin(self, demand: KeyDemand, channel: Channel, now: MonoMs) -> None:
        """Ask for the channel."""
        talk = TalkOut(
            group=demand.group,
            source=self._network.own_id,
            emergency=demand.priority >= EMERGENCY,
            priority=HIGH_PRIORITY if demand.priority else DEFAULT_PRIORITY,
        )
        channel.own = True
        over = OverOut(
            demand=demand.demand,
            talk=talk,
            channel=channel,
            stream=self._new_stream(),
            begun_ms=now,
            next_ms=now,
        )
        self._overs[demand.demand] = over
        asked = GrantRequest(source=self._network.own_id, destination=demand.group)
        self._packet(over, Function.GRANT_REQUEST, NO_SUB_FUNCTION, asked.encode())

    def voice(self, demand: RequestId, imbe: bytes, now: MonoMs) -> None:
        """Take 20 ms; dropped unless this press is on air."""
        if self.talks(demand):
            over = self._overs[demand]
            over.talk.push(imbe)
            self._voice_due(over, now)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Begin to talk when nobody said no; send what is due; end what is done."""
        return [event for over in list(self._overs.values()) for event in self._tick(over, now)]

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        due = [_deadline(over) for over in self._overs.values()]
        return min((one for one in due if one is not None), default=None)

    def end(self, demand: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Let go. A release sends what was given; any other cause ends at once."""
        over = self._overs.get(demand)
        if over is None:
            return []
        if over.phase is Phase.ASKED:
            return self._finish(over, now, TxEnded(demand=demand, cause=cause))
        released = cause == "released"
        over.talk.close(drop=not released)
        if released:
            over.phase = Phase.ENDING
            return self._tick(over, now)
        return self._finish(over, now, TxEnded(demand=demand, cause=cause))

    def refuse(self, over: OverOut, words: str, now: MonoMs) -> list[RadioEvent]:
        """End an over because the master says no: a refusal before we talk, else a withdrawal."""
        if over.phase is Phase.ASKED:
            return self._finish(over, now, TxRefused(demand=over.demand, reason=words))
        ended = TxEnded(demand=over.demand, cause="withdrawn", reason=words)
        return self._finish(over, now, ended)

    def refuse_all(self, words: str, now: MonoMs) -> list[RadioEvent]:
        """End every over because the master says no."""
        return [
            event for over in list(self._overs.values()) for event in self.refuse(over, words, now)
        ]

    def foreign(self, over: OverOut, talker: int, now: MonoMs) -> list[RadioEvent]:
        """Give way to another talker on the same group, unless it is a straggler of before."""
        over.foreign += 1
        words = f"unit {talker} was first: the master keeps its call"
        if over.phase is Phase.ASKED:
            return self.refuse(over, words, now)
        if over.foreign < GIVE_WAY_PACKETS:
            return []
        ended = TxEnded(demand=over.demand, cause="preempted", reason=words, talker=talker)
        return self._finish(over, now, ended)

    def lost(self, now: MonoMs, words: str) -> list[RadioEvent]:
        """End every over because the master is gone."""
        return [
            event
            for over in list(self._overs.values())
            for event in self._finish(
                over, now, TxEnded(demand=over.demand, cause="link_lost", reason=words)
            )
        ]

    def end_packets(self) -> list[FnePacket]:
        """Return the packet that ends each over; it stays the same for as long as that lasts."""
        return [self._end_packet(over) for over in self._overs.values()]

    # ---- inside

    def _tick(self, over: OverOut, now: MonoMs) -> list[RadioEvent]:
        if over.phase is Phase.ASKED:
            return self._grant(over, now) if now - over.begun_ms >= ASK_MS else []
        self._voice_due(over, now)
        if over.phase is Phase.ENDING and over.talk.done and now >= _end_due(over):
            return self._finish(over, now, TxEnded(demand=over.demand, cause="released"))
        return []

    def _end_packet(self, over: OverOut) -> FnePacket:
        message = self._message(over, TDU, PADDING)
        return self._made(
            over, Function.PROTOCOL, Protocol.P25, message.encode(), sequence=LAST_SEQUENCE
        )

    def _grant(self, over: OverOut, now: MonoMs) -> list[RadioEvent]:
        over.phase, over.next_ms = Phase.TALKING, now
        talk = over.channel.talk
        emergency = over.talk.emergency
        events = talk.own(
            now, over.group, priority=EMERGENCY if emergency else 0, emergency=emergency
        )
        instance = talk.instance
        assert instance is not None  # ``own`` has just made or kept one
        return [*events, TxGranted(demand=over.demand, instance=instance)]

    def _voice_due(self, over: OverOut, now: MonoMs) -> None:
        """Send LDUs no faster than they are spoken: receivers play them at that pace."""
        while now >= over.next_ms:
            ldu = over.talk.ldu()
            if ldu is None:
                return
            self._ldu(over, ldu, first=over.sequence == 0)
            over.sent_ms = now
            over.next_ms = MonoMs(max(over.next_ms, now - LDU_MS // 2) + LDU_MS)

    def _ldu(self, over: OverOut, ldu: OutLdu, *, first: bool) -> None:
        header = over.talk.header if first and not ldu.second else None
        unit = VoiceUnit(
            voice=ldu.voice,
            word=ldu.word,
            low_speed=ldu.low_speed,
            frame_type=HEADER_VALID if header is not None else 0,
            header=header,
        )
        body = write_voice(unit, second=ldu.second)
        duid = LDU2 if ldu.second else LDU1
        control = GRANT_DEMAND if first else 0
        message = self._message(over, duid, body, control)
        self._packet(over, Function.PROTOCOL, Protocol.P25, message.encode())
        over.sequence = (over.sequence + 1) % LAST_SEQUENCE

    def _message(self, over: OverOut, duid: int, body: bytes, control: int = 0) -> P25Message:
        return P25Message(
            duid=duid,
            source=over.talk.source,
            destination=over.group,
            system=self._network.system,
            wacn=self._network.wacn,
            control=control,
            length=LENGTHS[duid],
            body=body,
        )

    def _finish(self, over: OverOut, now: MonoMs, event: RadioEvent) -> list[RadioEvent]:
        if not isinstance(event, TxRefused):
            self._send(self._end_packet(over))
        del self._overs[over.demand]
        self._ended[over.stream] = now
        if len(self._ended) > MAX_ENDED:
            del self._ended[next(iter(self._ended))]
        over.channel.own = False
        if over.phase is not Phase.ASKED:
            over.channel.talk.own_ended(now)
        return [event]

    def _packet(self, over: OverOut, function: int, sub: int, payload: bytes) -> None:
        self._send(self._made(over, function, sub, payload, sequence=over.sequence))

    def _made(
        self, over: OverOut, function: int, sub: int, payload: bytes, *, sequence: int
    ) -> FnePacket:
        if function == Function.GRANT_REQUEST:
            sequence = LAST_SEQUENCE
        return FnePacket(
            function=function,
            sub_function=sub,
            sequence=sequence,
            ssrc=self._network.peer,
            peer=self._network.peer,
            stream=over.stream,
            payload=payload,
        )


def _deadline(over: OverOut) -> MonoMs | None:
    if over.phase is Phase.ASKED:
        return MonoMs(over.begun_ms + ASK_MS)
    if over.phase is Phase.ENDING and over.talk.done:
        return _end_due(over)
    waiting = over.phase is Phase.ENDING or over.talk.waiting >= FRAMES_PER_LDU
    return over.next_ms if waiting else None


def _end_due(over: OverOut) -> MonoMs:
    """Return when a released over, all of whose voice has left, may be ended."""
    return over.begun_ms if over.sent_ms is None else MonoMs(over.sent_ms + END_GAP_MS)
