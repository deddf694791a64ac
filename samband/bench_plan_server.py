"""A server under load for ``samband bench plan``; run with a folder.

The folder holds ``plan.toml`` and ``radios.json``, the first line of the simulated radios;
``ready`` is written there when the links are up. ``engine`` gets a line (plan, CLOCK_MONOTONIC in
ms) each time the engine and every link have gone over to another plan, ``blocks`` one for each turn
of the event loop that took longer than it may: when, how long, how much of it computing, for whom.
``memory`` gets one a second.
"""

import asyncio
import gc
import json
import re
import signal
import sys
import threading
import time
from asyncio import events
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Any

from dispatch.services.stream import EventStream
from gateway.model.plan import Plan
from samband.bench_plan_memory import memory_line
from samband.compose import Person, Server
from samband.compose_radio import RadioSide
from samband.config import PlansPart, demo_config
from samband.demo import claim_port, make_people, port_of, write_ready_file
from samband.demo_radios import Radios
from samband.plan_file import load_plan

LINKS_UP_MS = 60_000
DISPATCHERS = 8
MEMORY_EVERY_S = 1.0
LOOK_EVERY_S = 0.0005
BLOCK_MS = 2.0
"""A turn of the event loop that takes longer is written down."""


async def serve(folder: Path) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    radios = Radios(terminals=json.loads((folder / "radios.json").read_text(encoding="utf-8")))
    listener, people = claim_port(None), make_people()
    port = port_of(listener)
    config = demo_config(folder / "state", port, cameras=False)
    config = config.model_copy(update={"plans": PlansPart(second_person=True)})
    plan = None if (folder / "state" / "samband.db").exists() else load_plan(folder / "plan.toml")
    server = Server(config, plan, listener=listener)
    with ExitStack() as stack:
        names = ("engine", "blocks", "memory")
        engine, blocks, memory = (stack.enter_context(_lines(folder / name)) for name in names)
        await server.start()
        try:
            _watch_engine(server.radio, engine)
            await server.add_people(people + more_dispatchers(people))
            await server.radios_up(LINKS_UP_MS)
            stack.callback(_watch_loop(blocks))
            watching = asyncio.create_task(_watch_memory(server, memory), name="watch-memory")
            stack.callback(watching.cancel)
            write_ready_file(folder / "ready", f"http://localhost:{port}", people, radios)
            await server.run_until(stop)
        finally:
            await server.close()


def more_dispatchers(people: list[Person]) -> list[Person]:
    """Return dispatchers with the password of the first: one person has one position."""
    first = next(person for person in people if person.role == "dispatcher")
    return [replace(first, name=f"{first.name}{n}") for n in range(DISPATCHERS)]


def _lines(path: Path) -> TextIOWrapper:
    return path.open("a", encoding="utf-8", buffering=1)


def _watch_engine(radio: RadioSide, lines: TextIOWrapper) -> None:
    use = radio.use_plan

    async def use_plan(plan: Plan, number: int, *more: Any) -> tuple[str, ...]:
        faults = await use(plan, number, *more)
        lines.write(f"{number} {time.monotonic_ns() / 1e6:.3f}\n")
        return faults

    # The one place that a benchmark can look at: nothing tells outside that the links are done.
    radio.use_plan = use_plan  # type: ignore[method-assign,assignment]


async def _watch_memory(server: Server, lines: TextIOWrapper) -> None:
    events = server.dispatch.services.use(EventStream)
    while True:
        line = await asyncio.to_thread(memory_line, events.kept)
        lines.write(line + "\n")
        await asyncio.sleep(MEMORY_EVERY_S)


def _watch_loop(lines: TextIOWrapper) -> Callable[[], None]:
    """Time each turn of the event loop, by the wall and by what this thread computed.

    And each walk of the collector of garbage, in whatever thread. Returns what ends it.
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


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
