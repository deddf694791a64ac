"""Our overs on a modem: when to write, how far ahead, and what ends them.

The modem has room for a few LDUs and plays them by itself. An LDU is written when its nine frames
are there, 180 ms after the one before, and only while the buffer takes more than one; the header
goes with the first LDU, so that the transmitter never runs dry between the two. The room is what
GET_STATUS told, less what was written since that was asked. When voice stays away the LDU is filled
up with silence. A release ends on an LDU boundary with a TDU; any other end drops what waits and
writes the TDU at once.
"""

from collections import deque
from collections.abc import Callable

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import KeyDemand, RadioEvent, TxEnded
from gateway.p25.air.units import AirFrame, Hdu, Ldu1, Ldu2, Tdu
from gateway.p25.talk.records import FRAMES_PER_LDU
from gateway.p25.talk.talk_out import SILENCE, OutLdu, TalkOut

LDU_MS = 180
AHEAD_MS = 180
"""After a delay LDUs may catch up by this much, no more."""
SPARE_FRAMES = 1
"""The buffer is written to only while it takes more than this."""
DRY_MS = 60
"""Voice that is late by more than this is replaced by silence."""
FULL_LIMIT_MS = 1_500
"""A buffer that takes nothing for so long ends the over: nobody hears it any more."""
MAX_FULL = 3
"""Refused LDUs after which an over ends."""
USUAL_PRIORITY = 4
PRIORITIES = {1: 6, 2: 7, 3: 7}
"""Of the service options, by the engine's: high, pre-emptive, emergency (reference p25, 1.12)."""
TDU_TRIES, TDU_AGAIN_MS = 10, 180
TDU_LIMIT_MS = 1_000
"""A refusal that comes later than this after a terminator means another frame."""


