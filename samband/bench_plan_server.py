"""A server under load for ``samband bench plan``; run with a folder.

The folder holds ``plan.toml`` and ``radios.json``, the first line of the simulated radios;
``ready`` is written there when the links are up. ``engine`` gets a line (plan, CLOCK_MONOTONIC in
ms) each time the engine and every link have gone over to another plan, ``turns`` one for each
longer turn of the event loop: when it ended, and how long it took. With ``--who`` behind the folder
``blocks`` gets one for each piece of work that took longer than it may: when, how long, how much of
it computing, for whom. ``memory`` gets one a second.
"""

import asyncio
import json
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from dispatch.services.stream import EventStream
from gateway.model.plan import Plan
from samband.bench_plan_memory import memory_line
from samband.bench_plan_turns import watch_turns, watch_work
from samband.compose import Person, Server
from samband.compose_radio import RadioSide
from samband.config import PlansPart, demo_config
from samband.demo import claim_port, make_people, port_of, write_ready_file
from samband.demo_radios import Radios
from samband.plan_file import load_plan

LINKS_UP_MS = 60_000
DISPATCHERS = 8
MEMORY_EVERY_S = 1.0


async def serve(folder: Path, *, who: bool) -> None:
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
        names = ("engine", "turns", "blocks", "memory")
        files = (stack.enter_context(_lines(folder / name)) for name in names)
        engine, turns, blocks, memory = files
        await server.start()
        try:
            _watch_engine(server.radio, engine)
            await server.add_people(people + more_dispatchers(people))
            await server.radios_up(LINKS_UP_MS)
            stack.callback(watch_work(blocks) if who else watch_turns(turns))
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


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), who="--who" in sys.argv[2:]))
