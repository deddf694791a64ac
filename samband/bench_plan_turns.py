"""How long the event loop of ``samband bench plan`` is away, and by whose work."""

import asyncio
import gc
import re
import threading
import time
from asyncio import events
from collections.abc import Callable
from io import TextIOWrapper
from types import FrameType
from typing import Any

LOOK_EVERY_S = 0.0005
BLOCK_MS = 2.0
"""A piece of work that takes longer is written down."""
TURN_MS = 10.0
"""A turn that takes longer is written down: so long the loop looked at nothing new."""


def watch_turns(lines: TextIOWrapper) -> Callable[[], None]:
    """Time each turn of the event loop, from one look at sockets and timers to the next.

    Returns what ends it.
    """
    # A loop's selector is private: nothing else is asked once a turn, whatever the turn does.
    selector: Any = vars(asyncio.get_running_loop())["_selector"]
    select, now = selector.select, time.perf_counter
    woken = now()

    def timed(timeout: float | None = None) -> Any:
        nonlocal woken
        took = (now() - woken) * 1000
        if took > TURN_MS and not lines.closed:
            lines.write(f"{time.monotonic_ns() / 1e6:.3f} {took:.3f}\n")
        found = select(timeout)
        woken = now()
        return found

    def end() -> None:
        selector.select = select

    selector.select = timed
    return end


def watch_work(lines: TextIOWrapper) -> Callable[[], None]:
    """Time each piece of work of the event loop, by the wall and by what this thread computed.

    And each walk of the collector of garbage, in whatever thread. Returns what ends it. It takes a
    tenth of the time of a busy loop itself.
    """
    # Handle._run is private: asyncio's own slow-callback log is there only in debug mode.
    run: Any = events.Handle._run

    now, computed_s = time.perf_counter, time.thread_time
    cpu, looked = computed_s(), now()

    def timed(handle: Any) -> None:
        # The clock of a thread is a call of the system, and of thousands of short turns a second
        # that would be a tenth of the load. So what a turn computed may have in it what went
        # before it within half a millisecond.
        nonlocal cpu, looked
        frame = _frame(handle)  # it may end in this turn, and then nobody knows
        wall = now()
        if wall - looked > LOOK_EVERY_S:
            cpu, looked = computed_s(), wall
        run(handle)
        took = (now() - wall) * 1000
        if took > BLOCK_MS and not lines.closed:
            computed = (computed_s() - cpu) * 1000
            at, who = time.monotonic_ns() / 1e6, _request(frame) or _name(handle)
            lines.write(f"{at:.3f} {took:.3f} {computed:.3f} {who}\n")

    began = [0.0, 0.0]

    def collected(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            began[:] = time.perf_counter(), time.thread_time()
            return
        took = (time.perf_counter() - began[0]) * 1000
        if took > BLOCK_MS and not lines.closed:
            computed = (time.thread_time() - began[1]) * 1000
            where = threading.current_thread().name
            name = f"collector:{info['generation']}:{where}".replace(" ", "_")
            lines.write(f"{time.monotonic_ns() / 1e6:.3f} {took:.3f} {computed:.3f} {name}\n")

    def end() -> None:
        events.Handle._run = run  # type: ignore[method-assign]
        gc.callbacks.remove(collected)

    gc.callbacks.append(collected)
    events.Handle._run = timed  # type: ignore[method-assign,assignment]
    return end


def _frame(handle: Any) -> FrameType | None:
    """Return where the task of a turn stands, None when it is no task's."""
    owner = getattr(handle._callback, "__self__", None)
    work: Any = owner.get_coro() if type(owner) is asyncio.Task else None
    return work.cr_frame if work is not None else None


def _request(frame: FrameType | None) -> str:
    """Return what a turn of uvicorn serves, "" when it is another's."""
    if frame is None or frame.f_code.co_name != "run_asgi":
        return ""
    scope = getattr(frame.f_locals.get("self"), "scope", None) or {}
    path = re.sub(r"(?<=/)[a-z]-[0-9a-z]{26}|(?<=/)\d+", "ID", scope.get("path", ""))
    return f"{scope.get('method', 'WebSocket')}:{path}"


def _name(handle: Any) -> str:
    callback = handle._callback
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        work: Any = owner.get_coro()
        name = owner.get_name() if not owner.get_name().startswith("Task-") else "task"
        return f"{name}:{work.__qualname__}".replace(" ", "_")
    return str(getattr(callback, "__qualname__", repr(callback))).replace(" ", "_")
