"""Overs of ours on a MMDVM network: nine records at once, each 180 ms, then the end."""

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import KeyDemand, RadioEvent, TxEnded
from gateway.p25.network.datagrams import End, Voice
from gateway.p25.talk.records import FRAMES_PER_LDU
from gateway.p25.talk.talk_out import OutLdu, TalkOut

LDU_MS = 180
AHEAD_MS = 180
"""After a delay LDUs may catch up by this much."""
_GROUP_TAIL = (bytes.fromhex("f09d6a"), bytes.fromhex("19d426"), bytes.fromhex("e0eb7b"))
_SYNC_TAIL = (bytes.fromhex("acb8a4"), bytes.fromhex("9bdc75"))
"""What stands in records that carry no signalling: constants of MMDVMHost [V by capture]."""
_PIECE = 3


class CallOut:
    """One over at a time."""

    def __init__(self, own_id: int) -> None:
        """``own_id`` is the unit that talks."""
        self._own_id = own_id
        self.demand: RequestId | None = None
        self.begun = False
        """Records were given out, and the end was not."""
        self._out: TalkOut | None = None
        self._due = MonoMs(0)
        self._released = False

    @property
    def on_air(self) -> RequestId | None:
        """The press whose voice may be given."""
        return None if self._released else self.demand

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        return self._due if self._out is not None and self._ready else None

    def begin(self, wanted: KeyDemand, now: MonoMs) -> None:
        """Begin an over; nothing leaves before its first nine frames are there."""
        self.demand, self.begun, self._released = wanted.demand, False, False
        self._out = TalkOut(group=wanted.group, source=self._own_id)
        self._due = now

    def voice(self, demand: RequestId, imbe: bytes) -> None:
        """Take 20 ms."""
        if self._out is not None and demand == self.on_air:
            self._out.push(imbe)

    def end(
        self, demand: RequestId, cause: str, now: MonoMs, reason: str = ""
    ) -> tuple[list[bytes], list[RadioEvent]]:
        """Un-key: after what was given, or at once. Returns datagrams and events."""
        if demand != self.demand or self._out is None:
            return [], []
        if cause == "released" and not self._released:
            self._out.close()
            self._released = True
            return self.tick(now)
        return self._finish(cause, reason)

    def tick(self, now: MonoMs) -> tuple[list[bytes], list[RadioEvent]]:
        """Return the records that are due, and the end of the over."""
        sent: list[bytes] = []
        while self._out is not None:
            if self._out.done:
                last, events = self._finish("released")
                return sent + last, events
            if not self._ready or now < self._due:
                break
            ldu = self._out.ldu()
            assert ldu is not None  # ``_ready`` said so
            self.begun = True
            self._due = MonoMs(max(self._due, now - AHEAD_MS) + LDU_MS)
            sent += records_of(ldu)
        return sent, []

    @property
    def _ready(self) -> bool:
        return self._out is not None and (self._released or self._out.waiting >= FRAMES_PER_LDU)

    def _finish(self, cause: str, reason: str = "") -> tuple[list[bytes], list[RadioEvent]]:
        demand, self.demand, self._out = self.demand, None, None
        assert demand is not None  # only an over ends
        last = [End().encode()] if self.begun else []
        self.begun = self._released = False
        return last, [TxEnded(demand=demand, cause=cause, reason=reason)]


def records_of(ldu: OutLdu) -> list[bytes]:
    """Return the nine records of an LDU. Service options are not conveyed: the octet is zero."""
    word = ldu.word
    if ldu.second:
        thirds = [word[at : at + _PIECE] for at in range(0, len(word), _PIECE)]
        pieces = [b"", b"", *thirds, *_SYNC_TAIL, ldu.low_speed]
    else:
        thirds = [word[:2], word[3:6], word[6:9]]
        pieces = [b"", b"", *thirds, *_GROUP_TAIL, ldu.low_speed]
    first = FRAMES_PER_LDU if ldu.second else 0
    return [
        Voice(place=first + number, imbe=imbe, piece=piece).encode()
        for number, (imbe, piece) in enumerate(zip(ldu.voice, pieces, strict=True))
    ]