class Transmitter:
    """One over at a time. ``write`` takes a frame on air, to be written to the modem."""

    def __init__(self, *, nac: int, own_id: int, write: Callable[[AirFrame], None]) -> None:
        """Begin un-keyed."""
        self._nac, self._own_id, self._write = nac, own_id, write
        self.demand: RequestId | None = None
        self._out: TalkOut | None = None
        self._frames: deque[AirFrame] = deque()
        self._room = 0
        self._since_asked = 0
        self._due = MonoMs(0)
        """When the next LDU may be written."""
        self._full_since: MonoMs | None = None
        self._refused = 0
        self._cause = ""
        self._begun = False
        """The header was handed out: something is to be ended."""
        self._tdu_due: MonoMs | None = None
        self._tdu_tries = 0
        self._ended_ms: MonoMs | None = None

    # ---- what is asked

    @property
    def on_air(self) -> RequestId | None:
        """The press whose voice may be given."""
        return self.demand if not self._cause else None

    @property
    def busy(self) -> bool:
        """Whether an over of ours is in hand."""
        return self.demand is not None

    @property
    def begun(self) -> bool:
        """Whether frames of an over were handed out, and its end was not."""
        return self._begun

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        times = [] if self._tdu_due is None else [self._tdu_due]
        if self._out is not None:
            if self._full_since is not None and self._room <= SPARE_FRAMES:
                times.append(MonoMs(self._full_since + FULL_LIMIT_MS))
            elif self._frames or self._ready:
                times.append(self._due)
            elif self._begun:
                times.append(MonoMs(self._due + DRY_MS))
        return min(times, default=None)

    @property
    def _ready(self) -> bool:
        out = self._out
        return out is not None and (bool(self._cause) or out.waiting >= FRAMES_PER_LDU)

    # ---- the modem's buffer

    def asked(self) -> None:
        """Note that the status is being asked: the answer knows what was written until now."""
        self._since_asked = 0

    def room(self, frames: int) -> None:
        """Take what the status says of the buffer."""
        self._room = frames - self._since_asked

    def buffer_full(self) -> bool:
        """Take a NAK for a frame: full. Says whether the over should end."""
        self._room = 0
        self._refused += 1
        if self._begun or not self.busy:
            return self._refused >= MAX_FULL
        return False

    def end_was_refused(self, now: MonoMs) -> None:
        """Write the terminator again: the buffer was full when it came."""
        ended = self._ended_ms is not None and now - self._ended_ms < TDU_LIMIT_MS
        if ended and not self.busy and self._tdu_tries < TDU_TRIES:
            self._tdu_due = MonoMs(now + TDU_AGAIN_MS)

    # ---- an over

    def begin(self, wanted: KeyDemand, now: MonoMs, *, emergency: bool) -> None:
        """Begin an over; nothing is written before its first LDU is full."""
        self.demand, self._cause = wanted.demand, ""
        self._out = TalkOut(
            group=wanted.group,
            source=self._own_id,
            emergency=emergency,
            priority=PRIORITIES.get(wanted.priority, USUAL_PRIORITY),
        )
        self._frames.clear()
        self._due = MonoMs(now + LDU_MS)
        self._full_since, self._refused, self._begun = None, 0, False
        self._tdu_due, self._tdu_tries = None, 0

    def voice(self, demand: RequestId, imbe: bytes) -> None:
        """Take 20 ms."""
        if self._out is not None and demand == self.on_air:
            self._out.push(imbe)

    def end(self, demand: RequestId, cause: str, now: MonoMs, reason: str = "") -> list[RadioEvent]:
        """Un-key: after what was given, or at once."""
        if demand != self.demand or self._out is None:
            return []
        if cause == "released" and not self._cause:
            self._out.close()
            self._cause = cause
            return self.tick(now)
        return self._finish(now, cause, reason)

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Write what is due."""
        if self._tdu_due is not None and now >= self._tdu_due:
            self._tdu_due = None
            self._terminate(now)
        if self._out is None:
            return []
        self._fill_up(now)
        while self._out is not None:
            if self._out.done and not self._frames:
                return self._finish(now, self._cause)
            if not self._frames and (not self._ready or now < self._due):
                return []
            if self._room <= SPARE_FRAMES:
                return self._wait_for_room(now)
            self._step(now)
        return []

    def drop(self) -> None:
        """Forget everything: the port is gone."""
        self.demand, self._out, self._cause = None, None, ""
        self._frames.clear()
        self._begun, self._tdu_due = False, None
        self._room = self._since_asked = 0

    # ---- inside

    def _step(self, now: MonoMs) -> None:
        """Write one frame, fetching the next LDU when none waits."""
        assert self._out is not None  # the caller looked
        self._full_since = None
        if not self._frames:
            ldu = self._out.ldu()
            assert ldu is not None  # ``_ready`` said so
            if not self._begun:
                header = self._out.header
                self._frames.append(Hdu(nac=self._nac, sync=header, group=self._out.group))
            self._frames.append(self._ldu(ldu))
            self._due = MonoMs(max(self._due, now - AHEAD_MS) + LDU_MS)
        self._begun = True
        self._hand_out(self._frames.popleft())

    def _ldu(self, ldu: OutLdu) -> AirFrame:
        if ldu.second:
            sync = self._out.header if self._out is not None else None
            return Ldu2(nac=self._nac, sync=sync, voice=ldu.voice, low_speed=ldu.low_speed)
        return Ldu1(nac=self._nac, link_control=ldu.word, voice=ldu.voice, low_speed=ldu.low_speed)

    def _hand_out(self, frame: AirFrame) -> None:
        self._room -= 1
        self._since_asked += 1
        self._write(frame)

    def _wait_for_room(self, now: MonoMs) -> list[RadioEvent]:
        if self._full_since is None:
            self._full_since = now
        if now - self._full_since < FULL_LIMIT_MS:
            return []
        seconds = FULL_LIMIT_MS / 1000
        return self._finish(
            now, "failed", f"the modem's buffer is full, and stays so for {seconds:g} s"
        )

    def _fill_up(self, now: MonoMs) -> None:
        """Put silence where voice stays away: a transmitter that runs dry drops out."""
        out = self._out
        if out is not None and self._begun and not self._ready and now >= self._due + DRY_MS:
            while out.waiting < FRAMES_PER_LDU:
                out.push(SILENCE)

    def _finish(self, now: MonoMs, cause: str, reason: str = "") -> list[RadioEvent]:
        demand, self.demand, self._out, self._cause = self.demand, None, None, ""
        self._frames.clear()
        if self._begun:
            self._terminate(now)
        assert demand is not None  # only an over ends
        return [TxEnded(demand=demand, cause=cause, reason=reason)]

    def _terminate(self, now: MonoMs) -> None:
        self._begun = False
        self._tdu_tries += 1
        self._ended_ms = now
        self._hand_out(Tdu(nac=self._nac))
