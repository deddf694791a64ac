"""Overs that come by a MMDVM network: pieces of link control beside the voice, in bursts of nine.

A record carries a third of the link control word (64 to 66) or of the encryption sync (6D to 70).
Records get lost, so pieces of one over are gathered over its LDUs; a piece that changes begins the
gathering anew. Records come out of order, so an end waits a moment for what it has overtaken.
"""

from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent
from gateway.p25.network.datagrams import Voice
from gateway.p25.talk.records import FRAMES_PER_LDU
from gateway.p25.talk.talk_in import TalkIn
from gateway.p25.words.encryption import EncryptionSync

END_GRACE_MS = 80
"""An over ends this long after its end was heard: the last records may come behind it."""
STRAY_MS = 300
"""For so long after an over, records that are no beginning belong to it and are too late."""
MAX_HELD = 2 * FRAMES_PER_LDU
"""Records that wait until it is known whose they are."""
FIRST_PIECE, LC_PIECES, ES_PIECES = 2, 3, 4
_PIECE_OCTETS = 3
_GROUP_PIECE = 1


class CallIn:
    """Feeds a ``TalkIn``. ``groups``: the only ones that are taken; empty for all."""

    def __init__(self, talk: TalkIn, groups: frozenset[int] = frozenset()) -> None:
        """Begin with nothing heard."""
        self._talk, self._groups = talk, groups
        self._control: list[bytes | None] = [None] * LC_PIECES
        self._sync: list[bytes | None] = [None] * ES_PIECES
        self._held: list[Voice] = []
        self._wanted: bool | None = None
        """Whether the over's group is one of ours; None while it is not known."""
        self._end_ms: MonoMs | None = None
        self._ended_ms: MonoMs | None = None
        self._heard_ms = MonoMs(0)

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        return self._end_ms

    def voice(self, record: Voice, now: MonoMs) -> list[RadioEvent]:
        """Take a record."""
        if self._is_stray(record, now):
            return []
        if not self._talk.busy and self._wanted is not False and not self._held:
            self._forget()
        if self._wanted is False and now - self._heard_ms > STRAY_MS:
            self._forget()
        self._heard_ms = now
        self._ended_ms = None
        return self._sorted(record, now)

    def end(self, now: MonoMs) -> list[RadioEvent]:
        """Take the end of an over; a repeated one says nothing new."""
        if self._end_ms is None and (self._talk.busy or self._wanted is False or self._held):
            self._end_ms = MonoMs(now + END_GRACE_MS)
        return []

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """End what has ended."""
        if self._end_ms is None or now < self._end_ms:
            return []
        self._end_ms, self._ended_ms = None, now
        self._forget()
        return self._talk.terminator(now) if self._talk.busy else []

    def cut(self) -> None:
        """Forget the over: the way is gone, or somebody else talks."""
        self._forget()
        self._end_ms = self._ended_ms = None

    # ---- inside

    def _is_stray(self, record: Voice, now: MonoMs) -> bool:
        if self._ended_ms is None or now - self._ended_ms > STRAY_MS:
            return False
        return record.place >= FIRST_PIECE

    def _sorted(self, record: Voice, now: MonoMs) -> list[RadioEvent]:
        if self._groups and self._wanted is None:
            self._note(record)
            group = self._control[_GROUP_PIECE]
            if group is None:
                self._held = [*self._held, record][-MAX_HELD:]
                return []
            self._wanted = int.from_bytes(group[1:], "big") in self._groups
            held, self._held = self._held, []
            if self._wanted:
                return [event for one in [*held, record] for event in self._feed(one, now)]
        return [] if self._wanted is False else self._feed(record, now)

    def _feed(self, record: Voice, now: MonoMs) -> list[RadioEvent]:
        events: list[RadioEvent] = []
        if self._note(record):
            events += self._tell(record.place, now)
        return events + self._talk.voice(now, record.place, record.imbe)

    def _note(self, record: Voice) -> bool:
        """Keep a piece; says whether the record has one."""
        number = record.place % FRAMES_PER_LDU - FIRST_PIECE
        pieces = self._sync if record.place >= FRAMES_PER_LDU else self._control
        if not 0 <= number < len(pieces):
            return False
        piece = record.piece[:_PIECE_OCTETS]
        if pieces is self._control and pieces[number] not in (None, piece):
            self._control = pieces = [None] * LC_PIECES
        pieces[number] = piece
        return True

    def _tell(self, place: int, now: MonoMs) -> list[RadioEvent]:
        if place < FRAMES_PER_LDU:
            known = [piece for piece in self._control if piece is not None]
            if len(known) < LC_PIECES:
                return []
            return self._talk.link_control(now, b"".join(known))
        last = self._sync[-1]
        if place % FRAMES_PER_LDU != FIRST_PIECE + ES_PIECES - 1 or last is None:
            return []
        indicator = b"".join(piece or bytes(_PIECE_OCTETS) for piece in self._sync[:-1])
        self._sync = [None] * ES_PIECES
        return self._talk.encryption(now, EncryptionSync.decode(indicator + last))

    def _forget(self) -> None:
        self._control = [None] * LC_PIECES
        self._sync = [None] * ES_PIECES
        self._held.clear()
        self._wanted = None
