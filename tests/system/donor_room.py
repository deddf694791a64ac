"""A server with one donor radio, in a process of its own.

Usage: donor_room.py STATE PLAN PORT PASSWORD. Prints one line once every link is up.
"""

import asyncio
import signal
import sys
from pathlib import Path

from samband.compose import Person, Server
from samband.config import demo_config
from samband.plan_file import load_plan


async def main(state: Path, plan: Path, port: int, password: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = Server(demo_config(state, port, cameras=False), load_plan(plan))
    await server.start()
    try:
        await server.add_people([Person("sara", "Sara Holm", "dispatcher", password)])
        up = await server.radios_up(15_000)
        sys.stdout.write(f"{'up' if up else 'down'}\n")
        sys.stdout.flush()
        await server.run_until(stop)
    finally:
        await server.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
