"""A server with ports of the test's choice: ``python -m tests.system.cable_server FOLDER PORTS``.

The simulated radios run beside it, in the test's process tree; the plan is the demo's.
"""

import asyncio
import json
import signal
import sys
from dataclasses import replace
from pathlib import Path

from samband.compose import Server
from samband.config import demo_config
from samband.demo import DATA, claim_port, make_people, port_of, write_ready_file
from samband.demo_radios import Radios
from samband.plan_file import load_plan


async def serve(state: Path, first: Path, ports: dict[str, str], ready: Path) -> None:
    """Run until SIGTERM; ``ports`` are addresses of links by their names."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    radios = Radios(terminals=json.loads(first.read_text(encoding="utf-8")))
    plan = radios.connect(load_plan(DATA / "plan.toml"), state)
    links = tuple(replace(link, port=ports.get(link.id, link.port)) for link in plan.links)
    listener, people = claim_port(None), make_people()
    port = port_of(listener)
    config = demo_config(state, port, cameras=False)
    server = Server(config, replace(plan, links=links), listener=listener, demonstration=True)
    await server.start()
    try:
        await server.add_people(people)
        await server.radios_up(15_000)
        write_ready_file(ready, f"http://localhost:{port}", people, radios)
        await server.run_until(stop)
    finally:
        await server.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    asyncio.run(
        serve(folder / "state", folder / "radios.json", json.loads(sys.argv[2]), folder / "ready")
    )
