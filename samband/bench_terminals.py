"""``samband bench terminals``: many simulated terminals, all with traffic, on one core.

The server and its guards run on the first core, the radios and this program on the others. Somebody
talks on every terminal all the time, and each delivers texts, statuses and positions. Measured from
outside: processor time and memory of the server's processes (each one's share of the pages that are
no file's), how long the server waited for others on its core, and, for each over, the time from the
bytes that name its talker on the serial line to the event on the bus (on this machine's clock).
"""

import argparse
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.model.errors import LinkError
from samband.bench_cost import cpu_seconds, family, pss_mb
from samband.bench_demo import Control, end_process
from samband.bench_desk import Desk, StreamSocket
from samband.bench_signal import percentiles

LIMIT_P99_MS = 5.0
LIMIT_MB = 4.0
READY_S = 120
FIRST_GROUP, FIRST_ISSI, FIRST_UNIT = 320_001, 1_399_001, 1_600_000
LAST_EVENTS_S = 0.5
"""How long the events of the last overs may take."""
TURN_S = 3.0
"""How often somebody new wants to talk on a terminal; what they say takes about as long."""
_CALL_OF = re.compile(r"\+CT(?:ICN|XG): [^\r]*?,(16\d{5})(?=[,\r])")
"""A line that names a talker of this traffic."""
SAID = ("sv-3120-gate", "sv-b101-out", "sv-3110-copy", "sv-a911-patient")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "terminals",
        help="many terminals on one core",
        epilog="example: samband bench terminals --links 16 --seconds 120",
    )
    parser.add_argument("--links", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=120, help="of traffic, for each number")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run with one terminal and with all; returns percent, ms and MB."""
    one = _run(1, args.seconds)
    many = _run(args.links, args.seconds)
    further = max(1, args.links - 1)
    delay = many["byte_to_event_ms"]
    grown = (many["own_mb"] - one["own_mb"]) / further
    return {
        "links": args.links,
        "one": one,
        "all": many,
        "cpu_percent_per_link": many["cpu_percent"] / args.links,
        "cpu_percent_per_further_link": (many["cpu_percent"] - one["cpu_percent"]) / further,
        "own_mb_per_further_link": grown,
        "limit_p99_ms": LIMIT_P99_MS,
        "limit_mb": LIMIT_MB,
        "ok": delay["p99"] <= LIMIT_P99_MS and grown <= LIMIT_MB and not many["overs_lost"],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    control: Control
    stream: StreamSocket
    pid: int


def _run(links: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, _running(Path(folder), links) as running:
        traffic = _Traffic(running.control, links)
        traffic.go(min(10.0, seconds / 2))  # what is made once is made now
        began, cpu = time.monotonic(), cpu_seconds(running.pid)
        waited = _waited_s(running.pid)
        traffic.go(seconds)
        took = time.monotonic() - began
        used = (cpu_seconds(running.pid) - cpu) / took
        until = time.monotonic()
        waited = _waited_s(running.pid) - waited
        time.sleep(LAST_EVENTS_S)
        delays, lost = _delays(running, began * 1000, until * 1000)
        if not delays:
            raise LinkError("no over of the radios became an event")
        return {
            "cpu_percent": used * 100,
            "waited_for_a_core_percent": waited / took * 100,
            "own_mb": sum(pss_mb(one, "Pss_Anon:") for one in family(running.pid)),
            "processes": len(family(running.pid)),
            "overs": len(delays),
            "overs_lost": lost,
            "byte_to_event_ms": percentiles(delays),
        }


def _waited_s(pid: int) -> float:
    """Return how long a process was ready to run and others had its core: the machine's noise."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="utf-8").split()[1]) / 1e9


