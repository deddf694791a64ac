"""The simulated terminals as a process of their own, and how a test talks to them."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.model.ids import LinkId, SiteId, SystemId
from gateway.model.plan import Link
from tests.hardware.pty_wire import wait_for

RADIO = "norrvik-c"
GROUP = 310201
UNIT = 1210204


class Simulation:
    """One simulator process with the terminals of the scenario ``quiet``."""

    def __init__(self, folder: Path) -> None:
        words = [sys.executable, "-m", "hardware.sim", "pei", "--pty", "--scenario", "quiet"]
        words += ["--audio", "udp:127.0.0.1:0", "--control", "0", "--link", str(folder / "radio")]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        first = json.loads(self.process.stdout.readline())
        radios = {radio["name"]: radio for radio in first["radios"]}
        self.port = folder / f"radio-{RADIO}"
        self.audio = str(radios[RADIO]["audio"])
        self._control = socket.create_connection(("127.0.0.1", first["control"]), timeout=10)
        self._lines = self._control.makefile("rwb")

    def ask(self, do: str, **values: object) -> dict[str, Any]:
        """Send one action or query for our radio; fails when it is refused."""
        request = {"do": do, "radio": RADIO, **values}
        self._lines.write(json.dumps(request).encode() + b"\n")
        self._lines.flush()
        answer: dict[str, Any] = json.loads(self._lines.readline())
        assert answer["ok"], answer
        return answer

    @property
    def state(self) -> dict[str, Any]:
        """What the radio is doing."""
        radio: dict[str, Any] = self.ask("state")["radios"][0]
        return radio

    def host_wire(self) -> list[tuple[float, str]]:
        """Return what came from the host: (CLOCK_MONOTONIC milliseconds, text)."""
        entries = self.ask("log", kinds=["wire"])["entries"]
        return [(entry["t_ms"], entry["text"]) for entry in entries if entry["way"] == "host"]

    def when(self, needle: str) -> float | None:
        """Return the time when ``needle`` was complete on the wire from the host."""
        seen = ""
        for t_ms, text in self.host_wire():
            seen += text
            if needle in seen:
                return t_ms
        return None

    def until(self, needle: str, limit_ms: int = 5000) -> float:
        """Wait for ``needle`` on the wire; returns its time."""
        wait_for(lambda: self.when(needle) is not None, limit_ms, f"{needle!r} on the wire")
        found = self.when(needle)
        assert found is not None
        return found

    def violations(self) -> list[dict[str, Any]]:
        """Host lines that the reference does not allow."""
        found: list[dict[str, Any]] = self.ask("violations")["violations"]
        return found

    def planned(self) -> Link:
        """Return the link of the plan that leads to our radio."""
        return Link(
            id=LinkId(RADIO),
            name="Norrvik C",
            kind="tetra-pei",
            system=SystemId("norrvik"),
            site=SiteId("norrvik"),
            port=str(self.port),
            sound=self.audio,
            talkgroups=(GROUP,),
            group=GROUP,
            speed_bps=38400,
        )

    def close(self) -> None:
        """End the process."""
        self._lines.close()
        self._control.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGTERM)
        self.process.wait(5)


def simulate(folder: Path) -> Iterator[Simulation]:
    """Run a simulation for one test."""
    simulation = Simulation(folder)
    try:
        yield simulation
    finally:
        simulation.close()
