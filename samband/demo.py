"""``samband demo``: a whole radio room in one command, with simulated radios and cameras."""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.model.errors import ConfigError
from samband.demo_radios import Radios, simulators

if TYPE_CHECKING:
    from samband.compose import Person

FIRST_PORT = 8000
PORTS_TRIED = 50
BACKLOG = 128
LINKS_UP_MS = 15_000
ROLES = ("dispatcher", "supervisor", "engineer", "auditor", "dpo", "administrator")
DATA = Path(__file__).with_name("demo_data")


PEOPLE = {
    "dispatcher": ("sara", "Sara Holm"),
    "supervisor": ("erik", "Erik Lund"),
    "engineer": ("karin", "Karin Berg"),
    "auditor": ("maria", "Maria Ek"),
    "dpo": ("olena", "Olena Koval"),
    "administrator": ("admin", "Anders Admin"),
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband demo``."""
    parser = subparsers.add_parser(
        "demo",
        help="a whole radio room with simulated radios",
        epilog="example: samband demo --port 8080 --state /tmp/samband-demo",
    )
    parser.add_argument(
        "--port", type=int, help="exactly this port (default: 8000 or the next free)"
    )
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep the state here")
    parser.add_argument(
        "--ready-file", type=Path, metavar="F", help="written when all is up (0600)"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--scenario", default="demo", help="traffic: demo, quiet or a TOML file")
    parser.add_argument("--no-p25", action="store_true", help="TETRA terminals alone")
    parser.add_argument("--no-cameras", action="store_true", help="no generated camera events")


def run(args: argparse.Namespace) -> int:
    """Run the demo until it is interrupted."""
    listener = claim_port(args.port)
    keep = args.state is not None
    state = args.state or Path(tempfile.mkdtemp(prefix="samband-demo-"))
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return asyncio.run(_demo(args, state, listener))
    finally:
        listener.close()
        if not keep:
            shutil.rmtree(state, ignore_errors=True)


def claim_port(asked: int | None) -> socket.socket:
    """Return a socket that listens on ``asked`` or on the first free port from 8000.

    It listens at once, because a port that is only known to be free is taken by another server
    that starts in the same second. Raises ConfigError when there is none.
    """
    candidates = [asked] if asked else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for port in candidates:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            continue
        return listener
    which = f"port {asked}" if asked else f"every port {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED}"
    raise ConfigError(f"demo: {which} is in use", hint="Give another with --port.")


def port_of(listener: socket.socket) -> int:
    """Return the port a socket listens on."""
    return int(listener.getsockname()[1])


def make_people() -> list["Person"]:
    """Return one person a role with a random password, made anew each time."""
    from samband.compose import Person

    return [Person(*PEOPLE[role], role, secrets.token_urlsafe(9)) for role in ROLES]


async def _demo(args: argparse.Namespace, state: Path, listener: socket.socket) -> int:
    from samband.compose import Server
    from samband.config import NEIGHBOURS, demo_config
    from samband.plan_file import load_plan

    stop, port = asyncio.Event(), port_of(listener)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with simulators(args.scenario, coast=not args.no_p25) as radios:
        plan, lead = radios.first_plan(load_plan(DATA / "plan.toml")), radios.lead(state)
        config = demo_config(state, port, cameras=not args.no_cameras)
        people = make_people()
        server = Server(config, plan, listener=listener, demonstration=True, lead=lead)
        await server.start()
        try:
            await server.add_people(people)
            if not args.no_cameras:
                root = f"http://127.0.0.1:{port}"
                await server.cameras.start_demo(root, neighbours=NEIGHBOURS)
            server.simulators.move_in(radios.residents(lead(plan)))
            await server.radios_up(LINKS_UP_MS)
            url = f"http://localhost:{port}"
            if args.ready_file:
                write_ready_file(args.ready_file, url, people, radios)
            print_welcome(url, people)
            if not args.no_browser and os.environ.get("DISPLAY") and sys.stdout.isatty():
                webbrowser.open(url)
            await server.run_until(stop)
        finally:
            await server.close()
    return 0


def write_ready_file(path: Path, url: str, people: list["Person"], radios: Radios) -> None:
    """Write what a script needs to use the demo, readable by the owner alone."""
    ready = {
        "url": url,
        "users": {p.role: {"name": p.name, "password": p.password} for p in people},
        "pid": os.getpid(),
        **radios.ready(),
    }
    fresh = path.with_suffix(path.suffix + ".part")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(ready, out, indent=2)
    fresh.replace(path)


def print_welcome(url: str, people: list["Person"]) -> None:
    """Print the address and who may sign in."""
    print(f"\nSamband is ready: {url}\n")
    print(f"  {'role':<15}{'name':<10}password")
    for person in people:
        print(f"  {person.role:<15}{person.name:<10}{person.password}")
    print(
        "\nSimulated radios talk; sign in as dispatcher to hear them. Ctrl-C ends it.", flush=True
    )
