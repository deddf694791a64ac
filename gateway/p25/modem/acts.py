"""Unit acts through a modem: a signalling block each, sent when the channel is free."""

from collections import deque
from collections.abc import Callable

from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent, SendProgress, SendState
from gateway.model.unit_acts import UnitAct
from gateway.p25.air.units import AirFrame, Tsdu
from gateway.p25.talk.signalling import UnitActBook

MAX_WAITING = 50
REPEATS = 2
"""A block is sent twice: a radio that has just found the channel misses the first one (a choice of
this project)."""
PAUSE_MS = 200
"""Between blocks: each is 37.5 ms on air, after the transmitter's delay."""


class Acts:
    """Acts on their way."""

    def __init__(self, book: UnitActBook, *, nac: int) -> None:
        """Begin with none."""
        self._book, self._nac = book, nac
        self._waiting: deque[tuple[UnitAct, Tsdu]] = deque()
        self._last: UnitAct | None = None
        self._next_ms = MonoMs(0)
        self._free = False

    def ask(self, act: UnitAct, why_not: str) -> list[RadioEvent]:
        """Take an act; it fails at once where nothing can be sent."""
        if why_not or len(self._waiting) >= MAX_WAITING:
            return [_failed(act, why_not or "too many wait to be sent")]
        self._waiting.append((act, Tsdu(nac=self._nac, blocks=(self._book.ask(act),))))
        return []

    def tick(
        self, now: MonoMs, write: Callable[[AirFrame], None], *, free: bool
    ) -> list[RadioEvent]:
        """Send the next one when the channel is ``free``."""
        self._free = free
        if not free or not self._waiting or now < self._next_ms:
            return []
        act, unit = self._waiting.popleft()
        for _ in range(REPEATS):
            write(unit)
        self._last, self._next_ms = act, MonoMs(now + REPEATS * PAUSE_MS)
        return self._book.sent(act)

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        return self._next_ms if self._waiting and self._free else None

    def refused(self, reason: str) -> list[RadioEvent]:
        """Take the modem's NAK for the last one."""
        act, self._last = self._last, None
        return [] if act is None else [_failed(act, reason)]

    def lost(self, reason: str) -> list[RadioEvent]:
        """Fail everything that waits: the modem is gone."""
        failed: list[RadioEvent] = [_failed(act, reason) for act, _ in self._waiting]
        self._waiting.clear()
        self._book.lost()
        self._last = None
        return failed


def _failed(act: UnitAct, reason: str) -> SendProgress:
    return SendProgress(message=act.message, state=SendState.FAILED, reason=reason)
