"""The un-key guard with real processes and a real pseudo-terminal: dead, stopped, hung servers."""

import contextlib
import fcntl
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.hardware.pty_wire import Wire, mono_ms, wait_for

SERVER = Path(__file__).with_name("guarded_server.py")
UNKEY_LIMIT_MS = 500
MAX_RSS_BYTES = 15 * 1024 * 1024


class Server:
    """The server's process, as its own standard output tells of it."""

    def __init__(self, wire: Wire, how: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SERVER), str(wire.path), how],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._told: queue.Queue[dict[str, object]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.guard = int(str(self.until("ready")["guard"]))

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._told.put(json.loads(line))

    def until(self, what: str) -> dict[str, object]:
        while True:
            told = self._told.get(timeout=15)
            if told["what"] == what:
                return told


def guard_gone(server: Server) -> bool:
    try:
        return bool(psutil.Process(server.guard).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def can_lock(path: str) -> bool:
    port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(port)
    return True


@pytest.fixture
def serve(wire: Wire) -> Iterator[Callable[[str], Server]]:
    servers: list[Server] = []

    def start(how: str) -> Server:
        server = Server(wire, how)
        servers.append(server)
        return server

    yield start
    for server in servers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(5)
        wait_for(partial(guard_gone, server), 5000, "the guard ended")


def check_unkeyed(wire: Wire, server: Server, since_ms: int) -> None:
    wait_for(lambda: wire.when(b"ATH\r") is not None, 3000, "ATH on the wire")
    unkeyed_ms = wire.when(b"AT+CUTXC=1\r")
    assert unkeyed_ms is not None
    assert unkeyed_ms - since_ms <= UNKEY_LIMIT_MS
    assert wire.received.endswith(b"\x1b\rAT+CUTXC=1\rATH\r")
    wait_for(lambda: guard_gone(server), 3000, "the guard ended")


def number(told: dict[str, object]) -> int:
    value = told["mono_ms"]
    assert isinstance(value, int)
    return value


def test_server_killed(wire: Wire, serve: Callable[[str], Server]) -> None:
    server = serve("kill")
    check_unkeyed(wire, server, number(server.until("end")))
    assert wire.received == b"AT+CTXD=1,1\r\x1b\rAT+CUTXC=1\rATH\r"
    server.process.wait(5)
    assert can_lock(wire.slave_name)


def test_server_stopped(wire: Wire, serve: Callable[[str], Server]) -> None:
    server = serve("key")
    server.until("keyed")
    stopped_ms = mono_ms()
    os.kill(server.process.pid, signal.SIGSTOP)
    check_unkeyed(wire, server, stopped_ms)
    os.kill(server.process.pid, signal.SIGCONT)
    assert server.until("guard died")["armed"] is True


def test_server_hung(wire: Wire, serve: Callable[[str], Server]) -> None:
    server = serve("hang")
    check_unkeyed(wire, server, number(server.until("end")))


def test_server_killed_in_the_middle_of_a_text(wire: Wire, serve: Callable[[str], Server]) -> None:
    server = serve("text")
    check_unkeyed(wire, server, number(server.until("end")))


def test_port_that_takes_nothing_more(wire: Wire, serve: Callable[[str], Server]) -> None:
    wire.reading.clear()
    server = serve("full")
    ended_ms = number(server.until("end"))
    wait_for(lambda: guard_gone(server), 3000, "the guard gave up or ended")
    assert mono_ms() - ended_ms < 2500
    wire.reading.set()
    wait_for(lambda: wire.when(b"ATH\r") is not None, 3000, "the un-key behind no payload")
    assert wire.received.index(b"\x1b\rAT+CUTXC=1\r") < 4096


def test_disarmed_guard_writes_nothing(wire: Wire, serve: Callable[[str], Server]) -> None:
    server = serve("disarm")
    server.until("disarmed")
    wait_for(lambda: wire.when(b"AT+CUTXC=1\r") is not None, 2000, "the server's own un-key")
    os.kill(server.process.pid, signal.SIGKILL)
    wait_for(lambda: guard_gone(server), 3000, "the guard ended")
    assert wire.received == b"AT+CTXD=1,1\rAT+CUTXC=1\r"


def test_idle_guard_survives_a_stopped_server_and_ends_with_it(
    wire: Wire, serve: Callable[[str], Server]
) -> None:
    server = serve("unarmed")
    assert not can_lock(wire.slave_name)
    os.kill(server.process.pid, signal.SIGSTOP)
    with pytest.raises(AssertionError):
        wait_for(lambda: guard_gone(server), 700, "never")
    os.kill(server.process.pid, signal.SIGKILL)
    wait_for(lambda: guard_gone(server), 1500, "the guard ended")
    assert wire.received == b""
    server.process.wait(5)
    assert can_lock(wire.slave_name)


def test_guard_is_small_and_ignores_the_end_of_its_service_group(
    wire: Wire, serve: Callable[[str], Server]
) -> None:
    server = serve("key")
    server.until("keyed")
    guard = psutil.Process(server.guard)
    assert guard.memory_info().rss <= MAX_RSS_BYTES
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        guard.send_signal(name)
    os.kill(server.process.pid, signal.SIGKILL)
    check_unkeyed(wire, server, mono_ms())


def test_guard_answers_commands_one_at_a_time(wire: Wire, serve: Callable[[str], Server]) -> None:
    """ATH waits for the answer to the un-key, as a radio takes one command at a time."""
    wire.answer = lambda line: b"\r\nOK\r\n" if line.startswith(b"AT+CUTXC") else b""
    server = serve("kill")
    check_unkeyed(wire, server, number(server.until("end")))
    unkey_ms, hang_up_ms = wire.when(b"AT+CUTXC=1\r"), wire.when(b"ATH\r")
    assert unkey_ms is not None
    assert hang_up_ms is not None
    assert hang_up_ms - unkey_ms < 100
