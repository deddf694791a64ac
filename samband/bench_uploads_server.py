"""A server with four recorders' keys, for ``samband bench uploads``; run with a folder.

``ready.json`` says where it listens and what the keys are; ``waiting`` how many calls wait.
"""

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

from dispatch.auth.permissions import Role
from dispatch.services.record import Asker
from dispatch.uploads.keys import NewKey
from dispatch.uploads.setup import Uploads
from gateway.model.ids import SystemId
from gateway.model.plan import Plan, System, Talkgroup
from samband.bench_uploads_calls import RECORDERS, TALKGROUPS
from samband.compose import Server
from samband.config import UploadsPart, demo_config
from samband.demo import claim_port, make_people, port_of

LOOK_S = 0.5
SYSTEM = SystemId("net")


def bench_plan() -> Plan:
    """Return a plan with the talkgroups that are sent, and no links."""
    groups = tuple(
        Talkgroup(system=SYSTEM, number=1000 + n, name=f"BENCH {n}", folder="Bench")
        for n in range(TALKGROUPS)
    )
    system = System(id=SYSTEM, name="Net", technology="p25", handle=1)
    return Plan(name="bench", systems=(system,), talkgroups=groups)


async def serve(folder: Path) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    listener, people = claim_port(None), make_people()
    port = port_of(listener)
    limits = UploadsPart(per_minute=60_000, max_waiting=1_000_000)
    config = demo_config(folder / "state", port, cameras=False)
    config = config.model_copy(update={"uploads": limits})
    server = Server(config, bench_plan(), listener=listener)
    await server.start()
    try:
        await server.add_people(people)
        waiting = folder / "waiting"
        waiting.write_text("0", "ascii")
        told = {
            "url": f"http://127.0.0.1:{port}",
            "keys": await _keys(server),
            "waiting": str(waiting),
        }
        (folder / "ready.json").write_text(json.dumps(told), "utf-8")
        telling = asyncio.create_task(_tell(server, waiting))
        await server.run_until(stop)
        telling.cancel()
    finally:
        await server.close()


async def _keys(server: Server) -> list[str]:
    services = server.dispatch.services
    user = next(one for one in services.people.users() if one.role is Role.ENGINEER)
    _, session = await services.sessions.open(user, "127.0.0.1")
    asker = Asker(access=services.access.of(user.id), session=session)
    keys = services.use(Uploads).keys
    made = [
        await keys.make(asker, NewKey(name=f"Recorder {n}", system=str(SYSTEM)))
        for n in range(RECORDERS)
    ]
    return [secret for _, secret in made]


async def _tell(server: Server, path: Path) -> None:
    uploads = server.dispatch.services.use(Uploads)
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            now = str(sum(uploads.checks.waiting.values()))
            await asyncio.to_thread(_write, path, now)
            await asyncio.sleep(LOOK_S)


def _write(path: Path, text: str) -> None:
    """Write a file at one moment: an empty one would say that nothing waits."""
    new = path.with_suffix(".new")
    new.write_text(text, "ascii")
    new.replace(path)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
