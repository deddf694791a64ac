"""The room of ``samband bench plan``: server, radios and browsers, each a process of its own."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dispatch.plans.toml import plan_toml
from gateway.model.errors import LinkError
from gateway.model.plan import Plan
from samband.bench_demo import Control, end_process
from samband.bench_desk import Desk
from samband.bench_plan_world import Size, changed_plan, first_plan, scenario

READY_S = 120
POLL_S = 0.02
GIVES_WAY = ("nice", "-n", "10")
"""Radios, browsers and desks are other machines in truth: where nothing else runs they give way to
the server."""
SHOWN_PLANS = 5


class Peers:
    """The browsers' process, spoken to in lines of JSON."""

    def __init__(self, before: tuple[str, ...]) -> None:
        """Start it; ``before`` stands before its command."""
        self._process = subprocess.Popen(
            [*before, sys.executable, "-m", "samband.bench_plan_peers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._lock = threading.Lock()

    def listen(self, desk: Desk, talkgroups: list[str]) -> None:
        """Let a browser of a desk hear these talkgroups."""
        self._join(desk, talkgroups, op="listen", lines=len(talkgroups))

    def speak(self, desk: Desk) -> None:
        """Give a desk a microphone that speaks all the time."""
        self._join(desk, [], op="speak")

    def heard(self) -> list[dict[str, Any]]:
        """Return what came on each line since the last asking, in the order of ``listen``."""
        found: list[dict[str, Any]] = self._ask(op="heard")["heard"]
        return found

    def _join(self, desk: Desk, talkgroups: list[str], **asked: Any) -> None:
        offer = self._ask(**asked)["sdp"]
        answer = desk.call("POST", "/rtc/offer", {"sdp": offer, "talkgroups": talkgroups})
        if len(answer["tracks"]) != len(talkgroups):
            raise LinkError(f"{len(answer['tracks'])} of {len(talkgroups)} talkgroups may be heard")
        self._ask(sdp=answer["sdp"])

    def _ask(self, **message: Any) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise LinkError("the browsers have no pipes")
        with self._lock:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise LinkError("the browsers' process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        end_process(self._process)


@dataclass
class Room:
    """A running server with everything around it."""

    folder: Path
    size: Size
    before: Plan
    after: Plan
    process: "subprocess.Popen[bytes]"
    control_port: int
    url: str
    users: dict[str, dict[str, str]]
    stack: contextlib.ExitStack
    desks: list["Watch"] = field(default_factory=list)
    pages: "Desks | None" = None
    gives_way: tuple[str, ...] = ()
    """What stands before the commands of radios, browsers and desks."""
    server_words: tuple[str, ...] = ()
    """What stands behind the server's command."""

    def sign_in(self, role: str) -> Desk:
        """Return a new session of a role."""
        return Desk(self.url, **self.users[role])

    def dispatcher(self, number: int) -> Desk:
        """Return a new session of one of several dispatchers, counted from 0."""
        user = self.users["dispatcher"]
        return Desk(self.url, f"{user['name']}{number}", user["password"])

    def follow(self, desk: Desk) -> "Watch":
        """Open the event stream of a desk: an activation is done when it has the new plan too."""
        if self.pages is None:
            self.pages = Desks(self.gives_way)
            self.stack.callback(self.pages.close)
        watch = self.pages.follow(desk)
        self.desks.append(watch)
        return watch

    def control(self) -> Control:
        """Open the radios' control port."""
        control = Control(self.control_port)
        self.stack.callback(control.close)
        return control

    def peers(self) -> Peers:
        """Start the browsers."""
        peers = Peers(self.gives_way)
        self.stack.callback(peers.close)
        return peers

    def lines(self, name: str) -> list[list[str]]:
        """Return what the server wrote in one of its files, split into words."""
        text = (self.folder / name).read_text(encoding="utf-8")
        return [line.split(" ") for line in text.splitlines()]

    def engine_ms(self, number: int, since_ms: float, seconds: float = 20) -> float:
        """Wait until engine and links have a plan; returns when (CLOCK_MONOTONIC, ms)."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for found, at in reversed(self.lines("engine")):
                if int(found) == number and float(at) >= since_ms:
                    return float(at)
            time.sleep(POLL_S)
        raise LinkError(f"the engine did not go over to plan {number} within {seconds} s")

    def restart(self, *, kill: bool) -> None:
        """End the server, with or without a word, and start it on the same state."""
        if kill:
            self.process.kill()
            self.process.wait()
        else:
            end_process(self.process)
        (self.folder / "ready").unlink(missing_ok=True)
        self.process = start_server(self.folder, self.server_words)
        self.stack.callback(end_process, self.process)
        ready = wait_ready(self.folder, self.process)
        self.url, self.users = ready["url"], ready["users"]


class Desks:
    """The pages' process: tells which plan each desk has."""

    def __init__(self, before: tuple[str, ...]) -> None:
        """Start it, and read what it tells in the background; ``before`` is as with peers."""
        self._process = subprocess.Popen(
            [*before, sys.executable, "-m", "samband.bench_plan_desks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._plans: list[list[tuple[float, int]]] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, name="desks", daemon=True).start()

    def follow(self, desk: Desk) -> "Watch":
        """Open the page of one more desk."""
        if self._process.stdin is None:
            raise LinkError("the desks have no pipe")
        line = json.dumps({"url": desk.url, "cookie": desk.cookie})
        with self._changed:
            self._plans.append([])
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
            return Watch(self, len(self._plans) - 1)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            told = json.loads(line)
            with self._changed:
                self._plans[told["desk"]].append((told["at_ms"], told["plan"]))
                self._changed.notify_all()

    def wait(self, place: int, number: int, since_ms: float, seconds: float) -> float:
        """Wait until a desk has the whole of a plan; returns when (CLOCK_MONOTONIC, ms)."""

        def found() -> float | None:
            plans = self._plans[place]
            return next((at for at, n in plans if n == number and at >= since_ms), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None, seconds)
            at = found()
        if at is None:
            told = self._plans[place][-SHOWN_PLANS:]
            raise LinkError(f"a desk did not get plan {number} within {seconds} s: {told}")
        return at

    def close(self) -> None:
        """End the process."""
        end_process(self._process)


@dataclass(frozen=True, slots=True)
class Watch:
    """One desk that gets every plan."""

    desks: Desks
    place: int

    def wait(self, number: int, since_ms: float, seconds: float = 20) -> float:
        """Wait until the desk has the whole of a plan; returns when (CLOCK_MONOTONIC, ms)."""
        return self.desks.wait(self.place, number, since_ms, seconds)


@contextlib.contextmanager
def running_room(
    folder: Path,
    size: Size,
    gives_way: tuple[str, ...] = (),
    server_words: tuple[str, ...] = (),
) -> Iterator[Room]:
    """Start radios and server; gives the room when every link is up."""
    (folder / "scenario.toml").write_text(scenario(size), encoding="utf-8")
    words = [*gives_way, sys.executable, "-m", "hardware.sim", "pei", "--pty", "--control", "0"]
    words += ["--audio", "udp:127.0.0.1:0", "--scenario", str(folder / "scenario.toml")]
    with contextlib.ExitStack() as stack:
        simulator = subprocess.Popen(words, stdout=subprocess.PIPE)
        stack.callback(end_process, simulator)
        if simulator.stdout is None:
            raise LinkError("simulator: no output pipe")
        first = json.loads(simulator.stdout.readline())
        (folder / "radios.json").write_text(json.dumps(first), encoding="utf-8")
        before = first_plan(size, first["radios"])
        (folder / "plan.toml").write_text(plan_toml(before), encoding="utf-8")
        process = start_server(folder, server_words)
        room = Room(
            folder=folder,
            size=size,
            before=before,
            after=changed_plan(before, size, first["radios"][-1]),
            process=process,
            control_port=first["control"],
            url="",
            users={},
            stack=stack,
            gives_way=gives_way,
            server_words=server_words,
        )
        stack.callback(lambda: end_process(room.process))
        ready = wait_ready(folder, process)
        room.url, room.users = ready["url"], ready["users"]
        yield room


def start_server(folder: Path, more: tuple[str, ...] = ()) -> "subprocess.Popen[bytes]":
    """Start the server of a folder; its log is appended to ``server.log`` there."""
    words = [sys.executable, "-m", "samband.bench_plan_server", str(folder), *more]
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)


def wait_ready(folder: Path, server: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """Wait for the server's ready file; raises LinkError with the end of its log."""
    deadline = time.monotonic() + READY_S
    while not (folder / "ready").exists():
        if server.poll() is not None or time.monotonic() > deadline:
            tail = (folder / "server.log").read_text(errors="replace")[-2000:]
            raise LinkError(f"the server did not get ready within {READY_S} s:\n{tail}")
        time.sleep(POLL_S)
    ready: dict[str, Any] = json.loads((folder / "ready").read_text(encoding="utf-8"))
    return ready