class _Traffic:
    """Keeps somebody talking on every radio; each talker's number is used once."""

    def __init__(self, control: Control, links: int) -> None:
        self._control = control
        self._links = links
        # Chance of a measurement, not of a secret.
        self._rng = random.Random(links)  # noqa: S311
        self._next = [time.monotonic() + self._rng.uniform(0, TURN_S) for _ in range(links)]
        self.overs = 0

    def go(self, seconds: float) -> None:
        """Make traffic for a while."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            for link, due in enumerate(self._next):
                if now >= due:
                    self._next[link] += TURN_S
                    self._turn(link)
            time.sleep(0.005)

    def _turn(self, link: int) -> None:
        radio, unit = f"radio-{link}", FIRST_UNIT + self.overs
        self.overs += 1
        say = SAID[self.overs % len(SAID)]
        ask = self._control.ask
        ask(do="talk", radio=radio, group=FIRST_GROUP + link, unit=unit, say=say)
        match self.overs % 3:
            case 0:
                ask(do="text", radio=radio, unit=unit, text="Slang ute, kaj fyra.")
            case 1:
                ask(do="status", radio=radio, unit=unit, value=0x8006)
            case _:
                ask(do="position", radio=radio, unit=unit, latitude_deg=59.3, longitude_deg=18.1)


def _delays(running: _Running, since_ms: float, until_ms: float) -> tuple[list[float], int]:
    """Return, of each over that began between, the ms from its talker's bytes to its event.

    And how many overs were told on the line and never became an event.
    """
    offset_ms = time.time_ns() / 1e6 - time.monotonic_ns() / 1e6
    on_wire: dict[int, float] = {}
    asked = running.control.ask(do="log", kinds=["wire"], since_ms=since_ms)
    for entry in asked["entries"]:
        named = entry["way"] == "radio" and entry["t_ms"] <= until_ms
        for unit in _CALL_OF.findall(entry["text"]) if named else ():
            on_wire.setdefault(int(unit), entry["t_ms"])
    heard: dict[int, float] = {}
    for _, item in list(running.stream.items):
        talker = _talker(item)
        if talker in on_wire:
            heard.setdefault(talker, item["t_utc"] / 1e3 - offset_ms)
    delays = [heard[unit] - at for unit, at in on_wire.items() if unit in heard]
    return delays, len(on_wire) - len(delays)


def _talker(item: dict[str, Any]) -> int:
    if item.get("type") != "transmission.started":
        return -1
    return int(str(item["data"].get("talker") or "-1").rpartition("/")[2])


@contextlib.contextmanager
def _running(folder: Path, links: int) -> Iterator[_Running]:
    cores = sorted(os.sched_getaffinity(0))
    own, others = {cores[0]}, set(cores[1:]) or {cores[0]}
    (folder / "scenario.toml").write_text(_scenario(links), encoding="utf-8")
    words = [sys.executable, "-m", "hardware.sim", "pei", "--pty", "--control", "0"]
    words += ["--audio", "udp:127.0.0.1:0", "--scenario", str(folder / "scenario.toml")]
    with contextlib.ExitStack() as stack:
        os.sched_setaffinity(0, others)
        stack.callback(os.sched_setaffinity, 0, set(cores))
        simulator = subprocess.Popen(words, stdout=subprocess.PIPE)
        stack.callback(end_process, simulator)
        if simulator.stdout is None:
            raise LinkError("simulator: no output pipe")
        first = json.loads(simulator.stdout.readline())
        (folder / "radios.json").write_text(json.dumps(first), encoding="utf-8")
        (folder / "plan.toml").write_text(_plan(first["radios"]), encoding="utf-8")
        log = stack.enter_context((folder / "server.log").open("wb"))
        words = [sys.executable, "-m", "samband.bench_terminals_server", str(folder)]
        os.sched_setaffinity(0, own)  # a child has the cores of its parent
        server = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
        os.sched_setaffinity(0, others)
        stack.callback(end_process, server)
        ready = _ready(folder, server)
        control = Control(first["control"])
        stack.callback(control.close)
        desk = Desk(ready["url"], **ready["users"]["supervisor"])
        stream = desk.stream()
        stack.callback(stream.close)
        yield _Running(control=control, stream=stream, pid=server.pid)


def _ready(folder: Path, server: "subprocess.Popen[bytes]") -> dict[str, Any]:
    deadline = time.monotonic() + READY_S
    while not (folder / "ready").exists():
        if server.poll() is not None or time.monotonic() > deadline:
            tail = (folder / "server.log").read_text(errors="replace")[-2000:]
            raise LinkError(f"the server did not get ready within {READY_S} s:\n{tail}")
        time.sleep(0.05)
    ready: dict[str, Any] = json.loads((folder / "ready").read_text(encoding="utf-8"))
    return ready


def _scenario(links: int) -> str:
    parts = ['title = "Many terminals"', "mcc = 901", "mnc = 1001", "seed = 5"]
    for n in range(links):
        parts.append(
            f'[[radio]]\nname = "radio-{n}"\nissi = {FIRST_ISSI + n}\ngroup = {FIRST_GROUP + n}'
        )
    for n in range(links):
        parts.append(f'[[group]]\nnumber = {FIRST_GROUP + n}\nname = "GRUPP {n}"')
    return "\n".join(parts) + "\n"


def _plan(radios: list[dict[str, Any]]) -> str:
    parts = [
        'name = "Many terminals"\npositions = ["1", "2"]',
        '[[systems]]\nid = "many"\nname = "Many"\ntechnology = "tetra"\nhandle = 1\n'
        "mcc = 901\nmnc = 1001",
        '[[sites]]\nid = "many"\nname = "Many"',
    ]
    for n in range(len(radios)):
        parts.append(
            f'[[talkgroups]]\nsystem = "many"\nnumber = {FIRST_GROUP + n}\nname = "GRUPP {n}"\n'
            'folder = "Many"\nagency = "Police"\nagency_kind = "police"'
        )
    for n, radio in enumerate(radios):
        parts.append(
            f'[[links]]\nid = "radio-{n}"\nname = "Terminal {n}"\nkind = "tetra-pei"\n'
            f'system = "many"\nsite = "many"\nport = "{radio["pty"]}"\nsound = "{radio["audio"]}"\n'
            f"talkgroups = [{FIRST_GROUP + n}]\ngroup = {FIRST_GROUP + n}\n"
            f"own_number = {FIRST_ISSI + n}"
        )
    return "\n".join(parts) + "\n"
