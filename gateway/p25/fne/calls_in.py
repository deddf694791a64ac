"""Calls that a master sends us, many at once: each group has a channel of its own.

A stream id names an over. A second stream on a group whose first one goes on is a collision: the
first is kept, as the master keeps it (reference p25, 5.3).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent
from gateway.p25.fne.message import (
    LDU1,
    LDU2,
    P25Message,
    link_control_of,
    read_voice,
)
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.streams import AFTER_END_MS, END_WAIT_MS, Stream
from gateway.p25.talk.records import FRAMES_PER_LDU
from gateway.p25.talk.talk_in import TalkIn
from gateway.p25.words.encryption import EncryptionSync

MAX_CHANNELS = 48
"""Calls at once, those in their hang time included: more is a flood."""
SILENCE_MS = 1_000
"""Without a packet for this long an over has ended."""
HANG_MS = 3_000
"""A call stays up for so long after its last over."""
FIRST_SEQUENCES = (0, 1)
MAX_BACKLOG_MS = 3_000
"""Voice of one group that waits to be played: what comes faster than it is spoken is a flood."""
MAX_STREAMS = 64
LDU_MS = 180
Key = tuple[str, int, int]


@dataclass(slots=True)
class Channel:
    """One group, or one pair of units."""

    talk: TalkIn
    streams: dict[int, Stream] = field(default_factory=dict)
    own: bool = False
    """A desk talks on it: what else comes is not fed."""
    _filled_ms: int = 0

    def has_room(self, now: MonoMs) -> bool:
        """Say whether another LDU may wait, and count it."""
        begin = max(now, self._filled_ms)
        if begin - now > MAX_BACKLOG_MS:
            return False
        self._filled_ms = begin + LDU_MS
        return True

    def running(self, now: MonoMs) -> Stream | None:
        """Return the stream that is being heard."""
        for stream in self.streams.values():
            if stream.open and stream.end_ms is None and now - stream.heard_ms < SILENCE_MS:
                return stream
        return None

    def forget(self, now: MonoMs) -> None:
        """Drop streams that are over or went silent."""
        gone = [
            number
            for number, stream in self.streams.items()
            if now - stream.heard_ms >= SILENCE_MS + AFTER_END_MS
        ]
        gone += list(self.streams)[: max(0, len(self.streams) - MAX_STREAMS)]
        for number in set(gone):
            del self.streams[number]

    def deadline(self) -> MonoMs | None:
        """Return when something of it is due."""
        due = [self.talk.deadline()]
        for stream in self.streams.values():
            due += [stream.early_ms, stream.end_ms if stream.open else None]
        return min((one for one in due if one is not None), default=None)

    def finish(self, now: MonoMs, *, but: int | None = None) -> list[RadioEvent]:
        """End the streams whose end is due; with ``but``, all that were ended before that one."""
        events: list[RadioEvent] = []
        for number, stream in self.streams.items():
            ending = stream.open and stream.end_ms is not None and number != but
            if ending and (but is not None or now >= (stream.end_ms or 0)):
                stream.over_ms = now
                events += self.talk.terminator(now, stream.end_word)
        return events


@dataclass(slots=True)
class CallCount:
    """What was fed, what was not, and why."""

    fed: int = 0
    lost: int = 0
    disordered: int = 0
    twice: int = 0
    late: int = 0
    collided: int = 0
    too_many: int = 0


class CallsIn:
    """All channels of a link."""

    def __init__(self, instances: Callable[[], int], hang_ms: int = HANG_MS) -> None:
        """Begin with none; ``instances`` numbers the calls of the link."""
        self._instances = instances
        self._hang_ms = hang_ms
        self._channels: dict[Key, Channel] = {}
        self.count = CallCount()

    @property
    def streams(self) -> set[int]:
        """Stream ids of the overs that are being heard."""
        return {
            number
            for channel in self._channels.values()
            for number, stream in channel.streams.items()
            if stream.open
        }

    def busy(self, now: MonoMs) -> bool:
        """Whether anybody talks."""
        return any(channel.running(now) for channel in self._channels.values())

    def talker(self, group: int, now: MonoMs) -> int | None:
        """Return the unit that talks on a group; 0 where it is not known, None for nobody."""
        channel = self._channels.get(("group", group, 0))
        running = channel.running(now) if channel is not None else None
        return None if running is None else running.source

    def is_over(self, group: int, stream: int) -> bool:
        """Say whether a stream of a group has ended: what comes of it is late."""
        channel = self._channels.get(("group", group, 0))
        known = channel.streams.get(stream) if channel is not None else None
        return known is not None and not known.open

    def channel(self, group: int, now: MonoMs) -> Channel | None:
        """Return a group's channel, made where there is none; None when there are too many."""
        return self._channel(("group", group, 0), now)

    def take(self, packet: FnePacket, message: P25Message, now: MonoMs) -> list[RadioEvent]:
        """Take voice or its end; raises ProtocolViolation where it cannot be read."""
        key = _key(message)
        if message.duid not in (LDU1, LDU2):
            return self._end(key, packet, now)
        read_voice(message)  # what cannot be read takes no turn
        channel = self._channel(key, now)
        if channel is None:
            self.count.too_many += 1
            return []
        stream = self._stream(channel, packet, message, now)
        if stream is None:
            return []
        events = self._begin(channel, packet, now) if stream.packets == 1 else []
        with self._counted(stream):
            packets = stream.in_turn(packet, now)
        for one in packets:
            events += self._feed(channel.talk, stream, one, now)
        return events

    def end_word(self, message: P25Message, packet: FnePacket, word: bytes | None) -> None:
        """Give the link control of a TDULC to the end that was just taken."""
        channel = self._channels.get(_key(message))
        stream = channel.streams.get(packet.stream) if channel is not None else None
        if stream is not None and stream.end_ms is not None:
            stream.end_word = word

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """End everything: the way to the radios is gone."""
        channels, self._channels = self._channels, {}
        return [event for one in channels.values() for event in one.talk.lost(now, reason)]

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Hand out voice; end what has ended; forget what is idle."""
        events: list[RadioEvent] = []
        for channel in self._channels.values():
            events += self._tick(channel, now)
            channel.forget(now)
        for key in [key for key, one in self._channels.items() if _is_idle(one)]:
            del self._channels[key]
        return events

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        due = [channel.deadline() for channel in self._channels.values()]
        return min((one for one in due if one is not None), default=None)

    # ---- inside

    def _channel(self, key: Key, now: MonoMs) -> Channel | None:
        found = self._channels.get(key)
        if found is None:
            if len(self._channels) >= MAX_CHANNELS:
                return None
            talk = TalkIn(silence_ms=SILENCE_MS, hang_ms=self._hang_ms, instances=self._instances)
            found = self._channels[key] = Channel(talk)
        return found

    def _stream(
        self, channel: Channel, packet: FnePacket, message: P25Message, now: MonoMs
    ) -> Stream | None:
        """Return the stream of voice that is to be fed; None where it is not."""
        running = channel.running(now)
        if running is not None and running.number != packet.stream:
            self.count.collided += 1
            return None
        stream = channel.streams.get(packet.stream)
        if stream is not None and stream.over_ms is not None:
            if now - stream.over_ms < AFTER_END_MS:
                self.count.late += 1
                return None
            stream = None  # a sender that uses one id for several overs
        if stream is None:
            channel.forget(now)
            stream = Stream(number=packet.stream, source=message.source, heard_ms=now)
            channel.streams[packet.stream] = stream
        if stream.is_twice(packet, now):
            self.count.twice += 1
            return None
        if channel.own:
            self.count.collided += 1
            return None
        if not channel.has_room(now):
            self.count.too_many += 1
            return None
        return stream

    def _begin(self, channel: Channel, packet: FnePacket, now: MonoMs) -> list[RadioEvent]:
        """End what another stream left open, so that a new one is an over of its own."""
        events = channel.finish(now, but=packet.stream)
        return events + (channel.talk.terminator(now) if channel.talk.busy else [])

    def _feed(
        self, talk: TalkIn, stream: Stream, packet: FnePacket, now: MonoMs
    ) -> list[RadioEvent]:
        self.count.fed += 1
        message = P25Message.decode(packet.payload)
        unit = read_voice(message)
        events: list[RadioEvent] = []
        if message.duid == LDU1:
            events += talk.link_control(now, link_control_of(message, unit))
            headed = unit.header is not None and not stream.fed  # some mark every LDU1 as headed
            if headed or _begins(packet, stream):
                events += talk.header(now, unit.header, _group(message))
        else:
            events += talk.encryption(now, _sync(unit.word, encrypted=message.encrypted))
        first = 0 if message.duid == LDU1 else FRAMES_PER_LDU
        stream.fed = True
        for place, frame in enumerate(unit.voice, first):
            events += talk.voice(now, place, frame)
        return events

    @contextmanager
    def _counted(self, stream: Stream) -> Iterator[None]:
        """Add what a stream counts meanwhile to the counts of all."""
        before = stream.lost, stream.disordered
        yield
        self.count.lost += stream.lost - before[0]
        self.count.disordered += stream.disordered - before[1]

    def _tick(self, channel: Channel, now: MonoMs) -> list[RadioEvent]:
        events: list[RadioEvent] = []
        for stream in channel.streams.values():
            if stream.early_ms is not None and now >= stream.early_ms:
                with self._counted(stream):
                    packets = stream.overdue()
                for packet in packets:
                    events += self._feed(channel.talk, stream, packet, now)
        events += channel.finish(now)
        due = channel.talk.deadline()
        return events + (channel.talk.tick(now) if due is not None and now >= due else [])

    def _end(self, key: Key, packet: FnePacket, now: MonoMs) -> list[RadioEvent]:
        channel = self._channels.get(key)
        stream = channel.streams.get(packet.stream) if channel is not None else None
        if stream is not None and stream.open and stream.end_ms is None:
            stream.end_ms = MonoMs(now + END_WAIT_MS)
        return []


def _key(message: P25Message) -> Key:
    if message.unit_to_unit:
        low, high = sorted((message.source, message.destination))
        return "units", low, high
    return "group", message.destination, 0


def _group(message: P25Message) -> int | None:
    return None if message.unit_to_unit else message.destination & 0xFFFF


def _begins(packet: FnePacket, stream: Stream) -> bool:
    """Say whether an LDU1 is the first of its stream, whatever its frame type says."""
    return stream.packets == 1 and packet.sequence in FIRST_SEQUENCES


def _sync(word: bytes, *, encrypted: bool) -> EncryptionSync | None:
    """Return what an LDU2 says of encryption; a word of zeros in a clear call says nothing."""
    if not any(word) and not encrypted:
        return None
    return EncryptionSync.decode(word)


def _is_idle(channel: Channel) -> bool:
    return (
        not channel.own
        and not channel.streams
        and channel.talk.instance is None
        and channel.talk.deadline() is None
    )
