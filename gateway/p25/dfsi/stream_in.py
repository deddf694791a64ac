"""Voice of the station to calls and overs: starts, header words, signalling beside the voice, ends.

Nothing is built on the order of packets or on RTP's sequence numbers, which one program never
counts. A start or a header that comes again, or late, belongs to the running over for
``STRAGGLER_MS``; an end is held for ``END_MS``, so that voice it has overtaken is still heard.
"""

from typing import Final

from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent
from gateway.p25.dfsi.header_word import HeaderWord, decode_header
from gateway.p25.dfsi.ldu_word import LduWord, piece_index
from gateway.p25.talk.records import FRAMES_PER_LDU
from gateway.p25.talk.talk_in import TalkIn
from gateway.p25.words.encryption import SYNC_OCTETS, EncryptionSync

END_MS: Final = 60
STRAGGLER_MS: Final = 200
SETTLE_MS: Final = 300
"""After an over of ours, voice without a start may be our own, repeated by the station."""
SILENCE_MS: Final = 400
"""Without voice for this long in mid-over the station is doubted."""

GONE_MS: Final = 1_000
"""After this long it is over; ``TalkIn`` ends its own part by the same time."""


class StreamIn:
    """One channel's stream."""

    def __init__(self, talk: TalkIn) -> None:
        """Feed ``talk``."""
        self._talk = talk
        self._link_control = LduWord(second=False)
        self._sync = LduWord(second=True)
        self._halves: dict[bool, bytes] = {}
        self._running = False
        self._started = False
        self._headed = False
        self._voiced_ms: MonoMs | None = None
        self._heard_ms = MonoMs(0)
        self._end_ms: MonoMs | None = None
        self._ended_ms: MonoMs | None = None
        self._settled_ms: MonoMs | None = None
        self.starts = 0
        """Overs that were started; each is acknowledged once."""
        self.silent = False
        """Whether a running over has lacked voice for so long that the station is doubted."""
        self.header: HeaderWord | None = None

    @property
    def running(self) -> bool:
        """Whether an over runs whose end was not said."""
        return self._running and self._end_ms is None

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        due = [self._end_ms, self._link_control.deadline(), self._sync.deadline()]
        if self.running:
            due.append(MonoMs(self._heard_ms + (GONE_MS if self.silent else SILENCE_MS)))
        return min((one for one in due if one is not None), default=None)

    def start(self, now: MonoMs) -> list[RadioEvent]:
        """Begin an over, unless this is the start of the running one again."""
        if self.running and not self._is_old(now):
            return []
        events = self._finish(now) if self._end_ms is not None else []
        self._reset(now)
        self._started = True
        self.starts += 1
        return events

    def half(self, second: bool, hexbits: bytes, now: MonoMs) -> list[RadioEvent]:
        """Take one of the two voice headers."""
        events = [] if self.running and not self._is_old(now) else self.start(now)
        self._heard(now)
        self._halves[second] = hexbits
        if len(self._halves) < 2 or self._headed:
            return events
        read = decode_header(self._halves[False] + self._halves[True])
        self.header = read.word
        sync = None if read.word is None else read.word.sync
        if self._voiced_ms is None:
            group = None if read.word is None else read.word.group
            events += self._talk.header(now, sync, group)
        else:
            events += self._talk.encryption(now, sync)
        self._headed = True
        return events

    def voice(
        self, place: int, imbe: bytes | None, piece: bytes, errors: int | None, now: MonoMs
    ) -> list[RadioEvent]:
        """Take 20 ms; ``imbe`` None: lost on air. ``piece``: what stands beside it."""
        if not self._running:
            settling = self._settled_ms is not None and now < self._settled_ms
            if settling or self._is_straggler(now):
                return []
            self._reset(now)
        events: list[RadioEvent] = []
        if self._voiced_ms is None:
            self._voiced_ms = now
            if self._started and not self._headed:
                events += self._talk.header(now, None, None)
        self._heard(now)
        events += self._words(place, piece, now)
        return events + self._talk.voice(now, place, imbe, errors)

    def end(self, now: MonoMs) -> list[RadioEvent]:
        """End the over, a little later."""
        if self.running:
            self._end_ms = MonoMs(now + END_MS)
        return []

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        events: list[RadioEvent] = []
        if self._running:
            for word in self._link_control.expire(now):
                events += self._talk.link_control(now, word)
            for word in self._sync.expire(now):
                events += self._talk.encryption(now, _sync_of(word))
        if self._end_ms is not None and now >= self._end_ms:
            events += self._finish(now)
        elif self._running and now - self._heard_ms >= GONE_MS:
            self._stop(now)  # it went silent without an end
        self.silent = self.running and now - self._heard_ms >= SILENCE_MS
        return events

    def forget(self) -> None:
        """Forget the running over: the station is gone, or we talk ourselves."""
        self._running = self.silent = False
        self._end_ms = self._ended_ms = None
        self._link_control.reset()
        self._sync.reset()

    def settle(self, now: MonoMs) -> None:
        """Take note that an over of ours has ended."""
        self._settled_ms = MonoMs(now + SETTLE_MS)

    # -- inside

    def _heard(self, now: MonoMs) -> None:
        self._heard_ms = now
        self.silent = False

    def _words(self, place: int, piece: bytes, now: MonoMs) -> list[RadioEvent]:
        index = piece_index(place)
        events: list[RadioEvent] = []
        if index is None or not piece:
            return events
        if place < FRAMES_PER_LDU:
            for word in self._link_control.take(index, piece, now):
                events += self._talk.link_control(now, word)
        else:
            for word in self._sync.take(index, piece, now):
                events += self._talk.encryption(now, _sync_of(word))
        return events

    def _is_old(self, now: MonoMs) -> bool:
        """Whether the running over has had voice for so long that a start begins another."""
        return self._voiced_ms is not None and now - self._voiced_ms >= STRAGGLER_MS

    def _is_straggler(self, now: MonoMs) -> bool:
        """Whether something that comes just behind an end is a part of what has ended."""
        return self._ended_ms is not None and now - self._ended_ms < END_MS

    def _finish(self, now: MonoMs) -> list[RadioEvent]:
        self._stop(now)
        return self._talk.terminator(now, None)

    def _stop(self, now: MonoMs) -> None:
        self._running = False
        self._end_ms = None
        self._ended_ms = now
        self._link_control.reset()
        self._sync.reset()

    def _reset(self, now: MonoMs) -> None:
        self._running, self._started, self._headed = True, False, False
        self._halves.clear()
        self._voiced_ms = self._end_ms = self._ended_ms = None
        self._heard(now)
        self.header = None
        self._link_control.reset()
        self._sync.reset()


def _sync_of(word: bytes | None) -> EncryptionSync | None:
    return None if word is None or len(word) != SYNC_OCTETS else EncryptionSync.decode(word)
