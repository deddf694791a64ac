"""Watches the machine's clock: each jump, and whether it follows a time server, enters the log.

A jump is a change between the wall clock and a clock that nobody sets (Linux: since boot, sleep
included). What slews the clock slowly moves both, so only real steps are seen. Whether a time
server is followed is the kernel's own knowledge, the same for chrony, ntpd and systemd-timesyncd.
"""

import asyncio
import ctypes
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from dispatch.audit.entry import SYSTEM, Act, Obj

logger = logging.getLogger(__name__)

LOOK_S = 1.0
STEP_MS = 100
"""Smallest jump that is told: the console warns of a clock that is off by as much."""
WORSE_FACTOR = 4
"""A change of the kernel's largest error by this factor is told."""
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the kernel says: ``followed`` None where it says nothing."""

    followed: bool | None
    error_ms: int | None

    @property
    def words(self) -> str:
        """Return it in words."""
        if self.followed is None:
            return "this machine does not tell whether it follows a time server"
        if not self.followed:
            return "the clock follows no time server"
        return f"the clock follows a time server, at most {self.error_ms} ms off"


class _Timex(ctypes.Structure):
    """``struct timex`` of Linux (adjtimex(2)); what stands behind is not read."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


def kernel_clock() -> ClockState:
    """Ask the kernel; it may answer to everybody, changing nothing."""
    try:
        ask = ctypes.CDLL(None).adjtimex
    except (AttributeError, OSError):
        return ClockState(None, None)
    told = _Timex()
    answer = ask(ctypes.byref(told))
    if answer < 0:
        return ClockState(None, None)
    followed = answer != _TIME_ERROR and not told.status & _STA_UNSYNC
    return ClockState(followed, told.maxerror // 1000 if followed else None)


def steady_ns() -> int:
    """Return a clock that nobody sets and that counts sleep, where there is one."""
    kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(kind)


class ClockWatch:
    """Compares both clocks each second; ``note`` takes what is to be logged."""

    def __init__(
        self,
        note: Callable[[Act], None],
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = steady_ns,
        kernel: Callable[[], ClockState] = kernel_clock,
    ) -> None:
        """Take the clocks; the first look sets what later ones are compared with."""
        self._note = note
        self._wall_ns = wall_ns
        self._steady = steady
        self._kernel = kernel
        self._apart_ns: int | None = None
        self._task: asyncio.Task[None] | None = None
        self.state = ClockState(None, None)
        self.steps = 0

    def start(self) -> None:
        """Begin."""
        self.look()
        self._task = asyncio.create_task(self._run(), name="clock-watch")

    def now(self) -> ClockState:
        """Return what the kernel says now."""
        return self._kernel()

    async def close(self) -> None:
        """End; safe twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Compare now, and log what changed."""
        apart_ns = self._wall_ns() - self._steady()
        if self._apart_ns is not None:
            step_ms = round((apart_ns - self._apart_ns) / 1_000_000)
            if abs(step_ms) >= STEP_MS:
                self._stepped(step_ms)
        first = self._apart_ns is None
        self._apart_ns = apart_ns
        state = self._kernel()
        if first or self._differs(state):
            self.state = state
            detail: dict[str, int | bool | None] = {
                "followed": state.followed,
                "error_ms": state.error_ms,
            }
            result = "failed" if state.followed is False else "ok"
            self._note(_act("clock.state", detail, result))

    def _stepped(self, step_ms: int) -> None:
        self.steps += 1
        way = "forward" if step_ms > 0 else "back"
        logger.warning("the machine's clock jumped %s by %d ms", way, abs(step_ms))
        self._note(_act("clock.stepped", {"step_ms": step_ms}, "failed"))

    def _differs(self, state: ClockState) -> bool:
        known = self.state
        if state.followed != known.followed:
            return True
        if state.error_ms is None or known.error_ms is None:
            return state.error_ms != known.error_ms
        low, high = sorted((max(1, state.error_ms), max(1, known.error_ms)))
        return high >= STEP_MS and high >= low * WORSE_FACTOR


def _act(verb: str, detail: dict[str, int | bool | None], result: str) -> Act:
    obj = Obj(type="clock", id="system")
    return Act(op="system", verb=verb, actor=SYSTEM, obj=obj, detail=detail, result=result)
