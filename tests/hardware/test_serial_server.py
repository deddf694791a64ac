"""``samband serial-server`` as a process: a simulated terminal's port shared, used and lost."""

import contextlib
import dataclasses
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.model.ids import RequestId
from gateway.model.plan import Link
from gateway.model.radio import KeyDemand, LinkState, TxEnded, TxGranted
from hardware.rfc2217_server import main
from tests.hardware.driving import drive
from tests.hardware.pty_wire import wait_for
from tests.hardware.simulation import GROUP, Simulation
from tests.hardware.test_never_stuck import Keyed, check

PRESS = RequestId("r-1")


class Shared:
    """The serial server's process on a simulated radio's port."""

    def __init__(self, port: Path, number: int = 0) -> None:
        words = [sys.executable, "-m", "hardware.rfc2217_server", "--port", str(port)]
        words += ["--listen", f"127.0.0.1:{number}"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.first = json.loads(self.process.stdout.readline())
        self.number = int(self.first["port"])

    def link(self, simulation: Simulation) -> Link:
        url = f"rfc2217://127.0.0.1:{self.number}"
        return dataclasses.replace(simulation.planned(), port=url)

    def end(self, number: int = signal.SIGTERM) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)
        self.process.wait(5)
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def shared(simulation: Simulation) -> Iterator[Shared]:
    server = Shared(simulation.port)
    yield server
    server.end()


async def test_terminal_is_driven_through_it(simulation: Simulation, shared: Shared) -> None:
    assert shared.first["kind"] == "rfc2217"
    async with drive(shared.link(simulation)) as driving:
        await driving.up()
        driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await driving.until(lambda: driving.all(TxGranted))
        assert simulation.state["keyed"] is True
        driving.driver.end(PRESS)
        await driving.until(lambda: driving.all(TxEnded))
        wait_for(lambda: simulation.state["keyed"] is False, 1000, "un-keyed")
        assert simulation.violations() == []


def test_driver_that_is_killed_is_unkeyed_through_it(
    simulation: Simulation, shared: Shared
) -> None:
    keyed = Keyed(simulation, "", shared.link(simulation))
    check(simulation, keyed.signal(signal.SIGKILL))
    keyed.process.wait(5)


async def test_cut_is_shown_within_two_seconds_and_mends_itself(
    simulation: Simulation, shared: Shared
) -> None:
    async with drive(shared.link(simulation)) as driving:
        await driving.up()
        cut_s = time.monotonic()
        shared.end(signal.SIGKILL)
        await driving.until(lambda: driving.state is LinkState.DOWN)
        assert time.monotonic() - cut_s < 2
        again = Shared(simulation.port, shared.number)
        try:
            await driving.up()
            assert simulation.state["keyed"] is False
        finally:
            again.end()


def test_port_that_comes_back_under_the_same_name(simulation: Simulation, shared: Shared) -> None:
    simulation.ask("unplug", for_ms=600)

    def serves() -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", shared.number), timeout=0.3) as connection,
        ):
            return bool(connection.recv(3))
        return False

    wait_for(lambda: not serves(), 3000, "the port is gone")
    wait_for(serves, 5000, "the port is served again")


def test_wrong_use_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (["--port", "/dev/no-such"], ["--port", "/dev/null", "--listen", "here"]):
        monkeypatch.setattr(sys, "argv", ["serial-server", *words])
        assert main() == 1
    told = capsys.readouterr().err
    assert "is not there" in told
    assert "expected HOST:PORT" in told


class PlainServer:
    """A serial server that hands on bytes and knows nothing else (``socket://``)."""

    def __init__(self, path: Path) -> None:
        self._port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        client.setblocking(False)
        with client:
            while not self._end.is_set():
                ready, _, _ = select.select([client.fileno(), self._port], [], [], 0.05)
                if client.fileno() in ready:
                    data = client.recv(4096)
                    if not data:
                        return
                    os.write(self._port, data)
                if self._port in ready:
                    client.sendall(os.read(self._port, 4096))

    def close(self) -> None:
        self._end.set()
        self._thread.join(3)
        self._listener.close()
        os.close(self._port)


def test_driver_that_is_killed_is_unkeyed_through_a_plain_server(simulation: Simulation) -> None:
    server = PlainServer(simulation.port)
    try:
        planned = dataclasses.replace(simulation.planned(), port=server.url)
        keyed = Keyed(simulation, "", planned)
        check(simulation, keyed.signal(signal.SIGKILL))
        keyed.process.wait(5)
    finally:
        server.close()
