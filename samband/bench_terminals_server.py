"""A server with many terminals, for ``samband bench terminals``; run with a folder.

The folder holds ``plan.toml`` with every link's port and sound, and ``radios.json``, the first line
of the simulated radios. ``ready`` is written there when all links are up.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

from samband.compose import Server
from samband.config import demo_config
from samband.demo import claim_port, make_people, port_of, write_ready_file
from samband.demo_radios import Radios
from samband.plan_file import load_plan

LINKS_UP_MS = 60_000


async def serve(folder: Path) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    plan = load_plan(folder / "plan.toml")
    radios = Radios(terminals=json.loads((folder / "radios.json").read_text(encoding="utf-8")))
    listener, people = claim_port(None), make_people()
    port = port_of(listener)
    config = demo_config(folder / "state", port, cameras=False)
    server = Server(config, plan, listener=listener)
    await server.start()
    try:
        await server.add_people(people)
        await server.radios_up(LINKS_UP_MS)
        write_ready_file(folder / "ready", f"http://localhost:{port}", people, radios)
        await server.run_until(stop)
    finally:
        await server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
