"""The whole driver in a process of its own, keyed through the simulated radio, then failing.

Three processes: the server (killed, stopped, hung), its guard, and the radio, whose own log says
when the un-key arrived.
"""

import dataclasses
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.model.plan import Link
from hardware.link import LinkSettings
from hardware.serial_link import open_serial
from tests.hardware.pty_wire import mono_ms, wait_for
from tests.hardware.simulation import Simulation

ROOT = Path(__file__).parents[2]
UNKEY_LIMIT_MS = 500


class Keyed:
    """The server's process, on air."""

    def __init__(self, simulation: Simulation, how: str, planned: Link | None = None) -> None:
        link = json.dumps(dataclasses.asdict(planned or simulation.planned()))
        words = [sys.executable, "-m", "tests.hardware.keyed_server", link, how]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self._told: queue.Queue[dict[str, object]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.until("demanded" if how == "impatient" else "granted")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._told.put(json.loads(line))

    def until(self, what: str) -> dict[str, object]:
        """Wait until the server says this."""
        while True:
            told = self._told.get(timeout=15)
            if told["what"] == what:
                return told

    def until_down(self) -> str:
        """Wait until the link is down, whatever it tells of itself before; returns the reason."""
        while True:
            told = self.until("link")
            if told["state"] == "down":
                return str(told["reason"])

    def check_told(self) -> None:
        """It says why it is off air, by whichever it saw first.

        The guard's end takes the link down. The radio's own news of the un-key may disarm the guard
        before its end is seen: the port is then kept, and another guard stands at once.
        """
        cause = self.until("ended")["cause"]
        assert cause in ("link_lost", "failed")
        if cause == "link_lost":
            assert "guard" in self.until_down()

    def signal(self, number: int) -> int:
        """Send a signal; returns when."""
        at_ms = mono_ms()
        os.kill(self.process.pid, number)
        return at_ms


@pytest.fixture
def key(simulation: Simulation) -> Iterator[Callable[[str], Keyed]]:
    keyed: list[Keyed] = []

    def start(how: str = "") -> Keyed:
        keyed.append(Keyed(simulation, how))
        return keyed[-1]

    yield start
    for one in keyed:
        one.process.kill()
        one.process.wait(5)


def check(simulation: Simulation, since_ms: float) -> None:
    """The radio is un-keyed in time, by the right lines, and its port is free again."""
    assert simulation.until("AT+CUTXC=") - since_ms <= UNKEY_LIMIT_MS
    wait_for(lambda: simulation.state["keyed"] is False, 1000, "the radio is un-keyed")
    simulation.until("ATH\r")
    assert simulation.violations() == []


async def can_open(simulation: Simulation) -> None:
    wait_for(lambda: not simulation.state["port_open"], 3000, "the guard let go of the port")
    open_serial(str(simulation.port), LinkSettings()).close()


async def test_server_killed(simulation: Simulation, key: Callable[[], Keyed]) -> None:
    keyed = key()
    assert simulation.state["keyed"] is True
    check(simulation, keyed.signal(signal.SIGKILL))
    assert simulation.host_wire()[-1][1].endswith("ATH\r")
    await can_open(simulation)


async def test_server_stopped_and_woken(simulation: Simulation, key: Callable[[], Keyed]) -> None:
    keyed = key()
    check(simulation, keyed.signal(signal.SIGSTOP))
    keyed.signal(signal.SIGCONT)
    keyed.check_told()
    wait_for(lambda: simulation.state["keyed"] is False, 1000, "still un-keyed")


def test_server_hung(simulation: Simulation, key: Callable[[str], Keyed]) -> None:
    keyed = key("hang")
    hung_ms = keyed.until("hang")["mono_ms"]
    assert isinstance(hung_ms, int)
    check(simulation, hung_ms)
    keyed.until("awake")
    keyed.check_told()


def test_server_asked_to_end(simulation: Simulation, key: Callable[[], Keyed]) -> None:
    check(simulation, key().signal(signal.SIGTERM))


async def test_killed_in_the_middle_of_a_text(
    simulation: Simulation, key: Callable[[str], Keyed]
) -> None:
    """The text waits for the end of the transmission; the un-key comes all the same."""
    keyed = key("text")
    check(simulation, keyed.signal(signal.SIGKILL))
    await can_open(simulation)


def test_killed_while_it_dials(simulation: Simulation, key: Callable[[str], Keyed]) -> None:
    """No grant yet and no instance known: the guard takes back what was asked for."""
    simulation.ask("grant", answer="grant", after_ms=800)
    keyed = key("impatient")
    simulation.until("ATD")
    killed_ms = keyed.signal(signal.SIGKILL)
    check(simulation, killed_ms)
    wait_for(lambda: mono_ms() - killed_ms > 1500, 3000, "the grant would have come")
    assert simulation.state["keyed"] is False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_killed_or_stopped_in_a_call_of_two(
    simulation: Simulation, key: Callable[[str], Keyed], number: int
) -> None:
    """A duplex call has an open microphone all the time: the guard hangs up."""
    keyed = key("duplex")
    wait_for(lambda: simulation.state["keyed"] is True, 2000, "the microphone is open")
    assert simulation.state["call"]["peer"] == 1210204
    ended_ms = keyed.signal(number)
    assert simulation.until("ATH\r") - ended_ms <= UNKEY_LIMIT_MS
    wait_for(lambda: simulation.state["keyed"] is False, 1000, "the radio is un-keyed")
    assert simulation.state["call"] is None
    assert simulation.violations() == []
